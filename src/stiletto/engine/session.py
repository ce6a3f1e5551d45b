"""One session: the engine that the command line and programs talk to."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from stiletto.api.definition import EnumDef, ModuleDef, ObjectDef
from stiletto.api.session import Query
from stiletto.engine.chosen import ChosenImages, ChosenSandbox
from stiletto.engine.client import Client, RunCode
from stiletto.engine.coarse import caching_from
from stiletto.engine.consent import Consent, consents_from
from stiletto.engine.core import Core, core_of
from stiletto.engine.dispatch import CoreApi, Dispatcher
from stiletto.engine.evaluate import Images
from stiletto.engine.functions import Functions
from stiletto.engine.gate import SecretGate
from stiletto.engine.modules import Modules
from stiletto.engine.ports import ObjectRef, Value
from stiletto.engine.processes import Keeps, Processes
from stiletto.engine.server import Server
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe
from stiletto.module.source import LoadedModule
from stiletto.module.toolchain import with_toolchains
from stiletto.progress import Progress
from stiletto.sandbox.plan import Sandbox
from stiletto.store.limit import VARIABLE, limit_bytes, size_text
from stiletto.store.store import Store
from stiletto.store.trouble import translated

if TYPE_CHECKING:
    from stiletto.engine.keeping import Keeping
    from stiletto.store.prune import PruneReport


class Engine:
    """Evaluates calls for the clients of one session; implements `EnginePort`.

    It connects the parts, and only the command line and the server use it. A call needs the
    functions of modules, these need processes, and a process makes calls of its own: the circle
    closes at `dispatch`. `run` runs the code of modules elsewhere than in processes.
    """

    def __init__(
        self,
        core: Core,
        consent: Consent | None = None,
        keeping: Keeps = lambda: None,
        run: RunCode | None = None,
    ) -> None:
        self.core = core
        self.main = Client(core)
        self.api = CoreApi(core.store)
        self.server = Server(core, self.api, self.dispatch)
        server = self.server
        self.processes = Processes(
            core, server.admitted, server.prepare, server.introspected, keeping
        )
        consent = consent or Consent(consents_from(core.environ))
        run = run or self.processes.run
        self.modules = Modules(core, consent, run)
        self.functions = Functions(core, consent, self.modules, run, self.dispatch)
        self._dispatcher = Dispatcher(core, self.api, self.modules, self.functions)
        self._module: LoadedModule | None = None

    async def dispatch(
        self, client: Client, receiver: Recipe, field: str, args: Mapping[str, Any]
    ) -> Any:
        """Evaluate one field of one value; arguments are as they come over the wire."""
        return await self._dispatcher.dispatch(client, receiver, field, args)

    @property
    def refused(self) -> Sequence[str]:
        """What was refused because only Dagger has it, also where a module caught the error."""
        return self.core.refused

    @property
    def failed(self) -> Sequence[str]:
        """The programs that ended with another exit code than 0, and let a function continue."""
        return self.core.evaluator.noting.failed

    # -- the command line ------------------------------------------------------------------------

    async def load_module(self, ref: str | None) -> ModuleDef:
        """Load the module of the command line, with its toolchains."""
        module = self._module = await self.modules.load(ref)
        names = {toolchain.name for toolchain in module.toolchains}
        own = (module,) if module.project and module.name not in names else ()
        self.main.served = (*own, *module.toolchains)
        if not module.toolchains:
            return module.definition
        return with_toolchains(
            module.definition, [(each.definition, each.ignore_checks) for each in module.toolchains]
        )

    def object_def(self, type_name: str) -> ObjectDef | None:
        """Describe an object type of a module or of the core API."""
        for module in self._visible():
            if type_name in module.definition.objects:
                return module.definition.objects[type_name]
        return self.api.described.objects.get(type_name)

    def enum_def(self, type_name: str) -> EnumDef | None:
        """Describe an enum of a module or of the core API."""
        for module in self._visible():
            if type_name in module.definition.enums:
                return module.definition.enums[type_name]
        return self.api.described.enums.get(type_name)

    def refuses(self, type_name: str, function: str) -> bool:
        """Whether a function of the core API exists on Dagger only."""
        known = self.api.described.objects.get(type_name)
        if known is None or any(type_name in each.definition.objects for each in self._visible()):
            return False
        from stiletto.engine.calls import CALLS

        return function in known.functions and f"{type_name}.{function}" not in CALLS

    def _visible(self) -> Sequence[LoadedModule]:
        """Return the modules whose types the command line may see."""
        if self._module is None:
            return ()
        return (self._module, *self._module.uses)

    async def construct(self, args: Mapping[str, Value]) -> ObjectRef:
        """Construct the module's main object; beside toolchains, only when it is needed."""
        module = self._module
        if module is None:
            raise UsageError("no module is loaded")
        plain = {name: _plain(item) for name, item in args.items()}
        value = await self._dispatcher.start(module, plain)
        return ObjectRef(value.type_name, self.core.objects.remember(value))

    async def select(
        self, receiver: ObjectRef | None, field: str, args: Mapping[str, Value]
    ) -> Value:
        """Evaluate one field for the command line."""
        value = Query() if receiver is None else self.core.objects.recall(receiver.id)
        plain = {name: _plain(item) for name, item in args.items()}
        return self._present(await self.dispatch(self.main, value, field, plain))

    def _present(self, value: Any) -> Value:
        if isinstance(value, Recipe):
            return ObjectRef(value.type_name, self.core.objects.remember(value))
        if isinstance(value, list | tuple):
            return [self._present(item) for item in value]
        result: Value = value
        return result

    async def shared(self) -> str:
        """Return what steps share with the machine, in one line."""
        return await self.core.evaluator.sandbox.shared()

    def called_as(self, command: str) -> None:
        """Let functions know the command before their own name, for messages that name one."""
        self.processes.command = self.functions.command = command

    async def finish(self) -> bool:
        """Send SIGTERM to the running functions that handle it; return whether one does."""
        return await self.processes.finish()

    def mask(self, text: str) -> str:
        """Return a text without the secrets of this session."""
        return self.core.secrets.masks.text(text)

    async def close(self) -> None:
        """End everything this session started."""
        await self.functions.close()
        await self.processes.close()
        await self.core.close_git()
        await self.core.evaluator.close()
        await self.server.close()
        journal = self.core.evaluator.noting.journal
        if journal is not None:
            await asyncio.to_thread(journal.close)


def _plain(value: Value) -> Any:
    if isinstance(value, ObjectRef):
        return value.id
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@contextlib.asynccontextmanager
async def open_session(
    *,
    workdir: Path,
    sandbox: Literal["auto", "bubblewrap", "plain"],
    progress: Progress,
    environ: Mapping[str, str],
    plain_secrets: bool = False,
    allow_env: bool = False,
    step_memory_bytes: int | None = None,
    step_processes: int | None = None,
    command: str = "",
    ask: Callable[[str], bool] | None = None,
) -> AsyncIterator[Engine]:
    """Open a session in a working directory.

    `command` is the command line, which `stiletto explain` is asked about. `ask` asks the user a
    question; `allow_env` consents to what defaults in files do; the limits are those of each step.
    """
    from stiletto.sandbox.relay import relayed
    from stiletto.store.layout import root_from

    store = Store(root_from(environ), tell=progress.say)
    limit = limit_bytes(environ, store.root)
    if "STILETTO_IDLE" in environ:
        # An unchanged call keeps no process, and reports an invalid value all the same.
        from stiletto.kept.request import idle_s_from

        idle_s_from(environ)
    caching = caching_from(environ)
    with translated(store.root):
        async with relayed(os.environ, progress.say) as host:
            base = store.root / "sandbox"

            async def choose() -> Sandbox:
                from stiletto.sandbox.cgroups import Limits
                from stiletto.sandbox.select import select

                limits = Limits(step_memory_bytes, step_processes)
                return await select(
                    sandbox, base, progress.say, limits, host.environ, environ, notes=store
                )

            async def isolated() -> bool:
                await provider.ready()
                return provider.name != "plain"

            async def way_out() -> str:
                from stiletto.sandbox.select import way_to_isolation

                return await way_to_isolation(base)

            def images() -> Images:
                from stiletto.sandbox.images import HostImages

                return HostImages(servers=base / "servers", memory=store)

            provider = ChosenSandbox(choose, sandbox)
            if sandbox == "plain":
                await provider.ready()  # says so, also where nothing runs
            gate = SecretGate(isolated=isolated, allowed=plain_secrets, way_out=way_out)
            core = core_of(
                store=store,
                sandbox=provider,
                images=ChosenImages(images),
                progress=progress,
                workdir=workdir,
                environ=environ,
                gate=gate,
                caching=caching,
                command=command,
            )
            for text in host.secrets:
                core.secrets.masks.add(text)
            limited = step_memory_bytes is not None or step_processes is not None

            def keeping() -> Keeping | None:
                from stiletto.engine.keeping import keeping_from

                return keeping_from(store.root, provider, host, environ, limited=limited)

            def make_way() -> None:
                from stiletto.kept.lease import stop_all

                stop_all(store.root)

            loop = asyncio.get_running_loop()

            def trim(volume: Path) -> bool:
                from stiletto.engine.trimming import trimmed

                return trimmed(core.evaluator, store, volume, loop)

            consent = Consent(consents_from(environ), allowed=allow_env, ask=ask)
            engine = Engine(core, consent, keeping)
            try:
                yield engine
            finally:
                await engine.close()
                try:
                    report = await asyncio.to_thread(store.keep_within, limit, make_way, trim)
                    if report is not None and limit is not None:
                        progress.say(_removed(report, limit))
                finally:
                    await provider.end()


def _removed(report: PruneReport, limit: int) -> str:
    freed, kept = size_text(report.freed_bytes), size_text(report.kept_bytes)
    return (
        f"the cache had outgrown its {size_text(limit)}: {freed} that was not used for longest is "
        f"removed, {kept} kept ({VARIABLE} sets the limit)"
    )


def serve(engine: Engine) -> AbstractAsyncContextManager[tuple[int, str]]:
    """Let a program connect to the session while the context lasts: gives port and token."""
    return engine.server.admitted(engine.main)
