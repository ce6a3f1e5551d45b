"""Reads stacks of layers without mounting them, and translates what overlayfs writes.

    View      a container's whole file system: a stack of layers per mount
    Stack     layers, highest first; the first that says something about a path decides
    removals  upper directory of overlayfs -> Layer.removed
    whiteouts Layer.removed -> the kernel's own form in the directory

The kernel's form, for mounts with `userxattr` (Documentation/filesystems/overlayfs.rst): a
character device 0:0 hides a name, `user.overlay.opaque=y` on a directory hides what lies below.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stiletto.graph.layer import Layer
from stiletto.graph.links import follow
from stiletto.graph.tree import TreeError

OPAQUE = "user.overlay.opaque"


def relative(path: str) -> str:
    """Return a container path without its leading slash, normalised; "" is the root."""
    return posixpath.normpath("/" + path).lstrip("/")


def parents(path: str) -> Iterator[str]:
    """Yield a relative path and its parents, longest first, the root left out."""
    while path:
        yield path
        path = posixpath.dirname(path)


def collapse(paths: Iterable[str]) -> frozenset[str]:
    """Drop paths that lie beneath another one of them."""
    kept = set(paths)
    return frozenset(p for p in kept if not any(up in kept for up in parents(posixpath.dirname(p))))


def is_whiteout(found: os.stat_result) -> bool:
    """Whether this is overlayfs's mark for a removed name."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0


def lstat(path: Path) -> os.stat_result | None:
    """Return what stands at `path` itself, or None."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers, highest first."""

    layers: tuple[Layer, ...]

    def find(self, path: str) -> Path | None:
        """Return the host path of what stands at this relative path, or None."""
        for layer in self.layers:
            found = lstat(layer.root / path)
            if found is not None:
                return None if is_whiteout(found) else layer.root / path
            if any(up in layer.removed for up in parents(path)):
                return None
            for up in parents(posixpath.dirname(path)):
                above = lstat(layer.root / up)
                if above is not None:
                    if not stat.S_ISDIR(above.st_mode):
                        return None
                    break
        return None


@dataclass(frozen=True, slots=True)
class View:
    """A container's file system: by relative mount point ("" is the root), a stack each."""

    stacks: Mapping[str, Stack]

    def find(self, path: str) -> Path | None:
        """Return the host path of a container path; links on the way are not followed."""
        path = relative(path)
        point = next((up for up in parents(path) if up in self.stacks), "")
        return self.stacks[point].find(path[len(point) :].lstrip("/"))

    def resolve(self, path: str) -> str:
        """Follow the links in an absolute container path; missing components stay as they are.

        Raises:
            OSError: ELOOP, the links never end.
        """

        def link(at: str) -> str | None:
            host = None if relative(at) in self.stacks else self.find(at)
            return str(host.readlink()) if host is not None and host.is_symlink() else None

        try:
            return follow(path, link)
        except TreeError as error:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from error

    def read(self, path: str) -> bytes | None:
        """Return the contents of a file, links followed; None where there is no file."""
        host = self.find(self.resolve(path))
        return host.read_bytes() if host is not None and host.is_file() else None


def is_opaque(directory: Path) -> bool:
    """Whether overlayfs marked this directory as hiding what lies below."""
    try:
        return os.getxattr(directory, OPAQUE, follow_symlinks=False) == b"y"
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return False
        raise


def _open_to_owner(path: Path, access: int) -> None:
    """Grant the owner what `access` (os.R_OK and so on) asks for, where it is lacking."""
    if not os.access(path, access):
        path.chmod(stat.S_IMODE(path.lstat().st_mode) | access << 6)


def removals(upper: Path, below: Stack) -> frozenset[str]:
    """Return `Layer.removed` for an upper directory that overlayfs wrote over `below`.

    overlayfs marks every directory that is new as opaque; where nothing lies below, the mark
    says nothing and is taken away, so that both forms tell the same. What a step closed to its
    own user is opened to it, because an ordinary user could neither store nor remove it.
    """
    found: set[str] = set()
    pending = [""]
    while pending:
        parent = pending.pop()
        with os.scandir(upper / parent) as entries:
            for entry in entries:
                path = posixpath.join(parent, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                    _open_to_owner(upper / path, os.R_OK | os.W_OK | os.X_OK)
                    if is_opaque(upper / path):
                        under = below.find(path)
                        if under is not None and under.is_dir() and not under.is_symlink():
                            found.add(path)
                        else:
                            os.removexattr(upper / path, OPAQUE)
                elif is_whiteout(entry.stat(follow_symlinks=False)):
                    found.add(path)
                elif entry.is_file(follow_symlinks=False):
                    _open_to_owner(upper / path, os.R_OK)
    return frozenset(found)


def whiteouts(layer: Layer) -> None:
    """Write `layer.removed` into its directory in the kernel's form, where that is missing."""
    for path in layer.removed:
        here = layer.root / path
        found = lstat(here)
        if found is None:
            here.parent.mkdir(parents=True, exist_ok=True)
            os.mknod(here, stat.S_IFCHR, os.makedev(0, 0))
        elif stat.S_ISDIR(found.st_mode) and not is_opaque(here):
            os.setxattr(here, OPAQUE, b"y")
