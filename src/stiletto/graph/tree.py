"""Trees of files as immutable values, without I/O.

A tree is what a `Directory` evaluates to. Files are named by the digest of their contents, so
every operation here (put, remove, merge, filter, compare) moves names, never bytes. The digest
of a tree covers names, permission bits, owners, contents and link targets; times are left out, so
that the same files have the same key wherever they came from. An owner is `uid:gid`, or "" for
root, whose is all that comes from the host.

    Entry = File(digest, size_bytes, mode) | Link(target) | Dir(mode, entries)

Paths are relative, `/`-separated and normalised ("." is the tree itself); `split` makes them so.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from stiletto.graph.links import TreeError
from stiletto.graph.links import follow as follow_links

DIR_MODE = 0o755
FILE_MODE = 0o644

MAX_DEPTH = 256
"""How many directories may lie within each other: trees are walked by recursion, up to three calls
a level, and Python allows a thousand."""

MAX_NAME_BYTES = 255
"""Linux's NAME_MAX."""


@dataclass(frozen=True, slots=True)
class Time:
    """When something was last modified, where that is known.

    Not a part of what a tree is: digests and comparisons leave it out, as the real engine's do.

    Attributes:
        ns: since the epoch; None is the time at which it is written to the disk.
        given: whether a call set it. Then steps that see it are other steps.
        touched: whether a call wrote the same contents over those that were there.
        new: whether it is the time of a call that made the file: any other would do as well.
    """

    ns: int | None = None
    given: bool = False
    touched: bool = False
    new: bool = False


NO_TIME = Time()


@dataclass(frozen=True, slots=True)
class File:
    """A regular file: contents by SHA-256, permission bits in `mode` (07777).

    Files of one tree with the same `hardlink` are one file with several names; see `Dir.joined`.
    """

    digest: str
    size_bytes: int
    mode: int = FILE_MODE
    owner: str = ""
    time: Time = field(default=NO_TIME, compare=False)
    hardlink: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link; the target is kept as written."""

    target: str
    owner: str = ""


@dataclass(frozen=True)
class Dir:
    """A directory: permission bits, and entries by name."""

    mode: int = DIR_MODE
    entries: Mapping[str, Entry] = field(default_factory=lambda: MappingProxyType({}))
    owner: str = ""
    time: Time = field(default=NO_TIME, compare=False)

    @cached_property
    def times(self) -> str:
        """A digest of the times that are known, "" without any; those of new files do not count."""
        known = [
            f"{path}\0{entry.time.ns}"
            for path, entry in (("", self), *self.walk())
            if isinstance(entry, File | Dir) and entry.time.ns is not None and not entry.time.new
        ]
        if not known:
            return ""
        return hashlib.sha256("\0\0".join(known).encode("utf-8", "surrogateescape")).hexdigest()

    @cached_property
    def hardlinks(self) -> frozenset[str]:
        """The names that files beneath have as `hardlink`."""
        names: set[str] = set()
        for entry in self.entries.values():
            if isinstance(entry, Dir):
                names |= entry.hardlinks
            elif isinstance(entry, File) and entry.hardlink:
                names.add(entry.hardlink)
        return frozenset(names)

    @cached_property
    def joined(self) -> tuple[tuple[str, ...], ...]:
        """The paths that are names of one file, two or more in each group.

        A file that was changed since under one of its names is another file.
        """
        if not self.hardlinks:
            return ()
        groups: dict[tuple[File, str, int | None], list[str]] = {}
        for path, entry in self.walk():
            if isinstance(entry, File) and entry.hardlink:
                groups.setdefault((entry, entry.hardlink, entry.time.ns), []).append(path)
        return tuple(tuple(paths) for paths in groups.values() if len(paths) > 1)

    @cached_property
    def key(self) -> str:
        """`digest`, the times that calls have set, and the hard links, where there are any."""
        given = [
            f"{path}\0{entry.time.ns}"
            for path, entry in (("", self), *self.walk())
            if isinstance(entry, File | Dir) and entry.time.given
        ]
        given += ["\0".join(("", *paths)) for paths in self.joined]
        if not given:
            return self.digest
        text = "\0\0".join((self.digest, *given))
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    @cached_property
    def digest(self) -> str:
        """`sha256:...` over the permission bits, the owner and everything beneath."""
        h = hashlib.sha256(f"{self.mode:o}{_owned(self.owner)}\0".encode())
        for name in sorted(self.entries):
            match self.entries[name]:
                case File(digest, _, mode, owner):
                    line = f"f {mode:o} {digest}{_owned(owner)}"
                case Link(target, owner):
                    line = f"o {owner} {target}" if owner else f"l {target}"
                case Dir() as child:
                    line = f"d {child.digest}"
            h.update(f"{name}\0{line}\0".encode("utf-8", "surrogateescape"))
        return "sha256:" + h.hexdigest()

    @cached_property
    def count(self) -> int:
        """How many entries are beneath; what is in several places counts in each."""
        inside = (e.count for e in self.entries.values() if isinstance(e, Dir))
        return len(self.entries) + sum(inside)

    # -- look -------------------------------------------------------------------------------

    def get(self, path: str, *, follow: bool = False) -> Entry | None:
        """Return the entry at `path`, or None. Links on the way are followed within the tree.

        A link's target is read as in a container that has this tree as its root, see `links`.

        Raises:
            TreeError: the links lead in a circle.
        """
        return self.find(path, follow=follow)[1]

    def find(self, path: str, *, follow: bool = False) -> tuple[str, Entry | None]:
        """Return what `get` does, and before it the path where the links led.

        Raises:
            TreeError: the links lead in a circle.
        """
        entries: dict[str, Entry | None] = {"/": self}

        def link(at: str) -> str | None:
            above, _, name = at.rpartition("/")
            parent = entries[above or "/"]
            found = entries[at] = parent.entries.get(name) if isinstance(parent, Dir) else None
            return found.target if isinstance(found, Link) else None

        at = follow_links("/".join(split(path)), link, last=follow)
        return at.lstrip("/"), entries[at]

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Yield every path beneath with its entry, parents first, names sorted."""
        for name in sorted(self.entries):
            entry = self.entries[name]
            path = prefix + name
            yield path, entry
            if isinstance(entry, Dir):
                yield from entry.walk(path + "/")

    # -- change -----------------------------------------------------------------------------

    def put(self, path: str, entry: Entry) -> Dir:
        """Return the tree with `entry` at `path`, parents created 0755."""
        parts = split(path)
        if not parts:
            if isinstance(entry, Dir):
                return entry
            raise TreeError("cannot replace a directory's root with a file")
        limit_depth(path)
        for name in parts:
            limit_name(name)
        return self._put(parts, entry)

    def _put(self, parts: tuple[str, ...], entry: Entry) -> Dir:
        name, *rest = parts
        if rest:
            child = self.entries.get(name)
            if child is None:
                child = Dir()
            if not isinstance(child, Dir):
                raise TreeError(f"{name} is not a directory")
            entry = child._put(tuple(rest), entry)
        return replace(self, entries=MappingProxyType({**self.entries, name: entry}))

    def remove(self, path: str) -> Dir:
        """Return the tree without `path`; an absent one is not an error."""
        parts = split(path)
        if not parts:
            return Dir(self.mode, owner=self.owner)
        name, *rest = parts
        child = self.entries.get(name)
        if child is None:
            return self
        if rest:
            if not isinstance(child, Dir):
                return self
            new = child.remove("/".join(rest))
            return replace(self, entries=MappingProxyType({**self.entries, name: new}))
        left = {key: value for key, value in self.entries.items() if key != name}
        return replace(self, entries=MappingProxyType(left))

    def merge(self, other: Dir) -> Dir:
        """Return this tree with `other` merged onto it; a directory over a directory merges."""
        entries = dict(self.entries)
        for name, entry in other.entries.items():
            mine = entries.get(name)
            if isinstance(mine, Dir) and isinstance(entry, Dir):
                entry = mine.merge(entry)
            entries[name] = entry
        return replace(other, entries=MappingProxyType(entries))

    def filter(self, keep: Callable[[str, Entry], bool], prefix: str = "") -> Dir:
        """Return the tree with the kept entries; parents stay only for their kept entries.

        `keep` is called for every path. A directory that is not kept itself is still descended.
        """
        entries: dict[str, Entry] = {}
        for name, entry in self.entries.items():
            path = prefix + name
            kept = keep(path, entry)
            if isinstance(entry, Dir):
                child = entry.filter(keep, path + "/")
                if kept or child.entries:
                    entries[name] = child
            elif kept:
                entries[name] = entry
        return replace(self, entries=MappingProxyType(entries))

    # -- plain data ---------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return the tree as plain JSON data; `from_json` is the inverse."""
        entries: dict[str, Any] = {}
        for name in sorted(self.entries):
            match self.entries[name]:
                case File(digest, size, mode, owner, time, hardlink):
                    more = [owner, *_times(time)]
                    facts = [
                        digest,
                        size,
                        mode,
                        *(more if owner or time.ns is not None else []),
                    ]
                    entries[name] = {"file": facts, "hardlink": hardlink} if hardlink else facts
                case Link(target, owner):
                    entries[name] = {"link": target, "owner": owner} if owner else target
                case Dir() as child:
                    entries[name] = child.to_json()
        owned = {"owner": self.owner} if self.owner else {}
        timed = {"time": times} if (times := _times(self.time)) else {}
        return {"mode": self.mode, "entries": entries, **owned, **timed}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Dir:
        """Read what `to_json` wrote."""
        entries: dict[str, Entry] = {}
        for name, value in data["entries"].items():
            match value:
                case str():
                    entries[name] = Link(value)
                case list():
                    entries[name] = _file(*value)
                case {"file": facts, "hardlink": hardlink}:
                    entries[name] = replace(_file(*facts), hardlink=hardlink)
                case {"link": target, "owner": owner}:
                    entries[name] = Link(target, owner)
                case _:
                    entries[name] = Dir.from_json(value)
        owner, time = data.get("owner", ""), Time(*data.get("time", ()))
        return Dir(data["mode"], MappingProxyType(entries), owner, time)


def _file(digest: str, size_bytes: int, mode: int, owner: str = "", *time: Any) -> File:
    return File(digest, size_bytes, mode, owner, Time(*time))


def _times(time: Time) -> list[int | bool]:
    return [] if time.ns is None else [time.ns, time.given, time.touched, time.new]


def dated(tree: Dir, ns: int) -> Dir:
    """Return a tree in which a call has set all times."""
    time = Time(ns, given=True)
    entries: dict[str, Entry] = {
        name: dated(entry, ns)
        if isinstance(entry, Dir)
        else replace(entry, time=time)
        if isinstance(entry, File)
        else entry
        for name, entry in tree.entries.items()
    }
    return Dir(tree.mode, MappingProxyType(entries), tree.owner, time)


Entry: TypeAlias = File | Link | Dir
EntryT = TypeVar("EntryT", bound=File | Link | Dir)
EMPTY = Dir()


def with_owner(entry: EntryT, owner: str) -> EntryT:
    """Return an entry, with all that is beneath, as another user's; `0:0` is root."""
    owner = "" if owner == "0:0" else owner
    if isinstance(entry, File):  # not by `replace`, which takes longer than all the rest
        file = (entry.digest, entry.size_bytes, entry.mode, owner, entry.time, entry.hardlink)
        return type(entry)(*file)
    if not isinstance(entry, Dir):
        return replace(entry, owner=owner)
    owned = {name: with_owner(child, owner) for name, child in entry.entries.items()}
    return replace(entry, entries=MappingProxyType(owned), owner=owner)


def _owned(owner: str) -> str:
    return f" {owner}" if owner else ""


def limit_depth(path: str) -> None:
    """Refuse a path of more names than a tree may have levels.

    Raises:
        TreeError: it has more than `MAX_DEPTH`.
    """
    if path.count("/") > MAX_DEPTH:
        raise TreeError(f"{path[:40]}...: directories nested more than {MAX_DEPTH} deep")


def split(path: str) -> tuple[str, ...]:
    """Return the names of a path; `/`, `.` and "" give none, and `..` of the root is the root."""
    return tuple(part for part in posixpath.normpath("/" + path).split("/") if part)


def limit_name(name: str) -> None:
    """Refuse a name that no file system has.

    Raises:
        TreeError: it is too long.
    """
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        raise TreeError(f"{name[:40]}...: a name has at most {MAX_NAME_BYTES} bytes")
