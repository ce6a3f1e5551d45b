"""What a call notes of its functions and steps (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

OTHER_VERSION = "of another version"
"""The outcome of what another version noted, which nothing more is known of."""


class Kind(Enum):
    """What a note is about."""

    FUNCTION = "function"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Ending:
    """How something ended before.

    Attributes:
        key: what identified its inputs.
        outcome: done, failed or cancelled; cached for a result that was used again.
        at_s: when it ended, seconds since 1970.
        seconds: how long it took.
        exit_code: of a command that ended as it may.
    """

    key: str
    outcome: str
    at_s: float
    seconds: float
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """One function or step of a call.

    Attributes:
        number: the one in the progress.
        name: the function's, or the command.
        function: the function that it belongs to; empty for a function that a person called.
        part: the cell or gate that it belongs to; empty without one.
        parts: all the cells and gates that needed it: those that need the same step share it.
        key: what identifies its inputs.
        outcome: cached, done, failed or cancelled.
        seconds: how long it took.
        slots: what makes it the same one in another call: its function, part and place in the
            chain, with the whole command, and with the program alone.
        success: the last success of these, before.
        last: the last end of these, before.
        made_at_s: for a stored result: when it was made.
        made_by: for a stored result: the command that made it.
        kept: whether its result can be stored at all.
        lasts_s: how long its result is used; 0 for as long as it is there.
        exit_code: of a command that ended as it may.
        image: the address of the image that a command ran in.
        waited: whether another call made it while this one waited.
        requests: how many requests a function's process sent.
        refused: what of the machine differs from what its stored result was made with.
    """

    number: int
    kind: Kind
    name: str
    key: str
    outcome: str
    seconds: float
    function: str = ""
    part: str = ""
    slots: tuple[str, ...] = ()
    success: Ending | None = None
    last: Ending | None = None
    made_at_s: float = 0.0
    made_by: str = ""
    kept: bool = True
    lasts_s: float = 0.0
    exit_code: int = 0
    image: str = ""
    waited: bool = False
    requests: int = 0
    refused: str = ""
    parts: tuple[str, ...] = ()

    def is_of(self, part: str) -> bool:
        """Whether a cell or gate needed it."""
        return part == self.part or part in self.parts

    @property
    def ran(self) -> bool:
        """Whether it ran in this call."""
        return self.outcome != "cached"


@dataclass(frozen=True, slots=True)
class Call:
    """One command, as it was typed in a directory.

    Attributes:
        at_s: when it began, seconds since 1970.
        command: the command line, without secrets.
    """

    at_s: float
    seconds: float
    command: str
    notes: Sequence[Note] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        data = asdict(self)
        for note in data["notes"]:
            note["kind"] = note["kind"].value
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Call:
        """Read what `to_json` wrote.

        Raises:
            LookupError, TypeError, ValueError: another version wrote it.
        """
        notes = tuple(_note(each) for each in data["notes"])
        return cls(float(data["at_s"]), float(data["seconds"]), str(data["command"]), notes)


def parts_of(notes: Iterable[Note]) -> list[str]:
    """Return the cells and gates of notes; numbers in a name count as numbers: 3.9, then 3.11."""
    found = {part for note in notes for part in (note.part, *note.parts) if part}
    return sorted(found, key=_by_numbers)


def _by_numbers(name: str) -> list[tuple[str, int]]:
    return [(text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", name)]


def _note(data: Mapping[str, Any]) -> Note:
    given = dict(data)
    given["kind"] = Kind(given["kind"])
    for name in ("success", "last"):
        given[name] = None if given[name] is None else Ending(**given[name])
    given["slots"] = tuple(given["slots"])
    given["parts"] = tuple(given.get("parts", ()))
    return Note(**given)
