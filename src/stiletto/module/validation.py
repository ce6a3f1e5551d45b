"""Validates a module's types: its own and the core's, not those of the modules it uses.

Source: core/module.go (validateObjectTypeDef) of v0.21.8. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stiletto.api.definition import ModuleDef, ObjectDef, TypeRef
from stiletto.errors import ModuleFailed


def validate(module: ModuleDef, foreign: Mapping[str, str]) -> None:
    """Refuse what the real engine refuses; `foreign` names the module of each other type.

    Raises:
        ModuleFailed: everything that is wrong, a line each.
    """
    problems = [line for item in module.objects.values() for line in _problems(item, foreign)]
    if problems:
        raise ModuleFailed(
            "\n".join(problems),
            hint="define a type of your own that wraps it, or return text",
        )


def _problems(item: ObjectDef, foreign: Mapping[str, str]) -> Iterator[str]:
    def owner(used: TypeRef | None) -> str | None:
        if used is None:
            return None
        return foreign.get(used.name) or owner(used.element)

    for field in item.fields.values():
        if field.name == "id":
            yield f'cannot define field with reserved name "id" on object "{item.name}"'
        if found := owner(field.type):
            yield (
                f'object "{item.original}" field "{field.original}" cannot reference external '
                f'type from dependency module "{found}"'
            )
    functions = list(item.functions.values())
    for function in functions:
        if function.name == "id":
            yield f'cannot define function with reserved name "id" on object "{item.name}"'
        if found := owner(function.returns):
            yield (
                f'object "{item.original}" function "{function.original}" cannot return external '
                f'type from dependency module "{found}"'
            )
    for function in (*functions, *([item.constructor] if item.constructor else [])):
        for arg in function.args:
            if found := owner(arg.type):
                yield (
                    f'object "{item.original}" function "{function.original}" arg '
                    f'"{arg.original}" cannot reference external type from dependency module '
                    f'"{found}"'
                )
