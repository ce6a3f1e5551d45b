"""What was found, is missing, or cannot be seen; as text and as JSON: pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from wheelwright.container.harmless import one_line

_WIDTH: Final = 100


class State(Enum):
    """Whether something is there; the values are those of the JSON."""

    FOUND = "found"
    MISSING = "missing"
    UNSEEN = "cannot be seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject of a repository.

    Attributes:
        area: package, git, files, GitHub or index.
        seen: what was found there, or what is missing, for people.
        next: the next commands, or the page to open and the value of each field.
    """

    area: str
    subject: str
    state: State
    seen: str = ""
    next: tuple[str, ...] = ()


def missing(findings: Iterable[Finding]) -> list[Finding]:
    """Return those that are missing."""
    return [each for each in findings if each.state is State.MISSING]


def conclusion(findings: Sequence[Finding]) -> str:
    """Return the last line of the table: how many are missing, and how many cannot be seen."""
    lacking, unseen = (
        sum(each.state is state for each in findings) for state in (State.MISSING, State.UNSEEN)
    )
    line = f"{lacking} missing" if lacking else "nothing is missing"
    return f"{line}, {unseen} cannot be seen" if unseen else line


def text(findings: Sequence[Finding], width: int = _WIDTH) -> str:
    """Return a table for people: an area each, and below a finding what to do next."""
    subjects = max((len(each.subject) for each in findings), default=0)
    states = max(len(state.value) for state in State)
    start = f"  {'':<{states}}  {'':<{subjects}}  "
    lines: list[str] = []
    area = ""
    for each in findings:
        if each.area != area:
            lines += ["", each.area] if lines else [each.area]
            area = each.area
        first = f"  {each.state.value:<{states}}  {each.subject:<{subjects}}  "
        lines += textwrap.wrap(
            one_line(each.seen),
            max(width, len(start) + 30),
            initial_indent=first,
            subsequent_indent=start,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [first.rstrip()]
        # A command is copied as it is, so it stays on its line.
        lines += [f"{start}-> {one_line(step)}" for step in each.next]
    return "\n".join(lines)


def as_json(findings: Iterable[Finding]) -> str:
    """Return the findings as a list of objects."""
    rows = [
        {
            "area": each.area,
            "subject": each.subject,
            "state": each.state.value,
            "seen": each.seen,
            "next": list(each.next),
        }
        for each in findings
    ]
    return json.dumps(rows, indent=2)
