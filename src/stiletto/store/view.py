"""The file system of a container as it sees it, read without mounting anything.

Layers merge as overlayfs merges them (see `Layer`); a bind of the image shows a host path at
its target and hides what the layers have there. Links resolve inside the container: an absolute
target starts at the container's root, never at the host's.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from stiletto.errors import UsageError
from stiletto.graph.links import follow as follow_links
from stiletto.graph.tree import Dir, Entry, File, Link, TreeError
from stiletto.sandbox.plan import Bind, Layer
from stiletto.store.overlay import is_whiteout

if TYPE_CHECKING:
    from stiletto.store.store import Store


NodeKind: TypeAlias = Literal["file", "dir", "link", "other"]

_VIRTUAL_DIR = os.stat_result((stat.S_IFDIR | 0o755, 0, 0, 1, 0, 0, 0, 0, 0, 0))
"""What a directory looks like that exists only because a bind is mounted beneath it."""


@dataclass(frozen=True, slots=True)
class Node:
    """Something in the container.

    Attributes:
        path: where it is in the container, links resolved.
        host: the file or link on the host; of a merged directory its topmost part, and None if
            it exists only for the sake of a bind.
        stat: of the thing itself, never of what a link leads to.
    """

    path: str
    host: Path | None
    stat: os.stat_result
    kind: NodeKind

    def link(self) -> str:
        """Return what a link says."""
        assert self.host is not None, "only directories lack a host path"
        return os.readlink(self.host)  # noqa: PTH115 - Path.readlink would tidy the target up


@dataclass(frozen=True, slots=True)
class _Part:
    """One layer's share of a directory: its files there (or None), and what it hides."""

    host: Path | None
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, and for a directory the parts that make it up, highest first."""

    node: Node
    parts: tuple[_Part, ...] = ()


class View:
    """A container's files: layers lowest first, and the binds of its image."""

    def __init__(self, layers: Sequence[Layer], binds: Sequence[Bind] = ()) -> None:
        self.layers = tuple(layers)
        self._binds: dict[str, Path] = {}
        for bind in binds:
            # A mount's target is found through the links that are there when it is mounted.
            self._seen: dict[str, _Place | None] = {"/": self._root()}
            self._binds[self.resolve(bind.target)] = bind.host
        self._seen = {"/": self._root()}

    # -- look -------------------------------------------------------------------------------

    def lookup(self, path: str, follow: bool = True) -> Node | None:
        """Return what is at a container path, or None; a last link is followed if asked to.

        Raises:
            UsageError: the links lead in a circle.
        """
        place = self._place(self.resolve(path, follow=follow))
        return place.node if place is not None else None

    def resolve(self, path: str, follow: bool = True) -> str:
        """Return the absolute path with all links resolved, the last one only with `follow`.

        What does not exist resolves to where it would be.

        Raises:
            UsageError: the links lead in a circle.
        """

        def link(at: str) -> str | None:
            place = self._place(at)
            return place.node.link() if place is not None and place.node.kind == "link" else None

        try:
            return follow_links(path, link, last=follow)
        except TreeError as error:
            raise UsageError(str(error)) from error

    def listdir(self, path: str) -> list[str]:
        """Return the names in a directory, sorted.

        Raises:
            UsageError: it is no directory, or is not there.
        """
        place = self._existing(path)
        if place.node.kind != "dir":
            raise UsageError(f"{path} is not a directory")
        return self._names(place)

    def read(self, path: str) -> bytes:
        """Return a file's contents.

        Raises:
            UsageError: it is not a regular file, is not there, or may not be read.
        """
        place = self._existing(path)
        if place.node.kind != "file" or place.node.host is None:
            raise UsageError(f"{path} is not a regular file")
        try:
            return place.node.host.read_bytes()
        except PermissionError as error:
            raise UsageError(f"cannot read {path} ({place.node.host})") from error

    def ingest(self, path: str, store: Store) -> Dir | File:
        """Return a file or directory of the container as a tree, contents kept in the store.

        Raises:
            UsageError: it is not there, or cannot be read.
        """
        entry = self._entry(self._existing(path), store)
        if entry is None or isinstance(entry, Link):
            raise UsageError(f"{path} is neither a file nor a directory")
        return entry

    def _entry(self, place: _Place, store: Store) -> Entry | None:
        node = place.node
        if node.kind == "dir":
            entries: dict[str, Entry] = {}
            for name in self._names(place):
                child = self._place(posixpath.join(node.path, name))
                entry = self._entry(child, store) if child is not None else None
                if entry is not None:
                    entries[name] = entry
            return Dir(stat.S_IMODE(node.stat.st_mode), MappingProxyType(entries))
        if node.kind == "link":
            return Link(node.link())
        if node.kind == "file" and node.host is not None:
            file = store.ingest_file(node.host)
            return File(file.digest, file.size_bytes, stat.S_IMODE(node.stat.st_mode))
        return None  # a device or a socket is no content

    def _existing(self, path: str) -> _Place:
        place = self._place(self.resolve(path))
        if place is None:
            raise UsageError(f"{path}: no such file or directory")
        return place

    # -- merge ------------------------------------------------------------------------------

    def _root(self) -> _Place:
        parts = tuple(_Part(layer.root, layer.removed) for layer in reversed(self.layers))
        if not parts:
            return _Place(Node("/", None, _VIRTUAL_DIR, "dir"))
        root = self.layers[-1].root
        return _Place(Node("/", root, root.stat(), "dir"), parts)

    def _place(self, path: str) -> _Place | None:
        """Find a path whose parents are no links."""
        if path not in self._seen:
            self._seen[path] = self._find(path)
        return self._seen[path]

    def _find(self, path: str) -> _Place | None:
        if path in self._binds:
            # The source of a mount is what its path leads to, so a last link is followed here.
            return _host_place(path, self._binds[path].resolve())
        parent = self._place(posixpath.dirname(path))
        found = None
        if parent is not None and parent.node.kind == "dir":
            found = _merge(path, parent.parts)
        if self._binds_beneath(path) and (found is None or found.node.kind != "dir"):
            return _Place(Node(path, None, _VIRTUAL_DIR, "dir"))
        return found

    def _names(self, place: _Place) -> list[str]:
        names: set[str] = set()
        hidden: set[str] = set()
        prefix = place.node.path.lstrip("/")
        prefix = prefix + "/" if prefix else ""
        for part in place.parts:
            if part.host is not None:
                with os.scandir(part.host) as found:
                    for child in found:
                        if child.name in hidden:
                            continue
                        if not _is_device(child):
                            names.add(child.name)
                            continue
                        facts = child.stat(follow_symlinks=False)
                        (hidden if is_whiteout(facts) else names).add(child.name)
            hidden.update(
                path[len(prefix) :]
                for path in part.removed
                if path.startswith(prefix) and "/" not in path[len(prefix) :]
            )
        names.update(self._binds_beneath(place.node.path))
        return sorted(names)

    def _binds_beneath(self, path: str) -> set[str]:
        prefix = path.rstrip("/") + "/"
        return {
            target[len(prefix) :].split("/", 1)[0]
            for target in self._binds
            if target.startswith(prefix) and target != prefix
        }


def _merge(path: str, parents: Sequence[_Part]) -> _Place | None:
    """Look for the last name of `path` in the parts of its parent, highest first."""
    name, inside = posixpath.basename(path), path.lstrip("/")
    top: Node | None = None
    parts: list[_Part] = []
    for parent in parents:
        host = parent.host / name if parent.host is not None else None
        facts = _facts(host) if host is not None else None
        if facts is not None and is_whiteout(facts):
            break
        if facts is None:
            # A layer without this directory may still hide things in it.
            if parent.removed:
                parts.append(_Part(None, parent.removed))
        elif stat.S_ISDIR(facts.st_mode):
            top = top or Node(path, host, facts, "dir")
            parts.append(_Part(host, parent.removed))
        elif top is None:
            return _Place(Node(path, host, facts, _kind(facts)))
        else:
            break  # a file beneath a directory is hidden with all below it
        if inside in parent.removed:
            break
    return _Place(top, tuple(parts)) if top is not None else None


def _host_place(path: str, host: Path) -> _Place | None:
    facts = _facts(host)
    if facts is None:
        return None
    node = Node(path, host, facts, _kind(facts))
    return _Place(node, (_Part(host, frozenset()),) if node.kind == "dir" else ())


def _facts(host: Path) -> os.stat_result | None:
    try:
        return host.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _kind(facts: os.stat_result) -> NodeKind:
    if stat.S_ISREG(facts.st_mode):
        return "file"
    if stat.S_ISDIR(facts.st_mode):
        return "dir"
    return "link" if stat.S_ISLNK(facts.st_mode) else "other"


def _is_device(child: os.DirEntry[str]) -> bool:
    return not (
        child.is_file(follow_symlinks=False)
        or child.is_dir(follow_symlinks=False)
        or child.is_symlink()
    )
