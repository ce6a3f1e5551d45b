"""Cuts a directory so that a step behind the cut is found again while what it sees is the same.

A file that a step does not see may change between two calls. On Dagger the step then stays cached
only if what it sees is taken from the directory by `directory` and `file`, and put together by
`with_directory` and `with_file`: these have a digest of their contents. Behind `without_directory`,
`without_file`, `with_directory(include=...)`, and from 1.0 on behind `filter`, a step runs again.

So a directory is cut here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import dagger
from dagger import dag

from wheelwright.container import steps
from wheelwright.container.together import together
from wheelwright.errors import ProjectError
from wheelwright.project.files import join, literal
from wheelwright.project.pieces import Made, Part, Piece, plan

_CHAIN_MAX = 100
"""Changes of one directory in a row; Dagger cannot mount one with 500 of them."""

_TREE = "/opt/wheelwright/tree"
_READ_LINKS = 'for path; do readlink "./$path"; done'

Links: TypeAlias = dict[str, str | None]
"""Targets of symbolic links by path; None for a file."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Files of a directory, as they can be cut.

    Attributes:
        given: what the files are taken from.
        every: all of its entries, directories with `/` at the end.
        kept: those of them that count.
        place: where they are in the tree.
        restored: further files, by their path in the tree.
    """

    given: dagger.Directory
    every: tuple[str, ...]
    kept: frozenset[str]
    place: str = ""
    restored: Mapping[str, dagger.File] = field(default_factory=dict)
    _links: Links = field(default_factory=dict, compare=False)

    @property
    def names(self) -> frozenset[str]:
        """Every entry, by its path in the tree; directories with `/` at the end."""
        named = (join(self.place, name) + "/" * name.endswith("/") for name in self.kept)
        return frozenset((*named, *self.restored))

    async def whole(self) -> dagger.Directory:
        """Return all of it."""
        return await self._part(lambda _: True)

    async def only(self, paths: Iterable[str]) -> dagger.Directory:
        """Return the files and directories at these paths; what is not there is left out."""
        wanted = {path.strip("/") for path in paths}
        return await self._part(lambda path: not wanted.isdisjoint(_upward(path)))

    async def without(self, paths: Iterable[str]) -> dagger.Directory:
        """Return everything but these files and directories."""
        unwanted = {path.strip("/") for path in paths}
        return await self._part(lambda path: unwanted.isdisjoint(_upward(path)))

    async def _part(self, wanted: Callable[[str], bool]) -> dagger.Directory:
        kept = {name for name in self.kept if wanted(join(self.place, name.rstrip("/")))}
        made = await cut(self.given, self.every, kept, self._links)
        if self.place and kept:
            made = dag.directory().with_directory(self.place, made)
        more = {path: file for path, file in self.restored.items() if wanted(path)}
        return _beside(made, more) if more else made


async def cut(
    given: dagger.Directory,
    every: Iterable[str],
    kept: Collection[str],
    links: Links | None = None,
) -> dagger.Directory:
    """Return a directory with the kept entries; `every` are all that it has.

    `links` is filled with what is found out, for another cut of the same directory.
    """
    part = plan(every, kept)
    known = {} if links is None else links
    if isinstance(part, Made):
        await _find_links(given, part, known)
    return _taken(given, part, known)


def of_output(
    directory: dagger.Directory, *, include: Iterable[str] = (), exclude: Iterable[str] = ()
) -> dagger.Directory:
    """Return a part of what a step wrote, by patterns.

    That is no more found by its contents than the whole of it: the step decides on both.
    """
    return directory.filter(include=list(include), exclude=list(exclude))


def _taken(given: dagger.Directory, part: Part, links: Links) -> dagger.Directory:
    if isinstance(part, Piece):
        found = given.directory(part.path) if part.path else given
        # Only of one directory, and where there would be too many pieces: see `pieces.plan`.
        return found.filter(exclude=list(part.excluded)) if part.excluded else found
    made: dict[str, dagger.Directory | dagger.File | str] = {}
    for name, each in part.parts.items():
        if isinstance(each, Made) or each.is_directory:
            made[name] = _taken(given, each, links)
        else:
            made[name] = links.get(each.path) or given.file(each.path)
    return _beside(dag.directory(), made)


def _beside(
    directory: dagger.Directory, entries: Mapping[str, dagger.Directory | dagger.File | str]
) -> dagger.Directory:
    """Add entries to a directory, by path; a text is the target of a link."""
    items = sorted(entries.items())
    if len(items) > _CHAIN_MAX:
        for start in range(0, len(items), _CHAIN_MAX):
            some = _beside(dag.directory(), dict(items[start : start + _CHAIN_MAX]))
            directory = directory.with_directory("/", some)
        return directory
    for path, entry in items:
        match entry:
            case dagger.Directory():
                directory = directory.with_directory(path, entry)
            case dagger.File():
                directory = directory.with_file(path, entry)
            case _:
                directory = directory.with_symlink(entry, path)
    return directory


async def _find_links(given: dagger.Directory, part: Made, links: Links) -> None:
    """Find out which of the files are links, and their targets."""
    kind = dagger.ExistsType.SYMLINK_TYPE
    files = [each.path for each in part.pieces if not each.is_directory and each.path not in links]
    found = await together(
        {
            path: partial(given.exists, path, expected_type=kind, do_not_follow_symlinks=True)
            for path in files
        }
    )
    paths = sorted(path for path in files if found[path])
    targets = await _targets(given, paths) if paths else {}
    links.update({path: targets.get(path) for path in files})


async def _targets(given: dagger.Directory, paths: list[str]) -> dict[str, str]:
    """Read links. Only what is printed counts, so that the filter runs this step again alone."""
    there = given.filter(include=literal(paths))
    container = steps.git().with_directory(_TREE, there).with_workdir(_TREE)
    asked = steps.run(container, ["sh", "-c", _READ_LINKS, "sh", *paths])
    lines = (await steps.output(asked, "read links")).stdout.split("\n")[:-1]
    if len(lines) != len(paths):
        raise ProjectError(
            "a symbolic link of the source leads to a name with a line break",
            f"look at {', '.join(paths[:3])}",
        )
    return dict(zip(paths, lines, strict=True))


def _upward(path: str) -> list[str]:
    """Return a path and the directories that it is in."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
