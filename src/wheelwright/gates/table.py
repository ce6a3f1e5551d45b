"""Results as a table for a terminal: aligned columns, and details that do not drown them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

_DETAIL_LINES = 40


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
        note: whether the last column may be wider than its rule, as a sentence is.
    """
    lines = [head, *body]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if note:
        widths[-1] = len(head[-1])
    align = [str.rjust if title in right else str.ljust for title in head]
    text = [
        "  ".join(
            pad(cell, width) for pad, cell, width in zip(align, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    return [text[0], "  ".join("-" * width for width in widths), *text[1:]]


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


def counted(number: int, word: str) -> str:
    """Return a number of things: `1 issue`, `2 issues`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
