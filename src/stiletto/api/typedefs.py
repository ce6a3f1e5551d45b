"""Registration: the values a module builds to say what it offers.

A module sends chains of `typeDef`, `function` and `module` calls. They build the values below;
`module.registration` turns the finished module into its definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from stiletto.api.registry import call
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe


@dataclass(frozen=True)
class SourceMap(Recipe):
    """Where something is written down."""

    TYPE: ClassVar[str] = "SourceMap"

    filename: str
    line: int
    column: int


@dataclass(frozen=True)
class RegisteredArgument(Recipe):
    """An argument as registered."""

    name: str
    type: TypeDef
    description: str = ""
    default: str = ""
    default_path: str = ""
    default_address: str = ""
    ignore: tuple[str, ...] = ()
    deprecated: str | None = None


@dataclass(frozen=True)
class Function(Recipe):
    """A function as registered."""

    TYPE: ClassVar[str] = "Function"

    name: str
    returns: TypeDef
    description: str = ""
    args: tuple[RegisteredArgument, ...] = ()
    cache: str = ""
    check: bool = False
    generator: bool = False
    service: bool = False
    deprecated: str | None = None


@dataclass(frozen=True)
class RegisteredField(Recipe):
    """A field as registered."""

    name: str
    type: TypeDef
    description: str = ""
    deprecated: str | None = None


@dataclass(frozen=True)
class RegisteredMember(Recipe):
    """An enum member as registered."""

    name: str
    value: str = ""
    description: str = ""
    deprecated: str | None = None


@dataclass(frozen=True)
class TypeDef(Recipe):
    """A type as registered, or a use of one."""

    TYPE: ClassVar[str] = "TypeDef"

    kind: str = Kind.VOID.value
    name: str = ""
    optional: bool = False
    description: str = ""
    element: TypeDef | None = None
    fields: tuple[RegisteredField, ...] = ()
    functions: tuple[Function, ...] = ()
    constructor: Function | None = None
    members: tuple[RegisteredMember, ...] = ()
    deprecated: str | None = None


@dataclass(frozen=True)
class Module(Recipe):
    """A module as registered."""

    TYPE: ClassVar[str] = "Module"

    description: str = ""
    objects: tuple[TypeDef, ...] = ()
    interfaces: tuple[TypeDef, ...] = ()
    enums: tuple[TypeDef, ...] = ()


# -- the calls ---------------------------------------------------------------------------------


@call("Query.module")
def new_module(self: Recipe) -> Module:
    """Start a module."""
    return Module()


@call("Query.typeDef")
def new_type_def(self: Recipe) -> TypeDef:
    """Start a type."""
    return TypeDef()


@call("Query.function")
def new_function(self: Recipe, name: str, return_type: TypeDef) -> Function:
    """Start a function."""
    return Function(name, return_type)


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
    return replace(self, objects=(*self.objects, object))


@call("Module.withInterface")
def module_interface(self: Module, iface: TypeDef) -> Module:
    """Add an interface."""
    return replace(self, interfaces=(*self.interfaces, iface))


@call("Module.withEnum")
def module_enum(self: Module, enum: TypeDef) -> Module:
    """Add an enum."""
    return replace(self, enums=(*self.enums, enum))


@call("TypeDef.withKind")
def with_kind(self: TypeDef, kind: str) -> TypeDef:
    """Make it a basic type."""
    return replace(self, kind=kind)


@call("TypeDef.withOptional")
def with_optional(self: TypeDef, optional: bool) -> TypeDef:
    """Allow it to be absent."""
    return replace(self, optional=optional)


@call("TypeDef.withListOf")
def with_list_of(self: TypeDef, element_type: TypeDef) -> TypeDef:
    """Make it a list."""
    return replace(self, kind=Kind.LIST.value, element=element_type)


@call("TypeDef.withScalar")
def with_scalar(self: TypeDef, name: str, description: str = "") -> TypeDef:
    """Make it a scalar."""
    return replace(self, kind=Kind.SCALAR.value, name=name, description=description)


@call("TypeDef.withObject")
def with_object(
    self: TypeDef,
    name: str,
    description: str = "",
    source_map: SourceMap | None = None,
    deprecated: str | None = None,
) -> TypeDef:
    """Make it an object."""
    return replace(
        self, kind=Kind.OBJECT.value, name=name, description=description, deprecated=deprecated
    )


@call("TypeDef.withInterface")
def with_interface(
    self: TypeDef,
    name: str,
    description: str = "",
    source_map: SourceMap | None = None,
) -> TypeDef:
    """Make it an interface."""
    return replace(self, kind=Kind.INTERFACE.value, name=name, description=description)


@call("TypeDef.withEnum")
def with_enum(
    self: TypeDef,
    name: str,
    description: str = "",
    source_map: SourceMap | None = None,
) -> TypeDef:
    """Make it an enum."""
    return replace(self, kind=Kind.ENUM.value, name=name, description=description)


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
    member = RegisteredMember(name, value, description, deprecated)
    return replace(self, members=(*self.members, member))


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
    return replace(
        self, fields=(*self.fields, RegisteredField(name, type_def, description, deprecated))
    )


@call("TypeDef.withFunction")
def with_function(self: TypeDef, function: Function) -> TypeDef:
    """Add a function."""
    return replace(self, functions=(*self.functions, function))


@call("TypeDef.withConstructor")
def with_constructor(self: TypeDef, function: Function) -> TypeDef:
    """Set the constructor."""
    return replace(self, constructor=function)


@call("Function.withDescription")
def function_description(self: Function, description: str) -> Function:
    """Describe the function."""
    return replace(self, description=description)


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
    argument = RegisteredArgument(
        name,
        type_def,
        description,
        default_value or "",
        default_path,
        default_address,
        tuple(ignore),
        deprecated,
    )
    return replace(self, args=(*self.args, argument))


@call("Function.withCachePolicy")
def with_cache_policy(self: Function, policy: str, time_to_live: str | None = None) -> Function:
    """Set how long results are kept."""
    words = {"Never": "never", "PerSession": "session", "Default": time_to_live or ""}
    if policy not in words:
        raise UsageError(f"unknown cache policy {policy}")
    return replace(self, cache=words[policy])


@call("Function.withCheck")
def with_check(self: Function) -> Function:
    """Mark it as a check."""
    return replace(self, check=True)


@call("Function.withGenerator")
def with_generator(self: Function) -> Function:
    """Mark it as a generator."""
    return replace(self, generator=True)


@call("Function.withUp")
def with_up(self: Function) -> Function:
    """Mark it as a service for `up`."""
    return replace(self, service=True)


@call("Function.withDeprecated")
def function_deprecated(self: Function, reason: str | None = None) -> Function:
    """Mark it as deprecated."""
    return replace(self, deprecated=reason or "")


@call("Function.withSourceMap")
def function_source_map(self: Function, source_map: SourceMap) -> Function:
    """Ignore where it is written: nothing here shows it."""
    return self
