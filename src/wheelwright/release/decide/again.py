"""What earlier releases mean for this one. Pure.

    released by this run   nothing is left to do, whatever the request would lead to by now
    unfinished             on the index, and not all of the rest is there: it comes first
    given up               on the index, and a person closed its pull request: the next one
                           counts on from it
    elsewhere              higher than what the base branch has, and of another branch: a note
    prepared               what the base branch has, written there by a person, and not released
                           yet: a bump that leads to it is it

A release commit's message, which has the run and the request, is any text of anyone: here it can
only end a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from packaging.version import Version

from wheelwright.project.reading import parse_version
from wheelwright.release.decide.stops import Stop
from wheelwright.release.decide.version import Bump, Versioned, newest, next_version
from wheelwright.release.decide.world import Asked, Journal, PullState

MOST_CANDIDATES: Final = 4
"""How many earlier releases are looked up on GitHub."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What GitHub shows of an earlier release.

    Attributes:
        pull: the state of its pull request, None without one.
        url: the address of that.
        published: its GitHub release is public.
    """

    pull: PullState | None = None
    url: str = ""
    published: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier releases of a package, by version.

    Attributes:
        index: versions with files on the index.
        tags: commits.
        journals: release commits.
        standings: those that were looked up on GitHub; no others are known.
    """

    index: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    journals: Mapping[str, Journal] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)

    def candidates(self) -> tuple[str, ...]:
        """Return the versions to look up on GitHub, newest first."""
        latest = newest(self.tags)
        above = [each for each in self.index if not latest or Version(each) > Version(latest)]
        begun = [each for each in self.journals if same(each, self.index)]
        tagless = [each for each in begun if not same(each, self.tags)]
        found = {newest(begun), newest(above), *tagless} - {""}
        return tuple(sorted(found, key=Version, reverse=True)[:MOST_CANDIDATES])

    def standing(self, version: str) -> Standing | None:
        """Return what GitHub shows of a version; None where it was not looked up."""
        return self.standings.get(same(version, self.standings))

    def without(self, version: str) -> Earlier:
        """Return the same as if a version were not released."""
        return Earlier(
            frozenset(each for each in self.index if not same(each, (version,))),
            {each: tag for each, tag in self.tags.items() if not same(each, (version,))},
            self.journals,
            {each: found for each, found in self.standings.items() if not same(each, (version,))},
        )

    def given_up(self) -> str:
        """Return the highest version on the index whose pull request a person has closed."""
        closed = [
            version
            for version, standing in self.standings.items()
            if standing.pull is PullState.CLOSED and same(version, self.index)
        ]
        return newest(closed)

    def unfinished(self) -> tuple[str, ...]:
        """Return the versions that are on the index, without all of the rest, lowest first."""
        found = [
            version
            for version in self.journals
            if same(version, self.index) and not self._complete(version)
        ]
        return tuple(sorted(found, key=Version))

    def _complete(self, version: str) -> bool:
        standing = self.standing(version)
        if standing and standing.pull is PullState.CLOSED:
            return True
        if not same(version, self.tags):
            return False
        # Without a look at GitHub the tag has to suffice: it comes after the pull request.
        return standing is None or (standing.pull is not None and standing.published)

    def made_by(self, asked: Asked) -> str:
        """Return the version that a run of this name has released for this request."""
        if not asked.run:
            return ""
        for version, journal in self.journals.items():
            mine = journal.run == asked.run and journal.request in ("", asked.request)
            released = same(version, self.index) and self.tags.get(version) == journal.commit
            if mine and released and version not in self.unfinished():
                return version
        return ""

    def finished_by(self, request: Bump) -> str:
        """Return the unfinished version that the same command began; empty without one."""
        if request.version:
            return ""
        options = request.as_options
        for version in self.unfinished():
            before = newest(
                each for each in (*self.index, *self.tags) if Version(each) < Version(version)
            )
            led = next_version(before, request)
            begun = self.journals[version].request in ("", options)
            if begun and isinstance(led, Versioned) and same(version, (led.version,)):
                return version
        return ""

    def is_elsewhere(self, version: str) -> bool:
        """Whether a higher version is of another branch: no pull request brings it to this one."""
        journal, standing = self.journals.get(version), self.standing(version)
        if journal is None:
            return True
        return standing is not None and standing.pull is not PullState.OPEN


NONE_EARLIER: Final = Earlier()


def same(version: str, there: Iterable[str]) -> str:
    """Return the spelling under which an equal version is there (1.0 equals 1.0.0)."""
    wanted = parse_version(version)
    if wanted is None:
        return ""
    return next((each for each in there if parse_version(each) == wanted), "")


def versioned(request: Bump, current: str, earlier: Earlier, base: str) -> Versioned | Stop:
    """Return the version to release: `current` is what the base branch has.

    What the same command has begun and not finished comes first.
    """
    if begun := earlier.finished_by(request):
        return Versioned(begun, f"finishes {begun}")
    start, note = counted_from(current, earlier, base)
    found = next_version(start, request)
    if isinstance(found, Stop) or request.version:
        return found
    if start == current and (latest := _before(current, earlier)):
        led = next_version(latest, request)
        if isinstance(led, Versioned) and same(led.version, (current,)):
            seen = f"{request.as_options} of {latest} is {current}, which {base} has already"
            return Versioned(led.version, seen)
    return Versioned(found.version, "; ".join(filter(None, (found.note, note))))


def _before(current: str, earlier: Earlier) -> str:
    """Return the newest release below the base's own version, if that is final and unreleased."""
    version = parse_version(current)
    if version is None or version.is_prerelease:
        return ""
    # What is above it, such as an abandoned line, is no release before it.
    below = (each for each in (*earlier.index, *earlier.tags) if Version(each) <= version)
    latest = newest(below)
    return "" if same(current, (latest,)) else latest


def counted_from(current: str, earlier: Earlier, base: str) -> tuple[str, str]:
    """Return the version that a bump starts from, and a note where that is not the base's own."""
    given_up = earlier.given_up()
    if not given_up or (current and Version(given_up) <= Version(current)):
        return current, ""
    note = (
        f"{given_up} is on the index and its pull request was closed without merging: {base} has "
        f"{current or 'no version'}, and the next version counts on from {given_up}"
    )
    return given_up, note
