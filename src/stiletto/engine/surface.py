"""Operations applied to files: to a whole tree, or as a layer over files that stay where they are.

`apply` is one function for both, because a directory and a container's root obey the same rules:
links in the parents of a path are followed, a file put onto a directory goes inside it, a
directory put onto a directory merges with it and keeps its permission bits.
"""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from stiletto.api.wildcards import wildcards
from stiletto.graph.hardlinks import apart
from stiletto.graph.links import TreeError
from stiletto.graph.links import follow as follow_links
from stiletto.graph.tree import DIR_MODE, Dir, Entry, File, Link, split, with_owner
from stiletto.layers.owners import owner_of
from stiletto.layers.view import View


class Below:
    """The files below a delta, read-only; paths are absolute, and no parent is a link."""

    def __init__(self, view: View) -> None:
        self._view = view

    def kind(self, path: str) -> str | None:
        """Return `dir`, `file` or `link`, or None."""
        node = self._view.find(path)
        return node.kind if node else None

    def link(self, path: str) -> str:
        """Return a link's target."""
        node = self._view.find(path)
        if node is None or node.kind != "link":
            raise TreeError(f"{path} is not a link")
        return node.link()

    def names(self, path: str) -> list[str]:
        """Return the names in a directory; none where there is no directory."""
        return self._view.listdir(path) if self.kind(path) == "dir" else []

    def mode(self, path: str) -> int:
        """Return the permission bits of a path that exists."""
        node = self._view.find(path)
        return node.stat.st_mode & 0o7777 if node else 0o755

    def owner(self, path: str) -> str:
        """Return who owns a path that exists."""
        node = self._view.find(path)
        return owner_of(node.stat) if node else ""


class Surface(ABC):
    """What an operation is applied to; paths are relative, without leading slash.

    `kind`, `link`, `put`, `merge` and `remove` need paths that `resolve` returned.

    Attributes:
        tree: what it has of its own.
    """

    tree: Dir

    @abstractmethod
    def kind(self, path: str) -> str | None:
        """Return `dir`, `file` or `link`, or None."""

    @abstractmethod
    def link(self, path: str) -> str:
        """Return a link's target."""

    @abstractmethod
    def mode(self, path: str) -> int:
        """Return the permission bits of a path that exists."""

    @abstractmethod
    def names(self, path: str) -> list[str]:
        """Return the names in a directory; none where there is no directory."""

    @abstractmethod
    def put(self, path: str, entry: Entry) -> None:
        """Put an entry in place of what is there."""

    @abstractmethod
    def merge(self, path: str, tree: Dir) -> None:
        """Copy a directory onto the one at a path, which keeps its own permission bits."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a path; an absent one is not an error."""

    def resolve(self, path: str, *, follow: bool = False) -> str:
        """Follow the links in the parents of a path, with `follow` also the last one.

        As in a container that has these files as its root; what is missing resolves to where it
        would be.

        Raises:
            TreeError: the path leaves the directory, or links lead in a circle.
        """

        def link(at: str) -> str | None:
            inside = at.lstrip("/")
            return self.link(inside) if self.kind(inside) == "link" else None

        return follow_links("/".join(split(path)), link, last=follow).lstrip("/")


def _kind(entry: Entry) -> str:
    match entry:
        case Dir():
            return "dir"
        case File():
            return "file"
        case Link():
            return "link"


class TreeSurface(Surface):
    """A tree of its own."""

    def __init__(self, tree: Dir) -> None:
        self.tree = tree

    def kind(self, path: str) -> str | None:
        """Return what is in the tree."""
        entry = self.tree.get(path)
        return _kind(entry) if entry is not None else None

    def link(self, path: str) -> str:
        """Return the target of a link of the tree."""
        entry = self.tree.get(path)
        if not isinstance(entry, Link):
            raise TreeError(f"{path} is not a link")
        return entry.target

    def mode(self, path: str) -> int:
        """Return the permission bits of a path of the tree."""
        entry = self.tree.get(path)
        return 0o777 if entry is None or isinstance(entry, Link) else entry.mode

    def names(self, path: str) -> list[str]:
        """Return the names in a directory of the tree."""
        entry = self.tree.get(path)
        return sorted(entry.entries) if isinstance(entry, Dir) else []

    def put(self, path: str, entry: Entry) -> None:
        """Put an entry in place of what is there."""
        self.tree = self.tree.put(path, entry)

    def merge(self, path: str, tree: Dir) -> None:
        """Copy a directory onto the one at a path, which gets its mode and owner; the root not."""
        old = self.tree.get(path)
        if isinstance(old, Dir):
            tree = old.merge(tree)
            if not path:
                tree = replace(tree, mode=old.mode, owner=old.owner)
        self.put(path, tree)

    def remove(self, path: str) -> None:
        """Remove a path."""
        self.tree = self.tree.remove(path)


class DeltaSurface(Surface):
    """A layer over files that stay where they are: what it adds, and what it hides.

    A path in `removed` hides what is below; where the layer also adds something there, only
    that is seen.
    """

    def __init__(self, lower: Below) -> None:
        self._lower = lower
        self.tree = Dir(lower.mode("/"), owner=lower.owner("/"))
        self.removed: set[str] = set()

    def _below(self, path: str) -> str | None:
        hidden = any(path == gone or path.startswith(gone + "/") for gone in self.removed)
        return None if hidden else self._lower.kind("/" + path)

    def kind(self, path: str) -> str | None:
        """Return what is in the layer, or below if nothing hides it."""
        entry: Entry | None = self.tree
        for name in split(path):
            if not isinstance(entry, Dir):
                return None  # a file or link of the layer, with nothing beneath it
            entry = entry.entries.get(name)
            if entry is None:
                return self._below(path)
        return _kind(entry) if entry is not None else None

    def link(self, path: str) -> str:
        """Return a link's target, in the layer or below."""
        entry = self.tree.get(path)
        if isinstance(entry, Link):
            return entry.target
        return self._lower.link("/" + path)

    def mode(self, path: str) -> int:
        """Return the permission bits in the layer, or below."""
        entry = self.tree.get(path)
        return (
            self._lower.mode("/" + path) if entry is None or isinstance(entry, Link) else entry.mode
        )

    def names(self, path: str) -> list[str]:
        """Return the names in the layer, and those below that nothing hides."""
        entry = self.tree.get(path)
        own = set(entry.entries) if isinstance(entry, Dir) else set()
        if entry is None or isinstance(entry, Dir):
            own |= {
                name
                for name in self._lower.names("/" + path)
                if self._below(posixpath.join(path, name)) is not None
            }
        return sorted(own)

    def _cover(self, path: str) -> None:
        """Add the directories down to `path`, with the permission bits that they have below."""
        for parent in (*_parents(path), path):
            kind = self.kind(parent)
            if kind not in ("dir", None):
                raise TreeError(f"{parent} is not a directory")
            if self.tree.get(parent) is None:
                made = Dir(DIR_MODE)
                if kind == "dir":
                    below = "/" + parent
                    made = Dir(self._lower.mode(below), owner=self._lower.owner(below))
                self.tree = self.tree.put(parent, made)

    def put(self, path: str, entry: Entry) -> None:
        """Put an entry in place of what is there."""
        parent, _, name = path.rpartition("/")
        if name:
            if parent:
                self._cover(parent)
            below = self._below(path)
            if below == "dir" or (below is not None and isinstance(entry, Dir)):
                self.removed.add(path)
        self.tree = self.tree.put(path, entry)

    def merge(self, path: str, tree: Dir) -> None:
        """Copy a directory onto the one at a path, which gets its mode and owner; the root not."""
        if path and self.kind(path) != "dir":
            self.put(path, tree)
            return
        if path:
            self._cover(path)
        own = self.tree.get(path)
        assert isinstance(own, Dir)
        merged = self._merged(path, own, tree)
        if path:
            merged = replace(merged, mode=tree.mode, owner=tree.owner)
        self.tree = self.tree.put(path, merged)

    def _merged(self, path: str, own: Dir, tree: Dir) -> Dir:
        """Return the layer's share of a directory with another one copied onto it.

        Notes what is hidden below. One change of the layer for each directory, not for each file.
        """
        entries = dict(own.entries)
        for name, entry in tree.entries.items():
            inside = f"{path}/{name}" if path else name
            mine, below = entries.get(name), self._below(inside)
            kind = below if mine is None else _kind(mine)
            if isinstance(entry, Dir) and kind == "dir":
                if not isinstance(mine, Dir):
                    at = "/" + inside
                    mine = Dir(self._lower.mode(at), owner=self._lower.owner(at))
                merged = self._merged(inside, mine, entry)
                entries[name] = replace(merged, mode=entry.mode, owner=entry.owner)
                continue
            if below == "dir" or (below is not None and isinstance(entry, Dir)):
                self.removed.add(inside)
            entries[name] = entry
        return replace(own, entries=MappingProxyType(entries))

    def remove(self, path: str) -> None:
        """Remove a path."""
        if path:
            self.tree = self.tree.remove(path)
            if self._below(path) is not None:
                self.removed.add(path)


def _parents(path: str) -> Iterator[str]:
    names = path.split("/")
    for count in range(1, len(names)):
        yield "/".join(names[:count])


def put_file(surface: Surface, path: str, name: str, file: File) -> None:
    """Put a file at a path, or under its own name inside a directory there."""
    target = surface.resolve(path)
    inside = surface.resolve(path, follow=True)
    if path.endswith("/") or surface.kind(inside) == "dir":
        target = posixpath.join(inside, name)
    surface.put(target, file)


def change_owner(surface: TreeSurface, path: str, owner: str) -> None:
    """Make all that is at a path of a tree another user's.

    Raises:
        TreeError: there is nothing.
    """
    inside = surface.resolve(path, follow=True)
    entry = surface.tree.get(inside)
    if entry is None:
        raise TreeError(f"{path}: no such file or directory")
    owned = with_owner(entry, owner)
    if inside:
        surface.put(inside, owned)
    elif isinstance(owned, Dir):
        surface.tree = owned


def write_new_file(surface: Surface, path: str, file: File) -> None:
    """Write a file as a program does that opens it: through a link, and into what is there."""
    inside = surface.resolve(path, follow=True)
    kind = surface.kind(inside) if inside else "dir"
    if kind == "dir":
        raise TreeError(f"{path or '/'} is a directory")
    if kind is not None:
        time = replace(file.time, touched=True)
        file = replace(file, mode=surface.mode(inside), time=time)
    surface.put(inside, file)


def make_directory(surface: Surface, path: str, permissions: int) -> None:
    """Make a directory where none is, and those above it with the same permission bits."""
    inside = surface.resolve(path, follow=True)
    for here in (*_parents(inside), inside):
        kind = surface.kind(here) if here else "dir"
        if kind is None:
            surface.put(here, Dir(permissions))
        elif kind != "dir":
            raise TreeError(f"{here} is not a directory")


def make_link(surface: Surface, path: str, target: str) -> None:
    """Make a link where nothing is."""
    at = surface.resolve(path)
    if not at or surface.kind(at) is not None:
        raise TreeError(f"{path}: something is there already")
    surface.put(at, Link(target))


def remove(surface: Surface, path: str) -> None:
    """Remove a path, or what it matches where it is a pattern with a `*`."""
    matching = wildcards(path)
    if matching is None:
        at = surface.resolve(path)
        if not at:
            raise TreeError("the root of a directory cannot be removed")
        surface.remove(at)
        return
    start = surface.resolve(matching.directory, follow=True)
    pending = [""]
    while pending:
        here = pending.pop()
        for name in surface.names(posixpath.join(start, here)):
            inside = posixpath.join(here, name)
            if matching.matches(inside):
                surface.remove(posixpath.join(start, inside))
            elif surface.kind(posixpath.join(start, inside)) == "dir":
                pending.append(inside)


def put_directory(surface: Surface, path: str, tree: Dir, permissions: int | None) -> None:
    """Copy a directory onto the one at a path; permissions apply to everything in it.

    Hard links within it stay hard links.
    """
    tree = apart(tree, surface.tree.hardlinks)
    if permissions is not None:
        tree = _with_mode(tree, permissions)
    inside = surface.resolve(path, follow=True)
    if surface.kind(inside) == "dir":
        surface.merge(inside, tree)
    else:
        surface.put(surface.resolve(path), tree)


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
    return Dir(mode, MappingProxyType(entries), tree.owner)
