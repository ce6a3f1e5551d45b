"""The answer of `stiletto explain` as text for people (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stiletto.history.answer import Answer
from stiletto.history.causes import ASPECTS, COMMAND, ENVIRONMENT, IMAGE, Cause
from stiletto.history.notes import Kind, parts_of
from stiletto.visible import RUNNERS, shortened

_INDENT = "  "
_WIDTH = 80
_NAME_MIN = 24
"""So much of a command is shown, however long the rest of its line is."""
_TOKEN = re.compile("[0-9a-f]{16,}")
_SHORT_S = 0.15
"""Faster steps are counted only, beside slower ones."""
_FIRST_MAX = 3
"""More steps than these that never ran before have one line together."""

_BEGINS = {IMAGE: "image: ", ENVIRONMENT: "variable ", COMMAND: "command: "}
"""How a cause of an aspect begins, also where it is that of a step beneath."""


@dataclass
class _Lines:
    """The lines of an answer; each cause stands once, at the first step that it made run."""

    every: bool
    lines: list[str] = field(default_factory=list)
    shown: set[Cause] = field(default_factory=set)

    answers: list[Answer] = field(default_factory=list)

    def add(self, depth: int, text: str) -> None:
        self.lines.append(f"{_INDENT * depth}{text}")

    def answer(self, answer: Answer, depth: int) -> None:
        """Add what is known of one step."""
        self.answers.append(answer)
        part = f"[{answer.note.part}] " if answer.note.part else ""
        room = _WIDTH - len(f"{_INDENT * depth}{part}   {answer.ended}")
        self.add(depth, f"{part}{named(answer.note.name, room)}   {answer.ended}")
        if answer.why:
            self.add(depth + 1, answer.why)
        new = [cause for cause in answer.causes if cause not in self.shown]
        if answer.causes and not new:
            self.add(depth + 1, "for the same reason")
        for cause in new:
            self.cause(cause, depth + 1)

    def cause(self, cause: Cause, depth: int) -> None:
        """Add one cause, with its lines."""
        self.shown.add(cause)
        self.add(depth, cause.title)
        for line in cause.lines:
            self.add(depth + 1, line)


def named(command: str, size: int) -> str:
    """Return a command in about `size` characters: its first words, whole.

    A script has the name of its file, and the words that say what it does: not where it lies, nor
    what it identifies something by.
    """
    words = command.split(" ")
    if words[0] in RUNNERS and words[1:2] and words[1].startswith("/"):
        rest = [each for each in words[2:] if not (each.startswith("/") or _TOKEN.fullmatch(each))]
        words = [words[1].rpartition("/")[2], *rest]
    whole = " ".join(words)
    size = max(size, _NAME_MIN)
    if len(whole) <= size:
        return whole
    kept = words[:1]
    for word in words[1:]:
        if len(" ".join([*kept, word, "..."])) > size:
            break
        kept.append(word)
    while len(kept) > 1 and kept[-1].startswith("-"):
        kept.pop()  # its value is left out
    return shortened(" ".join([*kept, "..."]), size)


def text(answers: Sequence[Answer], *, every: bool) -> str:
    """Return the explanation of a call; with `every` also of the steps from the store."""
    out = _Lines(every)
    functions = [each for each in answers if each.note.kind is Kind.FUNCTION]
    steps = [each for each in answers if each.note.kind is Kind.STEP]
    causes: list[Cause] = []
    for each in functions:
        own = [step for step in steps if step.note.function == each.note.name]
        if not own and each is not functions[-1] and each.note.outcome != "failed" and not every:
            # Such as a constructor: what it was given decides the function behind it.
            causes += each.causes
            continue
        _function(out, replace(each, causes=(*causes, *each.causes)), own)
        _steps(out, own)
        causes = []
    names = {each.note.name for each in functions}
    _steps(out, [each for each in steps if each.note.function not in names])
    _unchanged(out)
    return "\n".join(out.lines) or "every step came from the store"


def _function(out: _Lines, answer: Answer, steps: Sequence[Answer]) -> None:
    ran = sum(each.note.ran for each in steps)
    counted = f"; {ran} of {len(steps)} steps ran, {len(steps) - ran} from the store"
    out.add(0, f"{answer.note.name}: {answer.ended}{counted if steps else ''}")
    if answer.why and (not ran or not answer.note.kept):
        out.add(1, answer.why)
    for cause in dict.fromkeys(answer.causes if answer.note.ran else ()):
        # Files are shown where they matter: at the step that sees them.
        if not (ran and cause.lines):
            out.cause(cause, 1)


def _steps(out: _Lines, steps: Sequence[Answer]) -> None:
    if out.every:
        for each in steps:
            out.answer(each, 1)
        return
    for each in steps:
        if each.note.waited:
            out.answer(each, 1)
    ran = [each for each in steps if each.note.ran]
    first = [each for each in ran if each.is_first]
    if len(first) > _FIRST_MAX:
        for why in dict.fromkeys(each.why for each in first):
            alike = [each for each in first if each.why == why]
            out.add(1, f"{_steps_of(len(alike))}: {why}")
        ran = [each for each in ran if each not in first]
    slow = [each for each in ran if each.note.seconds >= _SHORT_S or each.note.outcome == "failed"]
    for each in slow or ran:
        out.answer(each, 1)
    if slow and (short := len(ran) - len(slow)):
        shows = "shows it" if short == 1 else "shows them"
        out.add(1, f"and {_steps_of(short)} of less than {_SHORT_S} s: --all {shows}")
    parts = parts_of(each.note for each in steps)
    quiet = [part for part in parts if not any(e.note.ran for e in steps if e.note.part == part)]
    if quiet:
        out.add(1, f"from the store: {', '.join(quiet)}")


def _steps_of(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _unchanged(out: _Lines) -> None:
    """Name what every step that is shown had before, too."""
    causes = [cause for each in out.answers for cause in each.causes]
    same = [each for each in ASPECTS if not any(_is_of(cause, each) for cause in causes)]
    if causes and same:
        out.add(0, f"unchanged: {', '.join(same)}")


def _is_of(cause: Cause, aspect: str) -> bool:
    """Whether a cause is of an aspect: of the step's own, or of what it installs from."""
    return cause.aspect == aspect or (aspect in _BEGINS and cause.title.startswith(_BEGINS[aspect]))
