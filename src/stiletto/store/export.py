"""Writes results into directories of the user, without following links out of them.

Every step is taken relative to an open directory and without following links, so a link that is in
the destination, or is put there meanwhile, cannot lead a write elsewhere. Each file, and each
directory that was not there, appears whole, by rename from a staging directory; the user's umask
does not change the modes of the tree, and no file gets a bit that would let it run as another user.

    DESTINATION/.stiletto-<16 digits>/     one export's staging, locked while that runs

What a killed export leaves is only its staging directory: its lock is free, and the next export to
the place removes it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import Dir, Entry, File, Link
from stiletto.store.blobs import Blobs
from stiletto.store.trouble import hint_for

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_FILE_BITS = 0o777
"""setuid, setgid and the sticky bit mean something else on the host than in a container."""

_DIRECTORY_BITS = 0o1777
"""The sticky bit of a directory only removes rights."""

_STAGING = re.compile(r"\.stiletto-[0-9a-f]{16}")


def write_tree(tree: Dir, destination: Path, blobs: Blobs, *, wipe: bool) -> None:
    """Merge the tree into a directory, made if missing; with `wipe`, leave nothing else there.

    What is of another kind (a file where the tree has a directory, a link where it has a file)
    is replaced. A directory that was there keeps its permission bits. `wipe` removes last, so
    that the destination is never without a file that both the old and the new tree have.

    Raises:
        UsageError: the destination cannot be written to.
    """
    with named(destination):
        # The destination itself may be a link: the user named it.
        at = destination.resolve()
        if not at.exists():
            at.parent.mkdir(parents=True, exist_ok=True)
            with _opened(at.parent) as parent, _Staging(parent, blobs) as staging:
                staging.put(tree, at.name, parent)
                with _opened(at.name, parent) as into:
                    staging.join(tree, into)
            return
        with contextlib.suppress(OSError), _opened(at.parent) as parent:
            _clear_leftovers(parent)
        with _opened(at) as into, _Staging(into, blobs) as staging:
            staging.merge(tree, into, wipe=wipe)
            staging.join(tree, into)


def write_file(file: File, destination: Path, blobs: Blobs) -> None:
    """Write one file to exactly this path; its parents are made.

    Raises:
        UsageError: there is a directory, or it cannot be written to.
    """
    with named(destination):
        if destination.is_dir():
            raise UsageError(
                f"cannot export a file to {destination}: it is a directory",
                hint="name the file to write, not its directory",
            )
        destination.parent.mkdir(parents=True, exist_ok=True)
        with _opened(destination.parent.resolve()) as into, _Staging(into, blobs) as staging:
            staging.put(file, destination.name, into)


@contextlib.contextmanager
def named(destination: Path) -> Iterator[None]:
    """Name the destination in errors of the file system."""
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
    tells = error.filename and not _STAGING.fullmatch(str(error.filename))
    return f"{reason}: {error.filename}" if tells else reason


@contextlib.contextmanager
def _opened(path: Path | str, within: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, DIRECTORY, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


# -- staging ---------------------------------------------------------------------------------------


class _Staging:
    """A locked directory beside what is written, from which whole entries are renamed.

    Where none can be made (the directory is read-only, what lies in it is not), each entry is
    staged in the directory that it is for.
    """

    def __init__(self, beside: int, blobs: Blobs, *, needed: bool = False) -> None:
        self._beside = beside
        self._blobs = blobs
        self._needed = needed
        self._name = ""
        self._numbers = itertools.count()
        self._at = -1

    def __enter__(self) -> _Staging:
        try:
            _clear_leftovers(self._beside)
            while not self._begin():
                pass
        except OSError as error:
            if self._needed or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
        return self

    def _begin(self) -> bool:
        """Make and lock the directory; False where another export took it for a leftover."""
        self._name = f".stiletto-{secrets.token_hex(8)}"
        os.mkdir(self._name, 0o700, dir_fd=self._beside)
        try:
            self._at = os.open(self._name, DIRECTORY, dir_fd=self._beside)
        except FileNotFoundError:
            return False
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(self._at, fcntl.LOCK_EX)
        if _is_directory(self._name, self._beside):
            return True
        os.close(self._at)
        self._at = -1
        return False

    def __exit__(self, *_: object) -> None:
        if self._at >= 0:
            with contextlib.suppress(OSError):
                _open_to_owner(self._at)
                shutil.rmtree(self._name, dir_fd=self._beside)
            os.close(self._at)

    def merge(self, tree: Dir, into: int, *, wipe: bool) -> None:
        """Write a tree's entries into a directory that is there."""
        for name in sorted(tree.entries):
            entry = tree.entries[name]
            if isinstance(entry, Dir) and _is_directory(name, into):
                with _opened(name, into) as child:
                    self.merge(entry, child, wipe=wipe)
            else:
                self.put(entry, name, into)
        if wipe:
            for name in os.listdir(into):
                if name not in tree.entries and not _STAGING.fullmatch(name):
                    _remove(name, into)

    def put(self, entry: Entry, name: str, into: int) -> None:
        """Make an entry whole, then give it its name; what is of another kind gives way."""
        staged = str(next(self._numbers))
        try:
            if self._at >= 0:
                self._make(entry, staged, self._at)
                self._rename(entry, staged, name, into)
                return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        # Something is mounted within the destination, or only this part of it may be written.
        with _Staging(into, self._blobs, needed=True) as nearer:
            nearer.put(entry, name, into)

    def _rename(self, entry: Entry, staged: str, name: str, into: int) -> None:
        if isinstance(entry, Dir):
            self._rename_directory(entry, staged, name, into)
            return
        try:
            os.replace(staged, name, src_dir_fd=self._at, dst_dir_fd=into)
        except IsADirectoryError:
            _remove(name, into)
            os.replace(staged, name, src_dir_fd=self._at, dst_dir_fd=into)

    def _rename_directory(self, entry: Dir, staged: str, name: str, into: int) -> None:
        mode = entry.mode & _DIRECTORY_BITS
        with _opened(staged, self._at) as whole:
            # The kernel moves no directory that its owner may not write to.
            os.fchmod(whole, mode | 0o700)
            try:
                try:
                    os.rename(staged, name, src_dir_fd=self._at, dst_dir_fd=into)
                except NotADirectoryError:
                    os.unlink(name, dir_fd=into)
                    os.rename(staged, name, src_dir_fd=self._at, dst_dir_fd=into)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                # Another export was faster, and what it has written stays.
                with _opened(name, into) as there:
                    self.merge(entry, there, wipe=False)
            else:
                os.fchmod(whole, mode)

    def _make(self, entry: Entry, name: str, at: int) -> None:
        match entry:
            case Link(target):
                os.symlink(target, name, dir_fd=at)
            case File():
                self._copy(entry, name, at)
            case Dir():
                os.mkdir(name, 0o700, dir_fd=at)
                with _opened(name, at) as child:
                    for inside in sorted(entry.entries):
                        self._make(entry.entries[inside], inside, child)
                    os.fchmod(child, entry.mode & _DIRECTORY_BITS)

    def join(self, tree: Dir, into: int) -> None:
        """Make hard links of files that were written as copies; where none can be, they stay."""
        for first, *others in tree.joined:
            for path in others:
                with (
                    contextlib.suppress(OSError),
                    _parent(first, into) as (source, name),
                    _parent(path, into) as (target, other),
                ):
                    staged = str(next(self._numbers))
                    os.link(
                        name,
                        staged,
                        src_dir_fd=source,
                        dst_dir_fd=self._at,
                        follow_symlinks=False,
                    )
                    os.replace(staged, other, src_dir_fd=self._at, dst_dir_fd=target)

    def _copy(self, file: File, name: str, at: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o600, dir_fd=at)
        try:
            self._blobs.copy(file.digest, descriptor)
            os.fchmod(descriptor, file.mode & _FILE_BITS)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _parent(path: str, within: int) -> Iterator[tuple[int, str]]:
    """Open the directory of a relative path; yield it with the name there."""
    above, _, name = path.rpartition("/")
    with contextlib.ExitStack() as opened:
        for each in filter(None, above.split("/")):
            within = opened.enter_context(_opened(each, within))
        yield within, name


def _clear_leftovers(within: int) -> None:
    """Remove the staging directories of exports that were killed: ours, and not locked."""
    for name in os.listdir(within):
        if not _STAGING.fullmatch(name):
            continue
        try:
            with _opened(name, within) as left:
                if os.fstat(left).st_uid != os.geteuid():
                    continue
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _open_to_owner(left)
                shutil.rmtree(name, dir_fd=within)
        except OSError:
            continue  # it is in use, or going away


def _open_to_owner(directory: int) -> None:
    """Give the owner all rights to what is to be removed: a tree may have closed directories."""
    for name in os.listdir(directory):
        if _is_directory(name, directory):
            with contextlib.suppress(OSError):
                os.chmod(name, 0o700, dir_fd=directory)
            with contextlib.suppress(OSError), _opened(name, directory) as child:
                _open_to_owner(child)


def _is_directory(name: str, within: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _remove(name: str, into: int) -> None:
    if _is_directory(name, into):
        shutil.rmtree(name, dir_fd=into)
    else:
        os.unlink(name, dir_fd=into)
