"""Turns what a module registered into its definition, under the names that the API has for it."""

from __future__ import annotations

import json

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FieldDef,
    FunctionDef,
    ModuleDef,
    ObjectDef,
    TypeRef,
)
from stiletto.api.typedefs import Function, Module, RegisteredArgument, TypeDef
from stiletto.errors import ModuleFailed
from stiletto.graph.kind import Kind
from stiletto.module.naming import camel, lower_camel, type_name


def define(name: str, built: Module, original: str = "") -> ModuleDef:
    """Turn a registered module into its definition.

    `original` is the name that the module's own code goes by, where others call it `name`.

    Raises:
        ModuleFailed: it has no main object.
    """
    main = camel(name)
    original = original or name
    own = {t.name for t in (*built.objects, *built.interfaces, *built.enums)}

    def use(t: TypeDef) -> TypeRef:
        full = type_name(name, original, t.name) if t.name in own else t.name
        element = use(t.element) if t.element else None
        return TypeRef(Kind(t.kind), full, element, t.optional)

    def argument(a: RegisteredArgument) -> ArgDef:
        if a.default:
            json.loads(a.default)
        return ArgDef(
            name=lower_camel(a.name),
            type=use(a.type),
            description=a.description,
            default=a.default or None,
            default_path=a.default_path or None,
            default_address=a.default_address or None,
            ignore=a.ignore,
            deprecated=a.deprecated,
            original=a.name,
        )

    def function(f: Function) -> FunctionDef:
        return FunctionDef(
            name=lower_camel(f.name),
            returns=use(f.returns),
            args=tuple(argument(a) for a in f.args),
            description=f.description,
            original=f.name,
            cache=f.cache,
            check=f.check,
            generator=f.generator,
            deprecated=f.deprecated,
        )

    objects = {}
    for t in (*built.objects, *built.interfaces):
        fields = [
            FieldDef(lower_camel(f.name), use(f.type), f.description, f.name) for f in t.fields
        ]
        functions = [function(f) for f in t.functions]
        full = type_name(name, original, t.name)
        objects[full] = ObjectDef(
            name=full,
            description=t.description,
            fields={f.name: f for f in fields},
            functions={f.name: f for f in functions},
            constructor=function(t.constructor) if t.constructor else None,
            original=t.name,
        )
    if main not in objects:
        raise ModuleFailed(
            f"module {original} has no object named {camel(original)}",
            hint="decorate the class of that name with @dagger.object_type",
        )
    enums = {}
    for t in built.enums:
        full = type_name(name, original, t.name)
        enums[full] = EnumDef(
            name=full,
            members=tuple(m.name for m in t.members),
            descriptions={m.name: m.description for m in t.members},
            values={m.name: m.value for m in t.members},
            description=t.description,
            original=t.name,
        )
    return ModuleDef(name, main, built.description, objects, enums)
