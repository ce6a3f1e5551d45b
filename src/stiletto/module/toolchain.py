"""Toolchains: customizations of a module, and the command line's view of several.

A customization replaces the default of one argument. Its values are text; they are converted to the
argument's type.

Source: core/module.go (ApplyLegacyCustomizationsToTypeDefs, ApplyWorkspaceDefaultsToTypeDefs) of
v0.21.8. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stiletto.api.definition import ArgDef, EnumDef, FunctionDef, ModuleDef, ObjectDef
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind
from stiletto.module.config import Customization
from stiletto.module.defaults import takes_objects
from stiletto.module.naming import lower_camel


@dataclass(frozen=True, slots=True)
class WorkspaceDef(ModuleDef):
    """A module beside its toolchains.

    The main object has a function for each toolchain, whose arguments are the toolchain's
    constructor's. `toolchains` gives the patterns of checks to leave out, by that function's name.
    """

    toolchains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def with_toolchains(
    module: ModuleDef, toolchains: Sequence[tuple[ModuleDef, tuple[str, ...]]]
) -> WorkspaceDef:
    """Return what the command line offers of a module and its toolchains."""
    functions: dict[str, FunctionDef] = {}
    objects: dict[str, ObjectDef] = {}
    enums: dict[str, EnumDef] = {}
    for definition, _ in toolchains:
        name = lower_camel(definition.name)
        makes = definition.making(name)
        about = definition.description or definition.main_object.description
        functions[name] = replace(makes, original=name, description=about or makes.description)
        objects |= definition.objects
        enums |= definition.enums
    main = module.main_object
    root = replace(main, functions={**main.functions, **functions})
    return WorkspaceDef(
        module.name,
        module.main,
        module.description,
        {**objects, **module.objects, module.main: root},
        {**enums, **module.enums},
        toolchains={lower_camel(each.name): ignored for each, ignored in toolchains},
    )


def customize(
    module: ModuleDef, customizations: Sequence[Customization]
) -> tuple[ModuleDef, dict[tuple[str, str, str], str], list[str]]:
    """Return the definition with customizations applied, object defaults by address, and misses.

    A miss is a line about a customization of something that is not there: it changes nothing, as
    in the real engine.

    Raises:
        UsageError: a default does not fit its argument.
    """
    addresses: dict[tuple[str, str, str], str] = {}
    missed: list[str] = []
    objects = dict(module.objects)
    for custom in customizations:
        path = ".".join((module.name, *custom.function))
        found = _target(replace(module, objects=objects), custom.function)
        arg = found and _argument(found[1], custom.argument)
        if found is None or arg is None:
            missed.append(
                f"{_at(custom)}customization of {path}({custom.argument}) matches nothing"
            )
            continue
        owner, function = found
        if custom.many and arg.type.kind is not Kind.LIST:
            raise UsageError(
                f"{_at(custom)}{custom.argument} is a list, and the argument takes one value",
                hint="write the value without brackets",
            )
        if custom.default and takes_objects(arg):
            addresses[owner.name, function.name, arg.name] = custom.default
            changed = replace(arg, type=replace(arg.type, optional=True))
        else:
            changed = _customized(arg, custom, f"{path}({arg.name}=...)")
        function = replace(
            function, args=tuple(changed if each is arg else each for each in function.args)
        )
        if custom.function:
            owner = replace(owner, functions={**owner.functions, function.name: function})
        else:
            owner = replace(owner, constructor=function)
        objects[owner.name] = owner
    return replace(module, objects=objects), addresses, missed


def _at(custom: Customization) -> str:
    """Return the file and the line of a customization, as a message begins with them."""
    return f"{custom.origin.path}:{custom.origin.line}: " if custom.origin else ""


def _target(module: ModuleDef, path: Sequence[str]) -> tuple[ObjectDef, FunctionDef] | None:
    owner = module.main_object
    if not path:
        built = owner.constructor
        return None if built is None else (owner, replace(built, name=""))
    for count, segment in enumerate(path, 1):
        function = next(
            (f for f in owner.functions.values() if _is_named(segment, f.name, f.original)), None
        )
        if function is None:
            return None
        if count == len(path):
            return owner, function
        beneath = module.objects.get(function.returns.name)
        if beneath is None:
            return None
        owner = beneath
    return None


def _argument(function: FunctionDef, name: str) -> ArgDef | None:
    return next((a for a in function.args if _is_named(name, a.name, a.original)), None)


def _is_named(given: str, name: str, original: str) -> bool:
    return given.casefold() == original.casefold() or (
        lower_camel(given).casefold() == name.casefold()
    )


def _customized(arg: ArgDef, custom: Customization, where: str) -> ArgDef:
    if custom.default:
        arg = replace(arg, default=_json_of(arg, custom.default, where))
    if custom.default_path:
        arg = replace(arg, default_path=custom.default_path, default_address=None)
    if custom.default_address:
        arg = replace(arg, default_address=custom.default_address, default_path=None)
    if custom.ignore:
        arg = replace(arg, ignore=custom.ignore)
    return arg


def _json_of(arg: ArgDef, text: str, where: str) -> str:
    """Read a default by its argument's type: lists are JSON or separated by commas."""
    try:
        match arg.type.kind:
            case Kind.STRING:
                value: Any = text
            case Kind.INTEGER:
                value = int(text)
            case Kind.FLOAT:
                value = float(text)
            case Kind.BOOLEAN:
                value = text == "true"
            case Kind.LIST:
                value = _list_of(arg, text)
            case _:
                try:
                    value = json.loads(text)
                except json.JSONDecodeError:
                    value = text
    except ValueError as error:
        kind = arg.type.kind.value.removesuffix("_KIND").lower()
        raise UsageError(f"customization {where}: {text!r} is not of type {kind}") from error
    return json.dumps(value)


def _list_of(arg: ArgDef, text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        value = json.loads(text)
        return value if isinstance(value, list) else [value]
    numbers = arg.type.element is not None and arg.type.element.kind is Kind.INTEGER
    return [int(item) if numbers else item for item in text.split(",")]
