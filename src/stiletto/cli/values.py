"""Converts arguments of the command line to typed values, without I/O.

    string     as given                       enum      a member's name, case ignored
    int        decimal, 0x, 0o, 0b            scalar    as given; JSON is checked
    float      decimal                        list      by commas (CSV quoting) or repeated
    bool       true, false, t, f, 1, 0        object    an address, resolved later

Types that no text can represent (a module's own objects, lists of lists, inputs) have no flag. The
grammar is that of the flags of Dagger's command line (cmd/dagger/flags.go and spf13/pflag).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from stiletto.api.definition import EnumDef, TypeRef
from stiletto.api.platforms import own_platform
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind

ADDRESSABLE = frozenset(
    {
        "CacheVolume",
        "Container",
        "Directory",
        "File",
        "GitRef",
        "GitRepository",
        "Module",
        "ModuleSource",
        "Secret",
        "Service",
        "Socket",
    }
)
"""The objects that a text can represent (cmd/dagger/flags.go, GetCustomFlagValue)."""

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)\Z")
_INTEGER_LIMIT = 2**63
_DIGITS_MAX = 100
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


@dataclass(frozen=True, slots=True)
class Address:
    """A text that represents an object: a path, a secret's URI, an image, a name."""

    type: str
    text: str


Parsed: TypeAlias = "bool | int | float | str | Address | list[Parsed]"


@dataclass(frozen=True, slots=True)
class FlagType:
    """How one argument is given: its name in help, and its reader.

    A `boolean` needs no value; a `repeated` one adds up over several flags, and its `read`
    returns a list.
    """

    display: str
    read: Callable[[str], Parsed]
    boolean: bool = False
    repeated: bool = False


def read_boolean(text: str) -> bool:
    """Read what Go's strconv.ParseBool reads."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise UsageError("expected true or false")


def read_integer(text: str) -> int:
    """Read a 64-bit integer; a leading 0 means octal, as Go's ParseInt with base 0."""
    if not _INTEGER.match(text):
        raise UsageError("expected an integer")
    digits = text.lstrip("+-").lower()
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2])
    if base is None and digits != "0" and digits.startswith("0"):
        base = 8
    # Python reads no number of thousands of digits, and none of them fits.
    value = int(digits, base or 10) if len(digits) <= _DIGITS_MAX else _INTEGER_LIMIT
    value = -value if text.startswith("-") else value
    if len(digits) > _DIGITS_MAX or not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise UsageError("expected an integer of at most 64 bits")
    return value


def read_float(text: str) -> float:
    """Read a finite number: JSON, which carries it, has no others."""
    value = float(text) if _NUMBER.match(text) else math.nan
    if not math.isfinite(value):
        raise UsageError("expected a number")
    return value


def read_json(text: str) -> str:
    """Check that the text is JSON; it travels as text."""
    try:
        json.loads(text)
    except ValueError as error:
        raise UsageError(f"expected JSON: {error}") from error
    except RecursionError:
        raise UsageError("expected JSON that nests less deeply") from None
    return text


def read_platform(text: str) -> str:
    """Return a platform such as `linux/amd64`; `current` is this machine's processor."""
    if not text:
        raise UsageError("expected a platform, such as linux/amd64")
    return own_platform() if text == "current" else text


def read_csv(text: str) -> list[str]:
    """Split one line at its commas; a field in double quotes may contain commas.

    As encoding/csv of Go, but a second line is an error instead of being lost.
    """
    text = text.rstrip("\r\n")
    if not text:
        return []
    fields: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            field, at = _quoted(text, at + 1)
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            field, at = text[at:end], end
            if '"' in field:
                raise UsageError('bare " in a field that is not quoted')
            if "\n" in field:
                raise UsageError("line break in a list; put the field in double quotes")
        fields.append(field)
        if at == len(text):
            return fields
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Read a quoted field from after its quote; return it and where it ends."""
    out: list[str] = []
    while True:
        end = text.find('"', at)
        if end < 0:
            raise UsageError('missing closing "')
        out.append(text[at:end])
        if text.startswith('""', end):
            out.append('"')
            at = end + 2
        elif end + 1 == len(text) or text[end + 1] == ",":
            return "".join(out), end + 1
        else:
            raise UsageError('expected a comma after the closing "')


def _strings(text: str) -> list[Parsed]:
    return list(read_csv(text))


def _members(read: Callable[[str], Parsed]) -> Callable[[str], Parsed]:
    """Return a reader of lists whose members have no quotes or outer blanks of their own."""

    def read_list(text: str) -> Parsed:
        # The real command line drops all quotes of such lists (flags.go, sliceValue.Set).
        bare = text.translate({ord(quote): None for quote in "\"'`"})
        return [read(field.strip()) for field in read_csv(bare)]

    return read_list


def _enum(definition: EnumDef) -> Callable[[str], Parsed]:
    def read(text: str) -> Parsed:
        for member in definition.members:
            if member.lower() == text.lower():
                return member
        raise UsageError(f"value should be one of {', '.join(definition.members)}")

    return read


def _address(type_name: str) -> Callable[[str], Parsed]:
    def read(text: str) -> Parsed:
        if not text:
            raise UsageError(f"expected the address of a {type_name}")
        return Address(type_name, text)

    return read


_DISPLAY_OF_MANY = {"string": "strings", "int": "ints", "float": "floats", "": "bools"}


def _text(text: str) -> Parsed:
    return text


def flag_type(type_: TypeRef, enum_def: Callable[[str], EnumDef | None]) -> FlagType | None:
    """Return how an argument of this type is given, or None where it cannot be."""
    match type_.kind:
        case Kind.STRING:
            return FlagType("string", _text)
        case Kind.INTEGER:
            return FlagType("int", read_integer)
        case Kind.FLOAT:
            return FlagType("float", read_float)
        case Kind.BOOLEAN:
            return FlagType("", read_boolean, boolean=True)
        case Kind.SCALAR:
            readers: dict[str, Callable[[str], Parsed]] = {
                "JSON": read_json,
                "Platform": read_platform,
            }
            return FlagType(type_.name, readers.get(type_.name, _text))
        case Kind.ENUM:
            definition = enum_def(type_.name)
            return FlagType(type_.name, _enum(definition)) if definition else None
        case Kind.OBJECT if type_.name in ADDRESSABLE:
            return FlagType(type_.name, _address(type_.name))
        case Kind.LIST if type_.element and type_.element.kind is not Kind.LIST:
            element = flag_type(type_.element, enum_def)
            if element is None:
                return None
            display = _DISPLAY_OF_MANY.get(element.display, f"[]{element.display}")
            read = _strings if type_.element.kind is Kind.STRING else _members(element.read)
            return FlagType(display, read, repeated=True)
        case _:
            return None
