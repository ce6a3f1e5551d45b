"""Keeps what calls noted, and finds it again.

calls/DIRECTORY/TIME-PID    the last 20 calls of a directory (`notes.Call`)
slots/SLOT                  how one step last ended, and how it last succeeded
inputs/KEY                  what a step or a function saw, also of one that failed
trees/DIGEST                what a directory looked like (`shapes`)
prunes                      when something was removed from the store, and by what
began                       when the first call was noted in this store
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stiletto.errors import EnvironmentFailed
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import Dir
from stiletto.history.inputs import Inputs
from stiletto.history.notes import OTHER_VERSION, Call, Ending, Kind, Note
from stiletto.history.shapes import Shapes
from stiletto.store import Store
from stiletto.store.sealed import fitting

_STEP = ("slots", "key", "seconds", "exit code")

CALLS_KEPT = 20
_BEGAN = "began"
_AT_ONCE_S = 60
FORMAT = 1
"""Raised whenever notes stop meaning what they meant."""


class Journal:
    """What one session notes; written at its end.

    `command` is the command line; `mask` removes secrets from data. A full or broken disk loses
    notes, and nothing else.
    """

    def __init__(
        self, store: Store, directory: Path, command: str, mask: Callable[[Any], Any]
    ) -> None:
        self.shapes = Shapes(store)
        self.command: str = mask(command)
        self._store = store
        self._directory = _name(directory)
        self._mask = mask
        self._began_s = time.time()
        self._notes: list[Note] = []
        self._parts: list[Iterable[str]] = []
        self._unwritten: dict[str, Mapping[str, Any]] = {}

    # -- write --------------------------------------------------------------------------------

    def slot(self, *parts: str) -> str:
        """Return what makes a step the same one in another call of this directory."""
        return digest_of([self._directory, *parts])

    def endings(self, slots: Sequence[str]) -> tuple[Ending | None, Ending | None]:
        """Return the last success and the last end of the first of these slots that has any."""
        for slot in slots:
            data = self._unwritten.get(slot) or self._store.note("slots", slot)
            found = fitting(data, _endings)
            if found is not None:
                return found
        return None, None

    def saw(self, key: str, inputs: Inputs, trees: Sequence[Dir] = ()) -> None:
        """Keep what a step or a function is about to see."""
        with contextlib.suppress(EnvironmentFailed):
            for tree in trees:
                self.shapes.keep(tree)
            if not self._store.has_note("inputs", key):
                self._store.put_note("inputs", key, self._mask(inputs.to_json()))

    def later(self, work: Callable[[], None]) -> None:
        """Do something that nothing waits for; it is done when this is closed."""
        self._store.later(work)

    def knows(self, key: str) -> bool:
        """Whether it is kept what a step or a function saw, or what a layer was merged from."""
        return self._store.has_note("inputs", key)

    def ended(self, note: Note, parts: Iterable[str] = ()) -> None:
        """Note something that ended; its slots remember it. `parts` may grow until the end."""
        self._notes.append(note)
        self._parts.append(parts)
        if not note.slots:
            return
        if note.outcome == "cached":
            self._used(note)
            return
        now = Ending(note.key, note.outcome, time.time(), note.seconds, note.exit_code)
        success = now if note.outcome == "done" else note.success
        data = {"format": FORMAT, "success": success and asdict(success), "last": asdict(now)}
        self._remember(note.slots, data)

    def _used(self, note: Note) -> None:
        """Let slots remember a stored result that was used where another one was the last.

        It counts from when it was made: from then on it expires, and what was removed since may
        have removed it.
        """
        others = [slot for slot in note.slots if not self.passed_last([slot], note.key)]
        if not others:
            return
        passed = note.success
        if passed is None or passed.key != note.key:
            at_s = note.made_at_s or time.time()
            passed = Ending(note.key, note.outcome, at_s, note.seconds, note.exit_code)
        ending = asdict(passed)
        self._remember(others, {"format": FORMAT, "success": ending, "last": ending})

    def passed_last(self, slots: Iterable[str], key: str) -> bool:
        """Whether what each of these slots remembers last is a success with this key."""
        for slot in slots:
            for ending in self.endings([slot]):
                if ending is None or ending.key != key:
                    return False
        return True

    def _remember(self, slots: Iterable[str], data: Mapping[str, Any]) -> None:
        """Write how a step ended; until that is done it is found here."""
        slots = tuple(slots)
        self._unwritten |= dict.fromkeys(slots, data)

        def write() -> None:
            for slot in slots:
                with contextlib.suppress(EnvironmentFailed):
                    self._store.put_note("slots", slot, data)
                if self._unwritten.get(slot) is data:
                    del self._unwritten[slot]

        self._store.later(write)

    def steps_of(self, function: str) -> list[list[Any]]:
        """Return slots, key, seconds and exit code of the steps that a function has used."""
        return [
            [list(note.slots), note.key, note.seconds, note.exit_code]
            for note in self._notes
            if note.kind is Kind.STEP and note.function == function and note.outcome != "failed"
        ]

    def used_again(self, steps: Sequence[Sequence[Any]], at_s: float) -> None:
        """Note that a stored result stands for these steps: they are the last that passed."""
        for step in steps:
            if len(step) != len(_STEP):
                return  # another version wrote it
            slots, key, seconds, exit_code = step
            ending = asdict(Ending(str(key), "cached", at_s, float(seconds), int(exit_code)))
            self._remember(slots, {"format": FORMAT, "success": ending, "last": ending})

    def close(self) -> None:
        """Keep the call, and forget the oldest of its directory; all is written then."""
        self._store.caught_up()
        if not self._notes:
            return
        call = Call(
            self._began_s,
            time.time() - self._began_s,
            self.command,
            tuple(
                replace(note, parts=tuple(parts))
                for note, parts in zip(self._notes, self._parts, strict=True)
            ),
        )
        kind = f"calls/{self._directory}"
        name = f"{time.time_ns():020d}-{os.getpid()}"
        with contextlib.suppress(EnvironmentFailed):
            if not self._store.has_note(_BEGAN, _BEGAN):
                self._store.put_note(_BEGAN, _BEGAN, {"at_s": self._began_s})
            # A module may put a secret into a command, which names its step.
            self._store.put_note(kind, name, self._mask(call.to_json()))
            for old in self._store.note_names(kind)[:-CALLS_KEPT]:
                self._store.drop_note(kind, old)


# -- read -------------------------------------------------------------------------------------


class History:
    """What was noted of the calls of one directory."""

    def __init__(self, store: Store, directory: Path) -> None:
        self._store = store
        self._kind = f"calls/{_name(directory)}"
        self.shapes = Shapes(store)

    def calls(self) -> list[Call]:
        """Return the calls, the oldest first; one that is damaged is left out."""
        found = (
            fitting(self._store.note(self._kind, name), Call.from_json)
            for name in self._store.note_names(self._kind)
        )
        return [call for call in found if call is not None]

    def is_older(self, call: Call) -> bool:
        """Whether another version, which noted nothing, used the store before this call."""
        began = fitting(self._store.note(_BEGAN, _BEGAN), lambda data: float(data["at_s"]))
        used_s = self._store.used_since_s()
        # A store that is new was made at the beginning of its first call.
        return began == call.at_s and used_s is not None and used_s < call.at_s - _AT_ONCE_S

    def prunes(self) -> list[tuple[float, str]]:
        """Return when something was removed from the store, and by what, the oldest first."""
        notes = (self._store.note("prunes", name) for name in self._store.note_names("prunes"))
        found = (
            fitting(each, lambda data: (float(data["at_s"]), str(data["by"]))) for each in notes
        )
        return [each for each in found if each is not None]

    def removed_at_s(self) -> float | None:
        """Return when the last call was removed; None if there was none, or any is there."""
        return None if self._store.note_names(self._kind) else self._store.emptied_s(self._kind)

    def sources(self, call: Call) -> frozenset[str]:
        """Return the trees that the functions of a call were given, by digest."""
        saw = [self.inputs(note.key) for note in call.notes if note.kind is Kind.FUNCTION]
        trees = [each.trees for each in saw if each is not None]
        return frozenset(tree for each in trees for name, tree in each.items() if name != "code")

    def inputs(self, key: str) -> Inputs | None:
        """Return what a step or a function saw; None if that is not known any more."""
        return fitting(self._store.note("inputs", key), Inputs.from_json)


def _name(directory: Path) -> str:
    return digest_of(["directory", str(directory)]).removeprefix("sha256:")[:32]


def _endings(data: Mapping[str, Any]) -> tuple[Ending | None, Ending | None]:
    if data["format"] != FORMAT:
        return None, Ending("", OTHER_VERSION, 0.0, 0.0)
    success, last = data["success"], data["last"]
    return (
        None if success is None else Ending(**success),
        None if last is None else Ending(**last),
    )


__all__ = ["CALLS_KEPT", "History", "Journal", "Kind", "Note"]
