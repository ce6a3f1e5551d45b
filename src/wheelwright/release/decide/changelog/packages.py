"""Which sections of a changelog are of another package, where several share the file.

| the file has                                             | of another package is                |
|----------------------------------------------------------|--------------------------------------|
| `## teasel`, `## other`, each with versions below it     | all that is not below `## teasel`    |
| `## teasel 1.2.3`, `## other 3.0.0`                      | what names another one before the    |
|                                                          | version, or before a state           |

A project that is named nowhere has the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Final

from wheelwright.release.decide.changelog import titles
from wheelwright.release.decide.changelog.document import Heading
from wheelwright.release.decide.changelog.titles import Title

# Headings with the project's name that are looked at.
_MOST: Final = 5
# What stands before a version or a state, and names no package.
_USUAL: Final = frozenset(
    (
        *("version", "release", "releases", "released", "v", "change", "changes", "changelog"),
        *("in", "what", "s", "new", "notes", "note", "of", "for", "the", "to", "update", "hotfix"),
        *("next", "main", "master", "dev", "development", "head", "current", "latest", "patch"),
        *("future", "upcoming", "currently", "still", "not", "yet", "unreleased"),
    )
)


def others(
    headings: Sequence[Heading], read: Sequence[Title], names: Collection[str]
) -> frozenset[int]:
    """Return the numbers of the headings that are of other packages."""
    ours = [re.sub(r"[-_. ]+", "-", name.casefold()) for name in names if name]
    below = _elsewhere(headings, read, ours)
    named = {number for number, title in enumerate(read) if _names(_before(title), ours)}
    if not any(read[number].version for number in named):
        return below
    return below | {
        number
        for number, title in enumerate(read)
        if number not in named and _is_foreign(_before(title))
    }


def _elsewhere(
    headings: Sequence[Heading], read: Sequence[Title], ours: Collection[str]
) -> frozenset[int]:
    """Return the headings that are not below the one of the project, where others have versions."""
    called = (
        number
        for number, heading in enumerate(headings)
        if re.sub(r"[-_. ]+", "-", titles.plain(heading.title).casefold()) in ours
    )
    for number in islice(called, _MOST):
        heading = headings[number]
        mine = range(number, _end(headings, number))
        beside = [
            each
            for each, other in enumerate(headings)
            if other.level == heading.level and each not in mine and not read[each].version
        ]
        parts = [range(each, _end(headings, each)) for each in beside]
        if _has_versions(read, mine) and any(_has_versions(read, part) for part in parts):
            return frozenset(range(len(headings))) - frozenset(mine)
    return frozenset()


def _end(headings: Sequence[Heading], number: int) -> int:
    level = headings[number].level
    following = range(number + 1, len(headings))
    return next((each for each in following if headings[each].level <= level), len(headings))


def _has_versions(read: Sequence[Title], part: range) -> bool:
    return any(read[each].version for each in part)


def _before(title: Title) -> str:
    """Return what a title has before its version, or before its state."""
    state = title.state
    if title.version:
        text = title.text[: title.start]
    elif state:
        text = title.text[: state.start()]
    else:
        return ""
    if title.dated and title.dated.end <= len(text):
        text = text[: title.dated.start] + text[title.dated.end :]
    return re.sub(r"[-_@=/ ]*[vV]?$", "", titles.plain(text)).casefold()


def _names(before: str, ours: Collection[str]) -> bool:
    text = re.sub(r"[-_. ]+", "-", before)
    return any(re.search(rf"(?<![^\W_]){re.escape(name)}(?![-\w])", text) for name in ours)


def _is_foreign(before: str) -> bool:
    return any(each not in _USUAL for each in re.findall(r"[^\W\d_]+", before))
