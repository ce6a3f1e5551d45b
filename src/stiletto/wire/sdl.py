"""The schema in GraphQL's language: of the core, and of what modules add to it.

Objects are passed and returned by `ID`, and every object is a `Node`. Defaults are left out: what
a client did not give must not look given. Objects may be null (`Container.stat`): the SDK reports
that on the leaf below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from stiletto.api.definition import ArgDef, EnumDef, FunctionDef, ModuleDef, TypeRef
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
_ID = TypeRef(Kind.SCALAR, "ID")
_RETURN_IDS = {("Service", "start"), ("Service", "stop"), ("LLM", "step")}
"""Calls beside `sync` that the SDK sends for an id and rebuilds through `node`."""


def to_sdl(core: CoreSchema) -> str:
    """Write the core's schema, as the SDK expects to introspect it."""
    lines = [
        "schema { query: Query }",
        "directive @expectedType(name: String!) on ARGUMENT_DEFINITION | FIELD_DEFINITION",
        "interface Node { id: ID! }",
        "scalar Void",
        *(f"scalar {name}" for name in core.scalars if name not in ("ID", "Void")),
        *map(_enum, core.enums.values()),
    ]
    for name, args in core.inputs.items():
        lines.append(f"input {name} {{ {' '.join(map(_argument, args))} }}")
    for item in core.objects.values():
        by_id = (
            replace(each, returns=_ID)
            if each.name == "sync" or (item.name, each.name) in _RETURN_IDS
            else each
            for each in item.functions.values()
            if each.name not in ("id", "node")
        )
        lines += _type(item.name, by_id)
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


def _enum(of: EnumDef) -> str:
    return f"enum {of.name} {{ {' '.join(of.members)} }}"


def _type(name: str, functions: Iterable[FunctionDef]) -> Iterator[str]:
    is_root = name == "Query"
    yield f"type {name} {{" if is_root else f"type {name} implements Node {{"
    yield "  node(id: ID!): Node!" if is_root else "  id: ID!"
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
