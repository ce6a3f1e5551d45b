"""Loads modules and calls their functions.

    load      dagger.json -> files -> definition (registered once per content)
    call      arguments and defaults -> key -> stored result, or a process that answers

A function's key is the module's content, the object's state and the arguments; directories of
the host count by what they hold. Results are stored for seven days unless the function says
otherwise; errors are not stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import SetSecret
from stiletto.api.session import Argument, Error, FunctionCall, ModuleObject
from stiletto.api.typedefs import Module, define
from stiletto.engine.client import Client
from stiletto.engine.evaluate import current_span, preparing
from stiletto.engine.workers import Worker
from stiletto.errors import (
    EnvironmentFailed,
    ModuleFailed,
    NotSupported,
    StepFailed,
    StilettoError,
    UsageError,
)
from stiletto.graph.recipe import Recipe, closure, digest_of, dump, load
from stiletto.module import runtime
from stiletto.module.definition import (
    ArgDef,
    FunctionDef,
    Kind,
    ModuleDef,
    TypeRef,
    from_json,
    to_json,
)
from stiletto.module.source import (
    CONFIG,
    LoadedModule,
    ModuleProject,
    context_of,
    find_module,
    parse_config,
    read_project,
)
from stiletto.progress import Outcome

if TYPE_CHECKING:
    from stiletto.engine.session import Engine

__all__ = ["FORMAT", "Functions"]

FORMAT = 1
"""Raised whenever stored definitions or results stop meaning what they meant."""

MAX_AGE_S = 7 * 24 * 3600  # as the real engine keeps function results
TAIL_LINES = 20
ID = re.compile(r"[A-Za-z]+@sha256:[0-9a-f]{64}")


class Functions:
    """Loads modules and calls their functions, for one session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._modules: dict[str, LoadedModule] = {}
        self._projects: dict[str, ModuleProject] = {}
        self._running: dict[str, asyncio.Task[str]] = {}
        self._session: dict[str, str] = {}
        self._workers: dict[str, Worker] = {}
        self._starting = asyncio.Lock()
        self._stack = contextlib.AsyncExitStack()

    # -- loading -----------------------------------------------------------------------------

    async def load(self, ref: str | None) -> LoadedModule:
        """Find, read and register a module."""
        root = find_module(ref, self._engine.workdir)
        config = parse_config((root / CONFIG).read_text(), root / CONFIG)
        source = root / config.source
        project = read_project(source, config.name)
        excluded = [pattern[1:] for pattern in config.include if pattern.startswith("!")]
        kept = f.a_filter(exclude=[".git", *excluded], gitignore=True)
        tree = await self._engine.evaluator.tree(f.HostDirectory(str(root), kept))
        stored = await asyncio.to_thread(self._engine.store.save_tree, tree)
        digest = digest_of([FORMAT, config.name, config.source, tree.digest])
        module = LoadedModule(
            name=config.name,
            root=root,
            context=context_of(root),
            config=config,
            tree=stored,
            digest=digest,
            definition=ModuleDef(config.name, ""),
        )
        self._modules[digest] = module
        self._projects[digest] = project
        record = self._engine.store.record("module", digest)
        if record is None:
            definition = await self._register(module)
            self._engine.store.put_record("module", digest, to_json(definition))
        else:
            definition = from_json(record)
        module = replace(module, definition=definition)
        self._modules[digest] = module
        return module

    async def _register(self, module: LoadedModule) -> ModuleDef:
        span = self._engine.progress.span(f"load {module.name}", "load", current_span.get())
        client = Client(self._engine, module, FunctionCall("", "", "", ()), span)
        try:
            answer = await self._process(client, f"module {module.name}")
            built = self._engine.recall(json.loads(answer))
            assert isinstance(built, Module)
            definition = define(module.name, built)
        except BaseException as error:
            span.end(_outcome(error))
            raise
        span.end(Outcome.DONE)
        return definition

    # -- calling -----------------------------------------------------------------------------

    async def construct(self, module: LoadedModule, args: Mapping[str, Any]) -> ModuleObject:
        """Construct the main object."""
        main = module.definition.main_object
        made = TypeRef(Kind.OBJECT, main.name)
        function = main.constructor or FunctionDef("", made)
        function = replace(function, returns=made)
        value = await self._call(module, None, main.original, function, args)
        assert isinstance(value, ModuleObject)
        return value

    async def select(self, value: ModuleObject, name: str, args: Mapping[str, Any]) -> Any:
        """Answer a field of an object from its state, or call a function."""
        module = self._modules[value.module]
        definition = module.definition.objects[value.object_type]
        field = definition.fields.get(name)
        if field is not None:
            state = json.loads(value.state)
            return self._value(module, state.get(field.original), field.type)
        function = definition.functions.get(name)
        if function is None:
            raise UsageError(f"{value.object_type} has no function {name!r}")
        return await self._call(module, value, definition.original, function, args)

    async def _call(
        self,
        module: LoadedModule,
        parent: ModuleObject | None,
        parent_type: str,
        function: FunctionDef,
        given: Mapping[str, Any],
    ) -> Any:
        inputs = await self._inputs(module, function, given)
        key = digest_of(
            [
                FORMAT,
                module.digest,
                parent.digest if parent else parent_type,
                function.original,
                sorted(inputs.items()),
            ]
        )
        call = FunctionCall(
            name=function.original,
            parent_name=parent_type,
            parent=parent.state if parent else "{}",
            args=tuple(Argument(name, text) for name, text in inputs.items()),
        )
        title = function.name or module.name
        parent_span = current_span.get()
        stored = self._stored(module, function, key)
        if stored is not None:
            self._engine.progress.span(title, "function", parent_span).end(Outcome.CACHED)
            return self._value(module, json.loads(stored), function.returns)

        async def run() -> str:
            span = self._engine.progress.span(title, "function", parent_span)
            client = Client(self._engine, module, call, span)
            try:
                answer = await self._process(client, f"function {title}")
            except BaseException as error:
                span.end(_outcome(error))
                raise
            span.end(Outcome.DONE)
            self._keep(module, function, key, answer)
            return answer

        if function.cache == "never":
            answer = await run()
        else:
            task = self._running.get(key)
            if task is None:
                task = self._running[key] = asyncio.ensure_future(run())
                task.add_done_callback(lambda _: self._running.pop(key, None))
            answer = await asyncio.shield(task)
        return self._value(module, json.loads(answer), function.returns)

    async def close(self) -> None:
        """End the calls that still run."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stack.aclose()

    # -- arguments -----------------------------------------------------------------------------

    async def _inputs(
        self, module: LoadedModule, function: FunctionDef, given: Mapping[str, Any]
    ) -> dict[str, str]:
        """Return the arguments as the module's code gets them: its own names, JSON values."""
        unknown = given.keys() - {arg.name for arg in function.args}
        if unknown:
            raise UsageError(f"{function.name or module.name} has no argument {min(unknown)!r}")
        inputs: dict[str, str] = {}
        for arg in function.args:
            value = given.get(arg.name)
            if value is not None:
                inputs[arg.original] = json.dumps(await self._argument(value, arg))
            elif arg.default_path is not None:
                contextual = self._contextual(module, arg)
                inputs[arg.original] = json.dumps(await self._argument(contextual, arg))
            elif arg.default_address is not None:
                container = await self._engine.container_from(arg.default_address)
                inputs[arg.original] = json.dumps(self._engine.remember(container))
            elif arg.default is not None:
                inputs[arg.original] = json.dumps(json.loads(arg.default))
            elif not arg.type.optional:
                raise UsageError(f"missing argument {arg.name!r} of {function.name or module.name}")
        return inputs

    def _contextual(self, module: LoadedModule, arg: ArgDef) -> Recipe:
        path = arg.default_path or ""
        start = module.context if path.startswith("/") else module.root
        at = (start / path.lstrip("/")).resolve()
        if not at.is_relative_to(module.context):
            raise ModuleFailed(f"path {path!r} is outside of context directory {module.context}")
        if arg.type.name == "File":
            if not at.is_file():
                raise UsageError(f"{at}: no such file (default of {arg.name})")
            return f.HostFile(str(at))
        if arg.type.name != "Directory":
            raise NotSupported(f"a default path for an argument of type {arg.type.name}")
        if not at.is_dir():
            raise UsageError(f"{at}: no such directory (default of {arg.name})")
        return f.HostDirectory(str(at))

    async def _argument(self, value: Any, arg: ArgDef) -> Any:
        """Return a value as JSON data; objects by id, host files fixed to what they hold."""
        match value:
            case f.Directory():
                if arg.ignore:
                    value = f.filtered(value, f.a_filter(exclude=arg.ignore))
                return self._engine.remember(await self._engine.evaluator.fixed(value))
            case f.File():
                return self._engine.remember(await self._engine.evaluator.fixed_file(value))
            case ModuleObject():
                self._engine.remember(value)
                return json.loads(value.state)
            case Recipe():
                return self._engine.remember(value)
            case str() | bool() | int() | float() | None:
                return value
            case Sequence():
                return [await self._argument(item, arg) for item in value]
            case _:
                raise TypeError(f"an argument cannot be {type(value).__name__}")

    # -- results -------------------------------------------------------------------------------

    def _value(self, module: LoadedModule, data: Any, of: TypeRef) -> Any:
        """Turn a function's JSON result into a value."""
        if data is None or of.kind is Kind.VOID:
            return None
        if of.kind is Kind.LIST and of.element is not None:
            return [self._value(module, item, of.element) for item in data]
        if of.kind not in (Kind.OBJECT, Kind.INTERFACE):
            return data
        if of.name in module.definition.objects:
            state = json.dumps(data, sort_keys=True, separators=(",", ":"))
            return ModuleObject(module.digest, of.name, state, tuple(self._held(data)))
        return self._engine.recall(data)

    def _held(self, data: Any) -> Iterator[Recipe]:
        """Yield the objects that a state names by id, wherever it does."""
        match data:
            case str() if ID.fullmatch(data) and self._engine.knows(data):
                yield self._engine.recall(data)
            case dict():
                for key in sorted(data):
                    yield from self._held(data[key])
            case list():
                for item in data:
                    yield from self._held(item)

    def _keep(self, module: LoadedModule, function: FunctionDef, key: str, answer: str) -> None:
        if function.cache == "never":
            return
        if function.cache == "session" or not module.config.persistent_cache:
            self._session[key] = answer
            return
        record = {
            "at_s": time.time(),
            "answer": answer,
            "recipes": dump(list(self._held(json.loads(answer)))),
        }
        self._engine.store.put_record("call", key, record)

    def _stored(self, module: LoadedModule, function: FunctionDef, key: str) -> str | None:
        if function.cache == "never":
            return None
        if key in self._session:
            return self._session[key]
        if function.cache == "session" or not module.config.persistent_cache:
            return None
        record = self._engine.store.record("call", key)
        if record is None:
            return None
        if time.time() - record["at_s"] > _lifetime_s(function.cache):
            return None
        try:
            recipes = load(record["recipes"])
        except LookupError:
            return None
        for recipe in closure(list(recipes.values())).values():
            if isinstance(recipe, SetSecret) and not self._engine.secrets.knows(recipe):
                return None
            if isinstance(recipe, f.StoredTree) and not self._engine.store.load_tree(recipe.tree):
                return None
        for recipe in recipes.values():
            self._engine.remember(recipe)
        answer: str = record["answer"]
        return answer

    # -- the process -----------------------------------------------------------------------------

    async def _process(self, client: Client, what: str) -> str:
        """Run the module's code for one call and return its JSON answer."""
        module = client.module
        assert module is not None
        token = current_span.set(client.span)
        tail: list[bytes] = []

        def sink(data: bytes) -> None:
            tail.append(data)
            if client.span:
                client.span.write(data)

        try:
            worker = await self._worker(module)
            async with self._engine.admitted(client) as variables:
                code = await worker.call(variables, sink)
        finally:
            current_span.reset(token)
        if client.failed is not None:
            raise _failure(client.failed)
        if client.returned is None:
            lines = b"".join(tail).decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
            if code == 0:
                raise ModuleFailed(f"{what} completed without returning a value")
            raise ModuleFailed("\n".join([f"{what} failed: exit code {code}", *lines]))
        return client.returned

    async def _worker(self, module: LoadedModule) -> Worker:
        """Return the module's warm process, started by the first call."""
        async with self._starting:
            worker = self._workers.get(module.digest)
            if worker is None:
                directory = self._stack.enter_context(self._engine.store.stage())
                exec_ = await self._runtime(module)
                worker = Worker(self._engine.evaluator, exec_, directory, self._print)
                await worker.start()
                self._stack.push_async_callback(worker.close)
                self._workers[module.digest] = worker
            return worker

    def _print(self, data: bytes) -> None:
        # What the process prints outside any call: import-time output and crashes.
        for line in data.decode("utf-8", "replace").splitlines():
            self._engine.progress.say(line)

    async def _runtime(self, module: LoadedModule) -> c.Exec:
        """Return the command of the module's process; its environment is made on the way."""
        project = self._projects[module.digest]
        files = f.StoredTree(module.tree)
        source = module.root / module.config.source
        text, frozen = runtime.uv_project(
            (source / "pyproject.toml").read_text(), (source / "uv.lock").is_file(), project.has_sdk
        )
        token = preparing.set(True)
        try:
            base = await self._python(project)
            uv = await self._engine.container_from(runtime.UV_IMAGE)
            made = runtime.environment(base, uv, files, module.config.source, text, frozen)
            await self._engine.evaluator.stack(made.root)
        finally:
            preparing.reset(token)
        return runtime.run(made, module, project)

    async def _python(self, project: ModuleProject) -> c.Container:
        tags = runtime.python_tags(project.python)
        for tag in tags:
            try:
                return await self._engine.container_from(f"python:{tag}-slim")
            except EnvironmentFailed:
                if tag == tags[-1]:
                    raise
        raise AssertionError("python_tags is never empty")


def _outcome(error: BaseException) -> Outcome:
    return Outcome.CANCELLED if isinstance(error, asyncio.CancelledError) else Outcome.FAILED


def _failure(error: Error) -> StilettoError:
    """Rebuild an error that a module's process returned; a failed command stays one."""
    values = {value.name: json.loads(value.value) for value in error.values}
    hint = values.get("hint")
    if values.get("_type") == "EXEC_ERROR":
        return StepFailed(
            values["cmd"],
            values["exitCode"],
            values["stdout"],
            values["stderr"],
            hint=hint,
            replay=values.get("replay"),
        )
    message = error.message
    if hint:
        message = message.removesuffix(f": {hint}")
    return ModuleFailed(message, hint=hint)


def _lifetime_s(cache: str) -> float:
    """Read a duration such as `10m` or `1h30m`; empty means the longest."""
    if not cache:
        return MAX_AGE_S
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    found = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", cache)
    if "".join(number + unit for number, unit in found) != cache:
        raise ModuleFailed(f"invalid cache duration {cache!r}")
    return min(MAX_AGE_S, sum(float(number) * units[unit] for number, unit in found))
