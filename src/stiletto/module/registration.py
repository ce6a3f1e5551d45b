"""Turns what a module registered into its definition, under the names that the API has for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FieldDef,
    FunctionDef,
    ModuleDef,
    ObjectDef,
    TypeRef,
    enum_from_json,
    object_from_json,
)
from stiletto.api.typedefs import Module
from stiletto.errors import ModuleFailed
from stiletto.module.naming import camel, lower_camel, type_name

Named = TypeVar("Named", FieldDef, FunctionDef)


def define(name: str, built: Module, original: str = "") -> ModuleDef:
    """Turn a registered module into its definition.

    `original` is the name that the module's own code goes by, where others call it `name`.

    Raises:
        ModuleFailed: it has no main object.
    """
    main = camel(name)
    original = original or name
    registered = [object_from_json(data) for data in (*built.objects, *built.interfaces)]
    listed = [enum_from_json(data) for data in built.enums]
    types: list[ObjectDef | EnumDef] = [*registered, *listed]
    own = {of.name: type_name(name, original, of.name) for of in types}

    def use(of: TypeRef) -> TypeRef:
        element = use(of.element) if of.element else None
        return replace(of, name=own.get(of.name, of.name), element=element)

    def argument(arg: ArgDef) -> ArgDef:
        if arg.default:
            json.loads(arg.default)
        return replace(arg, name=lower_camel(arg.name), type=use(arg.type))

    def function(of: FunctionDef) -> FunctionDef:
        args = tuple(map(argument, of.args))
        return replace(of, name=lower_camel(of.name), returns=use(of.returns), args=args)

    def field(of: FieldDef) -> FieldDef:
        return replace(of, name=lower_camel(of.name), type=use(of.type))

    def an_object(of: ObjectDef) -> ObjectDef:
        return replace(
            of,
            name=own[of.name],
            fields=_by_name(map(field, of.fields.values())),
            functions=_by_name(map(function, of.functions.values())),
            constructor=function(of.constructor) if of.constructor else None,
        )

    objects = {own[of.name]: an_object(of) for of in registered}
    if main not in objects:
        raise ModuleFailed(
            f"module {original} has no object named {camel(original)}",
            hint="decorate the class of that name with @dagger.object_type",
        )
    enums = {own[of.name]: replace(of, name=own[of.name]) for of in listed}
    return ModuleDef(name, main, built.description, objects, enums)


def _by_name(items: Iterable[Named]) -> dict[str, Named]:
    return {item.name: item for item in items}
