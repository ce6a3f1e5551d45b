"""File contents by digest: each kept once, and once more as an executable twin when asked for."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import File
from stiletto.store.files import place
from stiletto.store.layout import blob_name, blob_time_s
from stiletto.store.stage import Stage

__all__ = ["Blobs"]

_CHUNK_BYTES = 1 << 20


class Blobs:
    """The directory `blobs/`; a file in it is complete or absent."""

    def __init__(self, root: Path, stage: Stage) -> None:
        self._root = root
        self._stage = stage

    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether the blob is there in full length."""
        try:
            return (self._root / blob_name(digest)).stat().st_size == size_bytes
        except FileNotFoundError:
            return False

    def put(self, data: bytes) -> tuple[str, int]:
        """Keep these contents; return digest and size."""
        digest = hashlib.sha256(data).hexdigest()
        if not self.has(digest, len(data)):
            descriptor, staged = self._stage.file()
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            self._place(staged, digest, executable=False)
        return digest, len(data)

    def add(self, path: Path) -> tuple[File, os.stat_result]:
        """Keep a file's contents; return it with the facts that held while it was read.

        Only the nine permission bits are taken over.

        Raises:
            FileNotFoundError: it is not there (any more).
            UsageError: it cannot be read, or is no regular file.
        """
        try:
            # Without O_NONBLOCK, opening a named pipe would wait for its writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError as error:
            raise UsageError(
                f"cannot read {path}: permission denied",
                hint="make it readable, or leave it out with an exclude pattern",
            ) from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise UsageError(f"{path} is not a regular file")
            digest, size_bytes = self._add_open(file.fileno(), facts.st_size)
        return File(digest, size_bytes, facts.st_mode & 0o777), facts

    def _add_open(self, source: int, expected_bytes: int) -> tuple[str, int]:
        if expected_bytes <= _CHUNK_BYTES:
            data = b"".join(iter(lambda: os.read(source, _CHUNK_BYTES), b""))
            return self.put(data)
        # Most large files are known already: hash first, write only what is new.
        hashed, size_bytes = _hash(source)
        if self.has(hashed, size_bytes):
            return hashed, size_bytes
        os.lseek(source, 0, os.SEEK_SET)
        target, staged = self._stage.file()
        try:
            # Hashed again while copying: the file may have changed since.
            digest, size_bytes = _hash(source, target)
        finally:
            os.close(target)
        self._place(staged, digest, executable=False)
        return digest, size_bytes

    def path(self, digest: str, *, executable: bool = False) -> Path:
        """Return the file that holds these contents, 0644 or 0755.

        Raises:
            EnvironmentFailed: the store does not have them.
        """
        path = self._root / blob_name(digest, executable=executable)
        if not path.exists():
            if not executable:
                raise self._missing(digest)
            source, (target, staged) = self._open(digest), self._stage.file()
            try:
                _hash(source, target)
            finally:
                os.close(source)
                os.close(target)
            self._place(staged, digest, executable=True)
        return path

    def read(self, digest: str) -> bytes:
        """Return the contents; checked, so that damage is never passed on.

        Raises:
            EnvironmentFailed: they are missing or damaged; a damaged blob is dropped.
        """
        source = self._open(digest)
        with os.fdopen(source, "rb") as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != digest:
            raise self.damaged(digest)
        return data

    def damaged(self, digest: str) -> EnvironmentFailed:
        """Drop a blob whose contents are not what its name says; return the error for it."""
        for executable in (False, True):
            (self._root / blob_name(digest, executable=executable)).unlink(missing_ok=True)
        return EnvironmentFailed(
            f"blob {digest} in {self._root} was damaged and has been dropped",
            hint="run it again; if this repeats, check the disk",
        )

    def _open(self, digest: str) -> int:
        try:
            return os.open(self._root / blob_name(digest), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise self._missing(digest) from error

    def _missing(self, digest: str) -> EnvironmentFailed:
        return EnvironmentFailed(
            f"blob {digest} is missing from {self._root}", hint="run it again to make it anew"
        )

    def _place(self, staged: Path, digest: str, *, executable: bool) -> None:
        staged.chmod(0o755 if executable else 0o644)
        os.utime(staged, (blob_time_s(digest), blob_time_s(digest)))
        place(staged, self._root / blob_name(digest, executable=executable))


def _hash(source: int, target: int | None = None) -> tuple[str, int]:
    """Hash from the current position to the end, copying to `target` if given."""
    sha = hashlib.sha256()
    size_bytes = 0
    while chunk := os.read(source, _CHUNK_BYTES):
        sha.update(chunk)
        size_bytes += len(chunk)
        if target is not None:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(target, rest) :]
    return sha.hexdigest(), size_bytes
