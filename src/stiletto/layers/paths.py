"""Container paths as layers name them: relative to `/`, without a leading slash; "" is the root."""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from stiletto.errors import UsageError


def relative(path: str) -> str:
    """Return a container path without its leading slash, normalised; "" is the root."""
    return posixpath.normpath("/" + path).lstrip("/")


def parents(path: str) -> Iterator[str]:
    """Yield a relative path and its parents, longest first, the root left out."""
    while path:
        yield path
        path = posixpath.dirname(path)


def collapse(paths: Iterable[str]) -> frozenset[str]:
    """Drop paths that lie beneath another one of them."""
    kept = set(paths)
    return frozenset(p for p in kept if not any(up in kept for up in parents(posixpath.dirname(p))))


@contextlib.contextmanager
def refuse_long_paths() -> Iterator[None]:
    """Raise a clear error if a step went deeper than a path can be long.

    Raises:
        UsageError: the kernel refused a path for its length.
    """
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UsageError(
            "a step left files deeper than a path can be long (4096 bytes)",
            hint="remove them at the end of the step",
        ) from error


def lstat(path: Path | str) -> os.stat_result | None:
    """Return what is at `path` itself, or None, also if no file can have such a name."""
    try:
        return os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return None
        raise
