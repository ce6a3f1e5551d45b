"""Moves a tree: replaces its old path by a placeholder, and later by its new path.

Plain mode runs a step in a working tree R instead of at `/`. Programs write R into what they
produce: shebangs, `pyvenv.cfg`, `.pth`, compiled modules, links. All working trees of a store
have paths of one length, and the placeholder has that length too, so bytes can be replaced in
place, in binaries as well (conda's trick, see `conda/core/portability.py`).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
import sys
from pathlib import Path

MARK = "/@stiletto-"
NAME_BYTES = 14
"""Makes every working tree's path longer than `MARK`."""

HELD_MARK = re.compile(re.escape(MARK.encode()) + rb"@+(/?)")

FICLONE = 0x40049409
"""ioctl that shares a file's blocks (linux/fs.h); btrfs, XFS and others support it."""

SEARCHED_MAX_BYTES = 64 * 1024 * 1024
"""A larger file is data, not a script or a module: copied without looking into it."""


def working_tree(base: Path) -> Path:
    """Return a new working tree's path; all of one base have the same length."""
    return base / f"r{secrets.token_hex(NAME_BYTES // 2)}"


def placeholder(tree: Path) -> bytes:
    """Return what represents this tree in a layer: a path of the same length."""
    return MARK.encode().ljust(len(os.fsencode(tree)), b"@")


def restore(data: bytes) -> bytes:
    """Return a file's contents for a user outside of the container.

    Not length-preserving, so for text only: a binary that contains the placeholder would break.
    """
    return HELD_MARK.sub(b"/", data)


def copy_link(source: Path, target: Path, old: bytes, new: bytes) -> bool:
    """Copy a symbolic link with `old` replaced in its target; return whether it was there."""
    points_to = os.fsencode(source.readlink())
    target.symlink_to(os.fsdecode(points_to.replace(old, new)))
    _same_time(source, target)
    return old in points_to


def copy_file(source: Path, target: Path, old: bytes, new: bytes) -> bool:
    """Copy a file, mode and times kept, `old` replaced; return whether it was there.

    A file that its owner may not read is opened to the owner first.
    """
    found = source.stat()
    if not os.access(source, os.R_OK):
        source.chmod(stat.S_IMODE(found.st_mode) | stat.S_IRUSR)
    moved = False
    if found.st_size <= SEARCHED_MAX_BYTES:
        contents = source.read_bytes()
        moved = old in contents
        if moved:
            target.write_bytes(contents.replace(old, new))
        elif not (found.st_size and _clone(source, target)):
            target.write_bytes(contents)
    elif not _clone(source, target):
        shutil.copyfile(source, target)
    target.chmod(stat.S_IMODE(found.st_mode))
    _same_time(source, target)
    return moved


def _same_time(source: Path, target: Path) -> None:
    """Keep the time: compiled modules name the time of their source."""
    found = source.lstat()
    if os.utime in os.supports_follow_symlinks:
        os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)


_clones = sys.platform == "linux"


def _clone(source: Path, target: Path) -> bool:
    """Share the blocks of `source` where the file system can; learns from the first refusal."""
    global _clones
    if not _clones:
        return False
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), FICLONE, reading.fileno())
        except OSError:
            _clones = False
            return False
    return True
