"""Locks between processes and tasks, released by the death of their holder.

All of them are flock(2) on files or directories of the store: the kernel drops such a lock with
the last descriptor, however the process ended, and each opening counts as a holder of its own,
so that two tasks of one process exclude each other as two processes do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.store.files import clear, make_way

_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.1
_TRIES = 3


def open_lock(path: Path, root: Path) -> int:
    """Return a new descriptor of a lock file beneath `root`, made if missing.

    What is in its place and is not a file is removed: nothing can lock it.
    """
    for _ in range(_TRIES):
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (FileNotFoundError, NotADirectoryError):
            make_way(path.parent, root)
        except IsADirectoryError:
            clear(path)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def try_exclusive(descriptor: int) -> bool:
    """Take the lock alone, or return False at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.asynccontextmanager
async def hold(path: Path, root: Path) -> AsyncIterator[None]:
    """Hold the lock file alone; waits by polling, so that a cancelled task stops waiting."""
    # Imported here: 30 ms that a cached call need not pay.
    import asyncio

    pause_s = _FIRST_PAUSE_S
    while True:
        descriptor = open_lock(path, root)
        try:
            while not try_exclusive(descriptor):
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            # A prune may have removed the file between opening and locking it.
            if _is_at(descriptor, path):
                yield
                return
        finally:
            os.close(descriptor)


def sweep(directory: Path, root: Path) -> None:
    """Remove the lock files that are free."""
    for path in directory.iterdir():
        descriptor = open_lock(path, root)
        try:
            if try_exclusive(descriptor) and _is_at(descriptor, path):
                path.unlink()
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


class StoreLock:
    """The lock on the whole store: shared by every user, exclusive while pruning."""

    def __init__(self, root: Path, tell: Callable[[str], None]) -> None:
        self._root = root
        self._turn = root / ".prune.lock"
        for path in (root / ".lock", self._turn):
            if path.is_dir():
                clear(path)
                tell(f"{path} was a directory: removed; `stiletto verify` checks the rest")
        # Made now, because a full disk, which is to be pruned, has no space for it.
        if not self._turn.exists():
            os.close(open_lock(self._turn, root))
        self.descriptor = open_lock(root / ".lock", root)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def turn(self) -> Iterator[bool]:
        """Be the only one that removes something, beside other users; False where another is."""
        turn = open_lock(self._turn, self._root)
        try:
            yield try_exclusive(turn)
        finally:
            os.close(turn)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only user for a while.

        Raises:
            EnvironmentFailed: another process, or another Store of this one, uses the store.
        """
        # flock gives up the shared lock while it changes it to an exclusive one. A process that
        # wants that takes `turn` first, so in between no other can have become exclusive.
        turn = open_lock(self._turn, self._root)
        try:
            if not try_exclusive(turn) or not self._upgrade():
                raise EnvironmentFailed(
                    f"the cache {self._root} is in use by another process",
                    hint="run it again when no other stiletto is running",
                )
            try:
                yield
            finally:
                fcntl.flock(self.descriptor, fcntl.LOCK_SH)
        finally:
            os.close(turn)

    def _upgrade(self) -> bool:
        if try_exclusive(self.descriptor):
            return True
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)
        return False
