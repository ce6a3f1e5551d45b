"""Requirements files and tox's deps, flattened to lines that a dependency layer can install.

A line that installs the package itself (`-e .`) is taken out, because the dependency layer has
no source; the package is installed on top anyway, with the extras that line names.
"""

from __future__ import annotations

import configparser
import itertools
import posixpath
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot, join
from wheelwright.project.pyproject import Pyproject

__all__ = ["Flat", "flatten", "from_tox"]

_SELF = re.compile(r"(?:-e\s*|--editable[= ]\s*)?\.(?:/)?(?:\[(?P<extras>[\w\s,.-]*)\])?")
_INCLUDE = re.compile(r"(?P<flag>-r|--requirement|-c|--constraint)(?:\s*=?\s*)(?P<path>\S+)")
_FACTOR = re.compile(r"(?P<factors>!?[\w{}.,!-]+):\s+(?P<rest>.+)")


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
    _add(flat, files, _logical(files.texts[path]), path, flat.lines, (path,))
    return flat


def _add(
    flat: Flat,
    files: Snapshot,
    lines: Iterable[str],
    origin: str,
    into: list[str],
    seen: tuple[str, ...],
) -> None:
    for line in lines:
        if own := _SELF.fullmatch(line):
            flat.extras += [
                word.strip() for word in (own["extras"] or "").split(",") if word.strip()
            ]
        elif include := _INCLUDE.fullmatch(line):
            path = join(posixpath.dirname(origin), include["path"])
            text = files.text(path)
            if text is None:
                raise ProjectError(
                    f"{origin} includes {include['path']}, which is not there or is not named "
                    "like a requirements file",
                    "correct the line, or name a dependency group with --groups",
                )
            if path not in seen:
                target = flat.constraints if include["flag"] in ("-c", "--constraint") else into
                _add(flat, files, _logical(text), path, target, (*seen, path))
        elif line not in into:
            into.append(line)


def _logical(text: str) -> list[str]:
    """Return the lines without comments, continued ones joined (pip's requirements format)."""
    joined = re.sub(r"\\\r?\n", " ", text)
    bare = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in bare if line]


def from_tox(files: Snapshot, pyproject: Pyproject, python: str) -> tuple[str, Flat] | None:
    """Return what tox's base environment installs, and which file says so.

    Reads tox.ini, tox.toml, and [tool.tox] in the order that tox itself does.

    Raises:
        ProjectError: a line that cannot be read here.
    """
    for origin, deps, extras in _tox_places(files, pyproject):
        lines = [_plain(line, origin, python) for line in deps]
        flat = Flat(extras=list(extras))
        kept = [line for line in lines if line]
        _add(flat, files, kept, "tox.ini", flat.lines, ())
        if flat.lines or flat.extras:
            return origin, flat
    return None


def _tox_places(
    files: Snapshot, pyproject: Pyproject
) -> Iterable[tuple[str, list[str], list[str]]]:
    legacy = pyproject.table("tool", "tox").get("legacy_tox_ini")
    for origin, text in (("tox.ini", files.text("tox.ini")), ("pyproject.toml [tool.tox]", legacy)):
        if isinstance(text, str):
            parser = configparser.ConfigParser(interpolation=None, strict=False)
            try:
                parser.read_string(text)
            except configparser.Error as error:
                raise ProjectError(f"{origin} cannot be read: {error}", "correct it") from error
            if parser.has_section("testenv"):
                section = parser["testenv"]
                extras = re.split(r"[\s,]+", section.get("extras", "").strip())
                yield (
                    f"deps in {origin}",
                    _logical(section.get("deps", "")),
                    [extra for extra in extras if extra],
                )
    native = files.text("tox.toml")
    try:
        data = tomllib.loads(native) if native is not None else {}
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"tox.toml is not valid TOML: {error}", "correct it") from error
    for origin, table in (
        ("tox.toml", data),
        ("pyproject.toml [tool.tox]", pyproject.table("tool", "tox")),
    ):
        base = table.get("env_run_base", {})
        if isinstance(base, dict):
            deps = [line for line in base.get("deps", []) if isinstance(line, str)]
            yield f"deps in {origin}", deps, list(base.get("extras", []))


def _plain(line: str, origin: str, python: str) -> str:
    """Return a line of deps without tox's own syntax; empty when it is for another Python."""
    if conditional := _FACTOR.fullmatch(line):
        if not _active(conditional["factors"], python):
            return ""
        line = conditional["rest"]
    line = re.sub(r"\{(toxinidir|tox_root)\}[\\/]?", "", line)
    if "{" in line:
        raise ProjectError(
            f"{origin}: {line!r} refers to another place of tox's configuration",
            "name a dependency group with --groups, or write the requirement out",
        )
    return line


def _active(factors: str, python: str) -> bool:
    ours = {f"py{python.replace('.', '')}", f"py{python}", python, "py", "py3"}
    alternatives = itertools.chain.from_iterable(map(_braces, _commas(factors)))
    return any(
        all((part[1:] not in ours) if part[:1] == "!" else part in ours for part in word.split("-"))
        for word in alternatives
    )


def _commas(text: str) -> list[str]:
    return [word for word in re.split(r",(?![^{]*\})", text) if word]


def _braces(word: str) -> list[str]:
    if not (match := re.search(r"\{([^{}]*)\}", word)):
        return [word]
    return [
        expanded
        for choice in match[1].split(",")
        for expanded in _braces(word[: match.start()] + choice + word[match.end() :])
    ]
