r"""A changelog as lines and headings, whichever of the two markups it is written in.

Lines keep their own ends, so that an edit changes only the lines that it means:

    "## Unreleased\r"   a line of a file with CR LF, split at LF

Headings come from a parser of the markup (`markdown.py`, `restructured.py`), never from a pattern:
what is in a fence, in a comment, in a list or in a literal block is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final
from unicodedata import east_asian_width

MARK: Final = "\ufeff"
"""The byte order mark, which is not part of a file's first line."""


class Markup(Enum):
    """What a changelog is written in."""

    MARKDOWN = "Markdown"
    RST = "reStructuredText"


def columns(text: str) -> int:
    """Return the columns of a text: reStructuredText counts two for a wide character."""
    return sum(1 + (east_asian_width(each) in "WF") for each in text)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading outside of any list, quotation or comment.

    Attributes:
        level: 1 is the outermost.
        title: the text as it is written, without what marks the heading.
        start: its first line, from 0.
        end: the line behind it.
        mark: `##`, or the character of the line below it; twice where there is one above it, too.
        width: characters of that line; 0 where it is as wide as the title.
    """

    level: int
    title: str
    start: int
    end: int
    mark: str
    width: int = 0

    def lines(self, title: str) -> list[str]:
        """Return the lines of a heading of this form with another title."""
        if self.mark.startswith("#") and not self.is_underlined:
            return [f"{self.mark} {title}"]
        below = self.mark[0] * max(columns(title), self.width, 3)
        return [below, title, below] if len(self.mark) > 1 else [title, below]

    @property
    def is_underlined(self) -> bool:
        """Whether a line of characters marks it."""
        return self.end - self.start > 1


@dataclass(frozen=True)
class Document:
    """A changelog.

    Attributes:
        lines: split at LF; a CR is the last character of its line.
        crlf: new lines end in CR LF.
    """

    markup: Markup
    lines: tuple[str, ...]
    headings: tuple[Heading, ...]
    crlf: bool = False

    @cached_property
    def plain(self) -> list[str]:
        """The lines without a CR at their ends, and without a byte order mark."""
        found = [line.rstrip("\r") for line in self.lines]
        return [each.removeprefix(MARK) for each in found[:1]] + found[1:]

    def slice(self, start: int, end: int) -> list[str]:
        """Return lines without a CR at their ends."""
        return self.plain[start:end]

    def replaced(self, edits: Iterable[tuple[int, int, Sequence[str]]]) -> str:
        """Return the text with new lines in the place of others: first line, last, new ones."""
        lines = list(self.lines)
        # The byte order mark is the file's, not its first heading's.
        mark = MARK if lines[0].startswith(MARK) else ""
        lines[0] = lines[0].removeprefix(mark)
        end = "\r" if self.crlf else ""
        for start, stop, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            lines[start:stop] = [line + end for line in new]
        return mark + "\n".join(lines)
