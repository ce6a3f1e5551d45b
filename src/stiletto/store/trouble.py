"""Errors of the machine, as one line with a hint.

A full disk is met wherever something is written: in the store's own methods, in a sandbox that
works in a staged directory, in a step. Each of them lets the `OSError` pass; here it becomes the
error that is shown.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.visible import shortened

ROOM_HINT = "make room, or run stiletto prune"
_PLACE_HINT = "make it writable, or set STILETTO_CACHE to a directory that can be written to"

_FULL = {errno.ENOSPC, errno.EDQUOT}
_BROKEN = {errno.EIO, errno.ESTALE, errno.EUCLEAN, errno.ENXIO}
_SHORT = {
    errno.EFBIG: "raise the limit of a file's size (`ulimit -f`)",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "end other programs, or raise the limit of open files (`sysctl fs.file-max`)",
    errno.ENOMEM: "end other programs, or raise the limit of memory (`ulimit -v`)",
    errno.EAGAIN: "end other programs, or raise the limit of processes (`ulimit -u`)",
    errno.ENAMETOOLONG: "use shorter names, or a directory nearer to the root",
}
"""Limits of the process or the machine, and what raises each."""

_CLOSED = {errno.EROFS}
_NO_PATH = {
    errno.ENAMETOOLONG: "write a shorter path",
    errno.ELOOP: "a link there points to itself; remove it",
}
_DENIED = {errno.EACCES, errno.EPERM}
"""Named only for the store's own files: elsewhere the caller knows more."""

_PATH_CHARS = 400

_EMPTY_BYTES = 4 << 20
_EMPTY_FILES = 64
"""Below this it is unknown whether a step wrote all that it meant to: Python, for one, keeps a
half-written .pyc and reports nothing."""

_SPARE_BYTES = 64 << 20
_SPARE_FILES = 2000
"""Below this, a step that reports a full disk is trusted: programs tidy up at their end."""

_SAYS_FULL = re.compile(r"no space left on device|\b(?:os error|errno) 28\b", re.IGNORECASE)
_SAYS_QUOTA = re.compile(r"disk quota exceeded|\b(?:os error|errno) 122\b", re.IGNORECASE)


def error_for(error: OSError, root: Path, unnamed: Path | None = None) -> EnvironmentFailed | None:
    """Return the error to show where the machine refused to write or read; None for any other.

    Args:
        error: may lack a file name, as those of write(2) do, or name it within a directory.
        root: the store.
        unnamed: what is meant if the error does not name it; the store if left out.
    """
    # Of a link that cannot be made the second name is the one that there is no space for.
    named = error.filename2 if error.errno in _FULL and error.filename2 else error.filename
    name = named if isinstance(named, str | bytes | os.PathLike) else None
    path = Path(os.fsdecode(name)) if name else root
    if unnamed is not None and not (name and path.is_absolute()):
        path = unnamed
    in_store = path == root or path.is_relative_to(root)
    reason = os.strerror(error.errno).lower() if error.errno else ""
    if error.errno in _FULL:
        what, hint = "write to", ROOM_HINT if in_store else "make room"
    elif error.errno in _CLOSED:
        what, hint = "write to", _PLACE_HINT if in_store else "make it writable"
    elif error.errno in _BROKEN:
        what, hint = "read or write", "check the disk, then run `stiletto verify --repair`"
    elif error.errno in _SHORT:
        what, hint = "use", _SHORT[error.errno]
    elif error.errno in _DENIED and in_store:
        what, hint = "use", _PLACE_HINT
    elif error.errno in _NO_PATH:
        what, hint = "use", _NO_PATH[error.errno]
    else:
        return None
    where = f"the cache {root}" if path == root else shortened(str(path), _PATH_CHARS)
    return EnvironmentFailed(f"cannot {what} {where}: {reason}", hint=hint)


def hint_for(error: OSError) -> str | None:
    """Return the hint if a disk is full or broken, for an error that names its place."""
    if error.errno in _FULL:
        return ROOM_HINT
    if error.errno in _SHORT:
        return _SHORT[error.errno]
    return "check the disk" if error.errno in _BROKEN else None


@contextmanager
def translated(root: Path, unnamed: Path | None = None) -> Iterator[None]:
    """Turn what the machine refuses within the context into the error to show."""
    try:
        yield
    except OSError as error:
        shown = error_for(error, root, unnamed)
        if shown is None:
            raise
        raise shown from error


def filled(root: Path, output: str) -> str | None:
    """Return why a step cannot have written all it meant to, or None.

    The message alone may mislead, since a test may print it, and so may the free space, since a
    program may have removed its half-written files before it ended; so where some space is left, it
    takes both. Give no output of a step that ended well.
    """
    if _SAYS_QUOTA.search(output):
        return os.strerror(errno.EDQUOT).lower()
    try:
        facts = os.statvfs(root)
    except OSError:
        return None
    # Root may use what is reserved for it.
    blocks = facts.f_bfree if os.geteuid() == 0 else facts.f_bavail
    free_bytes = blocks * facts.f_frsize
    free_files = facts.f_ffree if facts.f_files else _SPARE_FILES
    empty = free_bytes < _EMPTY_BYTES or free_files < _EMPTY_FILES
    short = free_bytes < _SPARE_BYTES or free_files < _SPARE_FILES
    if empty or (short and _SAYS_FULL.search(output)):
        return os.strerror(errno.ENOSPC).lower()
    return None
