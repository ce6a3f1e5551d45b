"""The calls that read what a module's code registered; names as the API shows them.

Where a type is written, and who deprecated it, is not kept: these calls are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from stiletto.api.definition import to_json
from stiletto.api.registry import call
from stiletto.api.typedefs import Function, Module, TypeDef
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe, frozen
from stiletto.module.naming import camel, lower_camel


@frozen
class _Defined(Recipe):
    """A part of a definition: the JSON data of `stiletto.api.definition`."""

    data: Mapping[str, Any]


class ObjectTypeDef(_Defined):
    """An object: an `ObjectDef`."""

    TYPE: ClassVar[str] = "ObjectTypeDef"


class InterfaceTypeDef(_Defined):
    """An interface: an `ObjectDef`."""

    TYPE: ClassVar[str] = "InterfaceTypeDef"


class EnumTypeDef(_Defined):
    """An enum: an `EnumDef`."""

    TYPE: ClassVar[str] = "EnumTypeDef"


class EnumValueTypeDef(_Defined):
    """A member of an enum: its name, value and description."""

    TYPE: ClassVar[str] = "EnumValueTypeDef"


class ListTypeDef(_Defined):
    """A list: the use of the type of its entries."""

    TYPE: ClassVar[str] = "ListTypeDef"


class ScalarTypeDef(_Defined):
    """A scalar: its use."""

    TYPE: ClassVar[str] = "ScalarTypeDef"


class FieldTypeDef(_Defined):
    """A field: a `FieldDef`."""

    TYPE: ClassVar[str] = "FieldTypeDef"


class FunctionArg(_Defined):
    """An argument: an `ArgDef`."""

    TYPE: ClassVar[str] = "FunctionArg"


# -- types ---------------------------------------------------------------------------------------


def _kind(of: TypeDef) -> Kind:
    return Kind(of.use["kind"])


@call("TypeDef.kind")
def kind(self: TypeDef) -> str:
    """Return the kind."""
    return _kind(self).value


@call("TypeDef.optional")
def optional(self: TypeDef) -> bool:
    """Whether it may be absent."""
    return bool(self.use["optional"])


@call("TypeDef.asObject")
def as_object(self: TypeDef) -> ObjectTypeDef | None:
    """Return the object, if it is one."""
    named = {**self.object, "name": self.use["name"]}
    return ObjectTypeDef(named) if _kind(self) is Kind.OBJECT else None


@call("TypeDef.asInterface")
def as_interface(self: TypeDef) -> InterfaceTypeDef | None:
    """Return the interface, if it is one."""
    named = {**self.object, "name": self.use["name"]}
    return InterfaceTypeDef(named) if _kind(self) is Kind.INTERFACE else None


@call("TypeDef.asEnum")
def as_enum(self: TypeDef) -> EnumTypeDef | None:
    """Return the enum, if it is one."""
    named = {**self.enum, "name": self.use["name"]}
    return EnumTypeDef(named) if _kind(self) is Kind.ENUM else None


@call("TypeDef.asList")
def as_list(self: TypeDef) -> ListTypeDef | None:
    """Return the list, if it is one."""
    return ListTypeDef(self.use["element"]) if _kind(self) is Kind.LIST else None


@call("TypeDef.asScalar")
def as_scalar(self: TypeDef) -> ScalarTypeDef | None:
    """Return the scalar, if it is one."""
    return ScalarTypeDef(self.use) if _kind(self) is Kind.SCALAR else None


@call("TypeDef.asInput")
def as_input(self: TypeDef) -> None:
    """Return nothing: a module defines no inputs."""


@call("ListTypeDef.elementTypeDef")
def element_type(self: ListTypeDef) -> TypeDef:
    """Return the type of the entries."""
    return TypeDef(self.data)


# -- names and descriptions ----------------------------------------------------------------------


def _type_name(self: _Defined) -> str:
    """Return the name of a type."""
    return camel(self.data["name"])


def _member_name(self: _Defined) -> str:
    """Return the name of a field or argument."""
    return lower_camel(self.data["name"])


def _description(self: _Defined) -> str:
    """Return the description."""
    return str(self.data["description"])


def _type(self: _Defined) -> TypeDef:
    """Return the type of a field or argument."""
    return TypeDef(self.data["type"])


for _of in ("ObjectTypeDef", "InterfaceTypeDef", "EnumTypeDef", "ScalarTypeDef"):
    call(f"{_of}.name")(_type_name)
for _of in ("FieldTypeDef", "FunctionArg"):
    call(f"{_of}.name")(_member_name)
    call(f"{_of}.typeDef")(_type)
for _of in ("ObjectTypeDef", "InterfaceTypeDef", "EnumTypeDef", "EnumValueTypeDef"):
    call(f"{_of}.description")(_description)
for _of in ("FieldTypeDef", "FunctionArg"):
    call(f"{_of}.description")(_description)


# -- what types consist of -----------------------------------------------------------------------


def _functions(self: _Defined) -> list[Function]:
    """Return the functions of an object or interface."""
    return [Function(each) for each in self.data["functions"].values()]


for _of in ("ObjectTypeDef", "InterfaceTypeDef"):
    call(f"{_of}.functions")(_functions)


@call("ObjectTypeDef.fields")
def fields(self: ObjectTypeDef) -> list[FieldTypeDef]:
    """Return the fields of an object."""
    return [FieldTypeDef(each) for each in self.data["fields"].values()]


@call("ObjectTypeDef.constructor")
def constructor(self: ObjectTypeDef) -> Function | None:
    """Return the constructor of an object."""
    data = self.data["constructor"]
    return Function(data) if data else None


def _members(self: EnumTypeDef) -> list[EnumValueTypeDef]:
    """Return the members of an enum."""
    values, texts = self.data["values"], self.data["descriptions"]
    return [
        EnumValueTypeDef({"name": name, "value": values[name], "description": texts[name]})
        for name in self.data["members"]
    ]


call("EnumTypeDef.members")(_members)
call("EnumTypeDef.values")(_members)


@call("EnumValueTypeDef.name")
def member_name(self: EnumValueTypeDef) -> str:
    """Return the name of a member."""
    return str(self.data["name"])


@call("EnumValueTypeDef.value")
def member_value(self: EnumValueTypeDef) -> str:
    """Return the value of a member."""
    return str(self.data["value"])


# -- functions -----------------------------------------------------------------------------------


@call("Function.name")
def function_name(self: Function) -> str:
    """Return the name."""
    return lower_camel(self.data["name"])


@call("Function.description")
def function_description(self: Function) -> str:
    """Return the description."""
    return str(self.data["description"])


@call("Function.deprecated")
def function_deprecated(self: Function) -> str | None:
    """Return why it is deprecated, if it is."""
    reason: str | None = self.data["deprecated"]
    return reason


@call("Function.returnType")
def return_type(self: Function) -> TypeDef:
    """Return the type of the result."""
    return TypeDef(self.data["returns"])


@call("Function.args")
def args(self: Function) -> list[FunctionArg]:
    """Return the arguments."""
    return [FunctionArg(each) for each in self.data["args"]]


@call("FunctionArg.defaultValue")
def default_value(self: FunctionArg) -> str:
    """Return the default, as JSON; empty without one."""
    return self.data["default"] or ""


@call("FunctionArg.defaultPath")
def default_path(self: FunctionArg) -> str:
    """Return the path that is the default; empty without one."""
    return self.data["default_path"] or ""


@call("FunctionArg.defaultAddress")
def default_address(self: FunctionArg) -> str:
    """Return the address that is the default; empty without one."""
    return self.data["default_address"] or ""


@call("FunctionArg.ignore")
def ignore(self: FunctionArg) -> list[str]:
    """Return the patterns of what a directory leaves out."""
    return list(self.data["ignore"])


@call("FunctionArg.deprecated")
def arg_deprecated(self: FunctionArg) -> str | None:
    """Return why it is deprecated, if it is."""
    reason: str | None = self.data["deprecated"]
    return reason


# -- modules -------------------------------------------------------------------------------------


@call("Module.description")
def module_description(self: Module) -> str:
    """Return the description."""
    return self.description


def _use(kind: Kind, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**TypeDef().use, "kind": kind.value, "name": data["name"]}


@call("Module.objects")
def module_objects(self: Module) -> list[TypeDef]:
    """Return the objects."""
    return [TypeDef(_use(Kind.OBJECT, each), object=to_json(each)) for each in self.objects]


@call("Module.interfaces")
def module_interfaces(self: Module) -> list[TypeDef]:
    """Return the interfaces."""
    return [TypeDef(_use(Kind.INTERFACE, each), object=to_json(each)) for each in self.interfaces]


@call("Module.enums")
def module_enums(self: Module) -> list[TypeDef]:
    """Return the enums."""
    return [TypeDef(_use(Kind.ENUM, each), enum=to_json(each)) for each in self.enums]
