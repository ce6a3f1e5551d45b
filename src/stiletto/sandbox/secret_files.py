"""Secrets of a plain step as files: in memory where the machine has that, and never for long.

    <place>/stiletto-secrets-<name>/     locked by the engine as long as it lives
        0, 1, ...                        the secrets

A killed engine frees its lock; `sweep` then removes what it left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stiletto.sandbox.plan import SecretMount

MEMORY = Path("/dev/shm")  # noqa: S108 - the one place that is memory on every Linux
PREFIX = "stiletto-secrets-"


def _place() -> Path:
    return MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())


@contextmanager
def shown(secrets: Mapping[Path, SecretMount]) -> Iterator[Path | None]:
    """Let each path be a link to its secret while the context lasts; gives where they are."""
    if not secrets:
        yield None
        return
    directory, lock = _own_directory(_place())
    try:
        for number, (here, mount) in enumerate(secrets.items()):
            file = directory / str(number)
            file.touch(0o600)
            file.write_bytes(mount.contents)
            file.chmod(mount.mode)
            here.symlink_to(file)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def _own_directory(place: Path) -> tuple[Path, int]:
    """Make a directory and lock it; another process may sweep it just before the lock."""
    while True:
        directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        try:
            lock = os.open(directory, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if directory.exists():
            return directory, lock
        os.close(lock)


def sweep() -> None:
    """Remove the secrets of engines that were killed."""
    for directory in _place().glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or gone
            lock = os.open(directory, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.geteuid():
                    shutil.rmtree(directory)
            finally:
                os.close(lock)
