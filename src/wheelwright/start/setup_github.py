"""`setup-github`: shows what the repository's settings lack, and writes it when told to."""

from __future__ import annotations

from wheelwright.container.loading import LoadedProject
from wheelwright.errors import GateFailed, RequestError
from wheelwright.github.options import Choices
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.act import repository
from wheelwright.release.act.http import token_of
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.rest import Rest
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import Hub, https, hub_of, is_path
from wheelwright.repository.look import look
from wheelwright.start import hub
from wheelwright.start.findings import missing, text
from wheelwright.start.settings import Deploys, Setting, Wanted, settings

TAG_WORKFLOW = ".github/workflows/publish.yml"


async def setup(options: ReleaseOptions, loaded: LoadedProject, *, apply: bool) -> str:
    """Return the settings as a table; with `apply`, write those that are missing before.

    Raises:
        RequestError: no repository on GitHub, or no token.
        GateFailed: GitHub refused to write one; the message is the table.
    """
    place = await hub_for(options)
    if options.github_token is None:
        raise RequestError(
            "setup-github needs a token that may administer the repository",
            "pass --github-token 'cmd://gh auth token', or env://NAME",
        )
    rest = Rest(await options.http(), place, await token_of(options.github_token))
    found = await _settings(rest, loaded)
    refused: list[str] = []
    to_write = [each for each in found if each.writes]
    if apply and to_write:
        refused = await hub.write(rest, to_write)
        found = await _settings(rest, loaded)
    table = _table(place, found)
    if refused:
        lines = "\n".join(f"  {each}" for each in refused)
        raise GateFailed(f"{table}\n\nGitHub refused:\n{lines}")
    if apply:
        done = [each.finding.subject for each in to_write]
        return f"{table}\n\n{'written: ' + ', '.join(done) if done else 'nothing to write'}"
    if not to_write:
        return f"{table}\n\nnothing to write"
    return f"{table}\n\nnothing was written: --apply writes what is missing"


async def hub_for(options: ReleaseOptions) -> Hub:
    """Return the repository on GitHub that the options or the clone name.

    Raises:
        RequestError: there is none, or a token would be sent in the clear.
    """
    remote = options.remote or await repository.origin_of(options.git)
    place = hub_of("" if is_path(remote) else https(remote), options.github_api)
    if isinstance(place, Problem):
        raise RequestError(place.seen, place.hint)
    if place.exposed:
        raise RequestError(place.exposed, "pass --remote with its address by https")
    return place


async def wanted(loaded: LoadedProject, branch: str) -> Wanted:
    """Return what the workflows of the package need."""
    project, usual = loaded.project, Choices()
    own = project.settings.github
    form = (await look(loaded)).tags(project).form
    publishes = TAG_WORKFLOW in loaded.files.names or own.publish == "tag"
    deploys = (
        Deploys(own.environment or usual.environment, branch, form.pattern if publishes else ""),
        Deploys(own.propose_environment or usual.propose_environment, branch),
    )
    return Wanted(
        tags=form,
        environments=deploys if project.installable else (),
        merge_commits=version_source(project) is VersionSource.VCS,
        tag_publishes=publishes,
    )


async def _settings(rest: Rest, loaded: LoadedProject) -> tuple[Setting, ...]:
    shown = await hub.look(rest)
    return settings(await wanted(loaded, shown.branch), shown)


def _table(place: Hub, found: tuple[Setting, ...]) -> str:
    findings = [each.finding for each in found]
    lines = [f"{place.owner}/{place.name}", text(findings)]
    count = len(missing(findings))
    lines.append(f"{count} of {len(findings)} missing" if count else "all of it is there")
    return "\n".join(lines)
