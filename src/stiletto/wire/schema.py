"""The core API: the types that the real engine of this version serves.

The data beside this file, `v0_21_8.json`, was reduced from that engine's introspection to names,
types and defaults, so that what a client sees depends on no library that is installed here. An
object that is passed by its id is written as its own type (`"source": "Directory!"`), and so is
an id that a field returns; the latter fields are in `by_id`.

An argument is its type, or a list: type, default in GraphQL's syntax or null, and "deprecated".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from stiletto.api.definition import ArgDef, EnumDef, FunctionDef, ObjectDef, TypeRef
from stiletto.api.earlier import Version
from stiletto.api.registry import snake
from stiletto.graph.kind import Kind
from stiletto.wire.earlier import served

DATA = Path(__file__).with_name("v0_21_8.json")

SCALARS = {
    "String": Kind.STRING,
    "Int": Kind.INTEGER,
    "Float": Kind.FLOAT,
    "Boolean": Kind.BOOLEAN,
    "Void": Kind.VOID,
}
DEPRECATED = "No longer supported"
"""The reason that GraphQL gives where there is none."""

KEYWORDS = {"from": "from_", "import": "import_", "list": "list_", "with": "with_"}

UNLOADED = ("Node", "Query")
"""Types that have no `load...FromID`, which clients before 0.22 use (core/schema/legacy_id.go)."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive of the schema: its arguments, and where it may stand."""

    name: str
    args: tuple[ArgDef, ...]
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoreSchema:
    """The core API: objects and interfaces (everything is a function there), enums, inputs.

    `implements` has the interfaces of each object and interface; `by_id` the fields, as
    `Type.field`, that answer with the id of what they return.
    """

    objects: Mapping[str, ObjectDef]
    enums: Mapping[str, EnumDef] = field(default_factory=dict)
    inputs: Mapping[str, tuple[ArgDef, ...]] = field(default_factory=dict)
    scalars: tuple[str, ...] = ()
    interfaces: Mapping[str, ObjectDef] = field(default_factory=dict)
    implements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    directives: tuple[Directive, ...] = ()
    by_id: frozenset[str] = frozenset()

    def described(self, texts: Mapping[str, str]) -> CoreSchema:
        """Return the schema with descriptions, named as `stiletto.wire.sdk` names them."""
        return replace(
            self,
            objects=_Objects(
                {name: partial(self._described, name, texts) for name in self.objects}
            ),
            enums={
                name: replace(
                    item,
                    description=texts.get(name, ""),
                    descriptions={each: texts.get(f"{name}.{each}", "") for each in item.members},
                )
                for name, item in self.enums.items()
            },
        )

    def _described(self, name: str, texts: Mapping[str, str]) -> ObjectDef:
        return _described(self.objects[name], texts)


@cache
def core_schema(version: Version | None = None) -> CoreSchema:
    """Return the schema without descriptions, also as a module for an earlier engine sees it."""
    data = json.loads(DATA.read_text())
    return read_schema(data if version is None else served(data, version))


def read_schema(data: Mapping[str, Any]) -> CoreSchema:
    """Read the schema from its data."""
    types = _Types(
        frozenset(data["objects"]),
        frozenset(data["interfaces"]),
        frozenset(data["enums"]),
        frozenset(data["inputs"]),
    )
    composites = {**data["interfaces"], **data["objects"]}
    loaded = sorted(composites.keys() - set(UNLOADED))

    def query() -> ObjectDef:
        item = _object("Query", data["objects"]["Query"], types)
        loads = {function.name: function for function in _loads(loaded, types)}
        return replace(item, functions={**item.functions, **loads})

    objects = {name: partial(_object, name, of, types) for name, of in data["objects"].items()}
    return CoreSchema(
        _Objects({**objects, "Query": query}),
        {name: _enum(name, members) for name, members in data["enums"].items()},
        {name: tuple(_args(of, types)) for name, of in data["inputs"].items()},
        (*data["scalars"], *(f"{name}ID" for name in loaded)),
        {name: _object(name, data["interfaces"][name], types) for name in data["interfaces"]},
        {name: tuple(item["implements"]) for name, item in composites.items()},
        tuple(
            Directive(name, tuple(_args(item["args"], types)), tuple(item["locations"]))
            for name, item in data["directives"].items()
        ),
        frozenset(data["by_id"]),
    )


class _Objects(Mapping[str, ObjectDef]):
    """Types by name, each read when it is first needed: an unchanged call needs few of 68."""

    def __init__(self, readers: Mapping[str, Callable[[], ObjectDef]]) -> None:
        self._readers = readers
        self._read: dict[str, ObjectDef] = {}

    def __getitem__(self, name: str) -> ObjectDef:
        if name not in self._read:
            self._read[name] = self._readers[name]()
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


@dataclass(frozen=True, slots=True)
class _Types:
    objects: frozenset[str]
    interfaces: frozenset[str]
    enums: frozenset[str]
    inputs: frozenset[str]

    def read(self, text: str) -> TypeRef:
        """Turn a type in GraphQL's syntax into a type."""
        optional = not text.endswith("!")
        text = text.removesuffix("!")
        if text.startswith("["):
            return TypeRef(Kind.LIST, element=self.read(text[1:-1]), optional=optional)
        if text in SCALARS:
            return TypeRef(SCALARS[text], optional=optional)
        return TypeRef(self._kind(text), text, optional=optional)

    def _kind(self, name: str) -> Kind:
        for kind, names in (
            (Kind.OBJECT, self.objects),
            (Kind.INTERFACE, self.interfaces),
            (Kind.ENUM, self.enums),
            (Kind.INPUT, self.inputs),
        ):
            if name in names:
                return kind
        return Kind.SCALAR


def _loads(names: list[str], types: _Types) -> Iterator[FunctionDef]:
    for name in names:
        api_name = f"load{name}FromID"
        arg = ArgDef("id", TypeRef(Kind.SCALAR, f"{name}ID"), original="id")
        yield FunctionDef(api_name, types.read(f"{name}!"), (arg,), original=snake(api_name))


def _enum(name: str, members: list[str]) -> EnumDef:
    values = {member: member for member in members}
    return EnumDef(name, tuple(members), dict.fromkeys(members, ""), values, original=name)


def _object(name: str, data: Mapping[str, Any], types: _Types) -> ObjectDef:
    functions = {each: _function(each, of, types) for each, of in data["fields"].items()}
    return ObjectDef(name, functions=functions, original=name)


def _function(name: str, data: Any, types: _Types) -> FunctionDef:
    item: Mapping[str, Any] = {"returns": data} if isinstance(data, str) else data
    return FunctionDef(
        name,
        types.read(item["returns"]),
        tuple(_args(item.get("args", {}), types)),
        original=KEYWORDS.get(name, snake(name)),
        deprecated=DEPRECATED if item.get("deprecated") else None,
    )


def _args(data: Mapping[str, Any], types: _Types) -> Iterator[ArgDef]:
    for name, item in data.items():
        text, default, *deprecated = (item, None) if isinstance(item, str) else item
        of = types.read(text)
        if default is not None:
            of = replace(of, optional=True)
        yield ArgDef(
            name,
            of,
            default=None if default is None else _json(default),
            deprecated=DEPRECATED if deprecated else None,
            original=KEYWORDS.get(name, snake(name)),
        )


def _json(default: str) -> str:
    """Turn a default in GraphQL's syntax into JSON: a member of an enum becomes its name."""
    is_name = re.fullmatch(r"[A-Za-z_]\w*", default) and default not in ("true", "false", "null")
    return json.dumps(default) if is_name else default


def _described(item: ObjectDef, texts: Mapping[str, str]) -> ObjectDef:
    def described(function: FunctionDef) -> FunctionDef:
        name = f"{item.name}.{function.name}"
        args = (replace(a, description=texts.get(f"{name}({a.name})", "")) for a in function.args)
        return replace(function, description=texts.get(name, ""), args=tuple(args))

    return replace(
        item,
        description=texts.get(item.name, ""),
        functions={name: described(function) for name, function in item.functions.items()},
    )
