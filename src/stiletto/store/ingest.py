"""Host directories as trees, without reading a file twice.

A stat index remembers, for each directory ever ingested, which contents a file had with which size,
times, inode and device. As in git, a file that changed a moment before it was read is not
remembered: it could change again within the same tick of the clock.

A directory is copied into the store, or offered: its files are known by digest, and each is copied
when something needs it (`Blobs.offer`), so that what nobody needs takes no space. A row of an index
that does not fit its seal is not believed: the digests in it are of contents that nothing has
checked yet.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from stiletto.errors import UsageError
from stiletto.graph.hardlinks import Hardlinks
from stiletto.graph.tree import Dir, Entry, File, Link, Time, limit_depth
from stiletto.store import sealed
from stiletto.store.blobs import Blobs, Offer
from stiletto.store.files import place
from stiletto.store.sealed import MISFIT
from stiletto.store.stage import Stage

Keep: TypeAlias = Callable[[str, bool], bool]
Descend: TypeAlias = Callable[[str], bool]
_Facts: TypeAlias = "tuple[int, int, int, int, int]"

RACY_NS = 2_000_000_000
"""How old a change must be to be distinct from the next one: FAT's times have steps of 2 s."""

_VERSION = 2
_DIGEST = re.compile(r"[0-9a-f]{64}")


class StatIndex:
    """What is known about the files beneath one directory of the host."""

    def __init__(self, path: Path, stage: Stage, clock_ns: Callable[[], int]) -> None:
        self.path = path
        self._stage = stage
        self.clock_ns = clock_ns
        # An index is a shortcut: one that cannot be read costs time, never correctness.
        # Damage in it shows: facts that no file has, or a digest that no blob has.
        self._known = read_index(path) or {}
        self._changed = False

    def digest(self, path: str, facts: os.stat_result) -> str | None:
        """Return the contents of the file when it last looked like this."""
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == facts_of(facts) else None

    def note(self, path: str, facts: os.stat_result, digest: str, read_ns: int) -> None:
        """Remember the contents of a file that was opened at `read_ns`, if its age allows."""
        self._changed = True
        if is_old(facts, read_ns):
            self._known[path] = facts_of(facts), digest
        else:
            self._known.pop(path, None)

    def save(self, listed: dict[str, frozenset[str]]) -> None:
        """Write the index if it changed. `listed` has every directory walked and its names.

        What is in a directory that was not walked this time stays known.
        """
        for path in [path for path in self._known if _is_gone(path, listed)]:
            del self._known[path]
            self._changed = True
        if not self._changed:
            return
        rows = {path: [*facts, digest] for path, (facts, digest) in self._known.items()}
        text = sealed.seal({"version": _VERSION, "files": rows})
        root = self.path.parent.parent
        self._stage.write(text, lambda staged: place(staged, self.path, root))


def read_index(path: Path) -> dict[str, tuple[_Facts, str]] | None:
    """Return the rows of an index, or None if it cannot be read.

    One of an earlier version has none: it is whole, but was not sealed.
    """
    try:
        text = path.read_bytes()
        data = sealed.unseal(text)
        if data is None and json.loads(text)["version"] == 1:
            return {}
        return None if data is None else _rows(data)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, RecursionError, *MISFIT):
        return None


def _rows(data: Mapping[str, Any]) -> dict[str, tuple[_Facts, str]]:
    if data["version"] != _VERSION:
        return {}
    rows: dict[str, tuple[_Facts, str]] = {}
    for name, (size, modified, changed, inode, device, digest) in data["files"].items():
        if not all(type(fact) is int for fact in (size, modified, changed, inode, device)):
            raise TypeError(f"{name}: facts that are not numbers")
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{name}: {digest!r} is not a digest")
        rows[name] = (size, modified, changed, inode, device), digest
    return rows


def _is_gone(path: str, listed: dict[str, frozenset[str]]) -> bool:
    directory, _, name = path.rpartition("/")
    while directory and directory not in listed:
        directory, _, name = directory.rpartition("/")
    return name not in listed.get(directory, ())


def is_old(facts: os.stat_result, read_ns: int) -> bool:
    """Whether a file that was opened at `read_ns` cannot change any more and look the same."""
    return max(facts.st_mtime_ns, facts.st_ctime_ns) <= read_ns - RACY_NS


def facts_of(facts: os.stat_result) -> _Facts:
    """Return what tells two states of a file apart."""
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino, facts.st_dev


def ingest(
    root: Path,
    blobs: Blobs,
    index: StatIndex,
    keep: Keep | None,
    descend: Descend | None,
    *,
    copy: bool = True,
) -> Dir:
    """Return a host directory as a tree, its contents kept as blobs, or offered without `copy`.

    Sockets, pipes and devices are skipped, and so is what vanishes meanwhile. Of the permission
    bits only the nine of `rwxrwxrwx` count: a setgid directory hands its bit down on some
    machines and would change every key there.

    Raises:
        UsageError: `root` is not a directory, or something kept cannot be read.
    """
    walk = _Walk(root, blobs, index, keep, descend, copy=copy)
    try:
        facts = root.stat()
    except FileNotFoundError as error:
        raise UsageError(f"no such directory: {root}") from error
    if not stat.S_ISDIR(facts.st_mode):
        raise UsageError(f"{root} is not a directory")
    entries = walk.entries("")
    index.save(walk.listed)
    tree = Dir(facts.st_mode & 0o777, MappingProxyType(entries), time=Time(facts.st_mtime_ns))
    return walk.hardlinks.joined(tree)


class GitignoreFiles:
    """The .gitignore files beneath a host directory, each read when its rules are first needed.

    Serves `stiletto.api.patterns.Filter(gitignore=...)` without a walk of its own.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, directory: str, default: Sequence[str], /) -> Sequence[str]:
        """Return the lines of the .gitignore in this directory, or `default`."""
        try:
            text = (self._root / directory / ".gitignore").read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return default
        return text.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n")


class _Walk:
    def __init__(
        self,
        root: Path,
        blobs: Blobs,
        index: StatIndex,
        keep: Keep | None,
        descend: Descend | None,
        *,
        copy: bool,
    ) -> None:
        self._copy = copy
        self._root = root
        self._blobs = blobs
        self._index = index
        self._keep: Keep = keep or (lambda _path, _is_dir: True)
        self._descend: Descend = descend or (lambda _path: True)
        self.listed: dict[str, frozenset[str]] = {}
        self.hardlinks = Hardlinks()

    def entries(self, directory: str) -> dict[str, Entry]:
        """Return the kept entries of a directory, named relative to the root."""
        limit_depth(directory)
        try:
            with os.scandir(self._root / directory) as found:
                children = sorted(found, key=lambda child: child.name)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except PermissionError as error:
            raise UsageError(
                f"cannot list {self._root / directory}: permission denied",
                hint="make it readable, or leave it out with an exclude pattern",
            ) from error
        self.listed[directory] = frozenset(child.name for child in children)
        prefix = directory + "/" if directory else ""
        entries: dict[str, Entry] = {}
        for child in children:
            try:
                entry = self._entry(child, prefix + child.name)
            except FileNotFoundError:  # removed since it was listed
                continue
            if entry is not None:
                entries[child.name] = entry
        return entries

    def _entry(self, child: os.DirEntry[str], path: str) -> Entry | None:
        is_dir = child.is_dir(follow_symlinks=False)
        kept = self._keep(path, is_dir)
        if is_dir:
            entries = self.entries(path) if self._descend(path) else {}
            if not kept and not entries:
                return None
            facts = child.stat(follow_symlinks=False)
            time = Time(facts.st_mtime_ns)
            return Dir(facts.st_mode & 0o777, MappingProxyType(entries), time=time)
        if not kept:
            return None
        if child.is_symlink():
            return Link(os.readlink(child.path))  # noqa: PTH115 - Path.readlink would tidy it up
        if child.is_file(follow_symlinks=False):
            return self._file(child, path)
        return None

    def _file(self, child: os.DirEntry[str], path: str) -> File:
        facts = child.stat(follow_symlinks=False)
        digest = self._index.digest(path, facts)
        if digest is None or (self._copy and not self._blobs.has(digest, facts.st_size)):
            read_ns = self._index.clock_ns()
            read, facts = self._blobs.add(Path(child.path), copy=self._copy)
            digest = read.digest
            self._index.note(path, facts, digest, read_ns)
        if facts.st_nlink > 1:
            self.hardlinks.note((facts.st_dev, facts.st_ino), path)
        if not self._copy:
            self._blobs.offer(digest, Offer(child.path, self._index.path))
        time = Time(facts.st_mtime_ns)
        return File(digest, facts.st_size, facts.st_mode & 0o777, time=time)
