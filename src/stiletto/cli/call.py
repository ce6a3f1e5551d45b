"""`stiletto call`: run a chain of functions, and show or save what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from stiletto.cli import result
from stiletto.cli.addresses import Addresses
from stiletto.cli.line import Line, provider_of
from stiletto.cli.options import Options
from stiletto.cli.ports import EnginePort
from stiletto.cli.subject import repository_notice
from stiletto.cli.terminal import Terminal
from stiletto.engine.ports import ObjectRef, Value
from stiletto.errors import StilettoError, UsageError
from stiletto.progress import Progress

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Await all at once; the first error cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in work]
    except BaseExceptionGroup as errors:
        expected = errors.subgroup(StilettoError)
        raise (expected or errors).exceptions[0] from None
    return [task.result() for task in tasks]


async def force(engine: EnginePort, value: Value) -> Value:
    """Make lazy objects happen: `sync` where the type has it, else its `id`."""
    if isinstance(value, ObjectRef):
        definition = engine.object_def(value.type)
        sync = definition.functions.get("sync") if definition else None
        if sync is None or any(arg.required for arg in sync.args):
            # The id of an object is known only when the function that makes it has run.
            await engine.select(value, "id", {})
            return value
        synced = await engine.select(value, "sync", {})
        if isinstance(synced, ObjectRef):
            return synced
        # The schema's own `sync` returns the id.
        return ObjectRef(value.type, synced) if isinstance(synced, str) else value
    if isinstance(value, list | tuple):
        return await together(force(engine, item) for item in value)
    return value


class Caller:
    """Runs one line on an engine; progress is closed before any output or question."""

    def __init__(
        self,
        engine: EnginePort,
        terminal: Terminal,
        options: Options,
        workdir: Path,
        progress: Progress,
    ) -> None:
        self._session = engine
        self._terminal = terminal
        self._options = options
        self._workdir = workdir
        self._finish = progress.close
        self._say = progress.say
        self._asked_for_plaintext = False

    async def run(self, line: Line) -> None:
        """Evaluate the line and handle its result as the options require."""
        value = await self._evaluate(line)
        if _holds(value, "Changeset") and isinstance(value, list | tuple):
            value = await self._merged(value)
        provider = provider_of(line.returns, self._session)
        if isinstance(value, ObjectRef) and self._options.output is not None:
            await self._export(value, self._options.output)
        elif isinstance(value, ObjectRef) and value.type == "Changeset":
            await self._apply(value)
        elif provider is not None and isinstance(value, ObjectRef | list | tuple):
            if self._options.output is not None:
                raise UsageError(f"a list of {provider.name} cannot be saved with --output")
            forced = await force(self._session, value)
            self._finish()
            self._print(result.objects(forced))
        elif value is not None:
            self._finish()
            self._show_leaf(value)

    async def _evaluate(self, line: Line) -> Value:
        addresses = Addresses(self._session, self._workdir, self._say, self._terminal.environ)
        given = await addresses.arguments(line.constructor, line.constructor_args)
        # All of the line first: an argument that is not found stops it before anything runs.
        links = [
            (link.function.name, await addresses.arguments(link.function, link.args))
            for link in line.links
        ]
        if line.links and (
            notice := repository_notice(self._options, line.constructor, given, self._workdir)
        ):
            self._say(notice)
        value: Value = await self._session.construct(given)
        for name, args in links:
            self._asked_for_plaintext = (
                isinstance(value, ObjectRef) and value.type == "Secret" and name == "plaintext"
            )
            value = await self._each(value, name, args)
        return value

    async def _each(self, receiver: Value, field: str, args: dict[str, Value]) -> Value:
        """Select on an object, or on each of a list; nothing comes of nothing."""
        if isinstance(receiver, ObjectRef):
            return await self._session.select(receiver, field, args)
        if isinstance(receiver, list | tuple):
            return await together(self._each(item, field, args) for item in receiver)
        return None

    async def _merged(self, changesets: Sequence[Value]) -> Value:
        empty = await self._session.select(None, "changeset", {})
        return await self._each(empty, "withChangesets", {"changes": list(changesets)})

    async def _export(self, ref: ObjectRef, output: str) -> None:
        definition = self._session.object_def(ref.type)
        export = definition.functions.get("export") if definition else None
        if export is None or export.arg("path") is None:
            raise UsageError(
                f"a {ref.type} cannot be saved with --output",
                hint="name one of its functions that returns a file, a directory or text",
            )
        args: dict[str, Value] = {"path": output}
        if export.arg("allowParentDirPath") is not None:
            args["allowParentDirPath"] = True
        saved = await self._session.select(ref, "export", args)
        self._finish()
        self._terminal.err(f'Saved to "{saved}".')

    async def _apply(self, ref: ObjectRef) -> None:
        added, modified, removed = await together(
            self._paths(ref, field) for field in ("addedPaths", "modifiedPaths", "removedPaths")
        )
        self._finish()
        count = len(added) + len(modified) + len(removed)
        if count == 0:
            self._terminal.err("no changes to apply")
            return
        self._terminal.err(result.changes_summary(added, modified, removed))
        if not self._options.auto_apply:
            if not self._terminal.can_ask:
                raise UsageError(
                    f"cannot ask whether to apply {count} change(s): no terminal",
                    hint="add -y to apply them, or -o DIR to save them elsewhere",
                )
            if not self._terminal.ask("Apply changes? [y/N] "):
                self._terminal.err("Discarded.")
                return
        await self._session.select(ref, "export", {"path": "."})
        self._terminal.err("Applied.")

    async def _paths(self, ref: ObjectRef, field: str) -> list[str]:
        value = await self._session.select(ref, field, {})
        return [str(item) for item in value] if isinstance(value, list | tuple) else []

    def _show_leaf(self, value: Value) -> None:
        text = result.as_json(value) if self._options.json else result.plain(value)
        if not self._asked_for_plaintext:
            text = self._session.mask(text)
        if self._options.output is not None:
            path = self._workdir / self._options.output
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            except OSError as error:
                raise UsageError(
                    f"cannot write the output to {path}: {error.strerror or error}"
                ) from error
            self._terminal.err(f'Saved output to "{path}".')
        self._print(text)

    def _print(self, text: str) -> None:
        if self._terminal.stdout.isatty() and not text.endswith("\n"):
            text += "\n"
        if self._asked_for_plaintext:
            self._terminal.reveal(text)
        else:
            self._terminal.out(text)


def _holds(value: Value, type_name: str) -> bool:
    """Whether a list has objects of the type only."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(item, ObjectRef) and item.type == type_name for item in value)
    )
