"""Time limits: each step's, and the whole call's.

A stalled step is ended here, with its name and what it last printed, well before a CI runner
ends everything with exit code 143 and no output. A step is ended by SIGKILL, which no program can
handle: engines treat such an end as a failure whatever was expected, so that
it is never kept as a result.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from wheelwright.container import users
from wheelwright.errors import RequestError

DEFAULT_STEP = "30m"
CODE = 124
"""The exit code of a call that met a limit: that of timeout(1)."""
KILLED = 137
"""A shell's exit code for SIGKILL: 128 + 9."""

_PROGRAM = ("timeout", "--signal=KILL")
# What `testing.commands` adds to a command of the project.
_PLUGIN, _UNITTEST = "wheelwright_reporter", "wheelwright_unittest"
_OPTIONS = ("--wheelwright-record=", "--wheelwright-junit=", "--junit-xml=/reports/")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_TAIL_LINES = 10

_step_s: ContextVar[int] = ContextVar("step_s", default=0)
_running: dict[int, str] = {}
_TOOK = "wheelwright_took_s"
"""The attribute of an exception: how long its step was waited for."""

# How an engine may report it in the message of a failed step.
_ENDED = re.compile(
    r"ended by (?P<by>SIG[A-Z]+) after (?P<s>\d+\.?\d*) s"
    r"(?:; (?P<more>memory[^\n]*|the machine[^\n]*))?"
)


def seconds(text: str, what: str) -> int:
    """Read a duration such as `90s`, `30m` or `1h30m`; `0` is no limit.

    Raises:
        RequestError: not a duration.
    """
    found = re.findall(r"([0-9]{1,9})([smh])", text)
    if text != "0" and (not found or "".join(number + unit for number, unit in found) != text):
        fact = f'{what}: invalid duration "{text}"'
        raise RequestError(fact, "pass one such as 90s, 30m or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in found)


def limit_steps(limit_s: int) -> None:
    """Limit every further step of this call to so many seconds; 0 is no limit."""
    _step_s.set(limit_s)


def limited(args: Iterable[str]) -> list[str]:
    """Return the command with the limit in force around it."""
    limit_s = _step_s.get()
    return [*_PROGRAM, f"{limit_s}s", *args] if limit_s else list(args)


def unlimited(command: Sequence[str]) -> list[str]:
    """Return a command without the limit around it, and without what we put into it."""
    args = users.installed_by(list(command[3:]) if stopped_by(command) else list(command))
    found: list[str] = []
    for arg in args:
        if arg == _PLUGIN and found[-1:] == ["-p"]:
            found.pop()
        elif arg == _UNITTEST:
            found.append("unittest")
        elif not arg.startswith(_OPTIONS):
            found.append(arg)
    return found


def stopped_by(command: Sequence[str]) -> str:
    """Return the limit that is around a command, such as `1800s`; empty where there is none."""
    return command[2] if tuple(command[:2]) == _PROGRAM else ""


def met(command: Sequence[str], exit_code: int, ended: Ended | None = None) -> bool:
    """Whether a step was ended by its own limit: by SIGKILL, and not before that."""
    limit = stopped_by(command)
    if not limit or exit_code != KILLED:
        return False
    return ended is None or ended.after_s >= float(limit.removesuffix("s"))


def stopped(
    command: Sequence[str], exit_code: int, printed: str, ended: Ended | None = None
) -> str:
    """Return the message for a step that a signal ended; empty for one that ended otherwise.

    Where it is not known how long it took, a SIGKILL may be the limit's or memory's.
    """
    limit, name = stopped_by(command), " ".join(unlimited(command))
    by = signal_of(exit_code)
    if ended is not None and by and not met(command, exit_code, ended):
        head = f'step "{name}" failed: {ended}'
    elif met(command, exit_code, ended):
        doubt = ", or memory ran out" if ended is None else ""
        head = (
            f'step "{name}" was killed: it did not end within {limit}{doubt}; '
            "raise --step-timeout if it needs longer"
        )
    else:
        return ""
    last = printed.strip().splitlines()[-_TAIL_LINES:]
    tail = ["it last printed:", *(f"  {line}" for line in last)] if last else ["it printed nothing"]
    return "\n".join([head, *tail])


def signal_of(exit_code: int) -> str:
    """Return the name of the signal in a shell's exit code; empty where there is none."""
    try:
        return signal.Signals(exit_code - 128).name if exit_code > 128 else ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended that a signal ended. `more` is what the engine reports of the reason."""

    by: str
    after_s: float
    more: str = ""

    def __str__(self) -> str:
        reason = f"; {self.more}" if self.more else ""
        return f"ended by {self.by} after {self.after_s:.1f} s{reason}"


def ended(error: BaseException, exit_code: int, message: str = "") -> Ended | None:
    """Return how a step ended, as the engine reports or as measured; None where neither."""
    if found := _ENDED.search(message):
        return Ended(found["by"], float(found["s"]), found["more"] or "")
    by, after_s = signal_of(exit_code), vars(error).get(_TOOK)
    return Ended(by, after_s) if by and after_s is not None else None


@contextmanager
def under_way(name: str) -> Iterator[None]:
    """Note that a step is waited for, to be named when the whole call runs out of time."""
    key = max(_running, default=0) + 1
    _running[key] = name
    started_s = time.monotonic()
    try:
        yield
    except Exception as error:
        vars(error)[_TOOK] = time.monotonic() - started_s
        raise
    # Not after an error: its message names the steps that were under way.
    del _running[key]


def running() -> list[str]:
    """Return the steps that were waited for, oldest first."""
    return [_running[key] for key in sorted(_running)]
