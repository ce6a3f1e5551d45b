"""Runs a module's code: an environment, one warm process for each code, one fork for each call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.session import Error
from stiletto.engine.client import Client
from stiletto.engine.container_leaves import image_container
from stiletto.engine.context import Preparation, current_span, preparing
from stiletto.engine.core import Core
from stiletto.engine.once import Once
from stiletto.engine.server import Inside
from stiletto.errors import USE_DAGGER, EnvironmentFailed, ModuleFailed, StepFailed, StilettoError
from stiletto.module import runtime
from stiletto.module.bindings import bindings
from stiletto.module.earlier import earlier_calls
from stiletto.module.installation import PIP_LOCK, UV_LOCK, installation
from stiletto.module.source import LoadedModule, ModuleProject
from stiletto.sandbox.scrub import Patterns, Replacer

if TYPE_CHECKING:
    from stiletto.engine.keeping import Keeping
    from stiletto.engine.workers import Worker
    from stiletto.kept.link import Sink


class Admit(Protocol):
    """Lets a client in while the context lasts: gives the session's port and the client's token."""

    def __call__(
        self, client: Client, inside: Inside | None, /
    ) -> AbstractAsyncContextManager[tuple[int, str]]:
        """Serve a client that is in the network of `inside`."""
        ...


Keeps: TypeAlias = "Callable[[], Keeping | None]"
"""Returns what keeps processes between commands, once one is needed; None if nothing does."""

Prepare: TypeAlias = "Callable[[Client], Coroutine[Any, Any, None]]"
"""Makes ready for the queries of a client."""

Introspected: TypeAlias = "Callable[[Client, str], Awaitable[bytes | None]]"
"""Returns the response to a client's question for the schema, if it is known."""

TAIL_LINES = 20


class Processes:
    """Runs the code of modules, for one session."""

    def __init__(
        self,
        core: Core,
        admit: Admit,
        prepare: Prepare,
        introspected: Introspected,
        keeping: Keeps = lambda: None,
    ) -> None:
        self._prepare = prepare
        self._introspected = introspected
        self._core = core
        self._keeping = keeping
        self._admit = admit
        self._workers = Once()
        self._running: list[Worker] = []
        self.command = "stiletto call"
        self._stack = contextlib.AsyncExitStack()

    async def run(self, client: Client, what: str) -> str:
        """Run the module's code for one call and return its JSON result.

        Raises:
            StepFailed: the code let a failed command pass through.
            ModuleFailed: it raised anything else, or ended without a result.
        """
        module = client.module
        if module is None:
            raise TypeError("only a module's client has code to run")
        span = current_span.set(client.span)
        replacer = Replacer(Patterns(self._core.secrets.masks))

        def sink(data: bytes) -> None:
            shown(replacer.feed(data))

        def shown(data: bytes) -> None:
            client.printed.append(data)
            if client.span:
                client.span.write(data)

        worker: Worker | None = None
        queries = _beside(self._prepare(client))
        try:
            # The first call starts the code's process.
            worker = await self._workers.get(module.code, lambda: self._started(module))
            try:
                code = await self._called(worker, client, sink)
            except ConnectionResetError:
                own = (module.code, "own")
                worker = await self._workers.get(own, lambda: self._started(module, keep=False))
                code = await self._called(worker, client, sink)
        except ModuleFailed:
            if worker is not None:
                worker.drop()
            raise
        finally:
            queries.cancel()
            shown(replacer.flush())
            current_span.reset(span)
            client.end_parts()
        if client.failed is not None:
            raise returned_failure(
                client.failed, self._core.evaluator.commands.replays, self._core.refused
            )
        if client.returned is None:
            lines = b"".join(client.printed).decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
            message = "\n".join([f"{what} failed: exit code {code}", *lines])
            if code == 0:
                raise ModuleFailed(f"{what} completed without returning a value")
            raise ModuleFailed(message)
        return client.returned

    async def _called(self, worker: Worker, client: Client, sink: Sink) -> int:
        async with self._admit(client, await worker.inside()) as (port, token):
            variables = {
                "DAGGER_SESSION_PORT": str(port),
                "DAGGER_SESSION_TOKEN": token,
                # A message of a module can name the command that its reader has.
                "STILETTO": self.command,
            }
            asks = await worker.asks()
            served = await self._introspected(client, asks) if asks else None
            return await worker.call(variables, sink, served)

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""
        return any([await worker.finish() for worker in self._running])

    async def close(self) -> None:
        """End the processes."""
        await self._workers.close()
        await self._stack.aclose()

    async def _started(self, module: LoadedModule, *, keep: bool = True) -> Worker:
        exec_ = await self._runtime(module)
        # Imported here: a cached call needs no process.
        from stiletto.engine.workers import KeptWorker, OwnWorker

        worker: Worker | None = None
        if keep and (keeping := self._keeping()) is not None:
            lease = await keeping.lease(self._core.evaluator.commands, exec_, module.scope)
            worker = None if lease is None else KeptWorker(lease, self._print)
        if worker is None:
            worker = OwnWorker(self._core.evaluator, exec_, self._print)
        self._running.append(worker)
        self._stack.push_async_callback(worker.close)
        return worker

    def _print(self, data: bytes) -> None:
        # What the process prints outside any call: import-time output and crashes.
        for line in data.decode("utf-8", "replace").splitlines():
            self._core.progress.say(line)

    async def _runtime(self, module: LoadedModule) -> c.Exec:
        """Return the command of the module's process; its environment is made on the way."""
        project = module.project
        if project is None:
            raise ModuleFailed(f"module {module.name} has no code: its dagger.json names no sdk")
        source = module.place.root / module.config.source
        path = source / "pyproject.toml"
        locks = {
            name: (source / name).read_text(encoding="utf-8")
            for name in (UV_LOCK, PIP_LOCK)
            if (source / name).is_file()
        }
        pyproject = path.read_text(encoding="utf-8")
        plan = installation(path, pyproject, locks)
        token = preparing.set(preparation := Preparation())
        sandbox = _beside(self._core.evaluator.sandbox.ready())
        try:
            base = await self._python(project, path)
            uv = await image_container(self._core, runtime.UV_IMAGE)
            files = f.StoredTree(module.tree)
            container = runtime.environment(base, uv, files, module.config.source, plan)
            tree = await self._core.evaluator.tree(files)
            container = runtime.with_compiled(container, module, project, tree)
            container = runtime.with_metadata(container, module, pyproject)
            added = earlier_calls(module.config.engine) if plan.own_sdk else ""
            if module.uses or added:
                text = bindings([used.definition for used in module.uses], added)
                container = runtime.with_bindings(container, text)
            await self._core.evaluator.stack(container.root)
        except StepFailed as error:
            server = runtime.untrusted(error.stderr)
            if not server:
                raise ModuleFailed(
                    f"{path}: what the module requires cannot be installed: "
                    + runtime.install_failure(error.stderr),
                    hint="correct what is required, or check the network and the package index",
                ) from error
            from stiletto.distribution import page

            raise EnvironmentFailed(
                f"module {module.name} cannot be installed: the certificate of {server} is not "
                "trusted",
                hint="set SSL_CERT_FILE to a file with the certificate of its authority, or add it "
                "to the machine's: "
                + page("troubleshooting", "the certificate of a server is not trusted"),
            ) from error
        finally:
            preparing.reset(token)
            if preparation.end() and plan.note:
                self._core.progress.say(plan.note)
            sandbox.cancel()
        return runtime.run(container, module, project)

    async def _python(self, project: ModuleProject, path: Path) -> c.Container:
        if project.image:
            try:
                return await image_container(self._core, project.image)
            except StilettoError as error:
                raise EnvironmentFailed(
                    f"{path}: base-image: {error.message}", hint=error.hint
                ) from error
        tags = runtime.python_tags(project.python)
        for tag in tags:
            try:
                return await image_container(self._core, f"python:{tag}-slim")
            except EnvironmentFailed:
                if tag == tags[-1]:
                    raise
        raise AssertionError("python_tags is never empty")


def _beside(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Begin what is needed soon; if it fails, whoever needs it tries again and fails."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


_BAD_RESULT = re.compile(
    rf"InvalidResultError: .*?\((?P<call>.*?): (?P<hint>{re.escape(USE_DAGGER)}.*?)\) @ ", re.DOTALL
)
"""The SDK asks for the id of an object that a function returns, and takes a refusal for a result of
another type than the function declares."""


def returned_failure(
    error: Error, replays: Collection[str], refused: Collection[str] = ()
) -> StilettoError:
    """Rebuild an error that a module's process returned; a failed command stays one.

    Only lines that this session made are kept for a replay: users paste them into a shell.
    """
    values = {value.name: json.loads(value.value) for value in error.values}
    hint = values.get("hint")
    if values.get("_type") == "EXEC_ERROR":
        return StepFailed(
            values["cmd"],
            values["exitCode"],
            values["stdout"],
            values["stderr"],
            hint=hint,
            replay=values["replay"] if values.get("replay") in replays else None,
            message=None if error.message.startswith("exit code: ") else error.message,
        )
    message = error.message
    if (found := _BAD_RESULT.match(message)) is not None and found["call"] in refused:
        return ModuleFailed(found["call"], hint=found["hint"])
    if hint:
        message = message.removesuffix(f": {hint}")
    return ModuleFailed(message, hint=hint)
