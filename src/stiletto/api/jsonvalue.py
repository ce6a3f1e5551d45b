"""JSON values: a text that is kept as it was given, until a part of it is taken or changed.

What is taken or changed is written anew as the real engine writes it: every number as a double,
names in order, no blanks, and `<`, `>` and `&` as escapes. Source: core/schema/jsonvalue.go of
v0.21.8.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from stiletto.api.registry import call
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe, frozen

_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_INT_BITS = 63


@frozen
class JSONValue(Recipe):
    """A JSON text that can be parsed."""

    TYPE: ClassVar[str] = "JSONValue"

    text: str = "null"


def parsed(text: str) -> Any:
    """Return what a JSON text says, numbers as doubles.

    Raises:
        UsageError: it is not JSON.
    """
    try:
        return json.loads(text, parse_int=float, parse_constant=_not_a_number)
    except RecursionError:
        raise UsageError("invalid JSON: it is nested too deep") from None
    except ValueError as error:
        raise UsageError(f"invalid JSON: {error}") from error


def _not_a_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number of JSON")


def written(value: Any, indent: str | None = None, margin: str = "\n") -> str:
    """Return JSON as the real engine writes it; with `indent`, one line for each entry."""
    match value:
        case bool() | None:
            return json.dumps(value)
        case float():
            return _number(value)
        case str():
            return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
        case list():
            entries = [(item, "") for item in value]
            brackets = "[]"
        case _:
            colon = ":" if indent is None else ": "
            entries = [(value[name], written(name) + colon) for name in sorted(value)]
            brackets = "{}"
    if not entries:
        return brackets
    inner = "" if indent is None else margin + indent
    lines = [
        inner + name + written(item, indent, margin + (indent or "")) for item, name in entries
    ]
    return brackets[0] + ",".join(lines) + ("" if indent is None else margin) + brackets[1]


def _number(value: float) -> str:
    """Write a double: with an exponent below 1e-6 and from 1e21 on."""
    if not math.isfinite(value):
        raise UsageError("invalid JSON: a number is too large")
    if not value or 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    digits, _, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent):+d}"


def _inside(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(value, dict):
            raise UsageError(f"can't look up field {name!r}: the value is not an object")
        if name not in value:
            raise UsageError(f"no such field: {name!r}")
        value = value[name]
    return value


@call("Query.json")
def new_json(self: Recipe) -> JSONValue:
    """Start with `null`."""
    return JSONValue()


@call("JSONValue.contents")
def contents(self: JSONValue, pretty: bool = False, indent: str = "  ") -> str:
    """Return the text, or the value written with one line for each entry."""
    return written(parsed(self.text), indent) if pretty else self.text


@call("JSONValue.withContents")
def with_contents(self: JSONValue, contents: str) -> JSONValue:
    """Replace the value by a text."""
    parsed(contents)
    return JSONValue(contents)


@call("JSONValue.newString")
def new_string(self: JSONValue, value: str) -> JSONValue:
    """Make a string."""
    return JSONValue(written(value))


@call("JSONValue.newInteger")
def new_integer(self: JSONValue, value: int) -> JSONValue:
    """Make an integer."""
    return JSONValue(str(value))


@call("JSONValue.newBoolean")
def new_boolean(self: JSONValue, value: bool) -> JSONValue:
    """Make a boolean."""
    return JSONValue(json.dumps(value))


@call("JSONValue.asString")
def as_string(self: JSONValue) -> str:
    """Return a string; `null` is empty."""
    value = parsed(self.text)
    if value is not None and not isinstance(value, str):
        raise UsageError("the JSON value is not a string")
    return value or ""


@call("JSONValue.asInteger")
def as_integer(self: JSONValue) -> int:
    """Return an integer; `null` is 0."""
    if parsed(self.text) is None:
        return 0
    text = self.text.strip()
    if not re.fullmatch(r"-?\d+", text) or int(text).bit_length() > _INT_BITS:
        raise UsageError("the JSON value is not an integer")
    return int(text)


@call("JSONValue.asBoolean")
def as_boolean(self: JSONValue) -> bool:
    """Return a boolean."""
    value = parsed(self.text)
    if not isinstance(value, bool):
        raise UsageError("the JSON value is not a boolean")
    return value


@call("JSONValue.asArray")
def as_array(self: JSONValue) -> list[JSONValue]:
    """Return the entries of an array."""
    value = parsed(self.text)
    if not isinstance(value, list):
        raise UsageError("the JSON value is not an array")
    return [JSONValue(written(item)) for item in value]


@call("JSONValue.fields")
def fields(self: JSONValue) -> list[str]:
    """Return the names of an object, in order."""
    value = parsed(self.text)
    if not isinstance(value, dict):
        raise UsageError("the JSON value is not an object")
    return sorted(value)


@call("JSONValue.field")
def field(self: JSONValue, path: Sequence[str]) -> JSONValue:
    """Return the value at a path of names."""
    return JSONValue(written(_inside(parsed(self.text), path)))


@call("JSONValue.withField")
def with_field(self: JSONValue, path: Sequence[str], value: JSONValue) -> JSONValue:
    """Set the value at a path of names; what is in the way and not an object is replaced."""
    root = parsed(self.text)
    if not isinstance(root, dict):
        root = {}
    at = root
    for name in path[:-1]:
        if not isinstance(at.get(name), dict):
            at[name] = {}
        at = at[name]
    if path:
        at[path[-1]] = parsed(value.text)
    return JSONValue(written(root))
