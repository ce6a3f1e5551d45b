"""pyproject.toml as the package wrote it: names, requirements, groups; PEP 621, 735, 503."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.reading import (
    DEPTH,
    is_strings,
    requirement_or_none,
    shortened,
    specifiers,
    toml,
)

_TABLE, _TEXT, _TEXTS, _FLAG = "a table", "a string", "a list of strings", "a boolean"
_SHAPE_TESTS: Final[Mapping[str, Callable[[object], bool]]] = {
    _TABLE: lambda value: isinstance(value, dict),
    _TEXT: lambda value: isinstance(value, str),
    _TEXTS: is_strings,
    _FLAG: lambda value: isinstance(value, bool),
}
# The values that are read, by their dotted place: checked once, so that no reader has to.
# Sources: PEP 518, PEP 621, PEP 735, and the manuals of the tools.
_SHAPES: Final = {
    "project": _TABLE,
    "project.name": _TEXT,
    "project.version": _TEXT,
    "project.dynamic": _TEXTS,
    "project.requires-python": _TEXT,
    "project.classifiers": _TEXTS,
    "project.dependencies": _TEXTS,
    "project.optional-dependencies": _TABLE,
    "build-system": _TABLE,
    "build-system.requires": _TEXTS,
    "build-system.build-backend": _TEXT,
    "build-system.backend-path": _TEXTS,
    "dependency-groups": _TABLE,
    "tool": _TABLE,
    "tool.flit.module.name": _TEXT,
    "tool.hatch.version": _TABLE,
    "tool.hatch.version.path": _TEXT,
    "tool.hatch.version.source": _TEXT,
    "tool.pdm.version": _TABLE,
    "tool.pdm.version.path": _TEXT,
    "tool.poetry": _TABLE,
    "tool.poetry.name": _TEXT,
    "tool.poetry.version": _TEXT,
    "tool.setuptools": _TABLE,
    "tool.setuptools.dynamic": _TABLE,
    "tool.setuptools.dynamic.version": _TABLE,
    "tool.setuptools.dynamic.version.attr": _TEXT,
    "tool.towncrier": _TABLE,
    "tool.towncrier.filename": _TEXT,
    "tool.uv": _TABLE,
    "tool.uv.package": _FLAG,
    "tool.uv.sources": _TABLE,
    "tool.uv.workspace": _TABLE,
    "tool.uv.workspace.exclude": _TEXTS,
    "tool.uv.workspace.members": _TEXTS,
    "tool.wheelwright": _TABLE,
}


@dataclass(frozen=True)
class Pyproject:
    """One pyproject.toml: its path from the source's root, its text and its data."""

    path: str
    text: str
    data: Mapping[str, Any]

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return the table at a dotted place, empty where there is none."""
        found: Any = self.data
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def has(self, *keys: str) -> bool:
        """Whether there is something at a dotted place, an empty table included."""
        return keys[-1] in self.table(*keys[:-1])

    @property
    def project(self) -> Mapping[str, Any]:
        """The [project] table."""
        return self.table("project")

    @property
    def name(self) -> str:
        """The distribution's normalized name, empty where pyproject.toml does not set it."""
        name = self.project.get("name") or self.table("tool", "poetry").get("name")
        return canonicalize_name(name) if isinstance(name, str) else ""

    @property
    def dynamic(self) -> frozenset[str]:
        """Fields that the build backend fills in."""
        if not self.project:
            return frozenset({"version", "dependencies", "optional-dependencies"})
        return frozenset(self.project.get("dynamic", ()))

    @property
    def backend(self) -> str:
        """The build backend's import name; empty without [build-system]."""
        system = self.table("build-system")
        return (
            str(system.get("build-backend", "setuptools.build_meta:__legacy__")) if system else ""
        )

    @property
    def build_requires(self) -> frozenset[str]:
        """Normalized names of what the build needs."""
        return frozenset(
            canonicalize_name(self._requirement(line).name)
            for line in self._strings("build-system", "requires")
        )

    @property
    def requires_python(self) -> SpecifierSet | None:
        """The versions of Python that may install it; None where it is not set.

        Raises:
            ProjectError: not a version specifier (PEP 440).
        """
        text = self.project.get("requires-python")
        if text is None:
            return None
        try:
            return specifiers(str(text))
        except InvalidSpecifier as error:
            raise ProjectError(
                f"{self._at(str(text))}: requires-python {text!r} is not a version specifier",
                'write it like ">=3.9"',
            ) from error

    @property
    def classifiers(self) -> Sequence[str]:
        """The trove classifiers."""
        return self._strings("project", "classifiers")

    @property
    def dependencies(self) -> Sequence[str]:
        """What the package needs to run; empty when the backend fills it in."""
        return self._strings("project", "dependencies")

    @cached_property
    def extras(self) -> Mapping[str, Sequence[str]]:
        """Requirements by normalized extra."""
        return {
            canonicalize_name(name): self._strings("project", "optional-dependencies", name)
            for name in self.table("project", "optional-dependencies")
        }

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """The dependency groups: normalized name to the name as written."""
        return {canonicalize_name(name): name for name in self.table("dependency-groups")}

    def group(self, name: str) -> list[str]:
        """Return a group's requirements, included groups in place (PEP 735).

        Raises:
            RequestError: no such group.
            ProjectError: an entry that is neither a requirement nor an inclusion, or a cycle.
        """
        if canonicalize_name(name) not in self.groups:
            known = ", ".join(sorted(self.groups.values())) or "none"
            raise RequestError(
                f'{self.path} has no dependency group "{name}" (it has: {known})',
                "name one of these, or add it to [dependency-groups]",
            )
        found: dict[str, None] = {}
        self._expand(name, (), set(), found)
        return list(found)

    def group_lines(self, names: Iterable[str]) -> list[str]:
        """Return the requirements of several groups."""
        return [line for name in names for line in self.group(name)]

    def _expand(
        self, name: str, within: tuple[str, ...], done: set[str], found: dict[str, None]
    ) -> None:
        """Add a group's requirements, each group once."""
        # Not packaging.dependency_groups: it reads a group again for each inclusion, so that twenty
        # lines can mean a million requirements; it has no limit of depth; its errors name no line.
        key = canonicalize_name(name)
        if key in within:
            chain = " -> ".join((*within, key))
            raise ProjectError(
                f"{self.path}: dependency groups include each other: {shortened(chain)}",
                "remove one include-group",
            )
        if key not in self.groups:
            raise ProjectError(
                f'{self.path}: group "{within[-1]}" includes the group "{name}", '
                "which does not exist",
                "correct the name or add the group",
            )
        if key in done:
            return
        if len(within) >= DEPTH:
            raise ProjectError(
                f'{self._at(self.groups[key])}: group "{within[0]}" includes groups more than '
                f"{DEPTH} levels deep",
                "name the requirements in fewer groups",
            )
        done.add(key)
        entries = self.table("dependency-groups")[self.groups[key]]
        for entry in entries if isinstance(entries, list) else [entries]:
            if isinstance(entry, str):
                self._requirement(entry)
                found[entry] = None
            elif isinstance(entry, Mapping) and isinstance(entry.get("include-group"), str):
                self._expand(entry["include-group"], (*within, key), done, found)
            else:
                raise ProjectError(
                    f'{self.path}: group "{name}" has an entry that is neither a requirement '
                    f"nor an include-group: {shortened(repr(entry))}",
                    "correct that entry",
                )

    def _strings(self, *keys: str) -> list[str]:
        value: list[str] = self.table(*keys[:-1]).get(keys[-1], [])
        if not is_strings(value):
            where = ".".join(keys)
            raise ProjectError(f"{self.path}: {where} is not a list of strings", "write it as one")
        return value

    def _requirement(self, line: str) -> Requirement:
        if (found := requirement_or_none(line)) is None:
            raise ProjectError(
                f"{self._at(line)}: {shortened(repr(line))} is not a requirement (PEP 508)",
                "correct it",
            )
        return found

    def _at(self, needle: str) -> str:
        line = line_of(self.text, needle)
        return f"{self.path}:{line}" if line else self.path


def parse(path: str, text: str) -> Pyproject:
    """Read one pyproject.toml.

    Raises:
        ProjectError: not TOML; the message has line and column.
    """
    parsed = Pyproject(path, text, toml(path, text))
    if wrong := [problem for place in _SHAPES if (problem := _misshapen(parsed, place))]:
        raise ProjectError(f"{path}: {', and '.join(wrong)}", "correct it")
    return parsed


def _misshapen(parsed: Pyproject, place: str) -> str:
    """Return what is wrong with the value at a dotted place; empty where it is right or absent."""
    *tables, key = place.split(".")
    value = parsed.table(*tables).get(key)
    shape = _SHAPES[place]
    return "" if value is None or _SHAPE_TESTS[shape](value) else f"{place} is not {shape}"


def line_of(text: str, needle: str) -> int | None:
    """Return the number of the first line with a text, counted from 1."""
    for number, line in enumerate(text.splitlines(), 1):
        if needle in line:
            return number
    return None


def table_lines(text: str) -> dict[str, int]:
    """Return the line of each `[table]` by its dotted name, counted from 1."""
    return {
        header: number
        for number, line in enumerate(text.splitlines(), 1)
        if (header := _header(line))
    }


def _header(line: str) -> str:
    bare = line.strip()
    if not bare.startswith("["):
        return ""
    return bare.partition("#")[0].strip(" []").replace('"', "").replace("'", "")


def line_in(text: str, table: str, key: str = "") -> int:
    """Return the line of a key below `[table]`, counted from 1; that of the header without one.

    0 where the file writes it in another way, such as by dotted keys.
    """
    found = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            header = _header(line)
            if found and header != table:
                break
            if header == table:
                found = number
                if not key:
                    return number
        elif found and re.split(r"[=.]", bare, maxsplit=1)[0].strip().strip("\"'") == key:
            return number
    return found
