"""Recipes: immutable values that describe how something is made.

Everything the API returns is a recipe: a frozen dataclass whose fields are plain data and other
recipes. One traversal (`parts`) feeds the digest that identifies a recipe and the walk to what is
beneath it, so nothing can be in one and missing from the other.

    digest(recipe)    sha256 over type name and encoded fields, nested recipes by digest
    dump(recipe)      the whole graph beneath, children first, as JSON data
    load(data)        the inverse

A field with `metadata=OUTSIDE_KEY` is stored but does not enter the digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

OUTSIDE_KEY: Mapping[str, Any] = MappingProxyType({"stiletto": "outside-key"})

Encoded: TypeAlias = "bool | int | float | str | list[Encoded] | dict[str, Encoded] | None"


@dataclass(frozen=True)
class Recipe:
    """Base of everything that has an id. `TYPE` is the API's name for the type."""

    TYPE: ClassVar[str] = ""

    @property
    def type_name(self) -> str:
        """The API type of this value; module objects override it."""
        return self.TYPE

    @cached_property
    def digest(self) -> str:
        """Identify the recipe: `sha256:` and 64 hex digits."""
        # Children first, and not by recursion: a chain of steps can be longer than Python's
        # recursion limit.
        stack: list[Recipe] = [self]
        while stack:
            unknown = [
                child
                for _, value in parts(stack[-1])
                for child in children(value)
                if "digest" not in child.__dict__
            ]
            if unknown:
                stack.extend(unknown)
                continue
            recipe = stack.pop()
            if recipe is not self:
                recipe.__dict__["digest"] = _digest(recipe)
        return _digest(self)

    @cached_property
    def id(self) -> str:
        """The id on the wire: `Type@sha256:...`, opaque to clients."""
        return f"{self.type_name}@{self.digest}"


_names: dict[str, tuple[str, ...]] = {}


def _key_fields(cls: type[Recipe]) -> tuple[str, ...]:
    """Return the fields that enter the digest."""
    class_name = cls.__module__ + cls.__qualname__
    known = _names.get(class_name)
    if known is None:
        known = tuple(f.name for f in fields(cls) if f.metadata.get("stiletto") != "outside-key")
        _names[class_name] = known
    return known


def parts(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """Yield the fields that make the recipe what it is, in order."""
    for name in _key_fields(type(recipe)):
        yield name, getattr(recipe, name)


def digest_of(data: Any) -> str:
    """Digest plain data: canonical JSON, SHA-256."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _digest(recipe: Recipe) -> str:
    """Digest a recipe whose children's digests are known."""
    encoded = [[name, _by_digest(value)] for name, value in parts(recipe)]
    return digest_of([type(recipe).__name__, encoded])


def encode(value: Any, nested: Callable[[Recipe], str]) -> Encoded:
    """Return a field's value as JSON data; `nested` gives what stands for a recipe in it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Recipe():
            return {"recipe": nested(value)}
        case Mapping():
            return {"map": [[key, encode(value[key], nested)] for key in sorted(value)]}
        case Sequence():
            return [encode(item, nested) for item in value]
        case _:
            raise TypeError(f"a recipe cannot contain {type(value).__name__}")


def _by_digest(value: Any) -> Encoded:
    return encode(value, lambda recipe: recipe.digest)


def children(value: Any) -> Iterator[Recipe]:
    """Yield the recipes directly inside a field's value."""
    match value:
        case Recipe():
            yield value
        case str():
            return
        case Mapping():
            for item in value.values():
                yield from children(item)
        case Sequence():
            for item in value:
                yield from children(item)
        case _:
            return


def closure(roots: Sequence[Recipe]) -> dict[str, Recipe]:
    """Return every recipe beneath the roots by digest, children before parents."""
    found: dict[str, Recipe] = {}
    # An explicit stack: a chain of steps can be longer than Python's recursion limit.
    stack: list[tuple[Recipe, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        recipe, expanded = stack.pop()
        if recipe.digest in found:
            continue
        if expanded:
            found[recipe.digest] = recipe
            continue
        stack.append((recipe, True))
        for field in fields(recipe):
            stack.extend((child, False) for child in children(getattr(recipe, field.name)))
    return found


def dump(roots: Sequence[Recipe]) -> list[dict[str, Any]]:
    """Return the graph beneath the roots as JSON data, children first."""
    return [
        {
            "digest": digest,
            "class": type(recipe).__name__,
            "fields": {f.name: _by_digest(getattr(recipe, f.name)) for f in fields(recipe)},
        }
        for digest, recipe in closure(roots).items()
    ]


def _classes() -> dict[str, type[Recipe]]:
    found: dict[str, type[Recipe]] = {}
    queue: list[type[Recipe]] = [Recipe]
    while queue:
        cls = queue.pop()
        found[cls.__name__] = cls
        queue.extend(cls.__subclasses__())
    return found


def are_known(data: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the classes of all that `dump` wrote are imported."""
    classes = _classes()
    return all(item["class"] in classes for item in data)


def load(data: Sequence[Mapping[str, Any]]) -> dict[str, Recipe]:
    """Rebuild what `dump` wrote, by digest.

    Raises:
        LookupError: a class is gone, or a digest no longer fits: the data is of another version.
    """
    classes = _classes()
    recipes: dict[str, Recipe] = {}

    def decode(value: Any) -> Any:
        match value:
            case list():
                return tuple(decode(item) for item in value)
            case {"recipe": digest}:
                return recipes[digest]
            case {"map": pairs}:
                return {key: decode(item) for key, item in pairs}
            case _:
                return value

    for item in data:
        cls = classes[item["class"]]
        given = {name: decode(value) for name, value in item["fields"].items()}
        wanted = {f.name for f in fields(cls)}
        if not set(given) <= wanted or any(
            f.default is MISSING and f.default_factory is MISSING and f.name not in given
            for f in fields(cls)
        ):
            raise LookupError(f"stored recipe {item['class']} is of another version")
        recipe = cls(**given)
        if recipe.digest != item["digest"]:
            raise LookupError(f"stored recipe {item['class']} is of another version")
        recipes[recipe.digest] = recipe
    return recipes
