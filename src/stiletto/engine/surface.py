"""Operations applied to files: to a whole tree, or as a layer over files that stay where they are.

`apply` is one function for both, because a directory and a container's root obey the same rules:
links in the parents of a path are followed, a file put onto a directory goes inside it, a
directory put onto a directory merges with it and keeps its permission bits.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link, split

__all__ = ["DeltaSurface", "Lower", "Surface", "TreeSurface", "put_directory", "put_file"]


class Lower(Protocol):
    """The files below a delta, read-only; paths are absolute."""

    def resolve(self, path: str, /) -> str:
        """Return the path with the links in its parents followed."""
        ...

    def kind(self, path: str, /) -> str | None:
        """Return `dir`, `file` or `link`, or None; the last component is not followed."""
        ...

    def mode(self, path: str, /) -> int:
        """Return the permission bits of a path that exists."""
        ...


class Surface(Protocol):
    """What an operation is applied to; paths are relative, without leading slash."""

    def resolve(self, path: str) -> str: ...
    def is_dir(self, path: str) -> bool: ...
    def put(self, path: str, entry: Entry) -> None: ...
    def merge(self, path: str, tree: Dir) -> None: ...
    def remove(self, path: str) -> None: ...


class TreeSurface:
    """A tree of its own."""

    def __init__(self, tree: Dir) -> None:
        self.tree = tree

    def resolve(self, path: str) -> str:
        """Follow the links in the parents of a path, inside the tree."""
        done: tuple[str, ...] = ()
        todo = list(split(path))
        budget = 40
        while todo:
            name = todo.pop(0)
            entry = self.tree.get("/".join((*done, name)))
            if isinstance(entry, Link) and todo and budget:
                budget -= 1
                todo = [*split(posixpath.join("/", *done, entry.target)), *todo]
                done = ()
                continue
            done = (*done, name)
        return "/".join(done)

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there, links followed."""
        return isinstance(self.tree.get(path, follow=True), Dir)

    def put(self, path: str, entry: Entry) -> None:
        """Put an entry in place of what is there."""
        self.tree = self.tree.put(path, entry)

    def merge(self, path: str, tree: Dir) -> None:
        """Lay a directory over the one at a path."""
        old = self.tree.get(path)
        if isinstance(old, Dir):
            tree = replace(old.merge(tree), mode=old.mode)
        self.put(path, tree)

    def remove(self, path: str) -> None:
        """Take a path away."""
        self.tree = self.tree.remove(path)


class DeltaSurface:
    """A layer over files that stay where they are: what it adds, and what it hides."""

    def __init__(self, lower: Lower) -> None:
        self._lower = lower
        self._added = TreeSurface(EMPTY)
        self._own_mode: set[str] = set()
        self.removed: set[str] = set()

    @property
    def tree(self) -> Dir:
        """What the layer adds; directories that are also below carry the mode from there."""
        return self._with_lower_modes(self._added.tree, "")

    def _with_lower_modes(self, tree: Dir, prefix: str) -> Dir:
        entries: dict[str, Entry] = {}
        for name, entry in tree.entries.items():
            path = prefix + name
            if isinstance(entry, Dir) and path not in self.removed:
                entry = self._with_lower_modes(entry, path + "/")
                if path not in self._own_mode and self._below(path) == "dir":
                    entry = replace(entry, mode=self._lower.mode("/" + path))
            entries[name] = entry
        return Dir(tree.mode, MappingProxyType(entries))

    def _hidden(self, path: str) -> bool:
        return any(path == gone or path.startswith(gone + "/") for gone in self.removed)

    def _below(self, path: str) -> str | None:
        return None if self._hidden(path) else self._lower.kind("/" + path)

    def resolve(self, path: str) -> str:
        """Follow the links in the parents of a path, in the layer and below."""
        inside = self._added.resolve(path)
        if self._hidden(inside):
            return inside
        return self._lower.resolve("/" + inside).lstrip("/")

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there."""
        added = self._added.tree.get(path, follow=True)
        return isinstance(added, Dir) or (added is None and self._below(path) == "dir")

    def put(self, path: str, entry: Entry) -> None:
        """Put an entry in place of what is there."""
        if not path:
            self.merge(path, entry) if isinstance(entry, Dir) else self._added.put(path, entry)
            return
        if isinstance(entry, Dir):
            self._own_mode.add(path)
        elif self._below(path) == "dir":
            self.removed.add(path)
        self._added.put(path, entry)

    def merge(self, path: str, tree: Dir) -> None:
        """Lay a directory over the one at a path."""
        if path and self._below(path) not in (None, "dir") and not self._added.is_dir(path):
            self.removed.add(path)
        self._added.merge(path, tree)

    def remove(self, path: str) -> None:
        """Take a path away."""
        if path:
            self._added.remove(path)
            if self._below(path) is not None:
                self.removed.add(path)


def put_file(surface: Surface, path: str, name: str, file: File) -> None:
    """Put a file at a path, or under its own name inside a directory there."""
    target = surface.resolve(path)
    if path.endswith("/") or surface.is_dir(target):
        target = posixpath.join(target, name)
    surface.put(target, file)


def put_directory(surface: Surface, path: str, tree: Dir, permissions: int | None) -> None:
    """Lay a directory over the one at a path; permissions apply to everything in it."""
    target = surface.resolve(path)
    if permissions is not None:
        tree = _with_mode(tree, permissions)
    if surface.is_dir(target):
        surface.merge(target, tree)
    else:
        surface.put(target, tree)


def _with_mode(tree: Dir, mode: int) -> Dir:
    entries: dict[str, Entry] = {}
    for name, entry in tree.entries.items():
        match entry:
            case Dir():
                entries[name] = _with_mode(entry, mode)
            case File():
                entries[name] = replace(entry, mode=mode)
            case _:
                entries[name] = entry
    return Dir(mode, MappingProxyType(entries))
