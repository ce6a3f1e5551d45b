"""Results written into directories of the user, carefully.

Every step is taken relative to an open directory and without following links, so a link that
stands in the destination, or is put there meanwhile, cannot lead a write elsewhere. Each file
appears whole, by rename; the user's umask does not change what the tree says.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stiletto.errors import EnvironmentFailed, StilettoError, UsageError
from stiletto.graph.tree import Dir, Entry, File, Link
from stiletto.store.blobs import Blobs
from stiletto.store.trouble import hint_for

__all__ = ["write_file", "write_tree"]

_STAGED = re.compile(r"\.stiletto-[0-9a-f]{16}")
_TRIES = 3
_CHUNK_BYTES = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def write_tree(tree: Dir, destination: Path, blobs: Blobs, *, wipe: bool) -> None:
    """Merge the tree into a directory, made if missing; with `wipe`, leave nothing else there.

    What is of another kind (a file where the tree has a directory, a link where it has a file)
    is replaced. A directory that was there keeps its permission bits. `wipe` removes last, so
    that the destination is never without a file that both the old and the new tree have.

    Raises:
        UsageError: the destination cannot be written to.
    """
    with _named(destination):
        created = not destination.exists()
        destination.mkdir(parents=True, exist_ok=True)
        # The destination itself may be a link: the user named it.
        descriptor = os.open(destination.resolve(), _DIRECTORY)
        try:
            if created:
                os.fchmod(descriptor, tree.mode | stat.S_IRWXU)
            _merge(tree, descriptor, blobs, wipe=wipe)
            if created:
                os.fchmod(descriptor, tree.mode)
        finally:
            os.close(descriptor)


def write_file(file: File, destination: Path, blobs: Blobs) -> None:
    """Write one file to exactly this path; its parents are made.

    Raises:
        UsageError: a directory stands there, or it cannot be written to.
    """
    with _named(destination):
        if destination.is_dir():
            raise UsageError(
                f"cannot export a file to {destination}: it is a directory",
                hint="name the file to write, not its directory",
            )
        destination.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(destination.parent.resolve(), _DIRECTORY)
        try:
            _clear_leftovers(descriptor)
            _put(file, destination.name, descriptor, blobs)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _named(destination: Path) -> Iterator[None]:
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise UsageError(f"cannot export to {destination}: {_reason(error)}") from error
    except OSError as error:  # a full disk, a read-only file system
        raise EnvironmentFailed(
            f"cannot export to {destination}: {_reason(error)}", hint=hint_for(error)
        ) from error


def _reason(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{reason}: {error.filename}" if error.filename else reason


def _merge(tree: Dir, into: int, blobs: Blobs, *, wipe: bool) -> None:
    _clear_leftovers(into)
    for name in sorted(tree.entries):
        entry = tree.entries[name]
        if not isinstance(entry, Dir):
            _put(entry, name, into, blobs)
            continue
        created = _make_directory(name, into, entry.mode)
        child = os.open(name, _DIRECTORY, dir_fd=into)
        try:
            if created:
                # Now, so that a kill leaves the mode as it is to be; writable until it is full.
                os.fchmod(child, entry.mode | stat.S_IRWXU)
            _merge(entry, child, blobs, wipe=wipe)
            if created:
                os.fchmod(child, entry.mode)
        finally:
            os.close(child)
    if wipe:
        for name in os.listdir(into):
            if name not in tree.entries:
                _remove(name, into)


def _make_directory(name: str, into: int, mode: int) -> bool:
    """Make sure that a real directory has this name; return whether it is a new one."""
    try:
        facts = os.stat(name, dir_fd=into, follow_symlinks=False)
    except FileNotFoundError:
        pass
    else:
        if stat.S_ISDIR(facts.st_mode):
            return False
        os.unlink(name, dir_fd=into)
    os.mkdir(name, mode & 0o777 | stat.S_IRWXU, dir_fd=into)
    return True


def _clear_leftovers(within: int) -> None:
    """Remove what an export that was killed had staged here; of a living one it is locked."""
    for name in os.listdir(within):
        if not _STAGED.fullmatch(name):
            continue
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode):
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                descriptor = os.open(name, flags, dir_fd=within)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(name, dir_fd=within)
                finally:
                    os.close(descriptor)
            else:
                os.unlink(name, dir_fd=within)


def _put(entry: Entry, name: str, into: int, blobs: Blobs) -> None:
    for attempt in range(_TRIES):
        staged = f".stiletto-{secrets.token_hex(8)}"
        try:
            _put_staged(entry, staged, name, into, blobs)
        except FileNotFoundError:
            # Another export took it for a leftover, before it was locked.
            if attempt == _TRIES - 1:
                raise
        else:
            return


def _put_staged(entry: Entry, staged: str, name: str, into: int, blobs: Blobs) -> None:
    try:
        if isinstance(entry, Link):
            os.symlink(entry.target, staged, dir_fd=into)
        elif isinstance(entry, File):
            _copy(entry, staged, into, blobs)
        try:
            os.replace(staged, name, src_dir_fd=into, dst_dir_fd=into)
        except IsADirectoryError:
            _remove(name, into)
            os.replace(staged, name, src_dir_fd=into, dst_dir_fd=into)
    except (OSError, StilettoError):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(staged, dir_fd=into)
        raise


def _copy(file: File, staged: str, into: int, blobs: Blobs) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with blobs.path(file.digest).open("rb") as source:
        if os.fstat(source.fileno()).st_size != file.size_bytes:
            raise blobs.damaged(file.digest)
        descriptor = os.open(staged, flags, 0o600, dir_fd=into)
        with os.fdopen(descriptor, "wb") as target:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Hashed on the way: a bit that flipped on the disk is not passed on.
            if _copy_hashed(source, target) != file.digest:
                raise blobs.damaged(file.digest)
            target.flush()
            os.fchmod(descriptor, file.mode)


def _copy_hashed(source: BinaryIO, target: BinaryIO) -> str:
    sha = hashlib.sha256()
    while chunk := source.read(_CHUNK_BYTES):
        sha.update(chunk)
        target.write(chunk)
    return sha.hexdigest()


def _remove(name: str, into: int) -> None:
    facts = os.stat(name, dir_fd=into, follow_symlinks=False)
    if stat.S_ISDIR(facts.st_mode):
        shutil.rmtree(name, dir_fd=into)
    else:
        os.unlink(name, dir_fd=into)
