"""[tool.poetry]: name, version, Pythons, dependencies, groups and extras, as other tools read them.

Source: Poetry's documentation of pyproject.toml and of dependency specification; `factory.py` of
poetry-core. Constraints are read by poetry-core: see `poetry_constraints.py` beside this file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.files import join
from wheelwright.project.poetry_constraints import (
    platform_marker,
    python_marker,
    python_specifier,
    specifier,
)
from wheelwright.project.pyproject import Pyproject, line_in, table_lines
from wheelwright.project.reading import DEPTH, is_strings, requirement, shortened
from wheelwright.project.runners.job import Place

_DEPENDENCIES: Final = "tool.poetry.dependencies"
_DEV: Final = "tool.poetry.dev-dependencies"

# git@host:owner/name, which git reads as an address of ssh.
_SCP: Final = re.compile(r"(?P<user>[\w.-]+@)?(?P<host>[\w.-]+):(?P<path>(?!//).+)")


@dataclass(frozen=True)
class Group:
    """A dependency group.

    Attributes:
        name: as written.
        optional: whether `poetry install` leaves it out unless it is named.
    """

    name: str
    place: Place
    optional: bool = False


@dataclass(frozen=True)
class Poetry:
    """The table of one pyproject.toml; what is broken in it is an error where it is used.

    Requirement lines are PEP 508 or, for a path, as pip reads them: `-e ../x`, `./x.whl`. They
    are relative to the directory of pyproject.toml.
    """

    pyproject: Pyproject

    @property
    def table(self) -> Mapping[str, Any]:
        """The table itself."""
        return self.pyproject.table("tool", "poetry")

    @property
    def is_package(self) -> bool:
        """Whether there is something to build: `package-mode = false` is an application."""
        return self.table.get("package-mode") is not False

    @property
    def classifiers(self) -> Sequence[str]:
        """The trove classifiers that are written; Poetry adds those of the Pythons to them."""
        found = self.table.get("classifiers", [])
        return found if is_strings(found) else ()

    @cached_property
    def python(self) -> str:
        """The Pythons as a version specifier; empty where any may install it.

        Raises:
            ProjectError: not a constraint.
        """
        found = self._entry(self._main.get("python", "*"))
        try:
            return python_specifier(found)
        except InvalidSpecifier as error:
            raise self._wrong(_DEPENDENCIES, "python", found, error) from error

    @cached_property
    def dependencies(self) -> tuple[str, ...]:
        """What the package needs to run, without what only an extra has.

        Raises:
            ProjectError: a dependency that cannot be read.
        """
        extras = set().union(*self._extra_names.values())
        return tuple(
            line
            for name, one in self._pairs(self._main)
            if canonicalize_name(name) not in extras
            and not (isinstance(one, Mapping) and one.get("optional") is True)
            for line in [self._line(_DEPENDENCIES, name, one)]
        )

    @cached_property
    def extras(self) -> Mapping[str, tuple[str, ...]]:
        """Requirements by normalized extra.

        Raises:
            ProjectError: a dependency that cannot be read.
        """
        lines: dict[str, list[str]] = {}
        wanted = set().union(*self._extra_names.values())
        for name, one in self._pairs(self._main):
            if (key := canonicalize_name(name)) in wanted:
                lines.setdefault(key, []).append(self._line(_DEPENDENCIES, name, one))
        order = {key: place for place, key in enumerate(lines)}
        return {
            extra: tuple(
                line
                for key in sorted(names & lines.keys(), key=order.__getitem__)
                for line in lines[key]
            )
            for extra, names in self._extra_names.items()
        }

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """The groups by normalized name, that of `dev-dependencies` included."""
        path, lines = self.pyproject.path, table_lines(self.pyproject.text)
        found: dict[str, Group] = {}
        for name, table in self.pyproject.table("tool", "poetry", "group").items():
            optional = isinstance(table, Mapping) and table.get("optional") is True
            header = f"tool.poetry.group.{name}.dependencies"
            line = lines.get(header) or lines.get(f"tool.poetry.group.{name}", 0)
            found[canonicalize_name(name)] = Group(name, Place(path, line, f"[{header}]"), optional)
        if "dev-dependencies" in self.table:
            place = Place(path, lines.get(_DEV, 0), f"[{_DEV}]")
            found.setdefault(canonicalize_name("dev"), Group("dev", place))
        return found

    def group(self, name: str) -> tuple[str, ...]:
        """Return the requirements of a group, those of the groups that it includes behind them.

        Raises:
            RequestError: no such group.
            ProjectError: a dependency that cannot be read, or groups that include each other.
        """
        if canonicalize_name(name) not in self.groups:
            known = ", ".join(sorted(group.name for group in self.groups.values())) or "none"
            raise RequestError(
                f'{self.pyproject.path} has no Poetry group "{name}" (it has: {known})',
                "name one of these, or add it to [tool.poetry.group]",
            )
        found: dict[str, None] = {}
        self._expand(canonicalize_name(name), (), set(), found)
        return tuple(found)

    def _expand(
        self, key: str, within: tuple[str, ...], done: set[str], found: dict[str, None]
    ) -> None:
        """Add the requirements of a group, each group once."""
        path = self.pyproject.path
        if key in within or len(within) > DEPTH:
            chain = shortened(" -> ".join((*within, key)))
            raise ProjectError(
                f"{path}: Poetry groups include each other: {chain}", "remove one of them"
            )
        if key in done:
            return
        done.add(key)
        group = self.groups.get(key)
        if group is None:
            raise ProjectError(
                f'{path}: group "{within[-1]}" includes the group "{key}", which does not exist',
                "correct the name or add the group",
            )
        table = self.pyproject.table("tool", "poetry", "group", group.name)
        tables = [(f"tool.poetry.group.{group.name}.dependencies", table.get("dependencies"))]
        if key == "dev":
            tables.append((_DEV, self.table.get("dev-dependencies")))
        for where, dependencies in tables:
            for name, one in self._pairs(dependencies):
                found[self._line(where, name, one)] = None
        included = table.get("include-groups", [])
        for name in included if is_strings(included) else ():
            self._expand(canonicalize_name(name), (*within, key), done, found)

    @property
    def _main(self) -> Mapping[str, Any]:
        return self.pyproject.table("tool", "poetry", "dependencies")

    @cached_property
    def _extra_names(self) -> Mapping[str, frozenset[str]]:
        """Normalized names of dependencies by normalized extra."""
        return {
            canonicalize_name(extra): frozenset(
                canonicalize_name(re.split(r"[\s\[(<>=!~;@]", name.strip(), maxsplit=1)[0])
                for name in (names if is_strings(names) else ())
            )
            for extra, names in self.pyproject.table("tool", "poetry", "extras").items()
        }

    @staticmethod
    def _pairs(table: object) -> Iterator[tuple[str, Any]]:
        """Yield name and constraint of each dependency, each of several constraints by itself."""
        if not isinstance(table, Mapping):
            return
        for name, written in table.items():
            if name.lower() != "python":
                for one in written if isinstance(written, list) else [written]:
                    yield name, one

    @staticmethod
    def _entry(written: object) -> str:
        """Return the constraint in an entry, which may be a table or a list of entries."""
        if isinstance(written, list):
            written = written[-1] if written else "*"
        if isinstance(written, Mapping):
            written = written.get("version", "*")
        return written if isinstance(written, str) else repr(written)

    def _line(self, where: str, name: str, one: object) -> str:
        """Return the requirement line of one constraint of a dependency."""
        table = one if isinstance(one, Mapping) else {"version": one}
        try:
            return _requirement_line(name, table)
        except (InvalidSpecifier, InvalidRequirement) as error:
            raise self._wrong(where, name, one, error) from error

    def _wrong(self, where: str, name: str, written: object, error: Exception) -> ProjectError:
        line = line_in(self.pyproject.text, where, name)
        place = Place(self.pyproject.path, line, f"[{where}]")
        return ProjectError(
            f"{place}: {name} = {shortened(repr(written))} cannot be read: {shortened(error)}",
            'write it like "^1.2", or name other groups with --groups',
        )


def read(pyproject: Pyproject) -> Poetry | None:
    """Return the table of a pyproject.toml; None where there is none."""
    return Poetry(pyproject) if pyproject.table("tool", "poetry") else None


def _requirement_line(name: str, table: Mapping[str, Any]) -> str:
    extras = _texts(table, "extras")
    bracket = f"[{','.join(extras)}]" if extras else ""
    marker = " and ".join(_markers(table))
    tail = f" ; {marker}" if marker else ""
    if path := _text(table, "path") or _text(table, "file"):
        local = join(path, _text(table, "subdirectory")) or "."
        if not local.startswith(("../", "/")) and local not in (".", ".."):
            local = f"./{local}"
        # Checks that the parts make one line, whose address is written as pip reads a path.
        requirement(f"{name}{bracket} @ file:///x{tail}")
        if any(sign in local for sign in "\n\r;#") or " " in local:
            raise InvalidSpecifier("a path with blanks, `;` or `#`")
        editable = "-e " if table.get("develop") is True and not tail else ""
        return f"{editable}{local}{bracket}{tail}"
    if git := _text(table, "git"):
        line = f"{name}{bracket} @ {_git(git, table)}"
    elif url := _text(table, "url"):
        subdirectory = _text(table, "subdirectory")
        line = f"{name}{bracket} @ {url}{f'#subdirectory={subdirectory}' if subdirectory else ''}"
    else:
        line = f"{name}{bracket}{specifier(_text(table, 'version') or '*')}"
    requirement(line + tail)
    return line + tail


def _git(address: str, table: Mapping[str, Any]) -> str:
    """Return the address of a git dependency as PEP 508 and pip write it."""
    if "://" not in address and (match := _SCP.fullmatch(address)):
        address = f"ssh://{match['user'] or ''}{match['host']}/{match['path']}"
    elif "://" not in address:
        address = f"file://{posixpath.normpath(address)}"
    rev = _text(table, "rev") or _text(table, "tag") or _text(table, "branch")
    subdirectory = _text(table, "subdirectory")
    end = f"#subdirectory={subdirectory}" if subdirectory else ""
    return f"git+{address}{f'@{rev}' if rev else ''}{end}"


def _markers(table: Mapping[str, Any]) -> Iterable[str]:
    """Yield the conditions of a dependency, each in brackets where another joins it."""
    written = _text(table, "markers")
    python, platform = _text(table, "python"), _text(table, "platform")
    found = [written, python_marker(python) if python else ""]
    found.append(platform_marker(platform) if platform else "")
    found = [marker for marker in found if marker]
    return found if len(found) < 2 else [f"({marker})" for marker in found]


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InvalidSpecifier(f"{key} is not a string")
    return value


def _texts(table: Mapping[str, Any], key: str) -> Sequence[str]:
    value = table.get(key, [])
    if not is_strings(value):
        raise InvalidSpecifier(f"{key} is not a list of strings")
    found: Sequence[str] = value
    return found
