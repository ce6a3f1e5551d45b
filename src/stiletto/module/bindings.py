"""Python bindings for the modules that a module uses: the text of its `dagger_gen.py`.

The SDK imports `dagger_gen` in place of its own `dagger.client.gen` where that can be imported,
so the file repeats everything of the core and adds a class for each type of the used modules, and
a `Client` whose `hello(...)` constructs the module `hello`. It follows what the SDK's own file
looks like (dagger-io 0.21, client/gen.py). Pure.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stiletto.api.definition import ArgDef, EnumDef, FunctionDef, ModuleDef, ObjectDef, TypeRef
from stiletto.api.registry import snake
from stiletto.graph.kind import Kind
from stiletto.module.naming import lower_camel

HEAD = '''\
"""Generated from the modules that this module uses. Do not edit."""

from dagger.client import gen as _core
from dagger.client._core import Arg
from dagger.client._guards import typecheck
from dagger.client.base import Enum, Type
from dagger.client.gen import *
'''

SCALARS = {
    Kind.STRING: "str",
    Kind.INTEGER: "int",
    Kind.FLOAT: "float",
    Kind.BOOLEAN: "bool",
    Kind.VOID: "None",
}


def bindings(modules: Sequence[ModuleDef], added: str = "") -> str:
    """Return the text of `dagger_gen.py`; `added` is what changes the core's classes."""
    names = ["Client", "dag"]
    parts = [HEAD, *([added] if added else [])]
    for module in modules:
        for enum in module.enums.values():
            names.append(enum.name)
            parts.append(_enum(enum))
        for item in module.objects.values():
            names.append(item.name)
            parts.append(_object(item))
    parts.append(_client(modules))
    listed = "".join(f"    {name!r},\n" for name in sorted(set(names)))
    parts.append(f"dag = Client()\n\n__all__ = [\n    *_core.__all__,\n{listed}]\n")
    return "\n\n".join(parts)


RESERVED = frozenset({"bool", "float", "int", "list", "str", "type"})
"""Names that a method of a class would shadow for the annotations below it."""


def _name(api_name: str) -> str:
    name = snake(api_name)
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED else name


def _doc(text: str, indent: str) -> str:
    # repr keeps quotes and backslashes of the text from ending the string.
    return f"{indent}{' '.join(text.split())!r}\n" if text.strip() else ""


def _enum(enum: EnumDef) -> str:
    members = "".join(
        f"    {name} = {(enum.values.get(name) or name)!r}\n" for name in enum.members
    )
    return f"class {enum.name}(Enum):\n{_doc(enum.description, '    ')}{members or '    pass'}"


def _object(item: ObjectDef) -> str:
    methods = [_id(), *map(_method, item.all_functions)]
    doc = _doc(item.description, "    ")
    return f"@typecheck\nclass {item.name}(Type):\n{doc}" + "\n".join(methods)


def _client(modules: Sequence[ModuleDef]) -> str:
    methods = []
    for module in modules:
        about = module.description or module.main_object.description
        makes = replace(module.making(lower_camel(module.name)), description=about)
        methods.append(_method(makes))
    return "@typecheck\nclass Client(_core.Client):\n" + ("\n".join(methods) or "    pass\n")


def _id() -> str:
    return (
        '    async def id(self) -> str:\n        return await self._select("id", []).execute(str)\n'
    )


def _method(function: FunctionDef) -> str:
    """Return one method: lazy where it gives an object, a coroutine otherwise."""
    returns = function.returns
    is_lazy = returns.kind in (Kind.OBJECT, Kind.INTERFACE)
    prefix = "def" if is_lazy else "async def"
    lines = [
        f"    {prefix} {_name(function.name)}({_parameters(function.args)}) -> {_hint(returns)}:",
        _doc(function.description, " " * 8).rstrip("\n"),
        "        _args: list[Arg] = [",
        *(f"            {_given(arg)}," for arg in function.args),
        "        ]",
        f"        _ctx = self._select({function.name!r}, _args)",
        f"        return {_result(returns)}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _result(returns: TypeRef) -> str:
    match returns.kind:
        case Kind.OBJECT | Kind.INTERFACE:
            return f"{returns.name}(_ctx)"
        case Kind.VOID:
            return "await _ctx.execute()"
        case Kind.LIST if returns.element and returns.element.kind is Kind.OBJECT:
            return f"await _ctx.execute_object_list({returns.element.name})"
        case _:
            return f"await _ctx.execute({_type(returns)})"


def _type(of: TypeRef) -> str:
    """Return a type as an expression that works inside a method."""
    if of.kind is Kind.LIST and of.element is not None:
        text = f"list[{_type(of.element)}]"
    else:
        text = SCALARS.get(of.kind, of.name)
    return f"{text} | None" if of.optional and of.kind is not Kind.VOID else text


def _hint(of: TypeRef) -> str:
    """Return a type as an annotation: in quotes, as classes further down may be meant."""
    if of.kind in (Kind.OBJECT, Kind.INTERFACE):
        return repr(of.name)  # lazy: whether there is one shows on the leaf below
    return repr(_type(of))


def _parameters(args: Sequence[ArgDef]) -> str:
    required = [f"{_name(a.name)}: {_type(a.type)!r}" for a in args if a.required]
    optional = list(_optional(args))
    return ", ".join(["self", *required, *(["*", *optional] if optional else [])])


def _optional(args: Sequence[ArgDef]) -> Iterator[str]:
    for arg in args:
        if not arg.required:
            hint = _type(arg.type).removesuffix(" | None")
            yield f"{_name(arg.name)}: {f'{hint} | None'!r} = {_default(arg)!r}"


def _default(arg: ArgDef) -> str | int | float | bool | None:
    """Return a default that is the same on both sides; all others are left to the engine."""
    if arg.default is None or arg.type.kind not in SCALARS:
        return None
    value = json.loads(arg.default)
    return value if isinstance(value, str | int | float | bool) else None


def _given(arg: ArgDef) -> str:
    name = _name(arg.name)
    if arg.required:
        return f"Arg({arg.name!r}, {name})"
    return f"Arg({arg.name!r}, {name}, {_default(arg)!r})"
