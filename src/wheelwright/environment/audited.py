"""What an audit looks up: each package that a lock pins, else each that requirements files pin.

| source | pinned by |
|---|---|
| uv.lock, poetry.lock, pdm.lock, pylock.toml | all that are there, for every Python and platform |
| requirements files, where there is no lock | lines with `==` |

What is from git, an address or a path is on no index, so nothing is known about it: it is named.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project import other_locks
from wheelwright.project.files import join, upward
from wheelwright.project.lock import REMEDY
from wheelwright.project.model import Project
from wheelwright.project.reading import bounded, parse_version, requirement_or_none

LOCKS: Final = ("uv.lock", *other_locks.PATHS, "pylock.toml")

_APART: Final = {
    "git": "git",
    "url": "url",
    "path": "path",
    "directory": "path",
    "editable": "path",
    "virtual": "path",
}
_OPTION: Final = re.compile(r"\s--?[a-z].*$")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")

_ROUNDS: Final = 20
"""Versions of one package; a real lock has one for each of a few Pythons."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What is looked up, and what is not.

    Attributes:
        places: the files.
        pinned: names and versions, sorted, each once.
        apart: what no index has, such as `moss (git)`.
        loose: how many lines of requirements files have no version.
    """

    places: tuple[str, ...] = ()
    pinned: tuple[tuple[str, str], ...] = ()
    apart: tuple[str, ...] = ()
    loose: int = 0

    def rounds(self) -> list[str]:
        """Return requirements files in which no package has two versions: auditors refuse that.

        Raises:
            ProjectError: one package has more versions than a lock has.
        """
        found: list[list[str]] = []
        seen: dict[str, int] = {}
        for name, version in self.pinned:
            number = seen[name] = seen.get(name, -1) + 1
            if number == _ROUNDS:
                raise ProjectError(
                    f"{', '.join(self.places)}: more than {_ROUNDS} versions of {name}", REMEDY
                )
            if number == len(found):
                found.append([])
            found[number].append(f"{name}=={version}\n")
        return ["".join(lines) for lines in found]


def find(project: Project) -> Audited:
    """Return what there is to audit; no places where nothing is pinned.

    Raises:
        ProjectError: a broken lock.
    """
    places, pinned, apart = [], set(), set()
    for path, name, version, source in _locked(project):
        if path not in places:
            places.append(path)
        if source:
            apart.add(f"{name} ({source})")
        elif name:
            pinned.add((name, version))
    if places:
        return Audited(tuple(places), tuple(sorted(pinned)), tuple(sorted(apart)))
    return _required(project)


def _locked(project: Project) -> Iterator[tuple[str, str, str, str]]:
    """Yield path, name, version and source of each package; one without a name for each lock."""
    if project.lock is not None:
        path = project.lock.path
        yield path, "", "", ""
        own = {project.base, project.where, *project.members}
        for package in project.lock.packages:
            source = package.get("source")
            where = source if isinstance(source, Mapping) else {}
            kind = next((kind for kind in _APART if kind in where), "")
            directory = where.get(kind) if kind in ("editable", "virtual") else None
            if isinstance(directory, str) and join(project.base, directory) in own:
                continue
            name, version = package.get("name", ""), package.get("version", "")
            if name and (kind or version):
                yield path, canonicalize_name(name), version, _APART.get(kind, "")
    for file in LOCKS[1:]:
        path = project.path(file)
        text = project.files.text(path) if path else None
        if text is None:
            continue
        yield path, "", "", ""
        for locked in other_locks.read(path, text).packages:
            if locked.name != project.package.name:
                unknown = "no version" if locked.version == "0" else ""
                yield path, locked.name, locked.version, locked.source or unknown


def _required(project: Project) -> Audited:
    pinned, apart, places, loose = set(), set(), [], 0
    directories = upward(project.where)
    for path, text in sorted(project.files.texts.items()):
        name = posixpath.basename(path)
        where = posixpath.dirname(path)
        if posixpath.basename(where) == "requirements":
            where = posixpath.dirname(where)
        if not name.endswith(".txt") or name.startswith("constraints") or where not in directories:
            continue
        rest = 0
        for line in _lines(path, text):
            wanted = requirement_or_none(line)
            version = _exact(str(wanted.specifier)) if wanted else ""
            if wanted and wanted.url:
                kind = "git" if wanted.url.startswith("git+") else "url"
                apart.add(f"{canonicalize_name(wanted.name)} ({kind})")
            elif wanted and version:
                pinned.add((canonicalize_name(wanted.name), version))
                if path not in places:
                    places.append(path)
            elif wanted:
                rest += 1
        loose += rest
    if not pinned:
        return Audited()
    return Audited(tuple(places), tuple(sorted(pinned)), tuple(sorted(apart)), loose)


def _lines(path: str, text: str) -> Iterator[str]:
    """Yield the lines without comments and options; continued ones joined."""
    parts: list[str] = []
    for line in bounded(path, text).splitlines():
        parts.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield _bare("".join(parts))
            parts = []
    yield _bare("".join(parts))


def _bare(line: str) -> str:
    return _OPTION.sub("", _COMMENT.sub("", line)).strip()


def _exact(specifier: str) -> str:
    """Return the version of a specifier that allows one only; empty for another."""
    version = specifier.removeprefix("==")
    exact = specifier.startswith("==") and parse_version(version) is not None
    return version if exact else ""
