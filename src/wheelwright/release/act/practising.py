"""Reads how a project makes its releases: from its history, and from what GitHub shows."""

from __future__ import annotations

from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.history import last_release
from wheelwright.release.act.package import Package
from wheelwright.release.decide.practice import Practice, practice
from wheelwright.release.decide.refs import RemoteRefs


async def practice_of(
    remote: RemoteGit, observed: RemoteRefs, package: Package, version: str
) -> Practice:
    """Return how the release of a version is made; empty: of the next one, whatever that is."""
    last = await last_release(remote, observed, package, version)
    settings = package.project.settings.release
    return practice(package.name, package.tags(observed), last, settings)
