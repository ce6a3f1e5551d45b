"""Groups of lines in the log of a CI service: one for each check, and for each part of a call.

    GitHub    ::group::TITLE                                  ::endgroup::
    GitLab    section_start:TIME:NAME[collapsed=true] TITLE   section_end:TIME:NAME

Source: GitHub's documentation, "Workflow commands", and GitLab's, "Custom collapsible sections".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from stiletto.progress import Outcome, Span
from stiletto.render.lines import duration, status

Form: TypeAlias = Callable[[int, str, Sequence[str]], list[str]]
"""Returns the lines of a group from its number, title and lines."""

_KINDS = ("check", "part")
_ERASE = "\x1b[0K"


def github(number: int, title: str, lines: Sequence[str]) -> list[str]:
    """Return a group as GitHub folds it."""
    return [f"::group::{title}", *lines, "::endgroup::"] if number else [*lines]


def gitlab(number: int, title: str, lines: Sequence[str]) -> list[str]:
    """Return a group as GitLab folds it."""
    now_s = int(time.time())
    name = f"stiletto_{number}"
    start = f"{_ERASE}section_start:{now_s}:{name}[collapsed=true]\r{_ERASE}{title}"
    return [start, *lines, f"{_ERASE}section_end:{now_s}:{name}\r{_ERASE}"]


def form_of(environ: Mapping[str, str]) -> Form | None:
    """Return how the CI service that runs this folds lines; None outside of one."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return github
    return gitlab if environ.get("GITLAB_CI") == "true" else None


@dataclass(slots=True)
class _Group:
    span: Span
    lines: list[str] = field(default_factory=list)
    ended_s: float = 0.0
    failed: bool = False


class Groups:
    """Keeps the lines of groups until they ended."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._open: dict[int, _Group] = {}
        self._of: dict[int, int] = {}

    def begin(self, span: Span) -> None:
        """Note a span that began: a group, or something in one."""
        if span.kind in _KINDS:
            self._open[span.id] = _Group(span)
            self._of[span.id] = span.id
        elif span.parent in self._of:
            self._of[span.id] = self._of[span.parent]

    def keep(self, line: str, span: Span) -> bool:
        """Keep a line of a span; False where it is in no open group."""
        group = self._open.get(self._of.get(span.id, 0))
        if group is None:
            return False
        group.lines.append(line)
        if span.ended_s is not None:
            group.ended_s = max(group.ended_s, span.ended_s)
        return True

    def end(self, span: Span) -> list[str]:
        """Return the lines of the group that ended with this span; none for any other."""
        self._of.pop(span.id, None)
        group = self._open.pop(span.id, None)
        return self._folded(group) if group else []

    def close(self) -> list[str]:
        """Return the lines of all groups that are still open."""
        lines = [line for group in self._open.values() for line in self._folded(group)]
        self._open.clear()
        return lines

    def _folded(self, group: _Group) -> list[str]:
        if not group.lines:
            return []
        span = group.span
        title = span.name
        if span.kind == "check":
            title = f"{title} {'OK' if span.outcome is Outcome.DONE else status(span)}"
        took_s = span.elapsed_s if span.kind == "check" else group.ended_s - span.started_s
        return self._form(span.id, f"{title} [{duration(max(took_s, 0.0))}]", group.lines)
