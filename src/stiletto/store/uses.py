"""Notes that something is in use, and keeps what is in use from being removed.

Who needs an entry touches it first, and then looks at it. Who makes the store smaller looks at the
time once more before it takes an entry away. Both do so under one lock, shared for the first and
exclusive for the second, held for microseconds: so nothing is taken away after it was touched.

What a process touched stays for as long as it lives: its directory under `stage/` begins with the
time of its start (`stage.started_ns`), and nothing that was touched since the oldest of these goes.
A blob's time of modification is its contents' (`layout.blob_time_s`), so its time of change counts.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from stiletto.store.locks import open_lock

LOCK = ".uses.lock"

MARGIN_NS = 2_000_000_000
"""Times of files come in steps, of up to 2 s on some file systems, and may be a step behind."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class Uses:
    """The lock, for one process and any of its threads.

    Args:
        root: the store's.
        since_ns: when this process began to use it.
    """

    def __init__(self, root: Path, since_ns: int) -> None:
        self._root = root
        self._since_ns = since_ns
        self._guard = threading.Lock()
        self._descriptor: int | None = None

    def touch(self, path: Path) -> bool:
        """Note that an entry is used now; False if it is not there."""
        with self.shared():
            try:
                os.utime(path)
            except (FileNotFoundError, NotADirectoryError):
                return False
            except PermissionError:
                pass  # it belongs to someone else
            return True

    def hold(self, path: Path, facts: os.stat_result) -> bool:
        """Note that a blob is used now, its time kept; False if it is not there any more."""
        if facts.st_ctime_ns >= self._since_ns:
            return True
        with self.shared():
            try:
                os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            except FileNotFoundError:
                return False
            except PermissionError:
                pass
            return True

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Keep everything where it is, for a moment."""
        # flock(2) is of the descriptor: two threads would give up each other's.
        with self._guard:
            descriptor = self._opened()
            if descriptor is None:
                yield
                return
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep everybody from touching anything, for a moment."""
        descriptor = open_lock(self._root / LOCK, self._root)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Give up the descriptor."""
        with self._guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _opened(self) -> int | None:
        """Return the lock's descriptor; None on a full disk, where nobody can be alone."""
        if self._descriptor is None:
            try:
                self._descriptor = open_lock(self._root / LOCK, self._root)
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
        return self._descriptor
