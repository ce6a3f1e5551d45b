"""What a layer removes, in the kernel's own form.

overlayfs hides a name of the layers below by a character device 0/0 of that name (a whiteout),
and the whole of a directory by the attribute `user.overlay.opaque` = `y` on its own version of
it (Documentation/filesystems/overlayfs.rst; the `user.` names belong to mounts with `userxattr`,
which is what an ordinary user gets). In the rest of the program both are one set of paths,
`Layer.removed`.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from itertools import groupby
from pathlib import Path

from stiletto.layers.layer import Layer
from stiletto.layers.paths import lstat, parents

OPAQUE = "user.overlay.opaque"


def is_whiteout(found: os.stat_result) -> bool:
    """Whether this is the device by which overlayfs hides a name."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0


def is_opaque(directory: Path) -> bool:
    """Whether overlayfs marked this directory as hiding what lies below."""
    try:
        return os.getxattr(directory, OPAQUE, follow_symlinks=False) == b"y"
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return False
        raise


def mark(layer: Layer) -> None:
    """Mark in a layer's directory what it hides, where a mark is missing.

    `removed` names only what the layers below have: the kernel lists a whiteout over nothing as a
    name that cannot be opened. A file or link of the layer hides what is below, and beneath, by
    being there.

    Raises:
        OSError: the marks cannot be made: an old kernel, no user attributes.
    """
    for directory, paths in groupby(sorted(layer.removed), posixpath.dirname):
        if not _has_way(layer.root, directory):
            continue
        for here in (layer.root / path for path in paths):
            found = lstat(here)
            if found is None:
                # mknod of device 0/0 needs no privilege since Linux 5.8.
                os.mknod(here, stat.S_IFCHR | 0o600, os.makedev(0, 0))
            elif stat.S_ISDIR(found.st_mode) and not is_opaque(here):
                os.setxattr(here, OPAQUE, b"y", follow_symlinks=False)


def _has_way(root: Path, path: str) -> bool:
    """Make a directory and those above it; False if a file or link of the layer is in the way.

    A link is never followed: it may lead out of the layer.
    """
    for parent in reversed([*parents(path)]):
        directory = root / parent
        found = lstat(directory)
        if found is None:
            directory.mkdir()
            directory.chmod(0o755)
        elif not stat.S_ISDIR(found.st_mode):
            return False
    return True
