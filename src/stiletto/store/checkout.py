"""Trees as directories on disk, whose contents are shared with the blobs."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path

from stiletto.graph.tree import Dir, Entry, File, Link
from stiletto.layers.layer import Layer
from stiletto.layers.marks import mark
from stiletto.layers.paths import lstat
from stiletto.store.blobs import Blobs, is_untouched
from stiletto.store.layout import blob_time_s

_EPOCH_S = 1_000_000_000
"""The modification time of directories and links: they have no contents to derive one from."""

_TRIES = 3
"""How often a blob is linked that goes away in the very moment."""

_NO_LINK = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP, errno.EACCES}
"""Another device, ext4's 65,000 links are used up, or a file system without hard links."""


def check_out(tree: Dir, root: Path, blobs: Blobs, removed: frozenset[str] = frozenset()) -> None:
    """Fill the empty directory `root` with the tree and with marks for what it hides.

    Files are hard links to their blobs where modes and the file system allow, else copies.

    Raises:
        EnvironmentFailed: contents are missing from the store, or are not as long as they were.
    """
    _fill(tree, root, blobs)
    # Only overlayfs needs the marks; those that are missing here are made before mounting.
    with contextlib.suppress(OSError):
        mark(Layer(root, removed))
    _finish(tree, root)


def _fill(tree: Dir, root: Path, blobs: Blobs) -> None:
    for name, entry in tree.entries.items():
        path = root / name
        match entry:
            case File():
                _place_file(entry, path, blobs)
            case Link(target):
                path.symlink_to(target)
                os.utime(path, (_EPOCH_S, _EPOCH_S), follow_symlinks=False)
            case Dir():
                path.mkdir()
                _fill(entry, path, blobs)


def _finish(tree: Dir, root: Path) -> None:
    """Set modes and times of directories, when nothing more has to be written into them."""
    for name, entry in tree.entries.items():
        if isinstance(entry, Dir):
            _finish(entry, root / name)
    os.utime(root, (_EPOCH_S, _EPOCH_S))
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
        case File(digest, size_bytes, mode):
            facts = lstat(path)
            if facts is None or not is_untouched(facts, digest, size_bytes):
                return False
            return stat.S_IMODE(facts.st_mode) == mode


def _place_file(file: File, path: Path, blobs: Blobs) -> None:
    for attempt in range(_TRIES):
        blob = blobs.path(file.digest, executable=file.mode == 0o755)
        try:
            if blob.stat().st_size != file.size_bytes:
                raise blobs.damaged(file.digest)
            _take(blob, file, path)
        except FileNotFoundError:
            # Dropped since, by another process that found it damaged and makes it again.
            if attempt == _TRIES - 1:
                raise
        else:
            return


def _take(blob: Path, file: File, path: Path) -> None:
    if file.mode in (0o644, 0o755):
        try:
            path.hardlink_to(blob)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return
    shutil.copyfile(blob, path)
    path.chmod(file.mode)
    os.utime(path, (blob_time_s(file.digest), blob_time_s(file.digest)))
