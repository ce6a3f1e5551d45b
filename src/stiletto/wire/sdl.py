"""The schema in GraphQL's language: of the core, and of what modules add to it.

Objects are passed by `ID`, and every object is a `Node`. The core is written as the real engine
serves it. A module's defaults are left out, and its objects may be null: the SDK reports that on
the leaf below.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from stiletto.api.definition import ArgDef, EnumDef, FunctionDef, ModuleDef, ObjectDef, TypeRef
from stiletto.graph.kind import Kind
from stiletto.module.naming import lower_camel
from stiletto.wire.schema import CoreSchema

_BUILTIN = {
    Kind.STRING: "String",
    Kind.INTEGER: "Int",
    Kind.FLOAT: "Float",
    Kind.BOOLEAN: "Boolean",
    Kind.VOID: "Void",
}
_OBJECTS = (Kind.OBJECT, Kind.INTERFACE)


def to_sdl(core: CoreSchema) -> str:
    """Write the core's schema, as the SDK expects to introspect it."""
    lines = ["schema { query: Query }"]
    for directive in core.directives:
        args = _arguments(directive.args)
        lines.append(f"directive @{directive.name}{args} on {' | '.join(directive.locations)}")
    lines += (f"scalar {name}" for name in core.scalars)
    lines += map(_enum, core.enums.values())
    for name, inputs in core.inputs.items():
        lines.append(f"input {name} {{ {' '.join(map(_core_argument, inputs))} }}")
    for item in core.interfaces.values():
        lines += _core_type("interface", item, core)
    for item in core.objects.values():
        lines += _core_type("type", item, core)
    return "\n".join(lines)


def modules_sdl(modules: Sequence[ModuleDef]) -> str:
    """Write what modules add: a field of the root for each, and its types."""
    lines: list[str] = []
    for module in modules:
        field = _field(module.making(lower_camel(module.name)))
        lines += ["", f"extend type Query {{ {field} }}"]
        lines += map(_enum, module.enums.values())
        for item in module.objects.values():
            lines += _type(item.name, item.all_functions)
    return "\n".join(lines)


def _core_type(keyword: str, item: ObjectDef, core: CoreSchema) -> Iterator[str]:
    above = core.implements.get(item.name, ())
    yield f"{keyword} {item.name}{' implements ' + ' & '.join(above) if above else ''} {{"
    for function in item.functions.values():
        by_id = f"{item.name}.{function.name}" in core.by_id
        returns = "ID!" if by_id else _core_output(function.returns)
        deprecated = "" if function.deprecated is None else " @deprecated"
        yield f"  {function.name}{_arguments(function.args)}: {returns}{deprecated}"
    yield "}"


def _arguments(args: Sequence[ArgDef]) -> str:
    return f"({', '.join(map(_core_argument, args))})" if args else ""


def _core_argument(arg: ArgDef) -> str:
    deprecated = "" if arg.deprecated is None else " @deprecated"
    default = ""
    if arg.default is not None:
        is_name = arg.type.kind is Kind.ENUM
        default = f" = {json.loads(arg.default) if is_name else arg.default}"
    return f"{arg.name}: {_input(arg.type)}{default}{deprecated}"


def _core_output(of: TypeRef) -> str:
    if of.element is not None:
        text = f"[{_core_output(of.element)}]"
    else:
        text = _BUILTIN.get(of.kind, of.name)
    return text if of.optional else f"{text}!"


def _enum(of: EnumDef) -> str:
    return f"enum {of.name} {{ {' '.join(of.members)} }}"


def _type(name: str, functions: Iterable[FunctionDef]) -> Iterator[str]:
    yield f"type {name} implements Node {{"
    yield "  id: ID!"
    for function in functions:
        yield f"  {_field(function)}"
    yield "}"


def _field(function: FunctionDef) -> str:
    args = ", ".join(map(_argument, function.args))
    return f"{function.name}{f'({args})' if args else ''}: {_output(function.returns)}"


def _argument(arg: ArgDef) -> str:
    """Return an argument; what has a default may be left out."""
    text = _input(arg.type).removesuffix("!")
    return f"{arg.name}: {text}!" if arg.required else f"{arg.name}: {text}"


def _input(of: TypeRef) -> str:
    if of.element is not None:
        text = f"[{_input(of.element)}]"
    else:
        text = "ID" if of.kind in _OBJECTS else _BUILTIN.get(of.kind, of.name)
    return text if of.optional else f"{text}!"


def _output(of: TypeRef, *, in_list: bool = False) -> str:
    if of.element is not None:
        text = f"[{_output(of.element, in_list=True)}]"
    else:
        text = "Node" if of.kind is Kind.INTERFACE else _BUILTIN.get(of.kind, of.name)
    may_be_null = of.kind is Kind.VOID or (of.kind in _OBJECTS and not in_list)
    return text if of.optional or may_be_null else f"{text}!"
