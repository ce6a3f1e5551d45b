"""Calls the functions of modules: arguments and defaults -> key -> stored result, or a process.

A function's key is the module's content, the object's state and the arguments; directories of the
host count by their content. Results are stored for seven days unless the function sets another
time; errors are not stored. One that is never stored may be one that only reads: see `reads`.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiletto.api import files as f
from stiletto.api.definition import ArgDef, FunctionDef, TypeRef
from stiletto.api.readiness import duration_s
from stiletto.api.secrets import Secret
from stiletto.api.session import Argument, FunctionCall, ModuleObject
from stiletto.engine import reads
from stiletto.engine.addresses import Addresses
from stiletto.engine.answered import Answered
from stiletto.engine.client import Client, Dispatch, RunCode
from stiletto.engine.coarse import Caching
from stiletto.engine.consent import Consent
from stiletto.engine.context import current_span
from stiletto.engine.core import Core
from stiletto.engine.keys import call_inputs, call_key
from stiletto.engine.machine import Machine
from stiletto.engine.modules import Modules
from stiletto.engine.noting import Noted
from stiletto.engine.once import Once
from stiletto.errors import ModuleFailed, NotSupported, UsageError
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe, are_known, closure, digest_of, dump, load
from stiletto.graph.tree import Dir
from stiletto.history.inputs import Inputs
from stiletto.module.origin import acts
from stiletto.module.source import LoadedModule, context_of
from stiletto.progress import Outcome
from stiletto.store.sealed import fitting

if TYPE_CHECKING:
    from stiletto.engine.early import Early

MAX_AGE_S = 7 * 24 * 3600  # as the real engine keeps function results
ID = re.compile(r"\w+@sha256:[0-9a-f]{64}")
CHANGED = "what it reads has changed since, or was removed"
PRINTED_MAX = 64 * 1024
"""Bytes that a function which only reads may print: they are shown with its kept answer."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored result: JSON, when it was made, the command that made it, and its steps.

    Attributes:
        machine: the sandbox and the images of its steps (`engine.machine`).
        printed: what the function printed.
    """

    answer: str
    at_s: float
    by: str = ""
    steps: Sequence[Sequence[Any]] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)
    printed: str = ""


class Functions:
    """Calls functions, for one session."""

    def __init__(
        self, core: Core, consent: Consent, modules: Modules, run: RunCode, dispatch: Dispatch
    ) -> None:
        self._core = core
        self._machine = Machine(core.store, core.evaluator)
        self._answered = core.evaluator.known = Answered(core.store, self._machine)
        self._consent = consent
        self._modules = modules
        self._run = run
        self._addresses = Addresses(core, dispatch)
        self._running = Once(remember=False)
        self._session: dict[str, str] = {}
        self._early: Early | None = None
        self._ran = 0
        self.command = ""
        """What a message of a module names as the reader's command: such an answer has it."""

    async def construct(self, module: LoadedModule, args: Mapping[str, Any]) -> ModuleObject:
        """Construct the main object."""
        main = module.definition.main_object
        if module.project is None:
            return ModuleObject(module.digest, main.name, "{}")
        value = await self._call(module, None, main.original, module.definition.making(""), args)
        assert isinstance(value, ModuleObject)
        return value

    async def select(self, value: ModuleObject, name: str, args: Mapping[str, Any]) -> Any:
        """Return a field of an object from its state, or call a function."""
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
        args = await self._arguments(module, parent, function, given)
        made_by = (parent.object_type, parent.state) if parent else parent_type
        inputs = call_inputs(module.code, made_by, function.original, args)
        key = call_key(inputs)
        call = FunctionCall(
            name=function.original,
            parent_name=parent_type,
            parent=parent.state if parent else "{}",
            args=tuple(Argument(name, text) for name, text in args.items()),
        )
        title = function.name or module.name
        parent_span = current_span.get()
        noted = replace(
            self._core.evaluator.noting.function(title, module.name, key, inputs, parent_span),
            kept=function.cache != "never",
            lasts_s=0.0 if function.cache in ("never", "session") else _lifetime_s(function.cache),
        )
        stored = await self._stored(module, function, key)
        if stored is not None and (changed := await self._machine.changed(stored.machine)):
            stored, noted = None, replace(noted, refused=changed)
        elif stored is None and function.cache == "never" and await self._has_read(key):
            noted = replace(noted, kept=True, refused=CHANGED)
        if stored is not None:
            self._core.evaluator.noting.saw_images(stored.machine.get("images", {}), parent_span)
            span = self._core.progress.span(title, "function", parent_span)
            if stored.printed:
                span.write(stored.printed.encode("utf-8", "surrogateescape"))
            span.end(Outcome.CACHED)
            noted.stored(stored.steps, stored.at_s)
            noted.end(span, Outcome.CACHED, made_at_s=stored.at_s, by=stored.by)
            answer = json.loads(stored.answer)
            if key not in self._session:
                self._answered.hold(self._held(answer))
            return self._value(module, answer, function.returns)

        self._began(module, inputs, cached=function.cache not in ("never", "session"))

        async def run() -> str:
            self._ran += 1
            await self._saw(noted, module, inputs)
            span = self._core.progress.span(title, "function", parent_span)
            client = Client(self._core, module, call, span, served=module.uses)
            refused = len(self._core.refused)
            try:
                with span.ending():
                    answer = await self._run(client, f"function {title}")
            finally:
                noted.end(span, span.outcome or Outcome.FAILED, requests=client.requests)
            if len(self._core.refused) == refused:
                if function.cache == "never":
                    await self._keep_reading(module, function, key, inputs, answer, client)
                else:
                    machine = self._machine.facts(self._core.evaluator.noting.images(span))
                    await self._keep(module, function, key, inputs, answer, machine)
            # Otherwise the function may have caught the error: each run has to report it.
            return answer

        if function.cache == "never":
            answer = await run()
        else:
            answer = await self._running.get(key, run)
        return self._value(module, json.loads(answer), function.returns)

    async def _saw(self, noted: Noted, module: LoadedModule, inputs: Mapping[str, Any]) -> None:
        """Keep what a call is about to see, for `stiletto explain`."""
        if noted.journal is None:
            return
        masked: dict[str, Any] = self._core.secrets.masks.value(inputs)
        trees: dict[str, Dir] = {}
        for name in ID.findall(json.dumps([inputs["parent"], inputs["args"]])):
            held = self._core.objects.recall(name) if name in self._core.objects else None
            if isinstance(held, f.StoredTree):
                found = self._core.evaluator.host.get(held.tree)
                if found is not None:
                    trees[name] = found
        known = {name: tree.digest for name, tree in trees.items()} | {"code": module.tree}
        shapes = noted.journal.shapes

        def keep() -> None:
            code = None if shapes.has(module.tree) else self._core.store.load_tree(module.tree)
            noted.saw(Inputs(masked, {}, known), (*trees.values(), *([code] if code else [])))

        await asyncio.to_thread(keep)

    def _began(self, module: LoadedModule, inputs: Mapping[str, Any], *, cached: bool) -> None:
        """Begin the steps of the last call of this command, or of none with such a function."""
        journal = self._core.evaluator.noting.journal
        if journal is None:
            return
        if self._early is None:
            from stiletto.engine.early import Early

            self._early = Early(self._core, journal.slot("early", journal.command, module.code))
        names = ID.findall(json.dumps([inputs["parent"], inputs["args"]]))
        objects = self._core.objects
        given = [objects.recall(name) for name in names if name in objects]
        self._early.called(given, cached=cached and module.config.persistent_cache)

    async def close(self) -> None:
        """End the calls that still run, and what began for them."""
        await self._running.close()
        if self._early is not None:
            await self._early.close()

    # -- arguments -----------------------------------------------------------------------------

    async def _arguments(
        self,
        module: LoadedModule,
        parent: ModuleObject | None,
        function: FunctionDef,
        given: Mapping[str, Any],
    ) -> dict[str, str]:
        """Return the arguments as the module's code gets them: its own names, JSON values."""
        unknown = given.keys() - {arg.name for arg in function.args}
        if unknown:
            raise UsageError(f"{function.name or module.name} has no argument {min(unknown)!r}")
        owner = parent.object_type if parent else module.definition.main
        texts: dict[str, str] = {}
        for arg in function.args:
            value = given.get(arg.name)
            address = module.addresses.get((owner, function.name, arg.name))
            if value is None and address is not None:
                self._consented(module, (owner, function.name, arg.name), arg, address)
                value = await self._addresses.value(arg, address)
            if value is not None:
                texts[arg.original] = json.dumps(await self._argument(module, value, arg))
            elif arg.default_path is not None:
                if arg.type.name in ("GitRef", "GitRepository"):
                    contextual = await self._addresses.repository(module, arg)
                else:
                    contextual = self._contextual(module, arg)
                texts[arg.original] = json.dumps(await self._argument(module, contextual, arg))
            elif arg.default_address is not None:
                from stiletto.engine.container_leaves import image_container

                container = await image_container(self._core, arg.default_address)
                texts[arg.original] = json.dumps(self._core.objects.remember(container))
            elif arg.default is not None:
                texts[arg.original] = json.dumps(json.loads(arg.default))
            elif not arg.type.optional:
                raise UsageError(f"missing argument {arg.name!r} of {function.name or module.name}")
        return texts

    def _consented(
        self, module: LoadedModule, key: tuple[str, str, str], arg: ArgDef, address: str
    ) -> None:
        """Return if this default does nothing on the machine, or the user consents.

        Raises:
            UsageError: the user does not, or cannot be asked.
        """
        origin = module.origins.get(key)
        if origin is None:
            return
        root = context_of(Path(origin.path).parent)
        act = acts(arg, address, self._core.workdir, root)
        if act is not None:
            self._consent.require(origin, act)

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
        return f.HostDirectory(str(at), f.a_filter(exclude=arg.ignore))

    async def _argument(self, module: LoadedModule, value: Any, arg: ArgDef) -> Any:
        """Return a value as JSON data; host files fixed to their content.

        Objects travel by id, the module's own ones as their state. The patterns of `Ignore` were
        applied by the command line, or to the default; where there is none, they are applied here
        (Dagger v0.21.8, core/modfunc.go): a directory that another module passes to an argument
        with a default path comes whole.
        """
        match value:
            case f.Directory():
                if arg.ignore and arg.default_path is None and arg.default_address is None:
                    value = f.narrowed(f.filtered(value, f.a_filter(exclude=arg.ignore)))
                return self._core.objects.remember(await self._core.evaluator.fixed(value))
            case f.File():
                return self._core.objects.remember(await self._core.evaluator.fixed_file(value))
            case ModuleObject() if value.object_type in module.definition.objects:
                for held in value.holds:
                    self._core.objects.remember(held)
                return json.loads(value.state)
            case Recipe():
                return self._core.objects.remember(value)
            case str() | bool() | int() | float() | None:
                return value
            case Sequence():
                return [await self._argument(module, item, arg) for item in value]
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
        return self._core.objects.recall(data)

    def _held(self, data: Any) -> Iterator[Recipe]:
        """Yield the objects that a state names by id, wherever it does."""
        match data:
            case str() if ID.fullmatch(data) and data in self._core.objects:
                yield self._core.objects.recall(data)
            case dict():
                for key in sorted(data):
                    yield from self._held(data[key])
            case list():
                for item in data:
                    yield from self._held(item)

    async def _keep(
        self,
        module: LoadedModule,
        function: FunctionDef,
        key: str,
        inputs: Mapping[str, Any],
        answer: str,
        machine: Mapping[str, Any],
    ) -> None:
        recipes: list[Any] = []
        masks = self._core.secrets.masks
        lasting = function.cache != "session" and module.config.persistent_cache
        if lasting:
            held = list(self._held(json.loads(answer)))
            recipes = dump(held)
            # A result that contains a secret is kept in memory only.
            lasting = not masks.patterns or masks.value([answer, recipes]) == [answer, recipes]
            lasting = lasting and await self._has_kept_trees(held, inputs)
        if not lasting:
            self._session[key] = answer
            return
        record = self._record(function, inputs, answer, recipes)
        self._core.store.put_record("call", key, {**record, "machine": dict(machine)})
        self._answered.hold(held)

    async def _keep_reading(
        self,
        module: LoadedModule,
        function: FunctionDef,
        key: str,
        inputs: Mapping[str, Any],
        answer: str,
        client: Client,
    ) -> None:
        """Keep the answer of a function that only read, if what it read decides it."""
        evaluator = self._core.evaluator
        found = evaluator.commands.reads
        read = found.to_json()
        printed = b"".join(client.printed)
        if (
            read is None
            or self._ran != 1
            or self._core.secrets.masks.patterns
            or not module.config.persistent_cache
            or evaluator.caching is not Caching.CONTENT
            or len(printed) > PRINTED_MAX
        ):
            return
        held = list(self._held(json.loads(answer)))
        if not await self._has_kept_trees(held, inputs):
            return
        record = self._record(function, inputs, answer, dump(held))
        more = {
            "machine": self._machine.facts(found.images()),
            "reads": read,
            "printed": printed.decode("utf-8", "surrogateescape"),
        }
        self._core.store.put_record(reads.KIND, self._reading(key), record | more)
        self._answered.hold(held)

    def _record(
        self, function: FunctionDef, inputs: Mapping[str, Any], answer: str, recipes: Sequence[Any]
    ) -> dict[str, Any]:
        noting = self._core.evaluator.noting
        return {
            "at_s": time.time(),
            "by": noting.command,
            "steps": noting.journal.steps_of(function.name) if noting.journal else [],
            "answer": answer,
            "recipes": recipes,
            "inputs": self._core.secrets.masks.value(inputs),
        }

    async def _has_kept_trees(self, held: Sequence[Recipe], inputs: Mapping[str, Any]) -> bool:
        """Store the trees that a result holds and its call was not given; see `host_trees`."""
        names = ID.findall(json.dumps([inputs["parent"], inputs["args"]]))
        objects = self._core.objects
        given = [objects.recall(name) for name in names if name in objects]
        trees = sorted(_trees(held) - _trees(given))
        try:
            for digest in trees:
                await asyncio.to_thread(self._core.evaluator.host.keep, digest)
        except UsageError:  # a file has changed: the result is right, for this session
            return False
        return True

    async def _stored(self, module: LoadedModule, function: FunctionDef, key: str) -> Stored | None:
        if key in self._session:
            return Stored(self._session[key], time.time())
        if function.cache == "session" or not module.config.persistent_cache:
            return None
        if function.cache == "never":
            return await asyncio.to_thread(self._unchanged, self._reading(key))
        record = self._core.store.record("call", key)
        return fitting(record, lambda whole: self._answer(whole, _lifetime_s(function.cache)))

    def _reading(self, key: str) -> str:
        """Return the key of what is kept of a call that only reads."""
        return digest_of([key, self.command])

    async def _has_read(self, key: str) -> bool:
        name = self._reading(key)
        return await asyncio.to_thread(self._core.store.record, reads.KIND, name) is not None

    def _unchanged(self, key: str) -> Stored | None:
        """Return the kept answer of a function that only reads, if it would read the same."""
        record = self._core.store.record(reads.KIND, key)
        if record is None or self._core.evaluator.caching is not Caching.CONTENT:
            return None
        if not fitting(record, lambda whole: reads.is_unchanged(self._core.store, whole["reads"])):
            return None
        return fitting(record, lambda whole: self._answer(whole, MAX_AGE_S))

    def _answer(self, record: Mapping[str, Any], lasts_s: float) -> Stored | None:
        if time.time() - record["at_s"] > lasts_s:
            return None
        store, host = self._core.store, self._core.evaluator.host
        if not are_known(record["recipes"]):
            import stiletto.engine.calls  # noqa: F401 - and with it every class of recipes
        try:
            recipes = load(record["recipes"])
        except LookupError:
            return None
        for recipe in closure(list(recipes.values())).values():
            if isinstance(recipe, Secret) and not self._core.secrets.knows(recipe):
                return None
            if isinstance(recipe, f.StoredTree) and not host.has(recipe.tree):
                return None
            if isinstance(recipe, f.StoredFile) and not store.has(
                recipe.content, recipe.size_bytes
            ):
                return None
            if isinstance(recipe, ModuleObject) and recipe.module not in self._modules:
                return None
        for recipe in recipes.values():
            self._core.objects.remember(recipe)
        answer: str = record["answer"]
        json.loads(answer)
        by, steps = record.get("by", ""), record.get("steps", ())
        machine, printed = record.get("machine", {}), str(record.get("printed", ""))
        return Stored(answer, float(record["at_s"]), str(by), steps, machine, printed)


def _trees(recipes: Sequence[Recipe]) -> set[str]:
    """Return the trees beneath recipes, by digest."""
    found = closure(list(recipes)).values()
    return {recipe.tree for recipe in found if isinstance(recipe, f.StoredTree)}


def _lifetime_s(cache: str) -> float:
    """Read how long a result lasts, such as `10m`; empty means the longest."""
    if not cache:
        return MAX_AGE_S
    try:
        return min(MAX_AGE_S, duration_s(cache))
    except UsageError as error:
        raise ModuleFailed(f"invalid cache duration {cache!r}") from error
