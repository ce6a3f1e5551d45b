"""The file system of a container as it sees it, read without mounting anything.

Layers merge as overlayfs merges them (see `Layer`); what is mounted shows at its target and hides
what lies there. Links resolve inside the container: an absolute target starts at the container's
root, never at the host's.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from stiletto.errors import NotSupported, UsageError
from stiletto.graph.hardlinks import Hardlinks
from stiletto.graph.links import follow as follow_links
from stiletto.graph.tree import Dir, Entry, File, Link, Time, limit_depth
from stiletto.layers.binds import bind_sources
from stiletto.layers.layer import Bind, Layer
from stiletto.layers.marks import is_whiteout
from stiletto.layers.owners import owner_of
from stiletto.layers.paths import lstat, parents, relative

NodeKind: TypeAlias = Literal["file", "dir", "link", "other"]

_KINDS: dict[int, NodeKind] = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}

_VIRTUAL_DIR = os.stat_result((stat.S_IFDIR | 0o755, 0, 0, 1, 0, 0, 0, 0, 0, 0))
"""What a directory looks like that exists only because something is mounted beneath it."""


@dataclass(frozen=True, slots=True)
class Node:
    """Something in the container.

    Attributes:
        path: where it is in the container, links resolved.
        host: the file or link on the host; of a merged directory its topmost part, and None if
            it exists only for the sake of a mount.
        stat: of the thing itself, never of what a link leads to.
    """

    path: str
    host: Path | None
    stat: os.stat_result

    @property
    def kind(self) -> NodeKind:
        """What it is."""
        return _KINDS.get(stat.S_IFMT(self.stat.st_mode), "other")

    def link(self) -> str:
        """Return a link's target."""
        assert self.host is not None, "only directories lack a host path"
        return os.readlink(self.host)  # noqa: PTH115 - Path.readlink would tidy the target up


@dataclass(frozen=True, slots=True)
class _Part:
    """One layer's share of a directory: its files there (or None), and what it hides."""

    host: Path | None
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, and for a directory the parts that make it up, highest first.

    `inside` is its path in the layers that are mounted there, as `Layer.removed` names it.
    """

    node: Node
    inside: str
    parts: tuple[_Part, ...] = ()


class View:
    """A container's files: layers lowest first, and the binds of its image.

    Look-ups are remembered: a view is of files that do not change.

    Attributes:
        mounts: the layers that show at each mount point, by relative path; "" is the root.
    """

    def __init__(self, layers: Sequence[Layer], binds: Sequence[Bind] = ()) -> None:
        self.layers = tuple(layers)
        self.mounts: Mapping[str, tuple[Layer, ...]] = {"": self.layers}
        self._seen: dict[str, _Place | None] = {}
        for bind in binds:
            # A mount's target is found through the links that are there when it is mounted.
            target = relative(self.resolve(bind.target))
            shown = bind_sources(Bind(bind.host, target), self.layers)
            if shown:
                self.mounts = {**self.mounts, target: tuple(shown)}
                self._seen = {}

    def mounted(self, mounts: Mapping[str, Sequence[Layer]]) -> View:
        """Return the view with more mounts, by relative path; no layers: nothing is known there.

        The targets are taken as they are.
        """
        view = View(())
        view.mounts = {**self.mounts, **{at: tuple(layers) for at, layers in mounts.items()}}
        view.layers = view.mounts[""]
        return view

    # -- look -------------------------------------------------------------------------------

    def lookup(self, path: str, follow: bool = True) -> Node | None:
        """Return what is at a container path, or None; a last link is followed with `follow`.

        Raises:
            UsageError: the links lead in a circle.
        """
        return self.find(self.resolve(path, follow=follow))

    def find(self, path: str) -> Node | None:
        """Return what is at a container path, or None; beneath a link there is nothing."""
        place = self._place(relative(path))
        return place.node if place is not None else None

    def resolve(self, path: str, follow: bool = True) -> str:
        """Return the absolute path with all links resolved, the last one only with `follow`.

        What does not exist resolves to where it would be.

        Raises:
            UsageError: the links lead in a circle.
        """

        def link(at: str) -> str | None:
            node = self.find(at)
            return node.link() if node is not None and node.kind == "link" else None

        return follow_links(path, link, last=follow)

    def mount_point(self, path: str) -> tuple[str, str]:
        """Return in which mount a path is, and its path there, both relative."""
        path = relative(path)
        point = next((up for up in parents(path) if up in self.mounts), "")
        return point, path[len(point) :].lstrip("/")

    def listdir(self, path: str) -> list[str]:
        """Return the names in a directory, sorted.

        Raises:
            UsageError: it is not a directory, or is not there.
        """
        place = self._existing(path)
        if place.node.kind != "dir":
            raise UsageError(f"{path} is not a directory")
        return self._names(place)

    def walk(self, descend: Callable[[str], bool]) -> Iterator[tuple[str, Node]]:
        """Yield the relative paths of all that a tree can have, parents first, names sorted.

        `descend` decides of each directory if what is beneath is looked at.
        """
        pending = [("", name) for name in reversed(self.listdir("/"))]
        while pending:
            above, name = pending.pop()
            path = posixpath.join(above, name)
            node = self.find(path)
            if node is None or node.kind == "other":
                continue
            yield path, node
            if node.kind == "dir" and descend(path):
                pending += [(path, child) for child in reversed(self.listdir(path))]

    def read(self, path: str) -> bytes:
        """Return a file's contents.

        Raises:
            UsageError: it is not a regular file, is not there, or may not be read.
        """
        node = self._existing(path).node
        if node.kind != "file" or node.host is None:
            raise UsageError(f"{path} is not a regular file")
        try:
            return node.host.read_bytes()
        except PermissionError as error:
            raise UsageError(f"cannot read {path} ({node.host})") from error

    def ingest(
        self,
        path: str,
        ingest_file: Callable[[Path], File],
        wanted: Callable[[str, bool], bool] | None = None,
    ) -> Dir | File:
        """Return a file or directory of the container as a tree; `ingest_file` keeps contents.

        `wanted` decides of each path beneath, and whether it is a directory, if it is read.

        Raises:
            UsageError: it is not there, or cannot be read.
        """
        seen = Hardlinks()
        place = self._existing(path)
        entry = self._entry(place, ingest_file, wanted or (lambda *_: True), seen)
        if entry is None or isinstance(entry, Link):
            raise UsageError(f"{path} is neither a file nor a directory")
        return seen.joined(entry, place.node.path) if isinstance(entry, Dir) else entry

    def _entry(
        self,
        place: _Place,
        ingest_file: Callable[[Path], File],
        wanted: Callable[[str, bool], bool],
        seen: Hardlinks,
    ) -> Entry | None:
        node = place.node
        mode = stat.S_IMODE(node.stat.st_mode)
        owner = owner_of(node.stat)
        match node.kind, node.host:
            case "dir", _:
                limit_depth(node.path)
                entries: dict[str, Entry] = {}
                for name in self._names(place):
                    child = self._place(posixpath.join(relative(node.path), name))
                    if child is None or not wanted(
                        relative(child.node.path), child.node.kind == "dir"
                    ):
                        continue
                    if stat.S_ISFIFO(child.node.stat.st_mode):
                        raise _not_kept("a named pipe", child.node.path)
                    entry = self._entry(child, ingest_file, wanted, seen)
                    if entry is not None:
                        entries[name] = entry
                return Dir(mode, MappingProxyType(entries), owner, Time(node.stat.st_mtime_ns))
            case "link", _:
                return Link(node.link(), owner)
            case "file", Path() as host:
                if _has_attributes(host):
                    raise _not_kept("an extended attribute", node.path)
                if node.stat.st_nlink > 1:
                    seen.note((node.stat.st_dev, node.stat.st_ino), node.path)
                file = ingest_file(host)
                time = Time(node.stat.st_mtime_ns)
                return File(file.digest, file.size_bytes, mode, owner, time)
            case _:
                return None  # a device or a socket has no content

    def _existing(self, path: str) -> _Place:
        place = self._place(relative(self.resolve(path)))
        if place is None:
            raise UsageError(f"{path}: no such file or directory")
        return place

    # -- merge ------------------------------------------------------------------------------

    def _place(self, path: str) -> _Place | None:
        """Find a relative path, its parents first; no recursion: there may be thousands."""
        unseen: list[str] = []
        up = path
        while up not in self._seen:
            unseen.append(up)
            if up == "":
                break
            up = posixpath.dirname(up)
        for up in reversed(unseen):
            self._seen[up] = self._find(up)
        return self._seen[path]

    def _find(self, path: str) -> _Place | None:
        """Find a path whose parent was found before."""
        if path in self.mounts:
            found = _mount(path, self.mounts[path])
        else:
            parent = self._seen[posixpath.dirname(path)]
            found = _merge(parent, posixpath.basename(path)) if parent is not None else None
        if found is not None and found.node.kind in ("dir", "link"):
            return found
        if path == "" or self._mounts_beneath(path):
            return _Place(Node("/" + path, None, _VIRTUAL_DIR), path)
        return found

    def _names(self, place: _Place) -> list[str]:
        names: set[str] = set()
        hidden: set[str] = set()
        prefix = place.inside + "/" if place.inside else ""
        for part in place.parts:
            if part.host is not None:
                with os.scandir(part.host) as found:
                    for child in found:
                        if child.name not in hidden:
                            (hidden if _is_whiteout(child) else names).add(child.name)
            hidden.update(
                path[len(prefix) :]
                for path in part.removed
                if path.startswith(prefix) and "/" not in path[len(prefix) :]
            )
        return sorted(names | self._mounts_beneath(relative(place.node.path)))

    def _mounts_beneath(self, path: str) -> set[str]:
        prefix = path + "/" if path else ""
        return {
            target[len(prefix) :].split("/", 1)[0]
            for target in self.mounts
            if target.startswith(prefix) and target != ""
        }


def _not_kept(what: str, path: str) -> NotSupported:
    """Return the error for what a tree has no place for, and Dagger keeps."""
    return NotSupported(f"{what} at {path} in Container.directory")


def _has_attributes(host: Path) -> bool:
    """Whether a file has extended attributes that a program gave it."""
    try:
        names = os.listxattr(host, follow_symlinks=False)
    except OSError:
        return False  # a file system without them
    return any(n.startswith("user.") and not n.startswith("user.overlay.") for n in names)


def _mount(path: str, layers: Sequence[Layer]) -> _Place | None:
    """Merge what is mounted: directories, or one file. Links to the sources are followed."""
    top: Node | None = None
    parts: list[_Part] = []
    for layer in reversed(layers):
        try:
            facts = layer.root.stat()
        except (FileNotFoundError, NotADirectoryError):
            if path == "":
                raise
            continue
        top = top or Node("/" + path, layer.root, facts)
        if not stat.S_ISDIR(facts.st_mode):
            break
        parts.append(_Part(layer.root, layer.removed))
    return _Place(top, "", tuple(parts)) if top is not None else None


def _merge(parent: _Place, name: str) -> _Place | None:
    """Look for a name in the parts of a directory, highest first."""
    path, inside = posixpath.join(parent.node.path, name), posixpath.join(parent.inside, name)
    top: Node | None = None
    parts: list[_Part] = []
    for part in parent.parts:
        facts = lstat(f"{part.host}/{name}") if part.host is not None else None
        host = part.host / name if part.host is not None and facts is not None else None
        if facts is None:
            # A layer without this directory may still hide things in it.
            if part.removed:
                parts.append(_Part(None, part.removed))
        elif is_whiteout(facts):
            break
        elif stat.S_ISDIR(facts.st_mode):
            top = top or Node(path, host, facts)
            parts.append(_Part(host, part.removed))
        elif top is None:
            return _Place(Node(path, host, facts), inside)
        else:
            break  # a file beneath a directory is hidden with all below it
        if inside in part.removed:
            break
    return _Place(top, inside, tuple(parts)) if top is not None else None


def _is_whiteout(child: os.DirEntry[str]) -> bool:
    """Whether it hides a name; spares a stat for everything but devices."""
    return not (
        child.is_file(follow_symlinks=False)
        or child.is_dir(follow_symlinks=False)
        or child.is_symlink()
    ) and is_whiteout(child.stat(follow_symlinks=False))
