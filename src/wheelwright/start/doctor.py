"""`doctor`: looks at package, git, files, GitHub and index, and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from wheelwright import description
from wheelwright.container.loading import LoadedProject, python_of, with_paths
from wheelwright.environment.audited import find
from wheelwright.errors import GateFailed, WheelwrightError
from wheelwright.github.options import Choices, Options, forge
from wheelwright.release.act import calling
from wheelwright.release.act.http import Http, token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.published import publishers_of
from wheelwright.release.act.rest import Rest
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import Hub, index_urls
from wheelwright.repository.facts import Repository
from wheelwright.repository.look import look
from wheelwright.start import changelog, dagger_json, gitlab, hub, local, publisher
from wheelwright.start.findings import Finding, State, as_json, conclusion, missing, text
from wheelwright.start.publisher import Expected
from wheelwright.start.settings import AREA, Setting, others, settings
from wheelwright.start.setup_github import hub_for, wanted

_SECONDS = 60
"""How long a server may take: what cannot be seen is reported as that."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The package, and where it is; `hub` is why it is not known on GitHub where it is a text."""

    options: ReleaseOptions
    loaded: LoadedProject
    repository: Repository
    http: Http
    hub: Hub | str
    program: str

    @property
    def on_gitlab(self) -> bool:
        """Whether the jobs of the repository are GitLab's."""
        settings = self.loaded.project.settings.github
        return forge(Options(), settings, self.repository).value == "gitlab"


async def examine(
    options: ReleaseOptions, loaded: LoadedProject, *, json: bool, strict: bool
) -> str:
    """Return everything that was looked at, as a table or as JSON.

    Raises:
        GateFailed: with `strict`, something is missing; the message is the same.
    """
    loaded = await with_paths(loaded)
    project = loaded.project
    repository = await look(loaded)
    program = calling.commands(options).program
    known: Hub | str = "there is no remote"
    if repository.remote or options.remote:
        try:
            known = await hub_for(options)
        except WheelwrightError as error:
            known = error.message
    place = _Place(options, loaded, repository, await options.http(), known, program)
    subjects = description.subjects(project, python_of(loaded, options.python))
    # Without a package nothing is released, and `init` writes no changelog.
    keeps = changelog.kept(project, loaded.files.names) or ("" if project.installable else None)
    found = [
        *local.package(subjects),
        *local.git(repository, repository.tags(project)),
        *local.files(
            repository, await _toolchain(loaded), keeps, program, on_gitlab=place.on_gitlab
        ),
        *await _forge(place),
        *await _index(place),
    ]
    printed = as_json(found) if json else text(found)
    lacking = missing(found)
    if not json:
        printed += f"\n\n{conclusion(found)}"
    if strict and lacking:
        raise GateFailed(printed)
    return printed


async def _toolchain(loaded: LoadedProject) -> dagger_json.Toolchain | None:
    path = dagger_json.PATH
    if path not in loaded.files.names:
        return None
    try:
        return dagger_json.installed(await loaded.source.file(path).contents())
    except WheelwrightError:
        # Of the module itself, or broken: `init` reports which.
        return None


async def _forge(place: _Place) -> list[Finding]:
    """Return the settings of the repository, or where they are."""
    if not place.on_gitlab:
        return await _github(place)
    project = place.loaded.project
    # As `workflows`: nothing is audited where nothing is pinned.
    without = (*project.settings.github.without, *(() if find(project).places else ("audit",)))
    choices = Choices(without=without)
    return [*gitlab.settings(project, place.repository, choices)]


async def _github(place: _Place) -> list[Finding]:
    """Return the settings of the repository, as far as the token sees them."""
    if isinstance(place.hub, str):
        return [Finding(AREA, "repository", State.UNSEEN, place.hub)]
    name = f"{place.hub.owner}/{place.hub.name}"
    if place.options.github_token is None:
        step = "pass --github-token 'cmd://gh auth token', or env://NAME"
        seen = f"{name}: no token is given"
        return [Finding(AREA, "settings", State.UNSEEN, seen, (step,))]
    rest = Rest(place.http, place.hub, await token_of(place.options.github_token))
    try:
        with anyio.fail_after(_SECONDS):
            shown = await hub.look(rest)
    except (WheelwrightError, TimeoutError) as error:
        seen = str(error) or f"no response within {_SECONDS} s"
        return [Finding(AREA, name, State.UNSEEN, seen)]
    needed = settings(await wanted(place.loaded, shown.branch), shown)
    return [*(_with_step(each, place.program) for each in needed), *others(shown)]


def _with_step(setting: Setting, program: str) -> Finding:
    found = setting.finding
    steps = (f"{program} setup-github --apply",) if setting.writes else found.next
    return Finding(found.area, found.subject, found.state, found.seen, steps)


async def _index(place: _Place) -> list[Finding]:
    """Return the project on the index; nothing for a package that is not built."""
    options, project = place.options, place.loaded.project
    name = project.metadata.name
    if not project.installable or not name:
        return []
    given = (options.index, options.publish_url, options.check_url)
    urls = index_urls(project, name, *given)
    if isinstance(urls, Problem):
        return [Finding(publisher.AREA, "address", State.MISSING, urls.seen, (urls.hint,))]
    try:
        with anyio.fail_after(_SECONDS):
            files = await SimpleIndex(place.http, urls.check, name).files()
            _, newest = publisher.newest(files)
            proved = next((each for each in newest if each.provenance), None)
            found = (await publishers_of(place.http, proved))[0] if proved else ()
    except (WheelwrightError, TimeoutError) as error:
        seen = str(error) or f"no response within {_SECONDS} s"
        return [Finding(publisher.AREA, "project", State.UNSEEN, seen)]
    on = f"{place.hub.owner}/{place.hub.name}" if isinstance(place.hub, Hub) else ""
    if place.on_gitlab:
        # No publisher of GitHub: what is uploaded there has a token.
        return [*publisher.project(urls, name, files)]
    file, environment = publisher.workflow(project.settings.github, place.repository)
    return [*publisher.index(urls, Expected(name, on, file, environment), files, found)]
