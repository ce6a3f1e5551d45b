"""Compares the files that a release changed with those that the same release would change now."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

LONGEST_DIFF: Final = 60
"""Lines of one file's difference that people get to see; JSON has `LARGEST_DIFF`."""
LARGEST_DIFF: Final = 2_000
# difflib takes time by the product of both: beyond this only the ends that differ are compared.
_LINES: Final = 5_000


class Verdict(Enum):
    """How a file of one commit compares with that of the other."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_THEIRS = "only theirs"
    ONLY_OURS = "only ours"


@dataclass(frozen=True, slots=True)
class Compared:
    """One file. A text is None where the file is not there.

    Attributes:
        before: its text in the parent of both commits.
        theirs: its text in the release commit of the project.
        ours: its text in the release commit as it would be made.
    """

    path: str
    before: str | None
    theirs: str | None
    ours: str | None

    @property
    def verdict(self) -> Verdict:
        """How both compare."""
        if self.ours == self.theirs:
            return Verdict.SAME
        if self.ours == self.before:
            return Verdict.ONLY_THEIRS
        return Verdict.ONLY_OURS if self.theirs == self.before else Verdict.DIFFERS

    def diff(self, most: int = LARGEST_DIFF) -> list[str]:
        """Return the difference as lines of a patch, from theirs to ours; bounded."""
        if self.verdict is Verdict.SAME:
            return []
        theirs, ours = _lines(self.theirs), _lines(self.ours)
        same = _common(theirs, ours)
        theirs, ours = theirs[same:], ours[same:]
        same = _common(theirs[::-1], ours[::-1])
        # Three lines of context, as a patch has.
        keep = max(same - 3, 0)
        theirs, ours = theirs[: len(theirs) - keep], ours[: len(ours) - keep]
        lines = list(_patch(theirs[:_LINES], ours[:_LINES]))
        more = len(lines) - most
        return [*lines[:most], f"... {more} more lines"] if more > 0 else lines


def _lines(text: str | None) -> list[str]:
    return (text or "").splitlines()


def _common(one: list[str], other: list[str]) -> int:
    """Return how many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next(
        (number for number, (left, right) in pairs if left != right), min(len(one), len(other))
    )


def _patch(theirs: list[str], ours: list[str]) -> Iterator[str]:
    patch = difflib.unified_diff(theirs, ours, "theirs", "ours", lineterm="")
    found = False
    for line in patch:
        # Line numbers are those of a part of the file.
        if not line.startswith("@@"):
            found = True
            yield line
    if not found:
        yield "only the ends of lines differ"


def compared(
    theirs: Mapping[str, tuple[str | None, str | None]],
    ours: Mapping[str, str | None],
    parent: Mapping[str, str],
) -> tuple[Compared, ...]:
    """Return every file that one of two commits changes, by path.

    `theirs` has the text before and after of each file; `ours` the text after; `parent` the
    texts before of files that only `ours` has.
    """
    found = []
    for path in sorted({*theirs, *ours}):
        before, after = theirs.get(path, (parent.get(path),) * 2)
        made = Compared(path, before, after, ours.get(path, before))
        if made.before == made.theirs == made.ours:
            continue
        found.append(made)
    return tuple(found)
