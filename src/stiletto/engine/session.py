"""One session: the engine that the command line and programs talk to."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import stiletto.api.configuration
import stiletto.api.directory
import stiletto.api.execution
import stiletto.api.fields
import stiletto.api.filesystem
import stiletto.api.secrets
import stiletto.api.service
import stiletto.api.session
import stiletto.api.typedefs
import stiletto.engine.root_leaves
import stiletto.engine.service_leaves  # noqa: F401 - each of these registers its calls
from stiletto.api import container as c
from stiletto.api.registry import CALLS, snake
from stiletto.api.session import ModuleObject, Query
from stiletto.api.texts import check_text
from stiletto.engine.client import Client
from stiletto.engine.consent import Consent, consents_from
from stiletto.engine.container_leaves import container_from
from stiletto.engine.context import current_span
from stiletto.engine.evaluate import Evaluator, Images
from stiletto.engine.functions import Functions
from stiletto.engine.gate import SecretGate
from stiletto.engine.modules import Modules
from stiletto.engine.ports import ObjectRef, Value
from stiletto.engine.processes import Processes
from stiletto.engine.secrets import SecretStore
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.changes import Changes, difference
from stiletto.graph.recipe import Recipe
from stiletto.graph.tree import Dir
from stiletto.module.definition import EnumDef, FunctionDef, Kind, ModuleDef, ObjectDef, TypeRef
from stiletto.module.naming import lower_camel
from stiletto.module.source import LoadedModule
from stiletto.module.toolchain import with_toolchains
from stiletto.progress import Progress
from stiletto.sandbox.cgroups import Limits
from stiletto.sandbox.plan import Sandbox
from stiletto.store.limit import limit_bytes
from stiletto.store.sealed import fitting
from stiletto.store.store import Store
from stiletto.store.trouble import translated

if TYPE_CHECKING:
    from stiletto.wire.schema import CoreSchema
    from stiletto.wire.server import SessionServer


@dataclass(frozen=True)
class Entrance(Recipe):
    """Where the command line starts in a module that has toolchains: its main object, unmade."""

    module: str
    object_type: str
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type_name(self) -> str:
        """The main object's type."""
        return self.object_type


KEYWORDS = {"from": "from_", "import": "import_"}


class Engine:
    """Answers calls for the clients of one session; implements `EnginePort`."""

    def __init__(
        self,
        *,
        store: Store,
        sandbox: Sandbox,
        images: Images,
        progress: Progress,
        workdir: Path,
        environ: Mapping[str, str],
        consent: Consent | None = None,
        gate: SecretGate,
    ) -> None:
        self.store = store
        self.progress = progress
        self.workdir = workdir.resolve()
        self.environ = environ
        self.secrets = SecretStore(SecretStore.salt(store.root / "salt"), environ, workdir, gate)
        self.consent = consent or Consent(consents_from(environ))
        progress.mask = self.secrets.masks.text
        self.evaluator = Evaluator(store, sandbox, images, self.secrets, progress)
        self.processes = Processes(self)
        self.modules = Modules(self)
        self.functions = Functions(self)
        self.main = Client(self)
        self._objects: dict[str, Recipe] = {}
        self._module: LoadedModule | None = None
        self._core: CoreSchema | None = None
        self._stack = contextlib.AsyncExitStack()
        self._server: SessionServer | None = None
        self._server_lock = asyncio.Lock()

    # -- objects -------------------------------------------------------------------------------

    def remember(self, recipe: Recipe) -> str:
        """Make a value reachable by its id."""
        self._objects[recipe.id] = recipe
        return recipe.id

    def knows(self, id_: str) -> bool:
        """Tell whether an id belongs to this session."""
        return id_ in self._objects

    def recall(self, id_: str) -> Recipe:
        """Return the value of an id."""
        try:
            return self._objects[id_]
        except KeyError:
            raise UsageError(f"unknown id {id_!r}: it belongs to another session") from None

    # -- calls ---------------------------------------------------------------------------------

    async def dispatch(
        self, client: Client, receiver: Recipe, field: str, args: Mapping[str, Any]
    ) -> Any:
        """Answer one field of one value; arguments are as they come over the wire."""
        with translated(self.store.root):
            return await self._dispatch(client, receiver, field, args)

    async def _dispatch(
        self, client: Client, receiver: Recipe, field: str, args: Mapping[str, Any]
    ) -> Any:
        if client.span is not None:
            current_span.set(client.span)
        if isinstance(receiver, Entrance):
            return await self._enter(receiver, field, args)
        if field == "id":
            return self.remember(receiver)
        if isinstance(receiver, ModuleObject):
            return await self._select_module(receiver, field, args)
        if isinstance(receiver, Query):
            if field == "node":
                return self.recall(args["id"])
            for module in client.served:
                if lower_camel(module.name) == field:
                    return await self._construct(module, args)
        name = f"{receiver.type_name}.{field}"
        function = self._core_function(receiver.type_name, field)
        entry = CALLS.get(name)
        if entry is None:
            raise NotSupported(name)
        given = {}
        for arg in function.args:
            if args.get(arg.name) is not None:
                python = KEYWORDS.get(arg.name, snake(arg.name))
                if python not in entry.parameters:
                    raise NotSupported(f"{name}({arg.name}:)")
                check_text(name, arg.name, args[arg.name])
                given[python] = self._decode(args[arg.name], arg.type)
        if entry.is_leaf:
            result = await entry.function(client, receiver, **given)
        else:
            result = entry.function(receiver, **given)
        return result

    async def _select_module(
        self, receiver: ModuleObject, field: str, args: Mapping[str, Any]
    ) -> Any:
        module = self.modules[receiver.module]
        definition = module.definition.objects.get(receiver.object_type)
        function = definition.functions.get(field) if definition else None
        given = self._given(function, args)
        unknown = args.keys() - given.keys()
        if unknown and function is None:
            raise UsageError(f"{receiver.object_type}.{field} takes no arguments")
        return await self.functions.select(receiver, field, given)

    async def _enter(self, receiver: Entrance, field: str, args: Mapping[str, Any]) -> Any:
        """Construct a toolchain, or answer for the main object, made only now."""
        main = self.modules[receiver.module]
        for toolchain in main.toolchains:
            if lower_camel(toolchain.name) == field:
                return await self._construct(toolchain, args)
        made = await self.functions.construct(main, receiver.args)
        if field == "id":
            return self.remember(made)
        return await self._select_module(made, field, args)

    async def _construct(self, module: LoadedModule, args: Mapping[str, Any]) -> ModuleObject:
        given = self._given(module.definition.main_object.constructor, args)
        unknown = args.keys() - given.keys()
        for name in unknown:
            if args[name] is not None:
                raise UsageError(f"{module.name} has no argument {name!r}")
        return await self.functions.construct(module, given)

    def _given(self, function: FunctionDef | None, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that a function has, ids turned into what they name."""
        return {
            arg.name: self._decode(args[arg.name], arg.type)
            for arg in (function.args if function else ())
            if args.get(arg.name) is not None
        }

    def _decode(self, value: Any, of: TypeRef) -> Any:
        if of.kind in (Kind.OBJECT, Kind.INTERFACE):
            return self.recall(value)
        if of.kind is Kind.LIST and of.element is not None:
            items = value if isinstance(value, list | tuple) else [value]
            return [self._decode(item, of.element) for item in items]
        return value

    def _core_function(self, type_name: str, field: str) -> FunctionDef:
        item = self.core.objects.get(type_name)
        function = item.functions.get(field) if item else None
        if function is None:
            raise UsageError(f"{type_name} has no field {field!r}")
        return function

    @property
    def core(self) -> CoreSchema:
        """The core API, stored per SDK version."""
        if self._core is None:
            from stiletto.wire import schema

            text, digest = schema.sdk_source()
            known = fitting(self.store.record("schema", digest), schema.CoreSchema.from_json)
            if known is None:
                known = schema.read_sdk(text)
                self.store.put_record("schema", digest, known.to_json())
            self._core = known
        return self._core

    async def container_from(self, address: str) -> c.Container:
        """Return a container of an image."""
        return await container_from(self.main, c.Container(), address)

    # -- the command line ------------------------------------------------------------------------

    async def load_module(self, ref: str | None) -> ModuleDef:
        """Load the module that the command line speaks of, with its toolchains."""
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
        return self.core.objects.get(type_name)

    def enum_def(self, type_name: str) -> EnumDef | None:
        """Describe an enum of a module or of the core API."""
        for module in self._visible():
            if type_name in module.definition.enums:
                return module.definition.enums[type_name]
        return self.core.enums.get(type_name)

    def _visible(self) -> Sequence[LoadedModule]:
        """Return the modules whose types the command line may meet."""
        if self._module is None:
            return ()
        return (self._module, *self._module.uses)

    async def construct(self, args: Mapping[str, Value]) -> ObjectRef:
        """Construct the module's main object; beside toolchains, only when it is asked for."""
        module = self._module
        if module is None:
            raise UsageError("no module is loaded")
        plain = {name: _plain(item) for name, item in args.items()}
        if module.toolchains:
            given = self._given(module.definition.main_object.constructor, plain)
            entrance = Entrance(module.digest, module.definition.main, given)
            return ObjectRef(entrance.type_name, self.remember(entrance))
        made = await self._construct(module, plain)
        return ObjectRef(made.type_name, self.remember(made))

    async def select(
        self, receiver: ObjectRef | None, field: str, args: Mapping[str, Value]
    ) -> Value:
        """Answer one field for the command line."""
        value = Query() if receiver is None else self.recall(receiver.id)
        plain = {name: _plain(item) for name, item in args.items()}
        return self._present(await self.dispatch(self.main, value, field, plain))

    def _present(self, value: Any) -> Value:
        if isinstance(value, Recipe):
            return ObjectRef(value.type_name, self.remember(value))
        if isinstance(value, list | tuple):
            return [self._present(item) for item in value]
        result: Value = value
        return result

    async def shared(self) -> str:
        """Say what steps share with the machine, in one line."""
        return await self.evaluator.sandbox.shared()

    def mask(self, text: str) -> str:
        """Return a text without the secrets of this session."""
        return self.secrets.masks.text(text)

    # -- processes that talk back ------------------------------------------------------------------

    async def server(self) -> SessionServer:
        """Return the session's HTTP server, started when it is first needed."""
        async with self._server_lock:
            if self._server is None:
                from stiletto.wire.clients import ClientGraphs
                from stiletto.wire.server import SessionServer

                server = SessionServer(ClientGraphs(self.core))
                network = await self.evaluator.sandbox.network()
                await self._stack.enter_async_context(
                    server.serving(network.socket if network.own else None)
                )
                self._server = server
            return self._server

    @contextlib.asynccontextmanager
    async def admitted(self, client: Client) -> AsyncIterator[Mapping[str, str]]:
        """Let a client in while the context lasts; gives the variables by which it connects."""
        server = await self.server()
        with server.admitted(client) as token:
            yield {"DAGGER_SESSION_PORT": str(server.port), "DAGGER_SESSION_TOKEN": token}

    def apply_changes(self, before: Dir, after: Dir, changed: Changes, at: Path) -> None:
        """Write what a changeset adds and modifies, delete what it removes."""
        gone = {
            path: before.get(path)
            for path in (name.rstrip("/") for name in changed.removed)
            if after.get(path) is None  # else replaced by something of another kind
        }
        self.store.apply(difference(before, after), gone, at)

    async def close(self) -> None:
        """End everything this session started."""
        await self.functions.close()
        await self.processes.close()
        await self.evaluator.close()
        await self._stack.aclose()


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
    ask: Callable[[str], bool] | None = None,
) -> AsyncIterator[Engine]:
    """Open a session in a working directory.

    `ask` asks the user a question; `allow_env` consents beforehand to what defaults in files do;
    the limits are those of each step.
    """
    from stiletto.sandbox.images import HostImages
    from stiletto.sandbox.relay import relayed
    from stiletto.sandbox.select import select, way_to_isolation
    from stiletto.store.layout import root_from

    store = Store(root_from(environ), tell=progress.say)
    limit = limit_bytes(environ, store.root)
    with translated(store.root):
        async with relayed(os.environ, progress.say) as host:
            provider = await select(
                sandbox,
                store.root / "sandbox",
                progress.say,
                Limits(step_memory_bytes, step_processes),
                host.environ,
                environ,
            )
            gate = SecretGate(
                isolated=provider.name != "plain",
                allowed=plain_secrets,
                way_out=lambda: way_to_isolation(store.root / "sandbox"),
            )
            engine = Engine(
                store=store,
                sandbox=provider,
                images=HostImages(servers=store.root / "sandbox" / "servers", memory=store),
                progress=progress,
                workdir=workdir,
                environ=environ,
                gate=gate,
                consent=Consent(consents_from(environ), allowed=allow_env, ask=ask),
            )
            for text in host.secrets:
                engine.secrets.masks.add(text)
            try:
                yield engine
            finally:
                await engine.close()
                await provider.end()
                await asyncio.to_thread(store.keep_within, limit)


@contextlib.asynccontextmanager
async def serve(engine: Engine) -> AsyncIterator[tuple[int, str]]:
    """Let a program connect to the session: gives port and token."""
    server = await engine.server()
    with server.admitted(engine.main) as token:
        yield server.port, token
