"""File contents by digest: each stored once, and with another mode or time where needed.

Contents of a host directory may be offered instead: known by digest, and copied when they are first
needed. Whether a host file still has what was offered is found by its digest while it is copied.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import File, Time
from stiletto.layers.paths import lstat
from stiletto.store.durable import Durable
from stiletto.store.files import clear, make_way
from stiletto.store.layout import PLAIN, Form, blob_name, blob_time_s
from stiletto.store.sizes import Sizes, on_disk
from stiletto.store.stage import Stage
from stiletto.store.uses import Uses

_CHUNK_BYTES = 1 << 20

_SENT_BYTES = 1 << 30

_TIME_STEP_S = 2
"""File systems keep times in steps of up to 2 s."""

_TRIES = 10
"""How often a blob is placed where others remove what they find damaged."""

_NO_LINK = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""A file system without hard links."""


_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EACCES, errno.EPERM}
"""What a file says that is not there any more, or is something else now."""

_OFFERS = 8
"""How many files are remembered that have the same contents."""

_UNREADABLE = frozenset({errno.EINVAL, errno.EPERM, errno.EACCES, errno.ENXIO, errno.ESRCH})
"""What read(2) says of files that only look like files, as some of /proc."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A file of the host, and the index that knows its contents."""

    path: str
    index: Path


def is_untouched(
    facts: os.stat_result, digest: str, size_bytes: int | None = None, ns: int | None = None
) -> bool:
    """Whether a file looks as it did when the store wrote it: kind, length and time.

    A blob has a time of its own, and so has a file without one (`ns`): a write, or a crash that
    empties it, gives it another one.
    """
    written_s = blob_time_s(digest) if ns is None else ns / 1_000_000_000
    return (
        stat.S_ISREG(facts.st_mode)
        and (size_bytes is None or facts.st_size == size_bytes)
        and abs(facts.st_mtime - written_s) <= _TIME_STEP_S
    )


class Blobs:
    """The directory `blobs/`; a file in it is complete or absent."""

    def __init__(
        self, root: Path, stage: Stage, durable: Durable, uses: Uses, sizes: Sizes
    ) -> None:
        self._root = root
        self._stage = stage
        self._durable = durable
        self._uses = uses
        self._sizes = sizes
        self._offers: dict[str, tuple[Offer, ...]] = {}
        self._copied_in: set[str] = set()

    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether the blob is there in full length, and was not written to.

        What mentions it keeps it: this does not count as use.
        """
        return self._is_intact(self._root / blob_name(digest), digest, size_bytes)

    def _holds(
        self, path: Path, digest: str, size_bytes: int | None = None, ns: int | None = None
    ) -> bool:
        """Whether a blob is there and intact; it then stays for as long as this process lives."""
        facts = lstat(path)
        return (
            facts is not None
            and is_untouched(facts, digest, size_bytes, ns)
            and self._uses.hold(path, facts)
        )

    def _has(self, digest: str, size_bytes: int) -> bool:
        return self._holds(self._root / blob_name(digest), digest, size_bytes)

    @staticmethod
    def _is_intact(
        path: Path, digest: str, size_bytes: int | None = None, ns: int | None = None
    ) -> bool:
        facts = lstat(path)
        return facts is not None and is_untouched(facts, digest, size_bytes, ns)

    def put(self, data: bytes) -> tuple[str, int]:
        """Keep these contents; return digest and size."""
        digest = hashlib.sha256(data).hexdigest()
        if not self._has(digest, len(data)):
            self._stage.write(data, lambda staged: self._place(staged, digest))
        return digest, len(data)

    def adopt(self, staged: Path, digest: str, size_bytes: int) -> None:
        """Keep a file of a stage, without a copy of it."""
        if not self._has(digest, size_bytes):
            self._place(staged, digest)

    def offer(self, digest: str, offer: Offer) -> None:
        """Remember a host file that has these contents; this process may need them."""
        known = self._offers.get(digest, ())
        if len(known) < _OFFERS and offer not in known:
            self._offers[digest] = (*known, offer)

    def settle(self, digest: str, size_bytes: int) -> None:
        """Copy contents that are offered and not stored yet.

        Raises:
            UsageError: no file has them any more.
        """
        if digest in self._offers and not self._has(digest, size_bytes):
            self._accept(digest)

    def add(self, path: Path, *, copy: bool = True) -> tuple[File, os.stat_result]:
        """Keep a file's contents; return it with the facts that held while it was read.

        Only the nine permission bits are taken over. Without `copy`, nothing is kept.

        Raises:
            FileNotFoundError: it is not there (any more).
            UsageError: it cannot be read, or is not a regular file.
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
            try:
                if copy:
                    digest, size_bytes = self._add_open(file.fileno(), facts.st_size)
                else:
                    digest, size_bytes = _hash(file.fileno())
            except OSError as error:
                if error.errno not in _UNREADABLE:
                    raise
                raise UsageError(
                    f"cannot read {path}: {os.strerror(error.errno).lower()}",
                    hint="leave it out with an exclude pattern",
                ) from error
        time = Time(facts.st_mtime_ns)
        return File(digest, size_bytes, facts.st_mode & 0o777, time=time), facts

    def _add_open(self, source: int, expected_bytes: int) -> tuple[str, int]:
        if expected_bytes <= _CHUNK_BYTES:
            data = b"".join(iter(lambda: os.read(source, _CHUNK_BYTES), b""))
            return self.put(data)
        # Most large files are known already: hash first, write only what is new.
        hashed, size_bytes = _hash(source)
        if self._has(hashed, size_bytes):
            return hashed, size_bytes
        os.lseek(source, 0, os.SEEK_SET)
        with self._stage.file() as (target, staged):
            # Hashed again while copying: the file may have changed since.
            digest, size_bytes = _hash(source, target)
            self._place(staged, digest)
        return digest, size_bytes

    def path(self, digest: str, form: Form = PLAIN) -> Path:
        """Return the file with these contents.

        Raises:
            EnvironmentFailed: the store does not have them.
        """
        path = self._root / blob_name(digest, form)
        if self._holds(path, digest, ns=form.time_ns):
            return path
        if form == PLAIN:
            if not self._accept(digest):
                raise self._lost(digest)
            return path
        self.path(digest)
        with self._stage.file() as (target, staged):
            if digest in self._copied_in:
                self._copy_again(digest, target)
            else:
                self.copy(digest, target)
            self._place(staged, digest, form)
        return path

    def _copy_again(self, digest: str, target: int) -> None:
        """Write contents to an open file that this process has hashed while it stored them."""
        source = os.open(self._root / blob_name(digest), os.O_RDONLY | os.O_CLOEXEC)
        try:
            while os.sendfile(target, source, None, _SENT_BYTES):
                pass
        finally:
            os.close(source)

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

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Yield the contents; damage is raised at the end, so use nothing before that.

        Raises:
            EnvironmentFailed: they are missing or damaged; a damaged blob is dropped.
        """
        sha = hashlib.sha256()
        with os.fdopen(self._open(digest), "rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                sha.update(piece)
                yield piece
        if sha.hexdigest() != digest:
            raise self.damaged(digest)

    def copy(self, digest: str, target: int) -> None:
        """Write the contents to an open file; checked on the way.

        Raises:
            EnvironmentFailed: they are missing or damaged; a damaged blob is dropped.
        """
        source = self._open(digest)
        try:
            found, _ = _hash(source, target)
        finally:
            os.close(source)
        if found != digest:
            raise self.damaged(digest)

    def damaged(self, digest: str) -> EnvironmentFailed:
        """Drop a blob whose contents do not fit its name; return the error for it."""
        path = self._root / blob_name(digest)
        for each in (path, *path.parent.glob(f"{digest}.*")):
            clear(each)
        return EnvironmentFailed(
            f"blob {digest} in {self._root} was damaged and has been dropped",
            hint="run it again to recreate it; `stiletto verify` checks the rest",
        )

    def _open(self, digest: str) -> int:
        path = self._root / blob_name(digest)
        if not self._holds(path, digest) and not self._accept(digest):
            raise self._lost(digest)
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def _accept(self, digest: str) -> bool:
        """Copy contents from a file that offers them; False if there was none.

        Raises:
            UsageError: none has them any more.
        """
        offers = self._offers.get(digest, ())
        for offer in offers:
            if self._copy_in(offer.path, digest):
                return True
        for offer in offers:
            # Its facts may be as before, if a file system lies: they are not believed again.
            offer.index.unlink(missing_ok=True)
        if offers:
            raise UsageError(
                f"{offers[0].path} has changed, or cannot be read, since this command began",
                hint="run it again; files of a directory are copied when they are first needed",
            )
        return False

    def _copy_in(self, path: str, digest: str) -> bool:
        """Store a host file if it has these contents."""
        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            source = os.open(path, flags)
        except OSError as error:
            if error.errno not in _GONE:
                raise
            return False
        try:
            if not stat.S_ISREG(os.fstat(source).st_mode):
                return False
            with self._stage.file() as (target, staged):
                found, _ = _hash(source, target)
                if found == digest:
                    self._place(staged, digest)
                    self._copied_in.add(digest)
                return found == digest
        finally:
            os.close(source)

    def _lost(self, digest: str) -> EnvironmentFailed:
        if os.path.lexists(self._root / blob_name(digest)):
            return self.damaged(digest)
        return EnvironmentFailed(
            f"blob {digest} is missing from {self._root}",
            hint="run it again to recreate it; `stiletto verify` checks the rest",
        )

    def _place(self, staged: Path, digest: str, form: Form = PLAIN) -> None:
        """Give a file its name, unless another writer was first.

        A good file is never replaced: another process may be linking it to a checkout, and the
        kernel does not link a file whose last name is gone.
        """
        staged.chmod(0o755 if form.executable else 0o644)
        ns = blob_time_s(digest) * 1_000_000_000 if form.time_ns is None else form.time_ns
        os.utime(staged, ns=(ns, ns))
        target = self._root / blob_name(digest, form)
        self._durable.note()
        for _ in range(_TRIES):
            try:
                os.link(staged, target)
            except FileExistsError:
                if self._holds(target, digest, staged.stat().st_size, form.time_ns):
                    return
                clear(target)  # damaged
                continue
            except (FileNotFoundError, NotADirectoryError):
                make_way(target.parent, self._root.parent)
                continue
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                staged.replace(target)
            self._sizes.add(target, on_disk(target.stat().st_size))
            return
        raise EnvironmentFailed(f"cannot store blob {digest}: {target} keeps changing")


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
