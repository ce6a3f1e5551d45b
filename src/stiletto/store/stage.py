"""Staging directories: one per process, removed after the process has ended."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stiletto.layers.remove import remove_tree
from stiletto.store.files import remove_file
from stiletto.store.locks import try_exclusive

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_TIME = re.compile(r"([0-9]{20})-.+")
"""The name of a process's directory: when it was made, in nanoseconds, and something of its own."""


class Stage:
    """This process's own directory under `stage/`.

    It is locked for as long as the process lives. A directory under `stage/` that can be locked has
    no owner any more.
    """

    def __init__(self, root: Path, tell: Callable[[str], None]) -> None:
        self.root = root
        self._guard = threading.Lock()
        self._held: list[tuple[Path, int]] = []
        self._numbers = itertools.count()
        self._workers: list[ThreadPoolExecutor] = []
        self.started_ns = time.time_ns()
        if root.is_dir():
            self._sweep(root, tell)
        try:
            _ = self.path
        except OSError as error:
            # `prune` must work on a full disk; everything else fails when it stages something.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    @property
    def path(self) -> Path:
        """This process's directory; made here if there was no space for it before."""
        with self._guard:
            while not self._held:
                self.root.mkdir(parents=True, exist_ok=True)
                prefix = f"{self.started_ns:020d}-"
                directory = Path(tempfile.mkdtemp(prefix=prefix, dir=self.root))
                descriptor = _claim(directory)
                if descriptor >= 0:
                    self._held.append((directory, descriptor))
            return self._held[0][0]

    @property
    def held(self) -> Path | None:
        """This process's directory, if it was made."""
        return self._held[0][0] if self._held else None

    def others_since_ns(self) -> int | None:
        """Return when the oldest of the other processes began; None where there is no other.

        One of an earlier version has no time in its name: it may have begun at any.
        """
        names = [path.name for path in self.root.iterdir() if path != self.held]
        times = [int(found[1]) if (found := _TIME.fullmatch(name)) else 0 for name in names]
        return min(times, default=None)

    def closer(self) -> Callable[[], None]:
        """Return what removes the directory and gives up its lock; it has no reference to us."""
        held, workers = self._held, self._workers

        def close() -> None:
            while workers:
                workers.pop().shutdown()
            while held:
                path, descriptor = held.pop()
                with contextlib.suppress(OSError):
                    remove_tree(path)
                os.close(descriptor)

        return close

    def later(self, work: Callable[[], None]) -> None:
        """Do something on a thread of its own, in turn; all is done when the store is closed.

        For what nothing waits for: a step takes 10 ms, and an engine that tidied up after it before
        it began the next one would take a third of that again.
        """
        with self._guard:
            if not self._workers:
                # Imported here: a cached call does nothing later.
                from concurrent.futures import ThreadPoolExecutor

                self._workers.append(ThreadPoolExecutor(1, "stiletto-later"))
            self._workers[0].submit(work).add_done_callback(_result)

    def caught_up(self) -> None:
        """Return when all is done that was to be done later."""
        with self._guard:
            workers = [*self._workers]
        for worker in workers:
            worker.submit(lambda: None).result()

    def drop(self, path: Path) -> None:
        """Remove a directory later; what cannot be removed goes with this process's own."""

        def remove() -> None:
            with contextlib.suppress(OSError):
                remove_tree(path)

        if path.exists():
            self.later(remove)

    def directory(self) -> Path:
        """Return a new empty directory, 0755."""
        path = Path(tempfile.mkdtemp(dir=self.path))
        path.chmod(0o755)
        return path

    @contextlib.contextmanager
    def file(self) -> Iterator[tuple[int, Path]]:
        """Yield a new empty file, open for writing, 0600; gone afterwards if it was not moved."""
        # The directory is this process's own: numbers do, and random names take longer.
        path = self.path / f"file-{next(self._numbers)}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            try:
                yield descriptor, path
            finally:
                os.close(descriptor)
        finally:
            path.unlink(missing_ok=True)

    def write(self, data: bytes, place: Callable[[Path], None]) -> None:
        """Write a file, and hand it over to be moved into its place."""
        with self.file() as (descriptor, path):
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            place(path)

    @staticmethod
    def _sweep(root: Path, tell: Callable[[str], None]) -> None:
        for path in root.iterdir():
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:  # swept by another process just now
                continue
            except NotADirectoryError:
                remove_file(path, tell)
                continue
            try:
                if try_exclusive(descriptor):
                    remove_tree(path)
            finally:
                os.close(descriptor)


def _result(done: Future[None]) -> None:
    """Raise what went wrong, which is a bug then; it is logged with its traceback."""
    done.result()


def _claim(path: Path) -> int:
    """Lock a directory just made; -1 if another process swept it before it was locked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if path.exists():
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return -1
