"""Which pieces of a directory make up a part of it (pure).

A piece is a file, or a directory with everything in it, and is taken from its directory by name.
A directory of which something is left out is made of pieces in turn:

    src/                        part without src/pkg/tests
      pkg/__init__.py           file
      pkg/data/                 directory
      pkg/tests/                left out
    README.md                   file
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from wheelwright.project.files import literal

PIECES_MAX: Final = 500
"""In one directory below the root: one with more is taken by patterns of what is left out."""

_LOST: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry that is taken whole; of a directory, what matches `excluded` is left out."""

    path: str
    is_directory: bool
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A directory that is made of pieces, by their names in it."""

    parts: dict[str, Part]

    @property
    def pieces(self) -> Iterator[Piece]:
        """Every piece, those of directories below among them."""
        for part in self.parts.values():
            yield from (part,) if isinstance(part, Piece) else part.pieces


Part: TypeAlias = Piece | Made


@dataclass(slots=True)
class _Node:
    """An entry of the directory; `listed` is whether all that is in it is known."""

    path: str
    is_directory: bool
    listed: bool = False
    below: dict[str, _Node] = field(default_factory=dict)


def plan(every: Iterable[str], kept: Collection[str]) -> Part:
    """Return what the kept entries are made of; directories end with `/`, in both lists.

    `every` is everything that is in the directory. A directory of which nothing is kept is left
    out, an empty one only if it is not kept itself.
    """
    part = _part(_tree(every), frozenset(kept))
    return part or Made({})


def _tree(every: Iterable[str]) -> _Node:
    root = _Node("", is_directory=True, listed=True)
    for entry in sorted(every):
        node = root
        *parents, name = entry.rstrip("/").split("/")
        for parent in parents:
            node = node.below.setdefault(parent, _Node(_join(node, parent), is_directory=True))
        found = node.below.setdefault(name, _Node(_join(node, name), entry.endswith("/")))
        found.listed = True
    return root


def _join(node: _Node, name: str) -> str:
    return f"{node.path}/{name}" if node.path else name


def _part(node: _Node, kept: frozenset[str]) -> Part | None:
    if not node.is_directory:
        return Piece(node.path, is_directory=False) if node.path in kept else None
    if not node.below:
        return Piece(node.path, is_directory=True) if f"{node.path}/" in kept else None
    parts = {name: _part(below, kept) for name, below in node.below.items()}
    found = {name: part for name, part in parts.items() if part is not None}
    if not found:
        return None
    whole = all(isinstance(part, Piece) and not part.excluded for part in found.values())
    if node.listed and whole and len(found) == len(parts):
        return Piece(node.path, is_directory=True)
    made = Made(found)
    large = node.path and sum(1 for _ in made.pieces) > PIECES_MAX
    # A name that is not UTF-8 cannot be sent: what has it is only taken with what is around it.
    if node.listed and (large or any(_LOST in name for name in found)):
        return Piece(node.path, is_directory=True, excluded=tuple(_patterns(node, kept)))
    return made


def _patterns(node: _Node, kept: frozenset[str]) -> list[str]:
    start = f"{node.path}/" if node.path else ""
    return literal(path.removeprefix(start) for path in _left_out(node, kept))


def _left_out(node: _Node, kept: frozenset[str]) -> Iterator[str]:
    for below in node.below.values():
        if _part(below, kept) is None:
            yield below.path
        elif below.is_directory:
            yield from _left_out(below, kept)
