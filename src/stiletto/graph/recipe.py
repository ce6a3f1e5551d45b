"""Recipes: immutable values that describe how something is made.

Everything the API returns is a recipe: a frozen dataclass whose fields are plain data and other
recipes. One traversal (`parts`) feeds the digest that identifies a recipe and the walk to what is
beneath it, so nothing can be in one and missing from the other.

    digest(recipe)    sha256 over type name and encoded fields, nested recipes by digest
    dump(recipe)      the whole graph beneath, children first, as JSON data
    load(data)        the inverse

A field with `metadata=OUTSIDE_KEY` is stored but does not enter the digest.

There are a hundred classes of recipes, and a command makes values of ten of them. So `frozen` makes
them: the standard decorator compiles six methods for each class, which took an unchanged command a
tenth of its time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import (
    MISSING,
    Field,
    FrozenInstanceError,
    dataclass,
    field,
    fields,
    make_dataclass,
)
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Never, TypeAlias, TypeVar, dataclass_transform

OUTSIDE_KEY: Mapping[str, Any] = MappingProxyType({"stiletto": "outside-key"})

Encoded: TypeAlias = "bool | int | float | str | list[Encoded] | dict[str, Encoded] | None"


T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of recipes from annotated fields, as `dataclass(frozen=True)` does."""
    made = dataclass(init=False, repr=False, eq=False)(cls)
    # Each has its own: that of a parent has other parameters.
    setattr(made, "__init__", _first)  # noqa: B010 - a type checker forbids the other form
    return made


def _first(self: Recipe, *args: Any, **kwargs: Any) -> None:
    """Compile the initialiser of a class with its first value."""
    cls = type(self)
    given = [(each.name, object, _again(each)) for each in fields(cls)]
    made = make_dataclass(cls.__name__, given, frozen=True, repr=False, eq=False)
    initialise = vars(made)["__init__"]
    setattr(cls, "__init__", initialise)  # noqa: B010 - as above
    initialise(self, *args, **kwargs)


def _again(given: Field[Any]) -> Any:
    """Return a field with the parameters of another one."""
    if given.default_factory is not MISSING:
        return field(default_factory=given.default_factory, init=given.init, kw_only=given.kw_only)
    return field(default=given.default, init=given.init, kw_only=given.kw_only)


@frozen
class Recipe:
    """Base of everything that has an id. `TYPE` is the API's name for the type."""

    TYPE: ClassVar[str] = ""

    def __setattr__(self, name: str, value: object) -> Never:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> Never:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

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


def _values(recipe: Any) -> tuple[Any, ...]:
    return tuple(getattr(recipe, each.name) for each in fields(recipe) if each.compare)


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
        for each in fields(recipe):
            stack.extend((child, False) for child in children(getattr(recipe, each.name)))
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
