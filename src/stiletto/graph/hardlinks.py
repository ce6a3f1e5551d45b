"""Hard links in trees: which paths are names of one file.

A tree knows them by `File.hardlink`, a name that means something in this tree only: a copy of a
tree into another one is made of files of its own, so its names must differ from those there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from stiletto.graph.tree import Dir, Entry, File

Inode: TypeAlias = tuple[int, int]
"""A file of the disk: its device and number."""


class Hardlinks:
    """The files of the disk that were seen while a tree was read, each with its paths."""

    def __init__(self) -> None:
        self._paths: dict[Inode, list[str]] = {}

    def note(self, inode: Inode, path: str) -> None:
        """Note a path of a file that has several names."""
        self._paths.setdefault(inode, []).append(path)

    def joined(self, tree: Dir, at: str = "") -> Dir:
        """Return the tree that was read at a path, with the names of each file joined."""
        names = {
            posixpath.relpath(path, at or "."): posixpath.relpath(min(paths), at or ".")
            for paths in self._paths.values()
            if len(paths) > 1
            for path in paths
        }
        if not names:
            return tree
        return _renamed(tree, "", lambda path, file: names.get(path, file.hardlink))


def apart(tree: Dir, taken: Collection[str]) -> Dir:
    """Return a tree for a copy: its hard links have no name that is taken where they go."""
    common = tree.hardlinks.intersection(taken)
    if not common:
        return tree
    used = {*tree.hardlinks, *taken}
    names: dict[str, str] = {}
    for name in sorted(common):
        new = name
        while new in used:
            new += "+"
        used.add(new)
        names[name] = new
    return _renamed(tree, "", lambda _path, file: names.get(file.hardlink, file.hardlink))


def _renamed(tree: Dir, prefix: str, name_of: Callable[[str, File], str]) -> Dir:
    entries: dict[str, Entry] = {}
    for name, entry in tree.entries.items():
        path = prefix + name
        match entry:
            case File():
                entries[name] = replace(entry, hardlink=name_of(path, entry))
            case Dir():
                entries[name] = _renamed(entry, path + "/", name_of)
            case _:
                entries[name] = entry
    return replace(tree, entries=MappingProxyType(entries))
