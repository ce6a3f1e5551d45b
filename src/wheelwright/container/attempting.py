"""Runs failed steps again, so that a cached failure is never the verdict.

Engines cache what a step left, also when it failed. A pass is worth keeping; a failure may be that
of a flaky test, or of the machine. So the calls differ:

| call | finds | does |
|---|---|---|
| that judges: `test`, `matrix`, `ci`, each check | an attempt that passed | returns it |
| | only failed attempts, begun before the call | runs the step again, once |
| with `--rerun` | anything | runs the step again, once |
| that reads: `test-run`, `matrix-run`, `annotations` | attempts | returns the newest |
| | none | runs the step |

An attempt has a name, which is among the inputs of the step; the first has none, so that a first
attempt that passes costs nothing here. The newest name of each step is in a volume that only the
program `inside/attempts.py` ever sees: no code of a package runs where it is mounted.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TypeVar

import anyio
import dagger
from dagger import dag

from wheelwright.container import steps
from wheelwright.container.privileges import ATTEMPT
from wheelwright.errors import ToolFailed
from wheelwright.pins import slim_image
from wheelwright.project.interpreters import cpython

T = TypeVar("T")

FIRST = "-"
"""The name of the first attempt at every step."""

_VARIABLE = "WHEELWRIGHT_ATTEMPT"
_WHY = "again, as it did not pass, or --rerun asked"
# Volumes of packages are named by digests.
_VOLUME = "attempts"
_KEPT = "/cache/own"
_PROGRAM = "/opt/wheelwright/attempts.py"
# Calls that run at the same time may find each other's attempts; that has to end.
_ROUNDS_MAX = 5


@dataclass(slots=True)
class _Call:
    """One call of a function of this module: which attempts it may return, and when it began."""

    started_at: float
    reading: bool = False
    rerun: bool = False
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    table: dict[str, str] | None = None
    lock: anyio.Lock = field(default_factory=anyio.Lock)


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


def begin(*, reading: bool = False, rerun: bool = False) -> None:
    """Note that a call begins now, and whether it reads what is there or judges."""
    _call.set(_Call(time.time(), reading, rerun))


def named(container: dagger.Container, attempt: str) -> dagger.Container:
    """Make the next step of a container this attempt's; the first attempt is the step itself."""
    if attempt == FIRST:
        return container
    # `stiletto explain` shows the variable as the reason why the step ran again.
    return container.with_env_variable(_VARIABLE, f"{_WHY}: {attempt}")


async def key_of(source: dagger.Directory, *parts: object) -> str:
    """Return the name of a step: what it runs on, and everything else that makes it differ."""
    parts_text = "\0".join([await source.digest(), *map(repr, parts)])
    return hashlib.sha256(parts_text.encode("utf-8", "backslashreplace")).hexdigest()


async def settled(
    run: Callable[[str], Awaitable[T]],
    key: Callable[[], Awaitable[str]],
    python: str,
    *,
    red: Callable[[T], bool],
    began: Callable[[T], float | None] = lambda _: None,
) -> T:
    """Return the attempt that this call returns; `run` runs one, or finds it in the cache.

    `began` returns when an attempt began, by the machine's clock; None where that is not known.
    A release has no attempts: it takes no result of another call.
    """
    call = _call.get() or _Call(time.time())
    if steps.releasing():
        return await run(FIRST)
    if call.reading:
        return await run((await _table(call, python)).get(await key(), FIRST))
    if call.rerun:
        attempt, _ = await _ask(python, "next", await key(), call.name)
        return await run(attempt)
    attempt, found = FIRST, await run(FIRST)
    for _ in range(_ROUNDS_MAX):
        if not red(found):
            return found
        at = began(found)
        if at is not None and at >= call.started_at:
            return found
        age = "unknown" if at is None else "old"
        attempt, state = await _ask(python, "settle", await key(), attempt, call.name, age)
        if state != "fresh":
            found = await run(attempt)
        if state != "seen":
            return found
    return found


async def _table(call: _Call, python: str) -> dict[str, str]:
    async with call.lock:
        if call.table is None:
            lines = (await _run_program(python, "table")).splitlines()
            call.table = dict(line.split(maxsplit=1) for line in lines)
        return call.table


async def _ask(python: str, *args: str) -> tuple[str, str]:
    answer = await _run_program(python, *args)
    attempt, _, state = answer.partition(" ")
    if not re.fullmatch(r"-|\w+", attempt) or state not in ("fresh", "seen", "mine"):
        raise ToolFailed(f"the attempts at a step are not known: {answer[:80]!r}")
    return attempt, state


async def _run_program(python: str, *args: str) -> str:
    """Run the program over the volume, now."""
    program = (files("wheelwright.inside") / "attempts.py").read_text(encoding="utf-8")
    container = (
        dag.container()
        .from_(slim_image(cpython(python)))
        .with_new_file(_PROGRAM, program)
        .with_env_variable("WHEELWRIGHT_ASKED_AT", f"{time.time_ns()} {uuid.uuid4().hex}")
    )
    if args == ("table",):
        # A call that reads depends on its arguments, on steps and on this volume. An engine that
        # knows the label may use its answer again while all of these are the same.
        container = container.with_label("stiletto.reads", _KEPT)
    command = ["python", _PROGRAM, _KEPT, *args]
    return (await steps.step(container, ATTEMPT, command, volume=_VOLUME).stdout()).strip()
