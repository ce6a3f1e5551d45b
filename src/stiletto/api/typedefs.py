"""Registration: the values that a module builds to describe its types.

A module sends chains of `typeDef`, `function` and `module` calls. They build what
`stiletto.api.definition` describes, as JSON data and under the names that the module's own code
has; `stiletto.module.registration` turns the finished module into its definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FieldDef,
    FunctionDef,
    ObjectDef,
    TypeRef,
    to_json,
    type_from_json,
)
from stiletto.api.registry import call
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe, frozen


@frozen
class SourceMap(Recipe):
    """Where something is written down; only itself shows it."""

    TYPE: ClassVar[str] = "SourceMap"

    filename: str
    line: int
    column: int
    module: str = ""
    url: str = ""


@frozen
class Function(Recipe):
    """A function as registered: a `FunctionDef`."""

    TYPE: ClassVar[str] = "Function"

    data: Mapping[str, Any]


@frozen
class TypeDef(Recipe):
    """A use of a type: a `TypeRef`; and what the type is, as an `ObjectDef` and an `EnumDef`."""

    TYPE: ClassVar[str] = "TypeDef"

    use: Mapping[str, Any] = field(default_factory=lambda: to_json(TypeRef(Kind.VOID)))
    object: Mapping[str, Any] = field(default_factory=lambda: to_json(ObjectDef("")))
    enum: Mapping[str, Any] = field(default_factory=lambda: to_json(EnumDef("", ())))


@frozen
class Module(Recipe):
    """A module as registered, without a name; its objects and enums are those of `TypeDef`s."""

    TYPE: ClassVar[str] = "Module"

    name: str = ""
    description: str = ""
    objects: tuple[Mapping[str, Any], ...] = ()
    interfaces: tuple[Mapping[str, Any], ...] = ()
    enums: tuple[Mapping[str, Any], ...] = ()


def _function(of: Function, **changes: Any) -> Function:
    return replace(of, data={**of.data, **changes})


def _use(of: TypeDef, kind: Kind, **changes: Any) -> TypeDef:
    return replace(of, use={**of.use, "kind": kind.value, **changes})


def _object(of: TypeDef, **changes: Any) -> TypeDef:
    return replace(of, object={**of.object, **changes})


def _enum(of: TypeDef, **changes: Any) -> TypeDef:
    return replace(of, enum={**of.enum, **changes})


# -- the calls ---------------------------------------------------------------------------------


@call("Query.function")
def new_function(self: Recipe, name: str, return_type: TypeDef) -> Function:
    """Start a function."""
    definition = FunctionDef(name, type_from_json(return_type.use), original=name)
    return Function(to_json(definition))


@call("Query.sourceMap")
def new_source_map(self: Recipe, filename: str, line: int, column: int) -> SourceMap:
    """Name a place in a file."""
    return SourceMap(filename, line, column)


@call("Module.withDescription")
def module_description(self: Module, description: str) -> Module:
    """Describe the module."""
    return replace(self, description=description)


@call("Module.withObject")
def module_object(self: Module, object: TypeDef) -> Module:
    """Add an object type."""
    return replace(self, objects=(*self.objects, object.object))


@call("Module.withInterface")
def module_interface(self: Module, iface: TypeDef) -> Module:
    """Add an interface."""
    return replace(self, interfaces=(*self.interfaces, iface.object))


@call("Module.withEnum")
def module_enum(self: Module, enum: TypeDef) -> Module:
    """Add an enum."""
    return replace(self, enums=(*self.enums, enum.enum))


@call("TypeDef.withKind")
def with_kind(self: TypeDef, kind: str) -> TypeDef:
    """Make it a basic type; the kinds have a short name each, such as `STRING`."""
    return _use(self, Kind(f"{kind.removesuffix('_KIND')}_KIND"))


@call("TypeDef.withOptional")
def with_optional(self: TypeDef, optional: bool) -> TypeDef:
    """Allow it to be absent."""
    return replace(self, use={**self.use, "optional": optional})


@call("TypeDef.withListOf")
def with_list_of(self: TypeDef, element_type: TypeDef) -> TypeDef:
    """Make it a list."""
    return _use(self, Kind.LIST, element=element_type.use)


@call("TypeDef.withScalar")
def with_scalar(self: TypeDef, name: str, description: str = "") -> TypeDef:
    """Make it a scalar."""
    return _use(self, Kind.SCALAR, name=name)


@call("TypeDef.withObject")
def with_object(
    self: TypeDef,
    name: str,
    description: str = "",
    source_map: SourceMap | None = None,
    deprecated: str | None = None,
) -> TypeDef:
    """Make it an object."""
    used = _use(self, Kind.OBJECT, name=name)
    return _object(used, name=name, description=description, original=name)


@call("TypeDef.withInterface")
def with_interface(
    self: TypeDef,
    name: str,
    description: str = "",
    source_map: SourceMap | None = None,
) -> TypeDef:
    """Make it an interface."""
    used = _use(self, Kind.INTERFACE, name=name)
    return _object(used, name=name, description=description, original=name)


@call("TypeDef.withEnum")
def with_enum(
    self: TypeDef,
    name: str,
    description: str = "",
    source_map: SourceMap | None = None,
) -> TypeDef:
    """Make it an enum."""
    used = _use(self, Kind.ENUM, name=name)
    return _enum(used, name=name, description=description, original=name)


@call("TypeDef.withEnumMember")
def with_enum_member(
    self: TypeDef,
    name: str,
    value: str = "",
    description: str = "",
    source_map: SourceMap | None = None,
    deprecated: str | None = None,
) -> TypeDef:
    """Add an enum member."""
    return _enum(
        self,
        members=[*self.enum["members"], name],
        descriptions={**self.enum["descriptions"], name: description},
        values={**self.enum["values"], name: value},
    )


@call("TypeDef.withEnumValue")
def with_enum_value(
    self: TypeDef,
    value: str,
    description: str = "",
    source_map: SourceMap | None = None,
    deprecated: str | None = None,
) -> TypeDef:
    """Add an enum member that is named as its value."""
    return with_enum_member(self, value, value, description, source_map, deprecated)


@call("TypeDef.withField")
def with_field(
    self: TypeDef,
    name: str,
    type_def: TypeDef,
    description: str = "",
    source_map: SourceMap | None = None,
    deprecated: str | None = None,
) -> TypeDef:
    """Add a field."""
    definition = FieldDef(name, type_from_json(type_def.use), description, original=name)
    return _object(self, fields={**self.object["fields"], name: to_json(definition)})


@call("TypeDef.withFunction")
def with_function(self: TypeDef, function: Function) -> TypeDef:
    """Add a function."""
    functions = {**self.object["functions"], function.data["name"]: function.data}
    return _object(self, functions=functions)


@call("TypeDef.withConstructor")
def with_constructor(self: TypeDef, function: Function) -> TypeDef:
    """Set the constructor."""
    return _object(self, constructor=function.data)


@call("Function.withDescription")
def function_description(self: Function, description: str) -> Function:
    """Describe the function."""
    return _function(self, description=description)


@call("Function.withArg")
def with_arg(
    self: Function,
    name: str,
    type_def: TypeDef,
    description: str = "",
    default_value: str | None = None,
    default_path: str = "",
    ignore: Sequence[str] = (),
    source_map: SourceMap | None = None,
    deprecated: str | None = None,
    default_address: str = "",
) -> Function:
    """Add an argument; the default is JSON."""
    arg = ArgDef(
        name,
        type_from_json(type_def.use),
        description,
        default_value or None,
        default_path or None,
        default_address or None,
        tuple(ignore),
        deprecated,
        original=name,
    )
    return _function(self, args=[*self.data["args"], to_json(arg)])


@call("Function.withCachePolicy")
def with_cache_policy(self: Function, policy: str, time_to_live: str | None = None) -> Function:
    """Set how long results are kept."""
    policies = {"Never": "never", "PerSession": "session", "Default": time_to_live or ""}
    if policy not in policies:
        raise UsageError(f"unknown cache policy {policy}")
    return _function(self, cache=policies[policy])


@call("Function.withCheck")
def with_check(self: Function) -> Function:
    """Mark it as a check."""
    return _function(self, check=True)


@call("Function.withGenerator")
def with_generator(self: Function) -> Function:
    """Mark it as a generator."""
    return _function(self, generator=True)


@call("Function.withUp")
def with_up(self: Function) -> Function:
    """Ignore that it is a service for `up`, which is not implemented."""
    return self


@call("Function.withDeprecated")
def function_deprecated(self: Function, reason: str | None = None) -> Function:
    """Mark it as deprecated."""
    return _function(self, deprecated=reason or "")


@call("Function.withSourceMap")
def function_source_map(self: Function, source_map: SourceMap) -> Function:
    """Ignore where it is written: nothing here shows it."""
    return self
