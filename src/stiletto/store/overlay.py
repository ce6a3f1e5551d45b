"""What a layer removes, in the kernel's own form.

overlayfs hides a name of the layers below by a character device 0/0 of that name (a whiteout),
and the whole of a directory by the attribute `user.overlay.opaque` = `y` on its own version of
it (Documentation/filesystems/overlayfs.rst; the `user.` names belong to mounts with `userxattr`,
which is what an ordinary user gets). In the rest of the program both are one set of paths,
`Layer.removed`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

OPAQUE = "user.overlay.opaque"


def is_whiteout(facts: os.stat_result) -> bool:
    """Whether this is the device by which overlayfs hides a name."""
    return stat.S_ISCHR(facts.st_mode) and facts.st_rdev == 0


def describe_upper(path: Path) -> frozenset[str]:
    """Return the paths that an upper directory hides: its whiteouts and opaque directories."""
    return frozenset(_removed(path, ""))


def _removed(directory: Path, prefix: str) -> Iterator[str]:
    with os.scandir(directory) as found:
        children = list(found)
    for child in children:
        if child.is_dir(follow_symlinks=False):
            if _is_opaque(child.path):
                yield prefix + child.name
            yield from _removed(directory / child.name, f"{prefix}{child.name}/")
        elif _is_special(child) and is_whiteout(child.stat(follow_symlinks=False)):
            yield prefix + child.name


def _is_special(child: os.DirEntry[str]) -> bool:
    """Whether it is a device, pipe or socket; spares a stat for everything else."""
    return not child.is_symlink() and not child.is_file(follow_symlinks=False)


def _is_opaque(path: str) -> bool:
    try:
        return os.getxattr(path, OPAQUE, follow_symlinks=False) == b"y"
    except OSError:  # no such attribute, or none at all on this file system
        return False


def take_away(root: Path, removed: frozenset[str]) -> None:
    """Mark in a layer's directory what it hides, as far as the file system lets us.

    Name only what the layers below have: the kernel lists a whiteout over nothing as a name that
    cannot be opened. Where marks cannot be made (an old kernel, no user attributes),
    `Layer.removed` alone carries the fact; only overlayfs needs the marks.
    """
    for path in sorted(removed):
        target = root / path
        if target.is_symlink() or target.is_file():
            continue  # hides what is below by being there
        with contextlib.suppress(OSError):
            if target.is_dir():
                os.setxattr(target, OPAQUE, b"y")
            elif _real_parents(root, path):
                # mknod of device 0/0 needs no privilege since Linux 5.8.
                os.mknod(target, stat.S_IFCHR | 0o600, os.makedev(0, 0))


def _real_parents(root: Path, path: str) -> bool:
    """Make the directories above `path`; False if a file or link of the layer is in the way."""
    directory = root
    for name in path.split("/")[:-1]:
        directory = directory / name
        if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
            return False
        if not directory.exists():
            directory.mkdir()
            directory.chmod(0o755)
    return True
