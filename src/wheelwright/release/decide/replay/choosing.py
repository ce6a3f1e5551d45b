"""Which releases are made again, and which request leads to the version of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from packaging.version import Version

from wheelwright.errors import RequestError
from wheelwright.project.reading import parse_version
from wheelwright.release.decide.version import BUMPS, PRES, Bump, Versioned, next_version

MOST: Final = 50
"""Releases of one call: each costs the edits of a release."""


class Dated(NamedTuple):
    """A tag, and the time of its commit: seconds since 1970, 0 where it is unknown."""

    tag: str
    epoch_s: int = 0


def chosen(tags: Mapping[str, Dated], tag: str, last: int) -> tuple[str, ...]:
    """Return the versions to make again, newest first; `tags` has the tag of each version.

    Raises:
        RequestError: there is no such tag, or no such number of them is possible.
    """
    newest = sorted(tags, key=lambda each: (tags[each].epoch_s, Version(each)), reverse=True)
    if not newest:
        raise RequestError("the clone has no tag of a version", "run `git fetch --tags`")
    if tag and last:
        raise RequestError("both --tag and --last are given", "pass one of them")
    if not 0 <= last <= MOST:
        raise RequestError(f"--last {last} is not between 1 and {MOST}", "pass another number")
    if not tag:
        return tuple(newest[: last or 1])
    found = [version for version in newest if tag in (tags[version].tag, version)]
    if not found:
        known = ", ".join(tags[version].tag for version in newest[:3])
        raise RequestError(
            f'the clone has no tag "{tag[:200]}" of a version (the newest: {known})',
            "correct --tag, or run `git fetch --tags`",
        )
    return (found[0],)


def later(tags: Mapping[str, Dated], version: str) -> tuple[str, ...]:
    """Return the tag of a version and all later ones: what was not there yet.

    Later is by the time of their commits; of one commit, by version.
    """
    since = (tags[version].epoch_s, Version(version))
    return tuple(
        dated.tag for each, dated in tags.items() if (dated.epoch_s, Version(each)) >= since
    )


def leading(current: str, version: str) -> Bump:
    """Return the request that leads from a version to another: a bump, else the version itself."""
    for request in _requests(current):
        made = next_version(current, request)
        if isinstance(made, Versioned) and made.version == version:
            return request
    return Bump(version=version)


def _requests(current: str) -> Iterator[Bump]:
    """Yield the requests without a version, the simplest first."""
    parsed = parse_version(current)
    if parsed is not None and parsed.is_prerelease:
        # A pre-release is made final by its own request, though others do so, too.
        yield Bump(bump="stable")
    yield from (Bump(bump=bump) for bump in BUMPS)
    yield from (Bump(pre=pre) for pre in PRES)
    yield from (Bump(bump=bump, pre=pre) for bump in BUMPS if bump != "stable" for pre in PRES)
    yield Bump(post=True)
