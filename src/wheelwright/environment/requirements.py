"""Requirements files, flattened to lines that a dependency layer can install.

A line that installs the package itself (`-e .`) is taken out, because the dependency layer has
no source; the package is installed on top anyway, with the extras that line names. Other paths
are kept apart: they are installed with the source, too.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot, join
from wheelwright.project.reading import DEPTH, bounded, shortened
from wheelwright.project.runners.job import LocalPath, local_path

_OPTIONS: Final = re.compile(
    r"(?P<option>-r|--requirement|-c|--constraint|-e|--editable)(?:\s*=\s*|\s*)(?P<value>\S.*)"
)
_SHORT: Final = {"--requirement": "-r", "--constraint": "-c", "--editable": "-e"}
_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")


class _Line(NamedTuple):
    """A logical line and the number of its first one, counted from 1."""

    number: int
    text: str


@dataclass(slots=True)
class Flat:
    """What requirement lines name.

    Attributes:
        lines: requirements and options of the index, without paths.
        extras: of the package itself.
        paths: further directories and files of the source that are installed.
        itself: whether the package itself is named.
    """

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    paths: list[LocalPath] = field(default_factory=list)
    itself: bool = False


def flatten(files: Snapshot, path: str, where: str = "") -> Flat:
    """Read a requirements file with all it includes.

    Args:
        files: with paths from the root, as `path` is.
        path: the file.
        where: the package's directory: pip takes paths of packages from there, and those of
            included files from the file that includes them.

    Raises:
        ProjectError: an included file is not there.
    """
    return listed(files, [f"-r {path}"], "", where)


def listed(
    files: Snapshot,
    lines: Iterable[str],
    origin: str,
    where: str = "",
    *,
    base: str | None = None,
) -> Flat:
    """Read lines, with paths from the root, and all files that they include.

    `base` is where pip runs: paths of packages in those files start there; by default at `where`,
    the package's directory.

    Raises:
        ProjectError: an included file is not there; `origin` names where the lines are.
    """
    flat = Flat()
    reading = _Flattening(flat, files, where, where if base is None else base)
    logical = [_Line(0, line) for line in lines]
    # What the lines include is the first level.
    reading.add(logical, origin, constraint=False, directory="", base="", depth=-1)
    return flat


def included(path: str, text: str) -> Iterator[str]:
    """Yield the paths, from the root, that a requirements file includes."""
    for line in _logical(path, text):
        option, value = _option(line.text)
        if option in ("-r", "-c") and "://" not in value:
            yield join(posixpath.dirname(path), value)


@dataclass(slots=True)
class _Flattening:
    """One reading; a file that was read is not read again: its lines are there already."""

    flat: Flat
    files: Snapshot
    where: str
    base: str
    _done: set[tuple[str, bool]] = field(default_factory=set)
    _lines: set[tuple[str, bool]] = field(default_factory=set)

    def add(
        self,
        lines: Iterable[_Line],
        origin: str,
        *,
        constraint: bool,
        directory: str,
        base: str,
        depth: int = 0,
    ) -> None:
        """Add lines: included files are relative to `directory`, packages to `base`."""
        self._done.add((origin, constraint))
        into = self.flat.constraints if constraint else self.flat.lines
        for line in lines:
            option, value = _option(line.text)
            if option in ("-r", "-c") and "://" not in value:
                inner = constraint or option == "-c"
                self._include(join(directory, value), value, origin, line, inner, depth)
            elif path := local_path(f"{option} {value}".strip(), base):
                self._place(path)
            elif (line.text, constraint) not in self._lines:
                self._lines.add((line.text, constraint))
                into.append(line.text)

    def _place(self, path: LocalPath) -> None:
        if path.path != self.where:
            if path not in self.flat.paths:
                self.flat.paths.append(path)
            return
        self.flat.itself = True
        extras = (extra.strip() for extra in path.extras.strip("[]").split(","))
        self.flat.extras += [extra for extra in extras if extra]

    def _include(
        self, path: str, written: str, origin: str, line: _Line, constraint: bool, depth: int
    ) -> None:
        text = self.files.text(path)
        if text is None:
            place = f"{origin}:{line.number}" if line.number else origin or path
            raise ProjectError(
                f"{place} includes {shortened(written)}, which does not exist in the source",
                "correct the line, or name a dependency group with --groups",
            )
        if (path, constraint) in self._done:
            return
        if depth >= DEPTH:
            raise ProjectError(
                f"{origin}:{line.number}: includes files more than {DEPTH} levels deep",
                "include them from one file",
            )
        self.add(
            _logical(path, text),
            path,
            constraint=constraint,
            directory=posixpath.dirname(path),
            base=self.base,
            depth=depth + 1,
        )


def _option(text: str) -> tuple[str, str]:
    """Return the option of a line that has a path, in its short form, and the path."""
    if found := _OPTIONS.fullmatch(text):
        option = _SHORT.get(found["option"], found["option"])
        return option, found["value"].strip()
    return "", text


def _logical(path: str, text: str) -> list[_Line]:
    """Return the lines without comments, continued ones joined (pip's requirements format)."""
    found: list[_Line] = []
    parts: list[str] = []
    begins = 1
    for number, line in enumerate(bounded(path, text).splitlines(), 1):
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
