"""An engine in memory: one sample module and the core types it uses."""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Unpack

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FieldDef,
    FunctionDef,
    ModuleDef,
    ObjectDef,
    TypeRef,
)
from stiletto.cli.launcher import EngineLauncher, SessionArguments
from stiletto.cli.main import run
from stiletto.cli.ports import EnginePort
from stiletto.cli.terminal import Terminal
from stiletto.engine.ports import ObjectRef, Value
from stiletto.errors import EnvironmentFailed, ModuleFailed, NotSupported, StepFailed
from stiletto.graph.kind import Kind
from stiletto.progress import Outcome, Progress, Span
from stiletto.store.prune import PruneReport
from stiletto.store.verify import Damage, Verified

ABOVE: ContextVar[Span | None] = ContextVar("ABOVE", default=None)

STRING = TypeRef(Kind.STRING)
INT = TypeRef(Kind.INTEGER)
FLOAT = TypeRef(Kind.FLOAT)
BOOL = TypeRef(Kind.BOOLEAN)
VOID = TypeRef(Kind.VOID, optional=True)


def obj(name: str) -> TypeRef:
    """Refer to an object type."""
    return TypeRef(Kind.OBJECT, name)


def many(element: TypeRef, *, optional: bool = False) -> TypeRef:
    """Refer to a list."""
    return TypeRef(Kind.LIST, element=element, optional=optional)


def fn(
    name: str,
    returns: TypeRef,
    *args: ArgDef,
    doc: str = "",
    check: bool = False,
    generator: bool = False,
    deprecated: str | None = None,
) -> FunctionDef:
    """Define a function."""
    return FunctionDef(
        name,
        returns,
        args,
        description=doc,
        check=check,
        generator=generator,
        deprecated=deprecated,
    )


def a_type(name: str, *functions: FunctionDef, doc: str = "", **fields: FieldDef) -> ObjectDef:
    """Define an object type."""
    return ObjectDef(
        name,
        description=doc,
        functions={function.name: function for function in functions},
        fields=fields,
    )


LEVEL = EnumDef("SampleLevel", ("LOW", "HIGH"), descriptions={"LOW": "hardly"})

CONSTRUCTOR = fn(
    "",
    obj("Sample"),
    ArgDef(
        "source",
        obj("Directory"),
        "The project, as a directory.",
        default_path="/",
        ignore=(".venv",),
    ),
    ArgDef("registry", STRING, "Where packages come from.", default='"pypi"'),
)

SAMPLE = ObjectDef(
    "Sample",
    description="Shows what a module can do.",
    constructor=CONSTRUCTOR,
    fields={"version": FieldDef("version", STRING, "The version of the sample.")},
    functions={
        function.name: function
        for function in (
            fn(
                "echo",
                STRING,
                ArgDef("msg", STRING, "What to say."),
                ArgDef("times", INT, "How often.", default="1"),
                ArgDef("loud", BOOL, "In capitals.", default="false"),
                doc="Say it again.\n\nOnce is not enough for some, and the rest of this paragraph "
                "is here to be wrapped by the help.",
            ),
            fn("joinAll", STRING, ArgDef("items", many(STRING)), doc="Join with bars."),
            fn("sumAll", INT, ArgDef("numbers", many(INT)), doc="Add up."),
            fn("half", FLOAT, ArgDef("of", FLOAT, default="1.5"), doc="Divide by two."),
            fn(
                "setLevel",
                TypeRef(Kind.ENUM, "SampleLevel"),
                ArgDef("level", TypeRef(Kind.ENUM, "SampleLevel"), default='"LOW"'),
                doc="Return the level.",
            ),
            fn("names", many(STRING), doc="List names."),
            fn("nothing", VOID, doc="Do it quietly."),
            fn("maybe", TypeRef(Kind.STRING, optional=True), doc="Perhaps nothing."),
            fn("sources", obj("Directory"), doc="The project's files."),
            fn("readme", obj("File"), doc="The README."),
            fn("wheels", many(obj("File")), doc="What was built."),
            fn("base", obj("Container"), ArgDef("image", obj("Container")), doc="Start from."),
            fn("token", STRING, ArgDef("token", obj("Secret")), doc="Show a secret."),
            fn("data", STRING, ArgDef("data", TypeRef(Kind.SCALAR, "JSON")), doc="Take JSON."),
            fn("cache", STRING, ArgDef("volume", obj("CacheVolume")), doc="Use a volume."),
            fn("serve", VOID, ArgDef("db", obj("Service")), doc="Use a service."),
            fn("look", STRING, ArgDef("at", obj("File")), doc="Read a file."),
            fn("update", obj("Changeset"), doc="Change some files."),
            fn("keep", obj("Changeset"), doc="Change nothing."),
            fn("updates", many(obj("Changeset")), doc="Change in two ways."),
            fn("tests", obj("SampleTests"), doc="The tests."),
            fn("combine", VOID, ArgDef("other", obj("Sample")), doc="Never offered."),
            fn("stop", VOID, doc="Fail with exit code 7."),
            fn("broken", VOID, doc="Raise."),
            fn("bug", VOID, doc="Hit a bug of the engine."),
            fn("foreign", VOID, doc="Call what is not implemented."),
            fn("nowhere", VOID, doc="Find the machine lacking."),
            fn("wait", VOID, doc="Take long."),
            fn("loudStep", VOID, doc="Print a lot."),
            fn("lint", VOID, doc="Check the style.\nMore of it.", check=True),
            fn("types", obj("Container"), doc="Check the types.", check=True),
            fn("slow", VOID, doc="Check slowly.", check=True),
            fn("format", obj("Changeset"), doc="Format the code.", generator=True),
            fn("tidy", obj("Changeset"), doc="Tidy the lock.", generator=True),
            fn("need", VOID, ArgDef("it", STRING), doc="Needs an argument.", check=True),
        )
    },
)

TESTS = a_type(
    "SampleTests",
    fn("unit", VOID, doc="Fast tests.", check=True),
    fn("all", VOID, doc="Fast tests, then slow ones.", check=True),
    fn("again", obj("Sample"), doc="Back to the start."),
    doc="Tests of the sample.",
    label=FieldDef("label", STRING, "The label."),
)

PATH = ArgDef("path", STRING)
CORE = {
    definition.name: definition
    for definition in (
        a_type("Host", fn("directory", obj("Directory"), PATH), fn("file", obj("File"), PATH)),
        a_type(
            "Directory",
            fn("entries", many(STRING), ArgDef("path", TypeRef(Kind.STRING, optional=True))),
            fn("file", obj("File"), PATH, doc="Retrieve a file."),
            fn("export", STRING, PATH, doc="Write to the host."),
            fn("sync", obj("Directory")),
            fn("id", STRING),
        ),
        a_type(
            "File",
            fn("contents", STRING, doc="Retrieve the contents."),
            fn("size", INT),
            fn("export", STRING, PATH, ArgDef("allowParentDirPath", BOOL, default="false")),
            fn("sync", obj("File")),
        ),
        a_type("Secret", fn("plaintext", STRING)),
        a_type("CacheVolume"),
        a_type(
            "Container",
            fn("from", obj("Container"), ArgDef("address", STRING)),
            fn("stdout", STRING),
            fn("sync", obj("Container")),
        ),
        a_type(
            "Changeset",
            fn("addedPaths", many(STRING)),
            fn("modifiedPaths", many(STRING)),
            fn("removedPaths", many(STRING)),
            fn("isEmpty", BOOL),
            fn("export", STRING, PATH),
            fn("sync", obj("Changeset")),
        ),
    )
}

MODULE = ModuleDef(
    "sample",
    "Sample",
    objects={"Sample": SAMPLE, "SampleTests": TESTS},
    enums={"SampleLevel": LEVEL},
)

SMALL = ModuleDef(
    "sample",
    "Sample",
    objects={
        "Sample": replace(
            SAMPLE,
            functions={
                name: SAMPLE.functions[name] for name in ("echo", "setLevel", "tests", "combine")
            },
        ),
        "SampleTests": MODULE.objects["SampleTests"],
    },
    enums=MODULE.enums,
)


@dataclass
class FakeEngine:
    """Answers fields from Python data; what it was asked stands in `asked`."""

    workdir: Path
    progress: Progress
    module: ModuleDef = MODULE
    asked: list[tuple[str, str, Mapping[str, Value]]] = field(default_factory=list)
    above: dict[str, str] = field(default_factory=dict)
    loaded: list[str | None] = field(default_factory=list)
    failing: frozenset[str] = frozenset()
    refused: Sequence[str] = ()
    failed: Sequence[str] = ()
    _states: dict[str, Any] = field(default_factory=dict)

    def make(self, type_: str, state: object) -> ObjectRef:
        """Keep a state; equal states are the same object."""
        ref = ObjectRef(type_, f"{type_}:{state!r}")
        self._states[ref.id] = state
        return ref

    def state(self, value: Value) -> Any:
        """Return what an object stands for."""
        assert isinstance(value, ObjectRef), value
        return self._states[value.id]

    async def load_module(self, ref: str | None) -> ModuleDef:
        """Load the sample, unless the reference is `missing`."""
        self.loaded.append(ref)
        if ref == "missing":
            raise ModuleFailed("no dagger.json at missing", hint="run from the module's directory")
        return self.module

    def object_def(self, type_name: str) -> ObjectDef | None:
        """Look in the module, then in the core."""
        return self.module.objects.get(type_name) or CORE.get(type_name)

    def enum_def(self, type_name: str) -> EnumDef | None:
        """Look in the module."""
        return self.module.enums.get(type_name)

    def refuses(self, type_name: str, function: str) -> bool:  # noqa: ARG002 - the port's own
        """Refuse nothing."""
        return False

    async def shared(self) -> str:
        """Share nothing."""
        return "steps share nothing"

    def called_as(self, command: str) -> None:
        """Name no command."""

    async def finish(self) -> bool:
        """Have no function that handles a signal."""
        return False

    def mask(self, text: str) -> str:
        """Take out the one secret that it knows."""
        return text.replace("masked-canary", "***")

    async def construct(self, args: Mapping[str, Value]) -> ObjectRef:
        """Make the main object; its state is its arguments."""
        self.asked.append(("", "", args))
        return self.make("Sample", {"registry": "pypi", **args})

    async def select(
        self, receiver: ObjectRef | None, field: str, args: Mapping[str, Value]
    ) -> Value:
        """Answer from `ANSWERS`, or fail as a step where `failing` says so."""
        await asyncio.sleep(0)
        type_ = receiver.type if receiver else "Query"
        self.asked.append((type_, field, dict(args)))
        above = ABOVE.get()
        self.above[field] = above.name if above else ""
        if field == "id":
            assert receiver is not None
            return receiver.id
        if field == "sync":
            return receiver
        name = f"{type_}.{field}"
        if name in self.failing:
            raise StepFailed(["tool", name], 3, "", f"{name} says no\n", replay="bwrap -- tool")
        answer: Callable[..., Any] = ANSWERS[name]
        value: Any = answer(self, self.state(receiver) if receiver else None, **args)
        if inspect.isawaitable(value):
            value = await value
        result: Value = value
        return result


def _export(engine: FakeEngine, files: dict[str, str], path: str) -> str:
    target = engine.workdir / path
    for name, text in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)
    return str(target)


def _export_file(engine: FakeEngine, contents: tuple[str, str], path: str, **options: Value) -> str:
    target = engine.workdir / path
    if target.is_dir() and options.get("allowParentDirPath"):
        target /= contents[0]
    target.write_text(contents[1])
    return str(target)


def _stop(engine: FakeEngine, _: object) -> Value:
    span = engine.progress.span("pytest -q", "step")
    span.write(b"collecting\n1 failed")
    span.end(Outcome.FAILED)
    raise StepFailed(
        ["pytest", "-q"],
        7,
        "1 failed\n",
        "warning: x\n",
        hint="run with --explain",
        replay="bwrap -- pytest -q",
    )


def _raise(error: Exception) -> Callable[..., Value]:
    def answer(*_: object, **__: object) -> Value:
        raise error

    return answer


async def _wait(engine: FakeEngine, _: object) -> Value:
    engine.progress.span("wait", "step")
    await asyncio.sleep(60)
    return None


def _loud(engine: FakeEngine, _: object) -> Value:
    span = engine.progress.span("make", "step")
    span.write(b"compiling\n")
    span.end(Outcome.DONE)
    engine.progress.span("uv sync", "step").end(Outcome.CACHED)
    return None


CHANGES = {"added": ["new.txt"], "modified": ["old.txt"], "removed": ["gone/"]}
NO_CHANGES: dict[str, list[str]] = {"added": [], "modified": [], "removed": []}


def _merge(engine: FakeEngine, _: object, changes: Sequence[Value]) -> Value:
    states = [engine.state(change) for change in changes]
    kinds = ("added", "modified", "removed")
    return engine.make(
        "Changeset", {kind: [path for state in states for path in state[kind]] for kind in kinds}
    )


ANSWERS: dict[str, Callable[..., Any]] = {
    "Query.host": lambda e, _: e.make("Host", None),
    "Query.secret": lambda e, _, **args: e.make("Secret", args),
    "Query.container": lambda e, _: e.make("Container", ""),
    "Query.cacheVolume": lambda e, _, key: e.make("CacheVolume", key),
    "Query.changeset": lambda e, _: e.make("Changeset", NO_CHANGES),
    "Host.directory": lambda e, _, **args: e.make("Directory", args),
    "Host.file": lambda e, _, path: e.make("File", (path, (e.workdir / path).read_text())),
    "Host.unixSocket": _raise(NotSupported("Host.unixSocket")),
    "Container.from": lambda e, _, address: e.make("Container", address),
    "Container.stdout": lambda _, state: state,
    "Directory.entries": lambda _, state: sorted(state),
    "Directory.file": lambda e, state, path: e.make("File", (path, state[path])),
    "Directory.export": _export,
    "File.contents": lambda _, state: state[1],
    "File.size": lambda _, state: len(state[1]),
    "File.export": _export_file,
    "Changeset.addedPaths": lambda _, state: state["added"],
    "Changeset.modifiedPaths": lambda _, state: state["modified"],
    "Changeset.removedPaths": lambda _, state: state["removed"],
    "Changeset.isEmpty": lambda _, state: not any(state.values()),
    "Changeset.withChangesets": _merge,
    "Changeset.export": lambda e, state, path: _export(
        e, dict.fromkeys(state["added"] + state["modified"], "changed"), path
    ),
    "Sample.version": lambda *_: "1.2.3",
    "Sample.echo": lambda _, __, msg, times=1, loud=False: (msg.upper() if loud else msg) * times,
    "Sample.joinAll": lambda _, __, items: "|".join(items),
    "Sample.sumAll": lambda _, __, numbers: sum(numbers),
    "Sample.half": lambda _, __, of=1.5: of / 2,
    "Sample.setLevel": lambda _, __, level="LOW": level,
    "Sample.names": lambda *_: ["ann", "bob"],
    "Sample.nothing": lambda *_: None,
    "Sample.maybe": lambda *_: None,
    "Sample.sources": lambda e, _: e.make("Directory", {"a.txt": "A", "b.txt": "B"}),
    "Sample.readme": lambda e, _: e.make("File", ("README.md", "# Sample\n")),
    "Sample.wheels": lambda e, _: [e.make("File", ("a.whl", "A")), e.make("File", ("b.whl", "BB"))],
    "Sample.base": lambda _, __, image: image,
    "Sample.token": lambda e, _, token: str(e.state(token)),
    "Sample.data": lambda _, __, data: data,
    "Sample.cache": lambda e, _, volume: e.state(volume),
    "Sample.look": lambda e, _, at: e.state(at)[1],
    "Sample.update": lambda e, _: e.make("Changeset", CHANGES),
    "Sample.keep": lambda e, _: e.make("Changeset", NO_CHANGES),
    "Sample.updates": lambda e, _: [
        e.make("Changeset", CHANGES),
        e.make("Changeset", {**NO_CHANGES, "added": ["second.txt"]}),
    ],
    "Sample.tests": lambda e, _: e.make("SampleTests", "tests"),
    "Sample.stop": _stop,
    "Sample.broken": _raise(ModuleFailed("ValueError: no such thing")),
    "Sample.bug": _raise(KeyError("oops")),
    "Sample.foreign": _raise(NotSupported("Container.publish")),
    "Sample.nowhere": _raise(EnvironmentFailed("no Python 3.9 on this machine", hint="install it")),
    "Sample.wait": _wait,
    "Sample.loudStep": _loud,
    "Sample.lint": lambda *_: None,
    "Sample.types": lambda e, _: e.make("Container", "types"),
    "Sample.slow": lambda *_: None,
    "Sample.format": lambda e, _: e.make("Changeset", CHANGES),
    "Sample.tidy": lambda e, _: e.make("Changeset", NO_CHANGES),
    "SampleTests.unit": lambda *_: None,
    "SampleTests.all": lambda *_: None,
    "SampleTests.label": lambda *_: "fast",
}


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


@dataclass
class FakeLauncher(EngineLauncher):
    """Opens one fake engine, and keeps what it was opened with."""

    module: ModuleDef = MODULE
    failing: frozenset[str] = frozenset()
    refused: Sequence[str] = ()
    engine: FakeEngine | None = None
    opened_with: dict[str, Any] = field(default_factory=dict)
    closed: bool = False

    @asynccontextmanager
    async def open(self, **arguments: Unpack[SessionArguments]) -> AsyncIterator[EnginePort]:
        """Open the fake engine."""
        self.opened_with = {
            "workdir": arguments["workdir"],
            "sandbox": arguments["sandbox"],
            "plain_secrets": arguments["plain_secrets"],
            "allow_env": arguments["allow_env"],
            "limits": (arguments["step_memory_bytes"], arguments["step_processes"]),
            "asks": arguments["ask"] is not None,
            "environ": arguments["environ"],
        }
        self.engine = FakeEngine(
            arguments["workdir"],
            arguments["progress"],
            self.module,
            failing=self.failing,
            refused=self.refused,
        )
        try:
            yield self.engine
        finally:
            self.closed = True

    @asynccontextmanager
    async def serve(self, engine: EnginePort) -> AsyncIterator[tuple[int, str]]:
        """Give a port and a token while the session is open."""
        assert engine is self.engine
        assert not self.closed
        yield 4711, "secret-token"

    @contextmanager
    def beneath(self, span: Span) -> Iterator[None]:
        """Let spans that answers open know their parent."""
        token = ABOVE.set(span)
        try:
            yield
        finally:
            ABOVE.reset(token)

    def prune(
        self,
        *,
        environ: Mapping[str, str],
        keep_bytes: int | None,
        unused_for_s: float | None,
        volumes: bool,
        dry_run: bool,
    ) -> PruneReport:
        """Keep what was asked for, and free a fixed amount."""
        self.opened_with = {
            "environ": environ,
            "keep_bytes": keep_bytes,
            "unused_for_s": unused_for_s,
            "volumes": volumes,
            "dry_run": dry_run,
        }
        return PruneReport(1_234_567, 890, 90 if dry_run else 0, {"layers": 3, "blobs": 40})

    def stop(self, *, environ: Mapping[str, str]) -> tuple[int, int]:
        """End two processes, and leave the one in use."""
        self.opened_with = {"environ": environ}
        return 2, 1

    def verify(
        self, *, environ: Mapping[str, str], repair: bool, tell: Callable[[str], None]
    ) -> Verified:
        """Find two blobs, one of which is damaged."""
        self.opened_with = {"environ": environ, "repair": repair}
        tell("told")
        return Verified({"blobs": 2}, (Damage(Path("/cache/blobs/ab/abc"), "cut off"),))


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str
    launcher: FakeLauncher

    @property
    def engine(self) -> FakeEngine:
        """The engine that was opened."""
        assert self.launcher.engine is not None
        return self.launcher.engine


@dataclass
class Shell:
    """Runs command lines in a directory of their own, on a fake engine."""

    cwd: Path
    environ: dict[str, str] = field(default_factory=lambda: {"COLUMNS": "80"})
    launcher: FakeLauncher = field(default_factory=FakeLauncher)
    stdin: str = ""
    out_is_tty: bool = False
    err_is_tty: bool = False

    def __call__(self, *words: str) -> Ended:
        """Run one command line to its end."""
        stdin = (FakeTerminal if self.err_is_tty else io.StringIO)(self.stdin)
        stdout = FakeTerminal() if self.out_is_tty else io.StringIO()
        stderr = FakeTerminal() if self.err_is_tty else io.StringIO()
        terminal = Terminal(stdin, stdout, stderr, self.environ, self.cwd)
        code = run(words, terminal, self.launcher)
        return Ended(code, stdout.getvalue(), stderr.getvalue(), self.launcher)
