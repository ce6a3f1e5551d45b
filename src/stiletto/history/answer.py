"""What `stiletto explain` answers: for each step of a call, whether it ran, and why (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stiletto.history.causes import ENVIRONMENT, Cause, Comparison
from stiletto.history.inputs import Inputs
from stiletto.history.notes import OTHER_VERSION, Ending, Kind, Note

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """One function or step: how it ended, why it ran, and what differs.

    Attributes:
        is_first: whether nothing is recorded of an earlier run.
    """

    note: Note
    ended: str
    why: str = ""
    causes: tuple[Cause, ...] = ()
    is_first: bool = False


@dataclass(frozen=True)
class Explainer:
    """Explains the notes of one call, which began `at_s`; `now_s` is the time of the question.

    `prunes` are when something was removed from the store, and by what. `store_is_older` is
    whether a version that noted nothing has used the store before.
    """

    comparison: Comparison
    inputs: Callable[[str], Inputs | None]
    at_s: float
    now_s: float
    prunes: Sequence[tuple[float, str]] = ()
    store_is_older: bool = False

    def answers(self, notes: Sequence[Note]) -> list[Answer]:
        """Return why each function and step ran, or where its result comes from."""
        found = [self._answer(note) for note in notes]
        return [self._without_other_arguments(each, found) for each in found]

    def _without_other_arguments(self, answer: Answer, found: Sequence[Answer]) -> Answer:
        """Leave out with what arguments a function ran before, if its steps never ran with these.

        Such as for another version of Python: nothing of the one before has to do with it.
        """
        if answer.note.kind is not Kind.FUNCTION or not answer.causes:
            return answer
        steps = [
            each
            for each in found
            if each.note.kind is Kind.STEP and each.note.function == answer.note.name
        ]
        ran = [each for each in steps if each.note.ran]
        if not ran or not all(each.is_first for each in ran):
            return answer
        return Answer(answer.note, answer.ended, self._first(ran[-1].note), (), True)

    def _answer(self, note: Note) -> Answer:
        if not note.ran:
            return Answer(note, f"from the store{self._made(note)}")
        ended = {"done": "ran", "failed": "failed after", "cancelled": "interrupted after"}
        head = f"{ended[note.outcome]} {note.seconds:.1f} s{self._before(note.success)}"
        if note.kept and note.last is None:
            return Answer(note, head, self._first(note), (), True)
        why = self._why(note)
        return Answer(note, head, why, () if why else self._causes(note))

    def _before(self, last: Ending | None) -> str:
        if last is None:
            return ""
        how = f"last ended with exit code {last.exit_code}," if last.exit_code else "last passed"
        return f", {how} {self._ago(last.at_s)}"

    def _first(self, note: Note) -> str:
        if self.store_is_older:
            return "nothing is recorded of an earlier run: another version wrote the store"
        return f"the first run here with {note.image}" if note.image else "the first run here"

    def _why(self, note: Note) -> str:
        """Return why it ran where no input decides it; empty where one does."""
        last, success = note.last, note.success
        if not note.kept:
            return "its result is never kept: it runs in each call"
        if last is not None and last.outcome == OTHER_VERSION:
            return "what is recorded of the last run was written by another version of Stiletto"
        if last is not None and last.key == note.key and last.outcome == "failed":
            return f"the last run, {self._ago(last.at_s)}, failed: a failure runs again"
        if last is not None and last.key == note.key and last.outcome == "cancelled":
            return f"the last run, {self._ago(last.at_s)}, was interrupted and left no result"
        if note.refused:
            return note.refused
        if success is None:
            return "it has not passed here before"
        if success.key != note.key:
            return ""
        if note.lasts_s and self.at_s - success.at_s > note.lasts_s:
            return f"its result expired after {_long(note.lasts_s)}"
        pruned = [each for each in self.prunes if success.at_s < each[0] <= self.at_s]
        if pruned:
            at_s, by = pruned[-1]
            return f"its result was removed {self._ago(at_s)}, by {by}"
        return "its result is no longer in the store"

    def _causes(self, note: Note) -> tuple[Cause, ...]:
        assert note.success is not None, "there is something to compare with"
        before, after = self.inputs(note.success.key), self.inputs(note.key)
        if before is None or after is None:
            return (Cause("what it saw before is not recorded any more"),)
        if note.kind is Kind.FUNCTION:
            found = self.comparison.function(before, after)
        else:
            found = self.comparison.step(before, after)
        last = note.last
        if last and last.exit_code and all(each.aspect == ENVIRONMENT for each in found):
            ended = f"failed with exit code {last.exit_code}"
            # The value tells attempts apart, and nothing else.
            again = [Cause(f"{each.title.partition(':')[0]} makes it run again") for each in found]
            found = [Cause(f"the last run, {self._ago(last.at_s)}, {ended}"), *again]
            found = [replace(each, aspect=ENVIRONMENT) for each in found]
        return tuple(found) or (Cause("nothing that is recorded differs"),)

    def _made(self, note: Note) -> str:
        if note.waited:
            return ": it waited for another call, which ran it"
        last = note.success
        at_s = note.made_at_s or (last.at_s if last is not None else 0.0)
        by = f" by `{note.made_by}`" if note.made_by else ""
        return f", made {self._ago(at_s)}{by}" if at_s else ""

    def _ago(self, at_s: float) -> str:
        return ago(self.now_s - at_s)


def ago(seconds: float) -> str:
    """Return how long ago something was, in its largest unit."""
    return f"{_long(seconds)} ago" if seconds >= 1 else "just now"


def _long(seconds: float) -> str:
    for size, unit in ((DAY_S, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "no time"
