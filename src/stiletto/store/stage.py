"""Where everything begins: a directory per process, swept after the process has died."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

from stiletto.store.files import remove_tree
from stiletto.store.locks import try_exclusive

__all__ = ["Stage"]


class Stage:
    """This process's own directory under `stage/`.

    It is locked for as long as the process lives. A directory under `stage/` that can be locked
    belongs to nobody any more.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._sweep(root)
        self.descriptor = -1
        while self.descriptor < 0:
            self.path = Path(tempfile.mkdtemp(dir=root))
            self.descriptor = _claim(self.path)

    def directory(self) -> Path:
        """Return a new empty directory, 0755."""
        path = Path(tempfile.mkdtemp(dir=self.path))
        path.chmod(0o755)
        return path

    def file(self) -> tuple[int, Path]:
        """Return a new empty file, open for writing, 0600."""
        descriptor, name = tempfile.mkstemp(dir=self.path)
        return descriptor, Path(name)

    @staticmethod
    def _sweep(root: Path) -> None:
        for path in root.iterdir():
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:  # swept by another process just now
                continue
            try:
                if try_exclusive(descriptor):
                    remove_tree(path)
            finally:
                os.close(descriptor)


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
