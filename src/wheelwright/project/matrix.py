"""[tool.wheelwright.matrix]: the axes of the test matrix, cells added, cells removed.

| key | value | effect |
|---|---|---|
| `python` | ["3.11", "3.13"] | instead of the versions that the package claims |
| `resolution` | ["locked", "lowest-direct"] | instead of `locked` (`highest` without uv.lock) |
| `groups`, `extras`, `services` | ["tests", "tests+docs"] | one cell each; `+` joins |
| `os` | ["ubuntu-latest", "macos-latest"] | runners of `matrix --format github` |
| `include` | tables with `python` and the above, `name`, `image` | adds a cell, or names one |
| `exclude` | tables with any of the above | takes out the cells that match |

An axis value that joins nothing is written as an empty string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wheelwright.project.reading import is_strings
from wheelwright.project.suggestions import unknown

RESOLUTIONS = ("locked", "highest", "lowest-direct")

# The axes that make a cell, in the order of their part of its name; then where cells run.
AXES = ("python", "resolution", "groups", "extras", "services")
_LISTS = (*AXES, "os")
_TABLES = ("include", "exclude")
# Of one entry: what has one value, and what has one or several.
_TEXTS = ("name", "python", "resolution", "image")
_PARTS = ("groups", "extras", "services", "os")
_KEYS = ("name", *AXES, "os", "image")


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of `include` or `exclude`; None where it is not set."""

    name: str | None = None
    python: str | None = None
    resolution: str | None = None
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    services: tuple[str, ...] | None = None
    os: tuple[str, ...] | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class MatrixSettings:
    """The table's values; an empty axis is not set."""

    python: tuple[str, ...] = ()
    resolution: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    os: tuple[str, ...] = ()
    include: tuple[Entry, ...] = ()
    exclude: tuple[Entry, ...] = ()


def split(value: str) -> tuple[str, ...]:
    """Return the parts of an axis value such as `tests+docs`; none for an empty one."""
    return tuple(part.strip() for part in value.split("+") if part.strip())


def read(table: Mapping[str, Any]) -> MatrixSettings:
    """Read a table in which `check` found nothing wrong."""
    lists: dict[str, Any] = {key: tuple(table.get(key, ())) for key in _LISTS}
    return MatrixSettings(
        **lists,
        include=tuple(map(_entry, table.get("include", ()))),
        exclude=tuple(map(_entry, table.get("exclude", ()))),
    )


def check(table: object) -> list[str]:
    """Return everything that is wrong with the table, each as the end of a sentence."""
    if not isinstance(table, Mapping):
        return [f"has matrix = {table!r}, which is not a table"]
    known = (*_LISTS, *_TABLES)
    wrong = [f"has an {unknown('key of matrix', key, known)}" for key in table if key not in known]
    for key in _LISTS:
        value = table.get(key, [])
        if not is_strings(value):
            wrong.append(f"has matrix.{key} = {value!r}, which is not a list of strings")
        elif key == "resolution":
            wrong += _resolutions(value)
    for key in _TABLES:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
            wrong.append(f"has matrix.{key} = {value!r}, which is not a list of tables")
        else:
            for entry in value:
                wrong += _wrong_entry(key, entry)
    return wrong


def _wrong_entry(key: str, entry: Mapping[str, Any]) -> list[str]:
    where = f"matrix.{key}"
    wrong = [
        f"has an {unknown(f'key of {where}', name, _KEYS)}" for name in entry if name not in _KEYS
    ]
    wrong += [
        f"has {where}.{name} = {entry[name]!r}, which is not a string"
        for name in _TEXTS
        if not isinstance(entry.get(name, ""), str)
    ]
    wrong += [
        f"has {where}.{name} = {entry[name]!r}, which is neither a string nor a list of strings"
        for name in _PARTS
        if not isinstance(entry.get(name, ""), str) and not is_strings(entry[name])
    ]
    if isinstance(resolution := entry.get("resolution", RESOLUTIONS[0]), str):
        wrong += _resolutions([resolution])
    if key == "include" and "python" not in entry:
        wrong.append(f"has an entry of {where} without python: {dict(entry)!r}")
    if key == "exclude" and not entry:
        wrong.append(f"has an empty entry of {where}, which would exclude every cell")
    return wrong


def _resolutions(values: list[str]) -> list[str]:
    return [
        f"has an {unknown('resolution', value, RESOLUTIONS)}"
        for value in values
        if value not in RESOLUTIONS
    ]


def _entry(entry: Mapping[str, Any]) -> Entry:
    def parts(value: str | list[str]) -> tuple[str, ...]:
        return split(value) if isinstance(value, str) else tuple(value)

    values: dict[str, Any] = {key: entry[key] for key in _TEXTS if key in entry}
    values |= {key: parts(entry[key]) for key in _PARTS if key in entry}
    return Entry(**values)
