"""`setup-github`: shows what the repository's settings lack, and writes it when told to."""

from __future__ import annotations

from dataclasses import replace

from wheelwright.container.loading import LoadedProject
from wheelwright.errors import GateFailed, RequestError
from wheelwright.github.options import Options, choose
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.act import repository
from wheelwright.release.act.http import token_of
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.rest import Rest
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import Hub, forge_of, https, hub_of, is_path
from wheelwright.repository.facts import Found, host_of
from wheelwright.repository.look import look
from wheelwright.start import hub
from wheelwright.start.findings import missing, text
from wheelwright.start.settings import Deploys, Setting, Wanted, settings


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
    if forge_of(host_of(remote)) == "gitlab" and not options.github_api:
        raise RequestError(
            f"the remote is on {host_of(remote)}, which is not GitHub",
            "pass --remote with the repository's address on GitHub",
        )
    place = hub_of("" if is_path(remote) else https(remote), options.github_api)
    if isinstance(place, Problem):
        raise RequestError(place.seen, place.hint)
    if place.exposed:
        raise RequestError(place.exposed, "pass --remote with its address by https")
    return place


async def wanted(loaded: LoadedProject, branch: str) -> Wanted:
    """Return what the workflows of the package need; `branch` is GitHub's default branch.

    Raises:
        RequestError: a branch that no workflow can name.
    """
    project = loaded.project
    repository = replace(await look(loaded), branch=Found(branch, "GitHub"))
    choices = choose(Options(), project.settings.github, repository)
    form = repository.tags(project).form
    by_tag = choices.publish == "tag"
    deploys = [Deploys(choices.environment, branch, form.pattern if by_tag else "")]
    deploys.append(Deploys(choices.propose_environment, branch))
    ours = project.installable and choices.publish != "theirs" and "release" not in choices.without
    return Wanted(
        tags=form,
        environments=tuple(deploys) if ours else (),
        merge_commits=version_source(project) is VersionSource.VCS,
        tag_publishes=by_tag,
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
