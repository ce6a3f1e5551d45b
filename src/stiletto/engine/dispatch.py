"""Evaluates one field of one value: a call of the core API, or a function of a module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stiletto.api import earlier
from stiletto.api.container import Container
from stiletto.api.definition import FunctionDef, TypeRef
from stiletto.api.earlier import Version
from stiletto.api.registry import snake
from stiletto.api.session import Host, ModuleObject, Query
from stiletto.api.texts import check_text
from stiletto.engine.client import Client
from stiletto.engine.context import current_span
from stiletto.engine.core import Core
from stiletto.engine.functions import Functions
from stiletto.engine.host_leaves import host_directory
from stiletto.engine.modules import Modules
from stiletto.errors import USE_DAGGER, NotSupported, StilettoError, UsageError
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe, frozen
from stiletto.module.naming import lower_camel
from stiletto.module.source import LoadedModule
from stiletto.progress import PART
from stiletto.store import Store
from stiletto.store.sealed import fitting
from stiletto.store.trouble import translated

if TYPE_CHECKING:
    from stiletto.wire.schema import CoreSchema

_LOAD = re.compile(r"load(?P<type>\w+)FromID")
_INTERFACES = ("Exportable", "Node", "Syncer")

KEYWORDS = {"from": "from_", "import": "import_"}

RUNS_STEPS = frozenset(
    f"Container.{name}"
    for name in (
        "defaultArgs",
        "dockerHealthcheck",
        "entrypoint",
        "envVariable",
        "envVariables",
        "exposedPorts",
        "label",
        "labels",
        "mounts",
        "user",
        "workdir",
    )
)
"""What reads configuration: a failed step before it shows there, as in the real engine."""


@frozen
class Entrance(Recipe):
    """Where the command line starts in a module that has toolchains: its main object, unmade."""

    module: str
    object_type: str
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type_name(self) -> str:
        """The main object's type."""
        return self.object_type


class CoreApi:
    """The types of the core API."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def schema(self) -> CoreSchema:
        """The types, without descriptions."""
        from stiletto.wire import schema

        return schema.core_schema()

    def earlier(self, version: Version) -> CoreSchema:
        """Return the types that a module for an earlier engine sees."""
        from stiletto.wire import schema

        return schema.core_schema(version)

    @cached_property
    def described(self) -> CoreSchema:
        """The types with the descriptions of the installed SDK, stored per version of it."""
        from stiletto.wire import sdk

        text, digest = sdk.sdk_source()
        known = fitting(self._store.record("descriptions", digest), dict)
        if known is None:
            known = dict(sdk.read_descriptions(text))
            self._store.put_record("descriptions", digest, known)
        return self.schema.described(known)

    def function(self, type_name: str, name: str, version: Version | None) -> FunctionDef:
        """Return a field of a type, for a module that asks for an earlier engine as it was there.

        Raises:
            UsageError: there is none of this name.
        """
        schema = self.schema if version is None else self.earlier(version)
        item = schema.objects.get(type_name)
        function = item.functions.get(name) if item else None
        if function is None:
            raise UsageError(f"{type_name} has no field {name!r}")
        return function


class Dispatcher:
    """Finds what evaluates a field, for one session."""

    def __init__(self, core: Core, api: CoreApi, modules: Modules, functions: Functions) -> None:
        self._objects = core.objects
        self._stack = core.evaluator.stack
        self._store = core.store
        self._refused = core.refused
        self._api = api
        self._modules = modules
        self._functions = functions

    async def dispatch(
        self, client: Client, receiver: Recipe, name: str, args: Mapping[str, Any]
    ) -> Any:
        """Evaluate one field of one value; arguments are as they come over the wire."""
        with translated(self._store.root):
            try:
                return await self._answer(client, receiver, name, args)
            except StilettoError as error:
                if (error.hint or "").startswith(USE_DAGGER):
                    self._refused.append(error.message)
                raise

    async def _answer(
        self, client: Client, receiver: Recipe, name: str, args: Mapping[str, Any]
    ) -> Any:
        if client.span is not None:
            current_span.set(client.beneath(PART.get()))
        if isinstance(receiver, Entrance):
            return await self._enter(receiver, name, args)
        if name == "id":
            return self._objects.remember(receiver)
        if isinstance(receiver, ModuleObject):
            return await self._select(receiver, name, args)
        if isinstance(receiver, Query):
            if name == "node":
                return self._objects.recall(args["id"])
            if (loaded := _LOAD.fullmatch(name)) is not None:
                return self._named(args["id"], loaded["type"])
            for module in client.served:
                if lower_camel(module.name) == name:
                    return await self._construct(module, args)
        return await self._call(client, receiver, name, args)

    async def _call(
        self, client: Client, receiver: Recipe, name: str, args: Mapping[str, Any]
    ) -> Any:
        full_name = f"{receiver.type_name}.{name}"
        version = client.earlier
        if client.module is None:
            # What a command with a directory begins with: the tables of all calls take longer.
            if full_name == "Query.host":
                return Host()
            if full_name == "Host.directory" and isinstance(receiver, Host):
                known = {name: value for name, value in args.items() if value is not None}
                for field, value in known.items():
                    check_text(full_name, field, value)
                given = {snake(field): value for field, value in known.items()}
                return await host_directory(client, receiver, **given)
        function = self._api.function(receiver.type_name, name, version)
        if version is None:
            return await self._evaluate(client, receiver, function, full_name, args)
        if (value := earlier.replaced(full_name, receiver, version)) is not None:
            return value
        meant = earlier.named(full_name, version)
        if meant != full_name:
            function = self._api.function(receiver.type_name, meant.partition(".")[2], version)
        args = earlier.arguments(full_name, args, version)
        receiver = earlier.ran(full_name, receiver, version)
        value = await self._evaluate(client, receiver, function, meant, args)
        return earlier.shown(full_name, value, version)

    async def _evaluate(
        self,
        client: Client,
        receiver: Recipe,
        function: FunctionDef,
        full_name: str,
        args: Mapping[str, Any],
    ) -> Any:
        from stiletto.engine.calls import CALLS

        entry = CALLS.get(full_name)
        if entry is None:
            raise NotSupported(full_name)
        given = {}
        for arg in function.args:
            if args.get(arg.name) is not None:
                python = KEYWORDS.get(arg.name, snake(arg.name))
                if python not in entry.parameters:
                    raise NotSupported(f"{full_name}({arg.name}:)")
                check_text(full_name, arg.name, args[arg.name])
                given[python] = self._decode(args[arg.name], arg.type)
        if full_name in RUNS_STEPS and isinstance(receiver, Container):
            await self._stack(receiver.root)
        if entry.is_leaf:
            return await entry.function(client, receiver, **given)
        return entry.function(receiver, **given)

    async def _select(self, receiver: ModuleObject, name: str, args: Mapping[str, Any]) -> Any:
        definition = self._modules[receiver.module].definition.objects.get(receiver.object_type)
        function = definition.functions.get(name) if definition else None
        given = self._given(function, args)
        unknown = args.keys() - given.keys()
        if unknown and function is None:
            raise UsageError(f"{receiver.object_type}.{name} takes no arguments")
        return await self._functions.select(receiver, name, given)

    async def start(self, module: LoadedModule, args: Mapping[str, Any]) -> Recipe:
        """Construct a module's main object; beside toolchains, only when it is needed."""
        if not module.toolchains:
            return await self._construct(module, args)
        given = self._given(module.definition.main_object.constructor, args)
        return Entrance(module.digest, module.definition.main, given)

    async def _enter(self, receiver: Entrance, name: str, args: Mapping[str, Any]) -> Any:
        """Construct a toolchain, or the main object, made only now, and evaluate its field."""
        main = self._modules[receiver.module]
        for toolchain in main.toolchains:
            if lower_camel(toolchain.name) == name:
                return await self._construct(toolchain, args)
        main_object = await self._functions.construct(main, receiver.args)
        if name == "id":
            return self._objects.remember(main_object)
        return await self._select(main_object, name, args)

    async def _construct(self, module: LoadedModule, args: Mapping[str, Any]) -> ModuleObject:
        given = self._given(module.definition.main_object.constructor, args)
        unknown = args.keys() - given.keys()
        for name in unknown:
            if args[name] is not None:
                raise UsageError(f"{module.name} has no argument {name!r}")
        return await self._functions.construct(module, given)

    def _given(self, function: FunctionDef | None, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that a function has, ids turned into what they name."""
        return {
            arg.name: self._decode(args[arg.name], arg.type)
            for arg in (function.args if function else ())
            if args.get(arg.name) is not None
        }

    def _decode(self, value: Any, of: TypeRef) -> Any:
        if of.kind is Kind.OBJECT:
            return self._named(value, of.name)
        if of.kind is Kind.INTERFACE:
            return self._objects.recall(value)
        if of.kind is Kind.LIST and of.element is not None:
            items = value if isinstance(value, list | tuple) else [value]
            return [self._decode(item, of.element) for item in items]
        return value

    def _named(self, id_: str, type_name: str) -> Recipe:
        """Return the value of an id.

        Raises:
            UsageError: it is not known, or of another type.
        """
        found = self._objects.recall(id_)
        if found.type_name != type_name and type_name not in _INTERFACES:
            raise UsageError(f"expected the id of a {type_name}, got that of a {found.type_name}")
        return found
