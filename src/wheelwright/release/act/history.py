"""Reads how the project's last release was made, in the clone that no code of it ever ran in."""

from __future__ import annotations

from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.package import Package
from wheelwright.release.decide import last_release as releases
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.refs import RemoteRefs


async def last_release(
    remote: RemoteGit, observed: RemoteRefs, package: Package, below: str = ""
) -> LastRelease | None:
    """Return the release of the newest version tag; None where there is no such tag.

    `below` is the version that is being released: its own tag, and those above, do not count.
    """
    found = package.tags(observed)
    newest = found.before(below) if below else found.newest
    if newest is None:
        return None
    version = str(newest.version)
    before = found.before(version)
    spelled = newest.form.spelling(newest.tag)
    told = await remote.history(
        newest.tag, before.commit if before else "", observed.default, [version, spelled]
    )
    return releases.read(told, version, str(before.version) if before else "", newest.tag)
