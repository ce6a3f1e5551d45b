"""Builds a working tree from layers, and finds the changes of a step in it.

A snapshot records every entry right after the tree is built; comparing with a second one gives
the step's layer. Mount points are left out: what is mounted is not part of the layer.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from stiletto.layers.layer import Layer
from stiletto.layers.marks import is_whiteout
from stiletto.layers.paths import collapse, lstat, parents, refuse_long_paths
from stiletto.layers.remove import remove_tree
from stiletto.layers.upper import open_way
from stiletto.sandbox.relocation import copy_file, copy_link, placeholder


@dataclass(frozen=True, slots=True)
class Record:
    """What distinguishes a changed entry from an unchanged one; times in nanoseconds."""

    mode: int
    inode: int
    size: int = 0
    modified: int = 0
    changed: int = 0

    @classmethod
    def of(cls, found: os.stat_result) -> Record:
        """Take a record. A directory's size and times change with its entries: left out."""
        if stat.S_ISDIR(found.st_mode):
            return cls(found.st_mode, 0)
        return cls(found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


Snapshot: TypeAlias = Mapping[str, Record]

_COPIES = {stat.S_IFLNK: copy_link, stat.S_IFREG: copy_file}


def walk(root: Path, skip: Collection[str] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every path beneath `root` with its own lstat, parents first.

    A directory that its owner may not read is opened to the owner, after it was recorded.
    """
    pending = [""]
    while pending:
        parent = pending.pop()
        folder = root / parent
        if not os.access(folder, os.R_OK | os.X_OK):
            folder.chmod(stat.S_IMODE(folder.lstat().st_mode) | stat.S_IRUSR | stat.S_IXUSR)
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = posixpath.join(parent, entry.name)
                if path in skip:
                    continue
                yield path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)


def snapshot(root: Path, skip: Collection[str] = ()) -> Snapshot:
    """Record everything beneath `root`; `skip` names mount points."""
    return {path: Record.of(found) for path, found in walk(root, skip)}


def remove_entry(path: Path) -> None:
    """Remove what is at `path`, if anything."""
    found = lstat(path)
    if found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        remove_tree(path)
    else:
        path.unlink()


def copy_layer(layer: Layer, tree: Path, at: str = "") -> None:
    """Copy a layer onto the working tree, beneath `at`; placeholders become the tree's path."""
    root = tree / at
    for path in layer.removed:
        remove_entry(root / path)
    old, new = placeholder(tree), os.fsencode(tree)
    modes: list[tuple[Path, int]] = []
    for path, found in walk(layer.root):
        if is_whiteout(found):
            continue
        here = root / path
        there = lstat(here)
        if stat.S_ISDIR(found.st_mode):
            if there is not None and not stat.S_ISDIR(there.st_mode):
                here.unlink()
                there = None
            if there is None:
                here.mkdir()
            modes.append((here, stat.S_IMODE(found.st_mode)))
            continue
        if there is not None:
            remove_entry(here)
        if copy := _COPIES.get(stat.S_IFMT(found.st_mode)):
            copy(layer.root / path, here, old, new)
    # Last and deepest first: a directory may be read-only.
    for here, mode in reversed(modes):
        here.chmod(mode)


def retarget_links(tree: Path) -> None:
    """Point absolute links into the tree where the tree has their target.

    In a container `/app -> /src` leads to the container's `/src`, not to the host's.
    """
    for path, found in walk(tree):
        if stat.S_ISLNK(found.st_mode):
            here = tree / path
            target = str(here.readlink())
            if target.startswith("/") and not target.startswith(f"{tree}/"):
                inside = tree / target.lstrip("/")
                if lstat(inside) is not None:
                    here.unlink()
                    here.symlink_to(inside)


@refuse_long_paths()
def changes(
    tree: Path, before: Snapshot, upper: Path, *, at: str = "", skip: Collection[str] = ()
) -> Layer:
    """Copy to `upper` what differs from the snapshot of `tree/at`, and describe it as a layer.

    The tree's own path becomes the placeholder.

    Raises:
        UsageError: something lies deeper than a path can be long.
    """
    root = tree / at
    after = snapshot(root, skip)
    old, new = os.fsencode(tree), placeholder(tree)
    relocatable: set[str] = set()
    copied: dict[int, str] = {}

    def mode(path: str) -> int:
        return stat.S_IMODE((root / path).lstat().st_mode) | stat.S_IRWXU

    for path, record in after.items():
        if before.get(path) == record:
            continue
        source, target = root / path, upper / path
        open_way(upper, path, mode)
        if stat.S_ISDIR(record.mode):
            target.mkdir(exist_ok=True)
            target.chmod(stat.S_IMODE(record.mode) | stat.S_IRWXU)
        elif copy := _COPIES.get(stat.S_IFMT(record.mode)):
            first = copied.setdefault(record.inode, path)
            if first != path:
                target.hardlink_to(upper / first)
            if copy(source, target, old, new) if first == path else first in relocatable:
                relocatable.add(path)
        else:
            source.unlink()  # a socket or pipe means nothing without its process
    mounted = set(skip)
    removed = collapse(
        path for path in before if path not in after and mounted.isdisjoint(parents(path))
    )
    # A name that came back as another kind hides the old one by being there.
    gone = frozenset(path for path in removed if lstat(upper / path) is None)
    return Layer(upper, gone, frozenset(relocatable))
