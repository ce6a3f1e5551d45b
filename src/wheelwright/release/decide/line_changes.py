r"""The lines that the last release commit changed from one version to the next, on a new base.

A line of it is a pattern with gaps:

    docs/conf.py     release = "1.2.2"  ->  release = "1.2.3"     release = "<version>"
                     version = "1.2"    ->  version = "1.3"       version = "<short version>"
    CITATION.cff     date-released: 2025-01-03                    date-released: <date>

On the base the same line is looked for: where it stood, as a comparison of the files shows, else
anywhere in the file if it is there once. What is in its gaps becomes the new release's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.project.reading import parse_version
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.tokens import AFTER, BEFORE, VERSION, like, numbers_like, spelled

# Longer lines are data.
_LINE_MAX: Final = 1_000
_GAPS_MAX: Final = 4
# In front of a required version.
_REQUIRED_MAX: Final = 120
# Lines of a block of which it is not clear which replaces which.
_BLOCK_MAX: Final = 40
# A comparison takes the square of this in time.
_COMPARED_MAX: Final = 2_000
# A version that is required of a package.
_REQUIRED: Final = re.compile(
    r"""(?P<name>[A-Za-z0-9][\w.-]*)?(?:\[[\w ,.-]*\])?['"]?[ \t]*:?[ \t]*['"]?"""
    r"""(?:[=~!<>]=|\^|~)[ \t]*[vV]?$"""
)
# More changed lines of one file than this are not places of a version.
_SHAPES_MAX: Final = 500


class Line(NamedTuple):
    """A line before and after an edit, without its end."""

    old: str
    new: str


class New(NamedTuple):
    """What a release puts into lines: its version, and its day, as ISO 8601 has it."""

    version: str
    date: str


@dataclass(frozen=True)
class _Kind:
    """What a gap is for: how it looks, and what a release puts there; None: it cannot."""

    pattern: str
    filled: Callable[[str, New, str], str | None]


def _short(version: str) -> str:
    return ".".join(str(each) for each in Version(version).release[:2])


def _short_of(old: str, new: New, _: str) -> str | None:
    parts = old.count(".") + 1
    release = Version(new.version).release
    return ".".join(str(each) for each in release[:parts]) if len(release) >= parts else None


def _tuple_of(old: str, new: New, _: str) -> str | None:
    parsed = Version(new.version)
    final = not parsed.is_prerelease and not parsed.is_postrelease
    same = old.count(",") + 1 == len(parsed.release)
    return numbers_like(old, parsed.release) if final and same else None


def _date_of(old: str, new: New, _: str) -> str | None:
    return new.date.replace("-", old[4])


_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_FULL: Final = _Kind(VERSION, lambda old, new, path: like(old, spelled(path, new.version)))
_SHORT: Final = _Kind(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,2}", _short_of)
_TUPLE: Final = _Kind(r"[0-9]{1,9}(?:, ?[0-9]{1,9}){1,3}", _tuple_of)
_DATE: Final = _Kind(rf"[0-9]{{4}}(?:-{_MONTH}-{_DAY}|/{_MONTH}/{_DAY})", _date_of)


@dataclass(frozen=True)
class _Shape:
    """A line as a pattern; `kinds` are those of its gaps."""

    pattern: re.Pattern[str]
    kinds: tuple[_Kind, ...]

    @property
    def dated(self) -> bool:
        """Whether it has nothing but dates."""
        return all(kind is _DATE for kind in self.kinds)

    def filled(self, line: str, new: New, path: str) -> str | None:
        """Return a line with the new release in the gaps; None where it has another shape."""
        found = self.pattern.fullmatch(line)
        if found is None:
            return None
        parts, end = [], 0
        for number, kind in enumerate(self.kinds):
            start, stop = found.span(f"gap{number}")
            old = line[start:stop]
            if kind is _FULL and parse_version(old) is None:
                return None
            if (text := kind.filled(old, new, path)) is None:
                return None
            parts += [line[end:start], text]
            end = stop
        return "".join([*parts, line[end:]])


def changed(last: LastRelease) -> list[str]:
    """Return the files in which the last release commit changed its version."""
    return [path for path, (old, new) in sorted(last.changes.items()) if _shapes(last, old, new)]


def lines(
    last: LastRelease, texts: Mapping[str, str], new: New, own: str = ""
) -> tuple[dict[str, dict[int, Line]], list[str]]:
    """Return the new lines of each file by number, and what is not there any more.

    `texts` are those of the base, `own` is the package's name.
    """
    found: dict[str, dict[int, Line]] = {}
    missed: list[str] = []
    for path, (before, after) in sorted(last.changes.items()):
        if not (shapes := _shapes(last, before, after, own)):
            continue
        if (text := texts.get(path)) is None:
            missed.append(path)
            continue
        base, old = rows(text), rows(after or "")
        places = _Places(old, base)
        for number, shape in shapes:
            at = places.of(number, shape.pattern)
            line = None if at is None else shape.filled(base[at], new, path)
            if at is None or line is None:
                missed.append(f"{path}:{number + 1}")
            else:
                found.setdefault(path, {})[at + 1] = Line(base[at], line)
    return found, missed


def rows(text: str) -> list[str]:
    r"""Return the lines as git counts them: only \n ends one."""
    return text.split("\n")


def _shapes(
    last: LastRelease, old: str | None, new: str | None, own: str = ""
) -> list[tuple[int, _Shape]]:
    """Return the changed lines with the version, and the dates beside them; counted from 0."""
    if old is None or new is None:
        return []
    found: dict[int, _Shape] = {}
    for number, before, after in _pairs(rows(old), rows(new)):
        if len(found) == _SHAPES_MAX:
            break
        if number not in found and (shape := _shape(last, before, after, own)):
            found[number] = shape
    return [] if all(shape.dated for shape in found.values()) else sorted(found.items())


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Return the lines that may replace others: their number, and both."""
    for tag, start, stop, at, end in compared(old, new):
        if tag != "replace":
            continue
        if stop - start == end - at:
            for offset in range(stop - start):
                yield at + offset, old[start + offset], new[at + offset]
        elif max(stop - start, end - at) <= _BLOCK_MAX:
            for number in range(at, end):
                yield from ((number, each, new[number]) for each in old[start:stop])


def compared(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Compare two files; what begins and ends alike is left out of the comparison."""
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    inner, outer = old[head : len(old) - tail], new[head : len(new) - tail]
    codes: list[tuple[str, int, int, int, int]] = [("equal", 0, head, 0, head)]
    if max(len(inner), len(outer)) > _COMPARED_MAX:
        codes.append(("replace", head, head + len(inner), head, head + len(outer)))
    else:
        # With its own heuristics: thousands of blank lines would take minutes without.
        matcher = SequenceMatcher(None, inner, outer)
        codes += [
            (tag, head + a, head + b, head + c, head + d)
            for tag, a, b, c, d in matcher.get_opcodes()
        ]
    ends = (len(old) - tail, len(old), len(new) - tail, len(new))
    return [*codes, ("equal", *ends)]


def _shape(last: LastRelease, before: str, after: str, own: str) -> _Shape | None:
    """Return the shape of a changed line; None where something else changed in it."""
    if max(len(before), len(after)) > _LINE_MAX:
        return None
    gaps = _gaps(last, after)
    # A gap that did not change is a part of the line.
    while gaps:
        shape = _compiled(after, gaps)
        if (found := shape.pattern.fullmatch(before)) is None:
            return None
        if any(
            kind is _FULL and _is_other(after[:start], found[f"gap{number}"], last, own)
            for number, (start, _, kind) in enumerate(gaps)
        ):
            return None
        same = [
            gap
            for number, gap in enumerate(gaps)
            if found[f"gap{number}"] == after[gap[0] : gap[1]]
        ]
        if not same:
            return shape
        gaps = [gap for gap in gaps if gap not in same]
    return None


def _is_other(text: str, old: str, last: LastRelease, own: str) -> bool:
    """Whether what follows a text is required of another package, and was not the version before.

    Members of a workspace in lock-step require each other: those have the versions of its releases.
    """
    required = _REQUIRED.search(text[-_REQUIRED_MAX:])
    if required is None or not last.before:
        return False
    if required["name"] and canonicalize_name(required["name"]) == canonicalize_name(own):
        return False
    version = parse_version(old)
    led = version is not None and version.release == Version(last.version).release
    return not led and not _is(_FULL, old, last.before)


def _gaps(last: LastRelease, line: str) -> list[tuple[int, int, _Kind]]:
    """Return where a line has the version of the last release, in one of its forms, or a date."""
    found: list[tuple[int, int, _Kind]] = []
    for kind in (_FULL, _TUPLE, _DATE, _SHORT):
        for match in re.finditer(f"{BEFORE}(?P<gap>{kind.pattern}){AFTER}", line):
            start, end = match.span("gap")
            free = all(end <= a or start >= b for a, b, _ in found)
            if free and _is(kind, match["gap"], last.version):
                found.append((start, end, kind))
    return sorted(found[:_GAPS_MAX], key=lambda gap: gap[0])


def _is(kind: _Kind, text: str, version: str) -> bool:
    if kind is _DATE:
        return True
    if kind is _TUPLE:
        return text == numbers_like(text, Version(version).release)
    if kind is _SHORT:
        return text == _short(version) != version
    parsed = parse_version(text)
    return parsed is not None and str(parsed) == version


def _compiled(line: str, gaps: Sequence[tuple[int, int, _Kind]]) -> _Shape:
    parts, end = [], 0
    for number, (start, stop, kind) in enumerate(gaps):
        parts += [re.escape(line[end:start]), f"(?P<gap{number}>{kind.pattern})"]
        end = stop
    # Windows' line ends may have come or gone since.
    rest = re.escape(line[end:].removesuffix("\r"))
    pattern = re.compile("".join([*parts, rest, "\r?"]))
    return _Shape(pattern, tuple(kind for _, _, kind in gaps))


class _Places:
    """Where lines of one text are in another."""

    def __init__(self, old: Sequence[str], base: Sequence[str]) -> None:
        self._base = base
        self._codes = compared(old, base)

    def of(self, number: int, pattern: re.Pattern[str]) -> int | None:
        """Return where a line is now; None where that is not certain."""
        for tag, start, stop, at, end in self._codes:
            if start <= number < stop:
                if tag == "equal":
                    return at + number - start
                if (found := self._only(pattern, at, end)) is not None:
                    return found
        return self._only(pattern, 0, len(self._base))

    def _only(self, pattern: re.Pattern[str], start: int, end: int) -> int | None:
        found = [n for n in range(start, end) if pattern.fullmatch(self._base[n])]
        return found[0] if len(found) == 1 else None
