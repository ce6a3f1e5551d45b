"""Runs inside a sandbox: compiles what tests import of an environment, and runs nothing of it.

    compiled.py FACTS DIRECTORY...

DIRECTORY has installed packages. FACTS is a file with JSON: `named` are distributions that tests
may import, `applications` what they only call. Compiled is what is reached from these:

| start | files |
|---|---|
| what is named, with extras in brackets | all |
| what nothing that is installed requires, and is no application | all |
| pytest and coverage | all |
| plugins of pytest | none, where pytest is there: it compiles these itself, with other assertions |

Otherwise each run of the tests compiles what it imports, and keeps that for itself. Of what is
large little is imported. Needs Python 3.8, and no package.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import importlib.util
import json
import os
import py_compile
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_WHOLE_MAX, _TOP_MAX = 200, 100
# A time and a length do not show that a file was replaced by one of another version.
_CHECKED = py_compile.PycInvalidationMode.CHECKED_HASH
_HEAD = importlib.util.MAGIC_NUMBER + b"\3\0\0\0"
_NAME = re.compile(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"\bextra\s*==\s*[\"']([^\"']+)")
_ALWAYS = ("pytest", "coverage")


class Required(NamedTuple):
    """A requirement: a name, its extras, and the extra that asks for it, or nothing."""

    name: str
    extras: frozenset[str]
    by: str = ""


class Distribution(NamedTuple):
    """What is known of a distribution: `plugin` is whether it is one of pytest."""

    requires: list[Required]
    plugin: bool
    files: list[PurePosixPath]


def main(facts: Path, directories: Iterable[Path]) -> None:
    """Compile what tests import of each directory."""
    given = json.loads(facts.read_text(encoding="utf-8"))
    for directory in directories:
        found = _installed(directory)
        wanted = _reached(found, given["named"], given["applications"])
        paths = {path for name in wanted for path in _sources(directory, found[name].files)}
        _compile(sorted(paths, key=lambda path: (-path.stat().st_size, path)))


def _installed(directory: Path) -> dict[str, Distribution]:
    """Return each distribution by its name; one whose metadata cannot be read is left out."""
    found = {}
    for each in importlib.metadata.distributions(path=[str(directory)]):
        try:
            requires = [_required(line) for line in each.requires or ()]
            plugin = any(point.group == "pytest11" for point in each.entry_points)
            files = [PurePosixPath(path) for path in each.files or () if path.suffix == ".py"]
            found[_normalized(each.metadata["Name"])] = Distribution(requires, plugin, files)
        except Exception:  # noqa: S112 - files of others raise anything
            continue
    return found


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _required(line: str) -> Required:
    named, asks = _NAME.match(line), _EXTRA.search(line)
    if named is None:
        raise ValueError(f"{line!r} is not a requirement")
    extras = frozenset(map(_normalized, re.findall(r"[\w.-]+", named[2] or "")))
    return Required(_normalized(named[1]), extras, _normalized(asks[1]) if asks else "")


def _reached(
    found: Mapping[str, Distribution], named: Iterable[str], applications: Collection[str]
) -> set[str]:
    """Return the names of what tests may import."""
    others = {each.name for own in found for each in found[own].requires if each.name != own}
    left = [_required(line) for line in (*_ALWAYS, *named)]
    left += [
        Required(name, frozenset())
        for name in found
        if found[name].plugin or not (name in others or name in applications)
    ]
    done: dict[str, set[str]] = {}
    while left:
        name, extras, _ = left.pop()
        if name in found and not {"", *extras} <= done.setdefault(name, set()):
            done[name] |= {"", *extras}
            left += [each for each in found[name].requires if each.by in done[name]]
    return {name for name in done if "pytest" not in found or not found[name].plugin}


def _sources(directory: Path, files: Iterable[PurePosixPath]) -> list[Path]:
    """Return which files of a distribution are compiled: none that is not in the directory."""
    files = [path for path in files if ".." not in path.parts and not path.is_absolute()]
    if len(files) > _WHOLE_MAX:
        top = [path for path in files if len(path.parts) <= 2]
        files = top if len(top) <= _TOP_MAX else []
    # A link could lead out of the environment.
    places = {directory / path.parent for path in files}
    places = {at for at in places if at.resolve() == at and not (at / "__pycache__").is_symlink()}
    paths = [directory / path for path in files if directory / path.parent in places]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _compile(paths: list[Path]) -> None:
    """Compile files, as many at a time as there are cores."""
    cores = len(os.sched_getaffinity(0))
    children = []
    for first in range(min(cores, len(paths))):
        pid = os.fork()
        if pid == 0:
            for path in paths[first::cores]:
                if not _is_compiled(path):
                    compileall.compile_file(str(path), quiet=2, invalidation_mode=_CHECKED)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def _is_compiled(source: Path) -> bool:
    try:
        with Path(importlib.util.cache_from_source(str(source))).open("rb") as file:
            head = file.read(16)
        return head == _HEAD + importlib.util.source_hash(source.read_bytes())
    except OSError:
        return False


if __name__ == "__main__":
    main(Path(sys.argv[1]), map(Path, sys.argv[2:]))
