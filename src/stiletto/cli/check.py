"""`stiletto check`: run a module's checks in parallel, and report each result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from stiletto.api.definition import ModuleDef
from stiletto.cli.call import force
from stiletto.cli.checktree import Check
from stiletto.cli.describe import short, table
from stiletto.cli.failures import message_of
from stiletto.cli.once import Once
from stiletto.cli.ports import EnginePort
from stiletto.cli.terminal import WIDTH, Terminal
from stiletto.engine.ports import ObjectRef
from stiletto.errors import StilettoError, UsageError
from stiletto.progress import Outcome, Progress, Span
from stiletto.visible import shortened, visible


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one check ended. `error` is set when it failed, `text` when it returned one."""

    check: Check
    outcome: Outcome
    elapsed_s: float
    error: StilettoError | None = None
    text: str = ""


async def run_checks(
    engine: EnginePort,
    module: ModuleDef,
    checks: Sequence[Check],
    progress: Progress,
    beneath: Callable[[Span], AbstractContextManager[None]],
    *,
    fail_fast: bool,
) -> list[Verdict]:
    """Run all at once and return their verdicts in the same order.

    With `fail_fast` the first failure cancels those still running. What the engine does for a
    check is shown `beneath` its span.

    Raises:
        UsageError: the module cannot be constructed without arguments.
    """
    constructor = module.main_object.constructor
    missing = [arg.name for arg in constructor.args if arg.required] if constructor else []
    if missing and not all(check.of_toolchain for check in checks):
        raise UsageError(
            f"module {module.name} cannot be checked: its constructor requires "
            f"{', '.join(missing)}",
            hint="checks run without arguments; give the constructor defaults",
        )
    tree = _Objects(engine, await engine.construct({}))
    running = [
        asyncio.create_task(_run(engine, tree, check, progress, beneath)) for check in checks
    ]
    try:
        if fail_fast:
            for done in asyncio.as_completed(running):
                if (await done).outcome is Outcome.FAILED:
                    for task in running:
                        task.cancel()
                    break
        return [await task for task in running]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _Objects:
    """The objects that have the checks, each selected once."""

    def __init__(self, engine: EnginePort, main: ObjectRef) -> None:
        self._session = engine
        self._found: dict[tuple[str, ...], asyncio.Task[ObjectRef]] = {}
        self._main = main

    async def at(self, path: tuple[str, ...]) -> ObjectRef:
        if not path:
            return self._main
        if path not in self._found:
            self._found[path] = asyncio.create_task(self._select(path))
        # Checks share the object: the end of one must not take it from the others.
        return await asyncio.shield(self._found[path])

    async def _select(self, path: tuple[str, ...]) -> ObjectRef:
        value = await self._session.select(await self.at(path[:-1]), path[-1], {})
        if not isinstance(value, ObjectRef):
            raise TypeError(f"{':'.join(path)} answered {value!r} where an object was expected")
        return value


async def _run(
    engine: EnginePort,
    tree: _Objects,
    check: Check,
    progress: Progress,
    beneath: Callable[[Span], AbstractContextManager[None]],
) -> Verdict:
    span = progress.span(check.name, "check")
    try:
        with beneath(span):
            text = await _evaluate(engine, tree, check)
    except StilettoError as error:
        # All of it is in the report at the end.
        span.end(Outcome.FAILED, error.message.partition("\n")[0])
        return Verdict(check, Outcome.FAILED, span.elapsed_s, error)
    except asyncio.CancelledError:
        # The verdict is the result; the caller that cancelled waits for it.
        span.end(Outcome.CANCELLED)
        return Verdict(check, Outcome.CANCELLED, span.elapsed_s)
    span.end(Outcome.DONE)
    return Verdict(check, Outcome.DONE, span.elapsed_s, text=text)


async def _evaluate(engine: EnginePort, tree: _Objects, check: Check) -> str:
    """Run a check and return the text that it returned, else an empty one."""
    receiver = await tree.at(check.path[:-1])
    value = await engine.select(receiver, check.path[-1], {})
    if not check.generator:
        await force(engine, value)
        return value if isinstance(value, str) else ""
    if value is not None and not await _is_empty(engine, value):
        raise StilettoError(
            f"{check.name} produced changes",
            hint=f"run `stiletto call {' '.join(check.call_args)}` to apply them",
        )
    return ""


async def _is_empty(engine: EnginePort, value: object) -> bool:
    if isinstance(value, ObjectRef) and value.type == "Changeset":
        return bool(await engine.select(value, "isEmpty", {}))
    raise TypeError(f"a generator answered {value!r} where a changeset was expected")


def list_text(checks: Sequence[Check], terminal: Terminal) -> str:
    """Return the table of `check --list`; generators come in a section of their own."""
    plain = [(check.name, short(check.description)) for check in checks if not check.generator]
    generators = [(check.name, short(check.description)) for check in checks if check.generator]
    rows = plain
    if generators:
        rows = [*plain, ("", ""), (terminal.bold("Generators"), ""), *generators]
    return table(rows, terminal.bold)


_WORDS = {
    Outcome.DONE: "OK",
    Outcome.CACHED: "OK",
    Outcome.FAILED: "ERROR",
    Outcome.CANCELLED: "CANCELLED",
}


# What a check returns that found nothing to check. It passed, which proves nothing.
_NOTHING_TO_CHECK = "not configured"
_INDENT = "    "


def report(verdicts: Sequence[Verdict], width: int = WIDTH) -> str:
    """Return one line for each check, and beneath it its answer's first line or what went wrong.

    What stands above already is not repeated: two checks may fail for the same test.
    """
    names = max((len(verdict.check.name) for verdict in verdicts), default=0)
    once = Once()
    lines: list[str] = []
    for verdict in verdicts:
        status = _WORDS[verdict.outcome]
        if verdict.error is None and verdict.text.startswith(_NOTHING_TO_CHECK):
            status = "SKIPPED"
        lines.append(f"{verdict.check.name:<{names}}   {status:<9}  {verdict.elapsed_s:.1f}s")
        if first := verdict.text.strip().partition("\n")[0]:
            shown = shortened(visible(first), max(width - len(_INDENT), 20))
            lines.append(f"{_INDENT}{shown}".rstrip())
        if verdict.error is not None:
            message = once.lines(message_of(verdict.error).splitlines())
            lines += [f"{_INDENT}{line}".rstrip() for line in message]
            if verdict.error.hint:
                lines.append(f"{_INDENT}hint: {verdict.error.hint}")
    return "\n".join(lines)
