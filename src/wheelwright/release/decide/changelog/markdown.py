"""Markdown: where headings and code are, by markdown-it-py (CommonMark)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from wheelwright.release.decide.changelog.document import Heading

_DEFINED: Final = re.compile(r" {0,3}\[[^\[\]^][^\[\]]*\]:")
_LARGEST: Final = 300_000


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Only blocks: links and emphasis inside of a line decide nothing here.
    return MarkdownIt("commonmark").disable(["inline", "text_join"])


def tokens(lines: Sequence[str]) -> list[Token]:
    """Return the blocks, with their lines."""
    return _parser().parse("\n".join(_without_front_matter(lines)))


def headings(lines: Sequence[str]) -> list[Heading]:
    """Return the headings outside of lists and quotations."""
    found = []
    blocks = tokens(lines)
    for token, inline in pairwise(blocks):
        if token.type == "heading_open" and token.level == 0 and token.map:
            start, end = token.map
            title = " ".join(inline.content.split())
            found.append(Heading(int(token.tag[1:]), title, start, end, token.markup))
    return found


def code(lines: Sequence[str]) -> set[int]:
    """Return the lines of fences and of indented code."""
    found: set[int] = set()
    for token in tokens(lines):
        if token.type in ("fence", "code_block") and token.map:
            found |= set(range(*token.map))
    return found


def references(lines: Sequence[str]) -> dict[str, str]:
    """Return the definitions of links among lines, written anew, by their normalized labels.

    Of each only the lines that can be one are parsed: a file may be longer than what is.
    """
    parts = []
    for number, line in enumerate(lines):
        if _DEFINED.match(line):
            parts += [line, *lines[number + 1 : number + 3], ""]
    env: dict[str, dict[str, dict[str, str]]] = {}
    _parser().parse("\n".join(parts)[:_LARGEST], env)
    found = {}
    for label, each in env.get("references", {}).items():
        href, title = each["href"], each.get("title", "").replace('"', "&quot;")
        target = href if re.fullmatch(r"[^\s()<>]+", href) else f"<{href}>"
        found[label] = f'{target} "{title}"' if title else target
    return found


def label(text: str) -> str:
    """Return the label of a link as it is compared."""
    return normalizeReference(text)


def _without_front_matter(lines: Sequence[str]) -> list[str]:
    """Blank what site generators read at a file's beginning: it would be a heading."""
    if lines and lines[0].rstrip() == "---":
        for end, line in enumerate(lines[1:50], 1):
            if line.rstrip() == "---":
                return [""] * (end + 1) + list(lines[end + 1 :])
    return list(lines)
