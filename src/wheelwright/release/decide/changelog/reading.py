"""Reads a changelog: the markup that it is written in, and its headings."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Final

from wheelwright.release.decide.changelog import markdown
from wheelwright.release.decide.changelog.document import MARK, Document, Markup

LARGEST: Final = 300_000
"""Characters that are parsed. What waits is at the top, and ten years of notes are less."""

_ATX = re.compile(r"#{1,6}[ \t]")
_LONGEST: Final = 20_000
# What a parser takes for the end of a line, and git does not.
_ENDS = re.compile(r"[\r\x00\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def markup_of(path: str, text: str) -> Markup:
    """Return what a file is written in: by its name, without a telling one by its headings."""
    ending = posixpath.splitext(path)[1].lower()
    if ending in (".md", ".markdown", ".mkd"):
        return Markup.MARKDOWN
    if ending == ".rst":
        return Markup.RST
    atx = any(_ATX.match(line) for line in text[:LARGEST].splitlines())
    return Markup.MARKDOWN if atx else Markup.RST


def read(path: str, text: str) -> Document:
    """Return the changelog at a path."""
    return _read(markup_of(path, text), text)


# A text is read for the plan, for its edit and for its notes.
@lru_cache(maxsize=8)
def _read(markup: Markup, text: str) -> Document:
    lines = text.split("\n")
    parsed = [_parsed(line) for line in _bounded(lines)]
    if parsed:
        parsed[0] = parsed[0].removeprefix(MARK)
    if markup is Markup.MARKDOWN:
        headings = markdown.headings(parsed)
    else:
        # docutils takes a tenth of a second to import, and many changelogs do not need it.
        from wheelwright.release.decide.changelog import restructured

        headings = restructured.headings(parsed)
    crlf = sum(line.endswith("\r") for line in lines) * 2 > len(lines) - 1 > 0
    return Document(markup, tuple(lines), tuple(headings), crlf)


def _parsed(line: str) -> str:
    """Return a line that no parser splits once more; in the place of a very long one, a word."""
    return _ENDS.sub(" ", line.rstrip("\r")) if len(line) <= _LONGEST else "x"


def _bounded(lines: list[str]) -> list[str]:
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > LARGEST:
            return lines[:number]
    return lines
