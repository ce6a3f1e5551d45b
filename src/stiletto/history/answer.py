"""What `stiletto explain` answers: for each step of a call, whether it ran, and why (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from stiletto.history.causes import Cause, Comparison
from stiletto.history.inputs import Inputs
from stiletto.history.notes import Call, Kind, Note
from stiletto.visible import shortened

WEEK_S = 7 * 24 * 3600
"""How long a function's result is kept, as the real engine keeps it."""

INDENT = "  "


@dataclass(frozen=True, slots=True)
class Answer:
    """One function or step: how it ended, why it ran, and what differs."""

    note: Note
    ended: str
    why: str = ""
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Explainer:
    """Explains the notes of one call, at a time: `now_s` is seconds since 1970.

    `prunes` are when something was removed from the store, and by what.
    """

    comparison: Comparison
    inputs: Callable[[str], Inputs | None]
    now_s: float
    prunes: Sequence[tuple[float, str]] = ()

    def answer(self, note: Note) -> Answer:
        """Return why one function or step ran, or where its result comes from."""
        if not note.ran:
            return Answer(note, f"from the store{self._made(note)}")
        ended = {"done": "ran", "failed": "failed after", "cancelled": "interrupted after"}
        last = note.success
        passed = f", last passed {self._ago(last.at_s)}" if last is not None else ""
        head = f"{ended[note.outcome]} {note.seconds:.1f} s{passed}"
        why = self._why(note)
        return Answer(note, head, why, () if why else self._causes(note))

    def _why(self, note: Note) -> str:
        """Return why it ran where no input decides it; empty where one does."""
        last, success = note.last, note.success
        if not note.kept:
            return "its result is never kept: it asks each time"
        if last is None:
            return "the first run here"
        if last.key == note.key and last.outcome == "failed":
            return f"the last run, {self._ago(last.at_s)}, failed: a failure runs again"
        if last.key == note.key and last.outcome == "cancelled":
            return f"the last run, {self._ago(last.at_s)}, was interrupted and left no result"
        if success is None:
            return "it has not passed here before"
        if success.key != note.key:
            return ""
        if note.kind is Kind.FUNCTION and self.now_s - success.at_s > WEEK_S:
            return "its result expired after 7 days"
        pruned = [each for each in self.prunes if success.at_s < each[0] < self.now_s]
        if pruned:
            at_s, by = pruned[-1]
            return f"its result was removed {self._ago(at_s)}, by {by}"
        return "its result is no longer in the store"

    def _causes(self, note: Note) -> tuple[Cause, ...]:
        assert note.success is not None, "there is something to compare with"
        before, after = self.inputs(note.success.key), self.inputs(note.key)
        if before is None or after is None:
            return (Cause("what it saw before is not recorded any more"),)
        compare = self.comparison.step if note.kind is Kind.STEP else self.comparison.function
        return tuple(compare(before, after)) or (Cause("nothing that is recorded differs"),)

    def _made(self, note: Note) -> str:
        if not note.made_at_s:
            last = note.success
            return f", made {self._ago(last.at_s)}" if last is not None else ""
        by = f" by `{note.made_by}`" if note.made_by else ""
        return f", made {self._ago(note.made_at_s)}{by}"

    def _ago(self, at_s: float) -> str:
        return ago(self.now_s - at_s)


def ago(seconds: float) -> str:
    """Return how long ago something was, in its largest unit."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


# -- the text -------------------------------------------------------------------------------------


_NAME_MAX = 70
_SHORT_S = 0.15


@dataclass
class _Lines:
    """The lines of an answer; each cause stands once, at the first step that it made run."""

    lines: list[str] = field(default_factory=list)
    shown: set[Cause] = field(default_factory=set)

    def add(self, depth: int, text: str) -> None:
        self.lines.append(f"{INDENT * depth}{text}")

    def answer(self, answer: Answer, depth: int) -> None:
        """Add what is known of one step."""
        part = f"[{answer.note.part}] " if answer.note.part else ""
        self.add(depth, f"{part}{shortened(answer.note.name, _NAME_MAX)}   {answer.ended}")
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


def text(call: Call, answers: Sequence[Answer], *, every: bool, now_s: float) -> str:
    """Return the explanation of a call for people.

    With `every`, steps from the store have a line, too.
    """
    out = _Lines()
    out.add(0, f"{call.command}   {ago(now_s - call.at_s)}")
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
        _steps(out, own, every=every)
        causes = []
    _steps(out, [each for each in steps if not _has_function(functions, each)], every=every)
    return "\n".join(out.lines)


def _has_function(functions: Sequence[Answer], step: Answer) -> bool:
    return any(step.note.function == each.note.name for each in functions)


def _function(out: _Lines, answer: Answer, steps: Sequence[Answer]) -> None:
    ran = sum(each.note.ran for each in steps)
    counted = f"; {ran} of {len(steps)} steps ran, {len(steps) - ran} from the store"
    out.add(0, f"{answer.note.name}: {answer.ended}{counted if steps else ''}")
    if answer.why and not ran:
        out.add(1, answer.why)
    for cause in dict.fromkeys(answer.causes if answer.note.ran else ()):
        # Files are shown where they matter: at the step that sees them.
        if not (ran and cause.lines):
            out.cause(cause, 1)


def _steps(out: _Lines, steps: Sequence[Answer], *, every: bool) -> None:
    ran = [each for each in steps if each.note.ran]
    first = [each for each in ran if each.why == "the first run here"]
    if len(first) > 3 and not every:
        out.add(1, f"{len(first)} steps: the first run here")
        ran = [each for each in ran if each not in first]
    slow = [each for each in ran if each.note.seconds >= _SHORT_S or each.note.outcome == "failed"]
    for each in steps if every else slow or ran:
        out.answer(each, 1)
    if not every and slow and (short := len(ran) - len(slow)):
        out.add(
            1,
            f"and {short} of less than {_SHORT_S} s: --all shows {'it' if short == 1 else 'them'}",
        )
    parts = list(dict.fromkeys(each.note.part for each in steps if each.note.part))
    quiet = [part for part in parts if not any(e.note.ran for e in steps if e.note.part == part)]
    if quiet and not every:
        out.add(1, f"from the store: {', '.join(quiet)}")
