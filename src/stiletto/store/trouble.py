"""What the machine refuses, as one line with the next act.

A full disk is met wherever something is written: in the store's own methods, in a sandbox that
works in a staged directory, in a step. Each of them lets the `OSError` pass; here it becomes the
error that people read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stiletto.errors import EnvironmentFailed

__all__ = ["ROOM_HINT", "is_full", "told", "translated"]

ROOM_HINT = "make room, or run stiletto prune"
_PLACE_HINT = "make it writable, or set STILETTO_CACHE to a directory that can be written to"

_FULL = {errno.ENOSPC, errno.EDQUOT}
_BROKEN = {errno.EIO, errno.ESTALE, errno.EUCLEAN, errno.ENXIO}
_CLOSED = {errno.EROFS}
_DENIED = {errno.EACCES, errno.EPERM}
"""Named only for the store's own files: elsewhere the one who met it knows more."""

_SPARE_BYTES = 64 << 10
_SPARE_FILES = 4
"""Below this a step that failed has most likely failed for it."""


def told(error: OSError, root: Path) -> EnvironmentFailed | None:
    """Return the error to show where the machine refused to write or read; None for any other.

    Args:
        error: may lack a file name, as those of write(2) do.
        root: the store, which is meant then.
    """
    name = error.filename if isinstance(error.filename, str | bytes | os.PathLike) else None
    path = Path(os.fsdecode(name)) if name else root
    in_store = path == root or path.is_relative_to(root)
    reason = os.strerror(error.errno).lower() if error.errno else ""
    if error.errno in _FULL:
        what, hint = "write to", ROOM_HINT if in_store else "make room"
    elif error.errno in _CLOSED:
        what, hint = "write to", _PLACE_HINT if in_store else "make it writable"
    elif error.errno in _BROKEN:
        what, hint = "read or write", "check the disk, then run `stiletto verify --repair`"
    elif error.errno in _DENIED and in_store:
        what, hint = "use", _PLACE_HINT
    else:
        return None
    where = f"the cache {root}" if path == root else str(path)
    return EnvironmentFailed(f"cannot {what} {where}: {reason}", hint=hint)


@contextmanager
def translated(root: Path) -> Iterator[None]:
    """Turn what the machine refuses within the context into the error to show."""
    try:
        yield
    except OSError as error:
        shown = told(error, root)
        if shown is None:
            raise
        raise shown from error


def is_full(root: Path) -> bool:
    """Whether the store's file system has no room left for an ordinary user."""
    try:
        facts = os.statvfs(root)
    except OSError:
        return False
    no_files = facts.f_files > 0 and facts.f_favail < _SPARE_FILES
    return facts.f_bavail * facts.f_frsize < _SPARE_BYTES or no_files
