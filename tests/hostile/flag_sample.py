"""A sample module, an engine that answers for it, and a shell that runs command lines on both.

The module is a definition alone, so that no input pays for a process. What belongs to the core API
is answered by the real engine: directories, files, secrets, changesets.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FieldDef,
    FunctionDef,
    ModuleDef,
    ObjectDef,
    TypeRef,
)
from stiletto.cli.launcher import EngineLauncher
from stiletto.cli.main import run
from stiletto.cli.ports import EnginePort
from stiletto.cli.terminal import Terminal
from stiletto.engine.core import core_of
from stiletto.engine.gate import SecretGate
from stiletto.engine.ports import ObjectRef, Value
from stiletto.engine.session import Engine
from stiletto.errors import ModuleFailed, NotSupported
from stiletto.graph.kind import Kind
from stiletto.progress import Progress
from stiletto.sandbox.images import HostImages
from stiletto.sandbox.plain import Plain
from stiletto.store.store import Store

__all__ = ["CONSTRUCTOR", "MAIN", "MODULE", "RETURNS", "TYPES", "Ended", "Lines"]

# -- the module -----------------------------------------------------------------------------------

STRING, INT, FLOAT = TypeRef(Kind.STRING), TypeRef(Kind.INTEGER), TypeRef(Kind.FLOAT)
BOOL, VOID = TypeRef(Kind.BOOLEAN), TypeRef(Kind.VOID, optional=True)
LEVEL = TypeRef(Kind.ENUM, "SampleLevel")
ADDRESSED = (
    *("Directory", "File", "Secret", "Container", "CacheVolume", "Socket", "Service"),
    *("GitRepository", "GitRef", "Module", "ModuleSource"),
)


def an(name: str) -> TypeRef:
    """Return a reference to an object type."""
    return TypeRef(Kind.OBJECT, name)


def many(element: TypeRef) -> TypeRef:
    """Return the type of a list."""
    return TypeRef(Kind.LIST, element=element)


def maybe(name: str, of: TypeRef) -> ArgDef:
    """Return an argument that may be left out."""
    return ArgDef(name, TypeRef(of.kind, of.name, element=of.element, optional=True))


TYPES: Mapping[str, TypeRef] = {
    "string": STRING,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "json": TypeRef(Kind.SCALAR, "JSON"),
    "platform": TypeRef(Kind.SCALAR, "Platform"),
    "level": LEVEL,
    "strings": many(STRING),
    "ints": many(INT),
    "floats": many(FLOAT),
    "bools": many(BOOL),
    "levels": many(LEVEL),
    "secrets": many(an("Secret")),
    "directories": many(an("Directory")),
    "deep": many(many(STRING)),
    "own": an("SampleMore"),
    **{name[0].lower() + name[1:]: an(name) for name in ADDRESSED},
}
RETURNS: Mapping[str, TypeRef] = {
    "say": STRING,
    "count": INT,
    "half": FLOAT,
    "whether": BOOL,
    "names": many(STRING),
    "nothing": VOID,
    "which": LEVEL,
    "tree": an("Directory"),
    "readme": an("File"),
    "wheels": many(an("File")),
    "update": an("Changeset"),
    "updates": many(an("Changeset")),
    "more": an("SampleMore"),
    "all": many(an("SampleMore")),
    "broken": STRING,
}

MORE = ObjectDef(
    "SampleMore",
    functions={
        name: FunctionDef(name, of, tuple(maybe(key, each) for key, each in TYPES.items()))
        for name, of in RETURNS.items()
    },
    fields={"label": FieldDef("label", STRING, "The label.")},
)
TAKES = {
    name: FunctionDef(f"take{name.title()}", STRING, (ArgDef("it", of), maybe("also", of)))
    for name, of in TYPES.items()
}
CONSTRUCTOR = FunctionDef(
    "",
    an("Sample"),
    (
        ArgDef("source", an("Directory"), default_path="/"),
        ArgDef("level", LEVEL, default='"LOW"'),
        ArgDef("workdir", STRING, default='""'),
        maybe("token", an("Secret")),
    ),
)
MAIN = ObjectDef(
    "Sample",
    description="Takes everything.",
    constructor=CONSTRUCTOR,
    functions={
        **{each.name: each for each in TAKES.values()},
        **{name: FunctionDef(name, of) for name, of in RETURNS.items()},
        "lint": FunctionDef("lint", VOID, check=True),
        "format": FunctionDef("format", an("Changeset"), generator=True),
        "checkAll": FunctionDef("checkAll", STRING, check=True),
    },
)
MODULE = ModuleDef(
    "sample",
    "Sample",
    "A sample.",
    {"Sample": MAIN, "SampleMore": MORE},
    {"SampleLevel": EnumDef("SampleLevel", ("LOW", "HIGH"))},
)

# -- the engine -----------------------------------------------------------------------------------

HARMFUL = (
    *("withExec", "asService", "publish", "terminal", "up", "withServiceBinding", "asModule"),
    *("dockerBuild", "experimental", "stdout", "stderr", "combinedOutput", "exitCode", "import"),
)
"""Fields of the core that would run programs for an input, or reach the network."""


class Sampled(Engine):
    """The real engine, with the sample's functions answered here."""

    async def load_module(self, ref: str | None) -> ModuleDef:
        """Load the sample; any other reference is looked for as always."""
        return await super().load_module(ref) if ref not in (None, ".") else MODULE

    def object_def(self, type_name: str) -> ObjectDef | None:
        """Describe the sample's types, and the core's."""
        return MODULE.objects.get(type_name) or super().object_def(type_name)

    def enum_def(self, type_name: str) -> EnumDef | None:
        """Describe the sample's enum, and the core's."""
        return MODULE.enums.get(type_name) or super().enum_def(type_name)

    async def construct(self, args: Mapping[str, Value]) -> ObjectRef:
        """Make the main object."""
        return ObjectRef("Sample", await self._told(args))

    async def select(
        self, receiver: ObjectRef | None, field: str, args: Mapping[str, Value]
    ) -> Value:
        """Answer a function of the sample by its type, and everything else as always."""
        definition = MODULE.objects.get(receiver.type) if receiver else None
        if definition is None:
            if field.startswith(HARMFUL):
                raise NotSupported(field)
            return await super().select(receiver, field, args)
        assert receiver is not None
        if field == "id":
            return receiver.id
        if field == "label":
            return receiver.id
        if field == "broken":
            raise ModuleFailed("no such thing")
        return await self._answer(definition.functions[field].returns, await self._told(args))

    async def _answer(self, of: TypeRef, text: str) -> Value:
        if of.kind is Kind.LIST and of.element is not None:
            return [await self._answer(of.element, text)] * 2
        leaves: dict[Kind, Value] = {
            Kind.STRING: text,
            Kind.INTEGER: len(text),
            Kind.FLOAT: len(text) / 2,
            Kind.BOOLEAN: bool(text),
            Kind.ENUM: "LOW",
            Kind.VOID: None,
        }
        if of.kind in leaves:
            return leaves[of.kind]
        if of.name in MODULE.objects:
            return ObjectRef(of.name, text)
        empty = await super().select(None, "directory", {})
        new = {"path": "a.txt", "contents": text}
        tree = await super().select(_object(empty), "withNewFile", new)
        if of.name == "File":
            return await super().select(_object(tree), "file", {"path": "a.txt"})
        if of.name == "Changeset":
            return await super().select(_object(tree), "changes", {"from": _object(empty)})
        return tree

    async def _told(self, value: object) -> str:
        """Return arguments as text, after a use of each."""
        if isinstance(value, Mapping):
            return ",".join([f"{key}={await self._told(item)}" for key, item in value.items()])
        if isinstance(value, list | tuple):
            return ",".join([await self._told(item) for item in value])
        reading = {"Secret": "plaintext", "Directory": "entries", "File": "contents"}
        if isinstance(value, ObjectRef) and value.type in reading:
            return str(await super().select(value, reading[value.type], {}))
        return str(value)


def _object(value: Value) -> ObjectRef:
    assert isinstance(value, ObjectRef)
    return value


async def _no_way() -> str:
    return ""


async def _isolated() -> bool:
    return True


@dataclass
class SampleLauncher(EngineLauncher):
    """The real way in, to the engine above; its store stays open for all inputs."""

    store: Store
    base: Path

    @asynccontextmanager
    async def open(
        self, *, workdir: Path, progress: Progress, environ: Mapping[str, str], **_: object
    ) -> AsyncIterator[EnginePort]:
        """Open a session without looking for bubblewrap once more."""
        core = core_of(
            store=self.store,
            sandbox=Plain(self.base / "sandbox"),
            images=HostImages(servers=self.base / "servers", memory=self.store),
            progress=progress,
            workdir=workdir,
            environ=environ,
            gate=SecretGate(isolated=_isolated, allowed=True, way_out=_no_way),
        )
        engine = Sampled(core)
        try:
            yield engine
        finally:
            await engine.close()


# -- command lines --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended."""

    code: int
    out: bytes
    err: str


@dataclass
class Lines:
    """Runs command lines in a directory that has a few files."""

    cwd: Path
    launcher: SampleLauncher
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def at(cls, base: Path) -> Iterator[Lines]:
        """Make the directory, deep enough that no `..` of an input leaves `base`."""
        cwd = base / "a" / "b" / "c" / "d" / "e"
        (cwd / "src").mkdir(parents=True)
        (cwd / "a.txt").write_text("A")
        (cwd / "b.bin").write_bytes(b"\xff\0\xfe")
        (cwd / "dagger.json").write_text('{"name": "quay", "engineVersion": "v0.21.8"}')
        (cwd.parent / "toolchain").mkdir()
        (cwd.parent / "toolchain" / "dagger.json").write_text('{"name": "t", "sdk": "python"}')
        (base / "bin").mkdir()
        (base / "bin" / "true").symlink_to("/bin/true")
        environ = {
            "PATH": str(base / "bin"),
            "HOME": str(base),
            "STILETTO_CACHE": str(base / "cache"),
            "STILETTO_IDLE": "0",
            "TOKEN": "hush",
            "EMPTY": "",
        }
        with Store(base / "store") as store:
            yield cls(cwd, SampleLauncher(store, base), environ)

    def __call__(self, words: Sequence[str]) -> Ended:
        """Run one command line to its end."""
        said, told = io.BytesIO(), io.BytesIO()
        # As the command itself has them: what is not UTF-8 is written as the bytes that it was.
        out, err = (
            io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape")
            for stream in (said, told)
        )
        code = run(words, Terminal(io.StringIO(), out, err, self.environ, self.cwd), self.launcher)
        return Ended(code, said.getvalue(), told.getvalue().decode("utf-8", "surrogateescape"))
