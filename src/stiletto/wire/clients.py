"""A schema for each client: the core, and the modules that the client may call.

A module appears as a field of the root named after it, whose arguments are its constructor's, and
with its own types. Clients that see the same modules share one schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stiletto.graph.kind import Kind
from stiletto.module.definition import ArgDef, FunctionDef, ModuleDef, TypeRef
from stiletto.module.naming import lower_camel
from stiletto.wire.asker import Asker
from stiletto.wire.execute import Body, GraphQL
from stiletto.wire.schema import BUILTIN, CoreSchema, to_sdl


class ClientGraphs:
    """Answers each client's queries by the schema that it sees."""

    def __init__(self, core: CoreSchema) -> None:
        self._sdl = to_sdl(core)
        self._graphs: dict[tuple[str, ...], GraphQL] = {}

    async def answer(
        self,
        client: Asker,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> tuple[int, Body]:
        """Execute one query; returns the HTTP status and the JSON body."""
        key = tuple(module.digest for module in client.served)
        graph = self._graphs.get(key)
        if graph is None:
            added = modules_sdl([module.definition for module in client.served])
            graph = self._graphs[key] = GraphQL(self._sdl + added)
        return await graph.answer(client, query, variables, operation)


def modules_sdl(modules: Sequence[ModuleDef]) -> str:
    """Return what modules add to the schema, in GraphQL's language."""
    lines: list[str] = []
    for module in modules:
        main = module.main_object
        args = main.constructor.args if main.constructor else ()
        field = FunctionDef(lower_camel(module.name), TypeRef(Kind.OBJECT, main.name), args)
        lines += ["", f"extend type Query {{ {_field(field)} }}", *_types(module)]
    return "\n".join(lines)


def _types(module: ModuleDef) -> Iterator[str]:
    for enum in module.enums.values():
        yield f"enum {enum.name} {{ {' '.join(enum.members)} }}"
    for item in module.objects.values():
        yield f"type {item.name} implements Node {{"
        yield "  id: ID!"
        for each in item.fields.values():
            yield f"  {_field(FunctionDef(each.name, each.type))}"
        for function in item.functions.values():
            yield f"  {_field(function)}"
        yield "}"


def _field(function: FunctionDef) -> str:
    args = ", ".join(f"{arg.name}: {_input(arg)}" for arg in function.args)
    return f"{function.name}{f'({args})' if args else ''}: {_output(function.returns)}"


def _input(arg: ArgDef) -> str:
    """Return an argument's type; what has a default may be left out."""
    text = _input_type(arg.type).removesuffix("!")
    return f"{text}!" if arg.required else text


def _input_type(of: TypeRef) -> str:
    if of.kind is Kind.LIST and of.element is not None:
        text = f"[{_input_type(of.element)}]"
    elif of.kind in (Kind.OBJECT, Kind.INTERFACE):
        text = "ID"
    else:
        text = BUILTIN.get(of.kind, of.name)
    return text if of.optional else f"{text}!"


def _output(of: TypeRef) -> str:
    if of.kind is Kind.LIST and of.element is not None:
        text = f"[{_output(of.element)}]"
    elif of.kind is Kind.INTERFACE:
        text = "Node"
    else:
        text = BUILTIN.get(of.kind, of.name)
    # Objects may be absent: the SDK reports that on the leaf below.
    is_nullable = of.optional or of.kind in (Kind.OBJECT, Kind.INTERFACE, Kind.VOID)
    return text if is_nullable else f"{text}!"
