"""The shape of a `dagger.json`: which keys there are, and of which type each is (pure).

Dagger reads the file into Go's structures: a value of another type is an error, null is the same as
an absent key, upper and lower case of a key do not matter, and an unknown key is ignored. Source:
core/modules/config.go of v0.21.8, encoding/json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from stiletto.errors import ModuleFailed

Shape: TypeAlias = "type[object] | ListOf | MapOf | Keys"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any keys, and values of one shape."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Keys:
    """An object with these keys; `short` is the key that a string in its place sets."""

    keys: Mapping[str, Shape]
    short: str = ""


_TEXTS = ListOf(str)
_CUSTOMIZATION = Keys(
    {
        "function": _TEXTS,
        "argument": str,
        "default": str,
        "defaultPath": str,
        "defaultAddress": str,
        "ignore": _TEXTS,
    }
)
_RELATED = Keys(
    {
        "name": str,
        "source": str,
        "pin": str,
        "customizations": ListOf(_CUSTOMIZATION),
        "ignoreChecks": _TEXTS,
        "ignoreGenerators": _TEXTS,
        "ignoreServices": _TEXTS,
        "portMappings": MapOf(_TEXTS),
    },
    short="source",
)
MODULE = Keys(
    {
        "$schema": str,
        "name": str,
        "engineVersion": str,
        "sdk": Keys(
            {"source": str, "config": MapOf(object), "debug": bool, "experimental": MapOf(bool)},
            short="source",
        ),
        "blueprint": _RELATED,
        "toolchains": ListOf(_RELATED),
        "include": _TEXTS,
        "dependencies": ListOf(_RELATED),
        "source": str,
        "codegen": Keys({"automaticGitignore": bool}),
        "exclude": _TEXTS,
        "clients": ListOf(Keys({"generator": str, "directory": str})),
        "disableDefaultFunctionCaching": bool,
    }
)

Path: TypeAlias = tuple[str | int, ...]
"""Where a value is in a file: keys as they are written, and indexes of lists."""


@dataclass(slots=True)
class Shaped:
    """A value with the keys of its shape.

    Attributes:
        value: without nulls and unknown keys; what may be short is written in full.
        unknown: the places of keys that Dagger ignores, each with the key that may be meant, or "".
    """

    value: dict[str, Any]
    unknown: list[tuple[Path, str]] = field(default_factory=list)


def shaped(value: Mapping[str, Any], shape: Keys, at: Callable[[Path], str]) -> Shaped:
    """Return an object of a file in its shape; `at` gives the file and the line of a place.

    Raises:
        ModuleFailed: a value of another type; it names the line.
    """
    found = Shaped({})
    found.value.update(_object(value, shape, (), at, found.unknown))
    return found


def kind_of(value: Any) -> str:
    """Return what a value of a JSON file is, for a message."""
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else kinds.get(type(value), "a number")


def closest(name: str, names: Sequence[str]) -> str:
    """Return the one of these names that may be meant, or ""."""
    import difflib  # a file without mistakes does not need it

    close = difflib.get_close_matches(name.lower(), names, n=1)
    return close[0] if close else ""


def unknown_key(where: str, name: str, meant: str) -> str:
    """Return the line about a key of a file that has no meaning; `meant` is a guess, or ""."""
    guess = f"; did you mean {meant!r}?" if meant else ""
    return f"{where}: unknown key {name!r}, which has no effect{guess}"


def named(path: Path) -> str:
    """Return a place as it is written in messages: `toolchains[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _object(
    value: Mapping[str, Any],
    shape: Keys,
    path: Path,
    at: Callable[[Path], str],
    unknown: list[tuple[Path, str]],
) -> dict[str, Any]:
    names = {name.casefold(): name for name in shape.keys}
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = names.get(key.casefold())
        if name is None:
            unknown.append(((*path, key), closest(key, tuple(shape.keys))))
        elif item is not None:
            found[name] = _value(item, shape.keys[name], (*path, key), at, unknown)
    return found


def _value(
    value: Any,
    shape: Shape,
    path: Path,
    at: Callable[[Path], str],
    unknown: list[tuple[Path, str]],
) -> Any:
    match shape:
        case Keys() if isinstance(value, dict):
            return _object(value, shape, path, at, unknown)
        case Keys(short=short) if short and isinstance(value, str):
            return {short: value}
        case MapOf(item) if isinstance(value, dict):
            return {
                key: _value(each, item, (*path, key), at, unknown) for key, each in value.items()
            }
        case ListOf(item) if isinstance(value, list):
            return [
                _value(each, item, (*path, index), at, unknown) for index, each in enumerate(value)
            ]
        case type() if isinstance(value, shape):
            return value
    raise ModuleFailed(
        f"{at(path)}: {named(path)} must be {_wanted(shape)}, not {kind_of(value)}",
        hint=f"write it as {_example(shape, path)}",
    )


def _wanted(shape: Shape) -> str:
    match shape:
        case Keys(short=short):
            return "an object or a string" if short else "an object"
        case MapOf():
            return "an object"
        case ListOf(item):
            return "a list of strings" if item is str else "a list"
        case _:
            return "true or false" if shape is bool else "a string"


def _example(shape: Shape, path: Path) -> str:
    match shape:
        case Keys(short=short) if short:
            text = '"..."'
        case Keys() | MapOf():
            text = "{...}"
        case ListOf():
            text = '["..."]' if shape.item is str else "[{...}]"
        case _:
            text = "true" if shape is bool else '"..."'
    return text if isinstance(path[-1], int) else f'"{path[-1]}": {text}'
