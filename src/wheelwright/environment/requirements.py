"""Requirements files and tox's deps, flattened to lines that a dependency layer can install.

A line that installs the package itself (`-e .`) is taken out, because the dependency layer has
no source; the package is installed on top anyway, with the extras that line names.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot, join
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import DEPTH, bounded, ini, shortened, toml

_SELF = re.compile(r"(?:-e\s*|--editable[= ]\s*)?\.(?:/)?(?:\[(?P<extras>[\w\s,.-]*)\])?")
_INCLUDE = re.compile(r"(?P<flag>-r|--requirement|-c|--constraint)\s*(?:=\s*)?(?P<path>\S+)")
_FACTOR = re.compile(r"(?P<factors>!?[\w{}.,!-]+):\s+(?P<rest>.+)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_BRACES = re.compile(r"\{([^{}]*)\}")

_FACTORS: Final = 10_000
"""Environments that one condition of tox may name; a hundred are many."""


class _Line(NamedTuple):
    """A logical line and the number of its first one, counted from 1."""

    number: int
    text: str


@dataclass(slots=True)
class Flat:
    """Requirement lines, constraint lines, and the extras of the package itself."""

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)


def flatten(files: Snapshot, path: str) -> Flat:
    """Read a requirements file with all it includes.

    Raises:
        ProjectError: an included file is not there.
    """
    flat = Flat()
    _Flattening(flat, files).add(_logical(path, files.texts[path]), path, constraint=False)
    return flat


@dataclass(slots=True)
class _Flattening:
    """One reading; a file that was read is not read again: its lines are there already."""

    flat: Flat
    files: Snapshot
    _done: set[tuple[str, bool]] = field(default_factory=set)
    _lines: set[tuple[str, bool]] = field(default_factory=set)

    def add(self, lines: Iterable[_Line], origin: str, *, constraint: bool, depth: int = 0) -> None:
        self._done.add((origin, constraint))
        into = self.flat.constraints if constraint else self.flat.lines
        for line in lines:
            if own := _SELF.fullmatch(line.text):
                extras = (extra.strip() for extra in (own["extras"] or "").split(","))
                self.flat.extras += [extra for extra in extras if extra]
            elif include := _INCLUDE.fullmatch(line.text):
                inner = constraint or include["flag"] in ("-c", "--constraint")
                self._include(include["path"], origin, line.number, constraint=inner, depth=depth)
            elif (line.text, constraint) not in self._lines:
                self._lines.add((line.text, constraint))
                into.append(line.text)

    def _include(
        self, written: str, origin: str, number: int, *, constraint: bool, depth: int
    ) -> None:
        path = join(posixpath.dirname(origin), written)
        text = self.files.text(path)
        if text is None:
            raise ProjectError(
                f"{origin} includes {shortened(written)}, which does not exist or is not named "
                "like a requirements file",
                "correct the line, or name a dependency group with --groups",
            )
        if (path, constraint) in self._done:
            return
        if depth >= DEPTH:
            raise ProjectError(
                f"{origin}:{number}: includes files more than {DEPTH} levels deep",
                "include them from one file",
            )
        self.add(_logical(path, text), path, constraint=constraint, depth=depth + 1)


def _logical(path: str, text: str, first: int = 1) -> list[_Line]:
    """Return the lines without comments, continued ones joined (pip's requirements format)."""
    found: list[_Line] = []
    parts: list[str] = []
    begins = first
    for number, line in enumerate(bounded(path, text).splitlines(), first):
        if not parts:
            begins = number
        continued = line.endswith("\\")
        parts.append(line[:-1] if continued else line)
        if not continued:
            found.append(_Line(begins, " ".join(parts)))
            parts = []
    if parts:
        found.append(_Line(begins, " ".join(parts)))
    bare = (_Line(line.number, _COMMENT.sub("", line.text).strip()) for line in found)
    return [line for line in bare if line.text]


def from_tox(files: Snapshot, pyproject: Pyproject, python: str) -> tuple[str, Flat] | None:
    """Return what tox's base environment installs, and the file that lists it.

    Reads tox.ini, tox.toml, and [tool.tox] in the order that tox itself does.

    Raises:
        ProjectError: a line that cannot be read here.
    """
    for origin, deps, extras in _tox_places(files, pyproject):
        flat = Flat(extras=list(extras))
        kept = [
            _Line(line.number, plain) for line in deps if (plain := _plain(line, origin, python))
        ]
        _Flattening(flat, files).add(kept, "tox.ini", constraint=False)
        if flat.lines or flat.extras:
            return f"deps in {origin}", flat
    return None


def _tox_places(
    files: Snapshot, pyproject: Pyproject
) -> Iterator[tuple[str, list[_Line], list[str]]]:
    legacy = pyproject.table("tool", "tox").get("legacy_tox_ini")
    for origin, text in (("tox.ini", files.text("tox.ini")), ("pyproject.toml [tool.tox]", legacy)):
        if not isinstance(text, str):
            continue
        parser = ini(origin, text)
        if parser.has_section("testenv"):
            section = parser["testenv"]
            extras = re.split(r"[\s,]+", section.get("extras", "").strip())
            # Values have lost their lines; their first line is the one with the key.
            number = _number_of(text, "deps")
            deps = _logical(origin, section.get("deps", ""), number)
            yield origin, deps, [extra for extra in extras if extra]
    native = files.text("tox.toml")
    data = toml("tox.toml", native) if native is not None else {}
    for origin, table in (
        ("tox.toml", data),
        ("pyproject.toml [tool.tox]", pyproject.table("tool", "tox")),
    ):
        base = table.get("env_run_base", {})
        if isinstance(base, dict):
            deps = base.get("deps", [])
            extras = base.get("extras", [])
            lines = [line for line in deps if isinstance(line, str)] if _is_list(deps) else []
            texts = [each for each in extras if isinstance(each, str)] if _is_list(extras) else []
            yield origin, [_Line(1, line) for line in lines], texts


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _number_of(text: str, key: str) -> int:
    """Return the line of `[testenv]` that has a key, counted from 1."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside = line.strip() == "[testenv]"
        elif inside and line.split("=")[0].split(":")[0].strip() == key:
            return number
    return 1


def _plain(line: _Line, origin: str, python: str) -> str:
    """Return a line of deps without tox's own syntax; empty when it is for another Python."""
    text = line.text
    if conditional := _FACTOR.fullmatch(text):
        if not _active(conditional["factors"], python, f"{origin}:{line.number}"):
            return ""
        text = conditional["rest"]
    text = re.sub(r"\{(toxinidir|tox_root)\}[\\/]?", "", text)
    if "{" in text:
        raise ProjectError(
            f"{origin}: {shortened(repr(text))} refers to another place of tox's configuration",
            "name a dependency group with --groups, or write the requirement out",
        )
    return text


def _active(factors: str, python: str, where: str) -> bool:
    ours = {f"py{python.replace('.', '')}", f"py{python}", python, "py", "py3"}
    names = itertools.chain.from_iterable(map(_expanded, _commas(factors)))
    bound = _FACTORS if factors.count("{") <= DEPTH else 0
    if any(_fits(name, ours) for name in itertools.islice(names, bound)):
        return True
    if next(names, None) is None:
        return False
    raise ProjectError(
        f"{where}: the condition {shortened(repr(factors))} names more than {_FACTORS} "
        "environments",
        "write a shorter one",
    )


def _fits(name: str, ours: set[str]) -> bool:
    """Whether every factor of an environment's name is one of ours, and none that is negated."""
    parts = name.split("-")
    return all((part[1:] not in ours) if part[:1] == "!" else part in ours for part in parts)


def _commas(text: str) -> list[str]:
    """Split at the commas outside of braces."""
    parts, start, depth = [], 0, 0
    for position, char in enumerate(text):
        if char == "{":
            depth += 1
        elif char == "}":
            depth = max(depth - 1, 0)
        elif char == "," and not depth:
            parts.append(text[start:position])
            start = position + 1
    return [part for part in (*parts, text[start:]) if part]


def _expanded(text: str) -> Iterator[str]:
    """Yield what a condition with braces expands to, one by one: there can be billions."""
    if "{" not in text:
        yield text
        return
    parts = _BRACES.split(text)
    # Every second part was in braces.
    choices = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
    yield from map("".join, itertools.product(*choices))
