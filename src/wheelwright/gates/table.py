"""Results as a table for a terminal: aligned columns, and details that do not drown them."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterable, Sequence

WIDTH = 80
"""Columns that every table fits into: a module does not know those of its caller."""

AGAIN = "again: "
"""How a line begins that runs again what failed."""

_DETAIL_LINES = 40
_INDENT = "    "


def columns(
    head: Sequence[str],
    body: Iterable[Sequence[str]],
    right: Container[str] = (),
    *,
    note: bool = False,
) -> list[str]:
    """Return lines for the head, a rule and the body.

    Args:
        head: the columns' titles.
        body: the cells of each line.
        right: titles of the columns that are aligned to the right.
        note: whether the last column is a sentence: where it does not fit behind its line, it
            stands beneath it.
    """
    rows = [list(line) for line in body]
    notes = [line.pop() if note else "" for line in rows]
    titles = list(head[:-1] if note else head)
    lines = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    align = [str.rjust if title in right else str.ljust for title in titles]
    text = [
        "  ".join(pad(cell, width) for pad, cell, width in zip(align, line, widths, strict=True))
        for line in lines
    ]
    rule = "  ".join("-" * width for width in widths)
    if not note:
        return [text[0].rstrip(), rule, *(line.rstrip() for line in text[1:])]
    room = WIDTH - len(rule) - 2
    beside = any(each and len(each) <= room for each in notes)
    if beside and room >= len(head[-1]):
        text[0], rule = f"{text[0]}  {head[-1]}", f"{rule}  {'-' * len(head[-1])}"
    found = [text[0].rstrip(), rule]
    for line, sentence in zip(text[1:], notes, strict=True):
        if len(sentence) <= room:
            found.append(f"{line}  {sentence}".rstrip())
            continue
        found.append(line.rstrip())
        found += textwrap.wrap(sentence, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    return found


def details(name: str, text: str, hint: str) -> str:
    """Return the details of a failure under its name, shortened.

    Kept are the first lines, where tools put what matters most; `hint` names where all of it is.
    """
    lines = text.rstrip().splitlines()
    shown = text.rstrip()
    if len(lines) > _DETAIL_LINES:
        more = f"[{len(lines) - _DETAIL_LINES} more lines; {hint}]"
        shown = "\n".join([*lines[:_DETAIL_LINES], more])
    return f"--- {name} ---\n{shown}\n"


def without_again(text: str) -> tuple[str, str]:
    """Return the details of a failure, and apart the last line that runs it again, if any."""
    before, _, last = text.rstrip().rpartition("\n")
    return (before, last) if last.startswith(AGAIN) else (text, "")


def counted(number: int, word: str) -> str:
    """Return a number of things: `1 issue`, `2 issues`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
