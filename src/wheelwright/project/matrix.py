"""[tool.wheelwright.matrix]: the axes of the test matrix, cells added, cells removed.

An axis value that joins nothing is written as an empty string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wheelwright.project.reading import is_strings
from wheelwright.project.setting import setting
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

    python: tuple[str, ...] = setting(
        "the Pythons", '`["3.11", "3.13"]`', unset="those that the package claims", default=()
    )
    resolution: tuple[str, ...] = setting(
        "which versions of the dependencies are installed",
        'any of `"locked"`, `"highest"`, `"lowest-direct"`',
        unset='`"locked"`; `"highest"` without uv.lock',
        default=(),
    )
    groups: tuple[str, ...] = setting(
        "dependency groups, a cell each; `+` joins those of one cell",
        '`["tests", "tests+docs"]`',
        unset="the place that is found",
        default=(),
    )
    extras: tuple[str, ...] = setting(
        'extras of the package, a cell each; `""` is none', '`["", "fast"]`', default=()
    )
    services: tuple[str, ...] = setting(
        "servers for the tests, a cell each",
        '`["postgres:15", "postgres:16"]`',
        unset="`services` of `[tool.wheelwright]`",
        default=(),
    )
    os: tuple[str, ...] = setting(
        "GitHub's runners; a cell for another system than Ubuntu runs there, without an engine",
        '`["ubuntu-latest", "macos-15"]`',
        unset="Ubuntu",
        default=(),
    )
    include: tuple[Entry, ...] = setting(
        "adds a cell, or names one",
        '`[{ python = "3.13", resolution = "highest", name = "newest" }]`',
        default=(),
    )
    exclude: tuple[Entry, ...] = setting(
        "removes the cells that match", '`[{ python = "3.11", extras = "fast" }]`', default=()
    )


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
