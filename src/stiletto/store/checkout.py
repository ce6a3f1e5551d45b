"""Trees as directories on disk, whose contents are shared with the blobs.

A blob lends its inode to one path: of all that a step sees at its `/`, no two paths are one file,
unless the tree has them as hard links, which have a copy of their own.
To programs two such paths would be hard links, which tar archives as references, and which a
source never had. So of the paths with equal contents the first becomes a link to the blob (`homes`)
and each other one a copy; where layers below show the blob's inode already, all are copies.

Trees of different steps do share inodes: each step sees its own. A link cannot be written through:
a step has a checkout below its own layer, or read-only; plain mode copies it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeAlias

from stiletto.graph.tree import Dir, Entry, File, Link
from stiletto.layers.layer import Layer
from stiletto.layers.marks import mark
from stiletto.layers.owners import give
from stiletto.layers.paths import lstat, parents
from stiletto.store.blobs import Blobs, is_untouched
from stiletto.store.layout import PLAIN, Form, blob_time_s

_CHUNK_BYTES = 1 << 20

_TRIES = 3
"""How often a blob is linked that goes away in the very moment."""

_NO_LINK = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP, errno.EACCES}
"""Another device, ext4's 65,000 links are used up, or a file system without hard links."""


_LENT = (0o644, 0o755)
"""Modes of files that can be links: those of the blobs."""

_SMALL_BYTES = 1 << 16
"""Below this a file with a time of its own is copied: a blob's file for that time costs more."""

Inode: TypeAlias = tuple[str, Form]
"""A blob's file: its digest, and what else it is like."""


def homes(tree: Dir) -> dict[Inode, str]:
    """Return which path of a checkout has the inode of each blob."""
    found: dict[Inode, str] = {}
    joined = {path for paths in tree.joined for path in paths}
    for path, entry in tree.walk():
        if isinstance(entry, File) and _is_lent(entry) and path not in joined:
            found.setdefault(_inode(entry), path)
    return found


def still_shown(
    below: Mapping[Inode, str], tree: Dir, removed: frozenset[str], wanted: Collection[Inode]
) -> frozenset[Inode]:
    """Return those of the wanted inodes that layers below still show with this tree on top."""
    return frozenset(
        inode
        for inode in wanted
        if (path := below.get(inode)) is not None
        and not _is_covered(path, tree)
        and removed.isdisjoint(parents(path))
    )


def _is_covered(path: str, tree: Dir) -> bool:
    """Whether a tree has something in the place of a file, or of a directory above it."""
    entry: Entry = tree
    for name in path.split("/"):
        if not isinstance(entry, Dir):
            return True
        inside = entry.entries.get(name)
        if inside is None:
            return False
        entry = inside
    return True


def _is_lent(file: File) -> bool:
    """Whether a file can be a link to its blob."""
    if file.owner or file.mode not in _LENT:
        return False
    return file.time.ns is None or file.size_bytes >= _SMALL_BYTES


def _inode(file: File) -> Inode:
    return file.digest, Form(file.mode == 0o755, file.time.ns)


def check_out(
    tree: Dir,
    root: Path,
    blobs: Blobs,
    removed: frozenset[str] = frozenset(),
    apart: Collection[Inode] = (),
) -> None:
    """Fill the empty directory `root` with the tree and with marks for what it hides.

    Files are hard links to their blobs where modes and the file system allow, else copies; no two
    are links to one blob, and none to a blob in `apart`. Paths that are names of one file in the
    tree are hard links to a copy of their own.

    Raises:
        EnvironmentFailed: contents are missing from the store, or are not as long as they were.
    """
    linked = {inode: path for inode, path in homes(tree).items() if inode not in apart}
    later = {path for paths in tree.joined for path in paths[1:]}
    _fill(tree, "", root, blobs, linked, later)
    _join(tree, root, blobs)
    # Only overlayfs needs the marks; those that are missing here are made before mounting.
    with contextlib.suppress(OSError):
        mark(Layer(root, removed))
    _finish(tree, root)


def _fill(
    tree: Dir,
    prefix: str,
    root: Path,
    blobs: Blobs,
    linked: Mapping[Inode, str],
    later: Collection[str],
) -> None:
    for name, entry in tree.entries.items():
        path, inside = root / name, prefix + name
        match entry:
            case File() if inside in later:
                continue
            case File():
                own = linked.get(_inode(entry)) == inside
                _place_file(entry, path, blobs, may_link=own)
            case Link(target):
                path.symlink_to(target)
                give(path, entry.owner)
            case Dir():
                path.mkdir()
                _fill(entry, inside + "/", path, blobs, linked, later)


def _join(tree: Dir, root: Path, blobs: Blobs) -> None:
    """Make the other names of files that have several; copies where that is not possible."""
    for first, *others in tree.joined:
        file = tree.get(first)
        assert isinstance(file, File), "only files have several names"
        for path in others:
            if not _link(root / first, root / path):
                _place_file(file, root / path, blobs, may_link=False)


def _finish(tree: Dir, root: Path) -> None:
    """Set modes and times of directories, when nothing more has to be written into them."""
    for name, entry in tree.entries.items():
        if isinstance(entry, Dir):
            _finish(entry, root / name)
    give(root, tree.owner)
    if tree.time.ns is not None:
        os.utime(root, ns=(tree.time.ns, tree.time.ns))
    root.chmod(tree.mode)


def is_unchanged_tree(tree: Dir, root: Path) -> bool:
    """Whether a directory still has what was checked out, as far as lengths and times show.

    What else is there (marks for what it hides) does not count.
    """
    facts = lstat(root)
    if facts is None or not stat.S_ISDIR(facts.st_mode):
        return False
    return all(_is_unchanged(entry, root / name) for name, entry in tree.entries.items())


def _is_unchanged(entry: Entry, path: Path) -> bool:
    match entry:
        case Dir():
            return is_unchanged_tree(entry, path)
        case Link(target):
            try:
                return os.readlink(path) == target  # noqa: PTH115 - Path.readlink would tidy it up
            except OSError:
                return False
        case File(digest, size_bytes, mode, _, time):
            facts = lstat(path)
            if facts is None or not is_untouched(facts, digest, size_bytes, time.ns):
                return False
            return stat.S_IMODE(facts.st_mode) == mode


def _place_file(file: File, path: Path, blobs: Blobs, *, may_link: bool) -> None:
    for attempt in range(_TRIES):
        # A copy gets its mode and time itself.
        blob = blobs.path(file.digest, _inode(file)[1] if may_link else PLAIN)
        try:
            if blob.stat().st_size != file.size_bytes:
                raise blobs.damaged(file.digest)
            if not (may_link and _link(blob, path)):
                _copy(blob, file, path)
        except FileNotFoundError:
            # Dropped since, by another process that found it damaged and makes it again.
            if attempt == _TRIES - 1:
                raise
        else:
            return


def _link(blob: Path, path: Path) -> bool:
    """Make a hard link, and return whether that was possible."""
    try:
        path.hardlink_to(blob)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True


def _copy(blob: Path, file: File, path: Path) -> None:
    # By descriptors: a tree has many small files, for which file objects take longer than copying.
    source = os.open(blob, os.O_RDONLY | os.O_CLOEXEC)
    try:
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while piece := os.read(source, _CHUNK_BYTES):
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(target, rest) :]
            give(path, file.owner)
            os.fchmod(target, file.mode)
            ns = file.time.ns
            if ns is None:
                ns = blob_time_s(file.digest) * 1_000_000_000
            os.utime(target, ns=(ns, ns))
        finally:
            os.close(target)
    finally:
        os.close(source)
