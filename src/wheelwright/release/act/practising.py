"""Reads how a project makes its releases: from its history, and from what GitHub shows."""

from __future__ import annotations

from functools import partial

from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.history import last_release
from wheelwright.release.act.loop import retry_while_busy
from wheelwright.release.act.package import Package
from wheelwright.release.decide.practice import Practice, practice
from wheelwright.release.decide.refs import RemoteRefs


async def practice_of(
    remote: RemoteGit,
    observed: RemoteRefs,
    package: Package,
    version: str,
    github: GitHubRest | None,
) -> Practice:
    """Return how the release of a version is made; empty: of the next one, whatever that is.

    Raises:
        ActFailed: GitHub does not answer.
    """
    last = await last_release(remote, observed, package, version)
    settings = package.project.settings.release
    heads: tuple[str, ...] = ()
    name = ""
    if github is not None and last is not None:
        if last.commit and not settings.branch:
            heads = await retry_while_busy(partial(github.heads, last.commit))
        if not settings.release_name:
            name = await retry_while_busy(partial(github.released_name, last.tag))
    return practice(package.name, package.tags(observed), last, settings, heads, name)
