"""Other leaves beneath recipes: the same work on other inputs (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from stiletto.graph.recipe import Recipe, children, closure


def substituted(
    roots: Sequence[Recipe], leaf: Callable[[Recipe], Recipe | None]
) -> dict[str, Recipe]:
    """Return what the recipes beneath the roots become, by the digest that they have now.

    `leaf` returns what takes the place of a recipe, or None.
    """
    made: dict[str, Recipe] = {}
    for digest, recipe in closure(roots).items():
        made[digest] = leaf(recipe) or _over(recipe, made)
    return made


def _over(recipe: Recipe, made: Mapping[str, Recipe]) -> Recipe:
    """Return a recipe with what its children have become."""
    changed: dict[str, Any] = {}
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if any(made[child.digest] is not child for child in children(value)):
            changed[field.name] = _value(value, made)
    return replace(recipe, **changed) if changed else recipe


def _value(value: Any, made: Mapping[str, Recipe]) -> Any:
    match value:
        case Recipe():
            return made[value.digest]
        case str():
            return value
        case Mapping():
            return {name: _value(item, made) for name, item in value.items()}
        case Sequence():
            return tuple(_value(item, made) for item in value)
        case _:
            return value
