"""A module's definition, as data: its objects, functions, arguments and enums.

The same shapes describe the core API (derived from the SDK) and a module (from its
registration), so that one command line serves both. Names here are API names: lowerCamel for
functions, fields and arguments, Camel for types. `original` is the name that the module's own
code uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stiletto.graph.kind import Kind


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A use of a type. `name` is set for objects, enums, scalars; `element` for lists."""

    kind: Kind
    name: str = ""
    element: TypeRef | None = None
    optional: bool = False

    def __str__(self) -> str:
        inner = f"[{self.element}]" if self.element else self.name or self.kind.value[:-5].title()
        return inner if self.optional else inner + "!"


@dataclass(frozen=True, slots=True)
class ArgDef:
    """One argument. `default` is JSON text, or None where there is none."""

    name: str
    type: TypeRef
    description: str = ""
    default: str | None = None
    default_path: str | None = None
    default_address: str | None = None
    ignore: tuple[str, ...] = ()
    deprecated: str | None = None
    original: str = ""

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return not (
            self.type.optional
            or self.default is not None
            or self.default_path
            or self.default_address
        )


@dataclass(frozen=True, slots=True)
class FunctionDef:
    """One function. `cache` is "", "never", "session", or a duration such as "10m"."""

    name: str
    returns: TypeRef
    args: tuple[ArgDef, ...] = ()
    description: str = ""
    original: str = ""
    cache: str = ""
    check: bool = False
    generator: bool = False
    deprecated: str | None = None

    def arg(self, name: str) -> ArgDef | None:
        """Return the argument of that API name."""
        return next((arg for arg in self.args if arg.name == name), None)


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field of an object: read from its state, no code runs."""

    name: str
    type: TypeRef
    description: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True)
class ObjectDef:
    """An object type. For core types everything is a function."""

    name: str
    description: str = ""
    fields: Mapping[str, FieldDef] = field(default_factory=dict)
    functions: Mapping[str, FunctionDef] = field(default_factory=dict)
    constructor: FunctionDef | None = None
    original: str = ""

    @property
    def all_functions(self) -> tuple[FunctionDef, ...]:
        """Its fields, as functions without arguments, then its functions."""
        fields = (FunctionDef(f.name, f.type, (), f.description) for f in self.fields.values())
        return (*fields, *self.functions.values())


@dataclass(frozen=True, slots=True)
class EnumDef:
    """An enum; members by name, which is what travels."""

    name: str
    members: tuple[str, ...]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True)
class ModuleDef:
    """A registered module. `main` is the name of its main object type."""

    name: str
    main: str
    description: str = ""
    objects: Mapping[str, ObjectDef] = field(default_factory=dict)
    enums: Mapping[str, EnumDef] = field(default_factory=dict)

    @property
    def main_object(self) -> ObjectDef:
        """The object that the constructor makes."""
        return self.objects[self.main]

    def making(self, name: str) -> FunctionDef:
        """Return the function of this name that makes the main object."""
        main = self.main_object
        constructor = main.constructor or FunctionDef("", TypeRef(Kind.OBJECT, main.name))
        return replace(constructor, name=name, returns=TypeRef(Kind.OBJECT, main.name))


def to_json(value: Any) -> Any:
    """Return definitions as plain JSON data."""
    if isinstance(value, Kind):
        return value.value
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: to_json(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def type_from_json(data: Mapping[str, Any]) -> TypeRef:
    """Read a type that `to_json` wrote."""
    element = data["element"]
    return TypeRef(
        Kind(data["kind"]),
        data["name"],
        type_from_json(element) if element else None,
        data["optional"],
    )


def arg_from_json(data: Mapping[str, Any]) -> ArgDef:
    """Read an argument that `to_json` wrote."""
    return ArgDef(**{**data, "type": type_from_json(data["type"]), "ignore": tuple(data["ignore"])})


def _function(data: Mapping[str, Any]) -> FunctionDef:
    args = tuple(arg_from_json(arg) for arg in data["args"])
    return FunctionDef(**{**data, "returns": type_from_json(data["returns"]), "args": args})


def object_from_json(data: Mapping[str, Any]) -> ObjectDef:
    """Read an object that `to_json` wrote."""
    return ObjectDef(
        **{
            **data,
            "fields": {
                key: FieldDef(**{**item, "type": type_from_json(item["type"])})
                for key, item in data["fields"].items()
            },
            "functions": {key: _function(item) for key, item in data["functions"].items()},
            "constructor": _function(data["constructor"]) if data["constructor"] else None,
        }
    )


def enum_from_json(data: Mapping[str, Any]) -> EnumDef:
    """Read an enum that `to_json` wrote."""
    return EnumDef(**{**data, "members": tuple(data["members"])})


def from_json(data: Mapping[str, Any]) -> ModuleDef:
    """Read a module definition that `to_json` wrote."""
    objects = {key: object_from_json(item) for key, item in data["objects"].items()}
    enums = {key: enum_from_json(item) for key, item in data["enums"].items()}
    return ModuleDef(**{**data, "objects": objects, "enums": enums})
