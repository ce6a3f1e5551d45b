"""Syncs data to the disk before anything refers to it.

A record names layers and contents. Were the record on the disk and they were not, a power failure
would leave a result that is trusted and wrong. So everything written before is forced out first,
with one syncfs(2) for all of it, and only if something was written since the last one.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path


class Durable:
    """Counts what was written, and forces it to the disk on request; for any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._guard = threading.Lock()
        self._written = 0
        self._settled = 0

    def note(self) -> None:
        """Remember that something was written which a record may name."""
        self._written += 1

    @property
    def has_written(self) -> bool:
        """Whether anything was noted."""
        return self._written > 0

    def settle(self) -> None:
        """Return when all that was noted before is on the disk.

        Raises:
            OSError: the disk is full or broken, which no write reported.
        """
        with self._guard:
            written = self._written
            if self._settled < written:
                _syncfs(self._root)
                self._settled = written


def _syncfs(root: Path) -> None:
    # Imported here: a cached call writes nothing, and need not pay for it.
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not Linux
        os.sync()
        return
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(root))
    finally:
        os.close(descriptor)
