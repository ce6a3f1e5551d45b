"""Looks up where the earlier releases of a package stand: on the index, in git and on GitHub."""

from __future__ import annotations

from functools import partial

from wheelwright.distribution.file import File, file_version
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.http import Http, token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import retry_while_busy
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.practising import practice_of
from wheelwright.release.act.read import Read
from wheelwright.release.decide import refs
from wheelwright.release.decide.again import Earlier, Standing
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import PullState


async def github_of(options: ReleaseOptions, read: Read, http: Http) -> GitHubRest | None:
    """Return the repository on GitHub; None where it cannot be reached."""
    token, hub = options.github_token, read.hub
    if token is None or isinstance(hub, Problem) or hub.exposed:
        return None
    return GitHubRest(http, hub, await token_of(token))


async def earlier(read: Read, index: SimpleIndex, github: GitHubRest | None) -> Earlier:
    """Return the earlier releases, as far as they can be seen: what cannot is not in it."""
    files = await _files(read, index)
    versions = frozenset(version for file in files if (version := file_version(file.name)))
    package = read.package
    found = Earlier(
        versions,
        read.tags.commits,
        refs.journals(read.observed, package.name),
    )
    if github is None:
        return found
    standings: dict[str, Standing] = {}
    for version in found.candidates():
        try:
            standings[version] = await _standing(read, github, version)
        except ActFailed:
            # The preflight reports what GitHub refuses.
            break
    return Earlier(found.index, found.tags, found.journals, standings)


async def _files(read: Read, index: SimpleIndex) -> tuple[File, ...]:
    if not isinstance(read.urls, IndexUrls):
        return ()
    try:
        return await index.files()
    except ActFailed:
        return ()


async def _standing(read: Read, github: GitHubRest, version: str) -> Standing:
    observed, package = read.observed, read.package
    branch = refs.branches(observed, package.name).get(version, "")
    journal = refs.journals(observed, package.name).get(version)
    if not branch and journal:
        # It was deleted after its pull request.
        heads = await retry_while_busy(partial(github.heads, journal.commit))
        branch = next(iter(heads), "")
    if not branch:
        practice = await practice_of(read.remote, observed, package, version, github)
        branch = practice.branch.name(version)
    tag = read.tags.tag(version)
    pulls = await retry_while_busy(lambda: github.pulls(branch))
    release = await retry_while_busy(lambda: github.release(tag))
    # An open one counts before a merged one, and that before those that were closed.
    order = (PullState.OPEN, PullState.MERGED, PullState.CLOSED)
    pull = min(pulls, key=lambda each: order.index(each.state), default=None)
    return Standing(
        pull=pull.state if pull else None,
        url=pull.url if pull else "",
        published=release is not None and not release.draft,
    )
