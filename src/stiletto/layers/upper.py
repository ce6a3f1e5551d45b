"""What overlayfs wrote into an upper directory, and writing into one in its place."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable
from pathlib import Path

from stiletto.layers.marks import OPAQUE, is_opaque, is_whiteout
from stiletto.layers.paths import lstat, parents, refuse_long_paths
from stiletto.layers.view import View


@refuse_long_paths()
def removals(upper: Path, below: View) -> frozenset[str]:
    """Return `Layer.removed` for an upper directory that overlayfs wrote over `below`.

    overlayfs marks every directory that is new as opaque; where no directory lies below, the mark
    has no meaning and is removed, so that both forms mean the same. What a step closed to its own
    user is opened to it, because an ordinary user could neither store nor remove it.

    Raises:
        UsageError: something lies deeper than a path can be long.
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
                        if under is not None and under.kind == "dir":
                            found.add(path)
                        else:
                            os.removexattr(upper / path, OPAQUE)
                elif is_whiteout(entry.stat(follow_symlinks=False)):
                    found.add(path)
                elif entry.is_file(follow_symlinks=False):
                    _open_to_owner(upper / path, os.R_OK)
    return frozenset(found)


def _open_to_owner(path: Path, access: int) -> None:
    """Grant the owner `access` (os.R_OK and so on), if it is lacking."""
    if not os.access(path, access):
        path.chmod(stat.S_IMODE(path.lstat().st_mode) | access << 6)


def open_way(upper: Path, path: str, mode: Callable[[str], int]) -> None:
    """Make the directories above a relative path in an upper directory, each with its mode."""
    if (upper / path).parent.is_dir():
        return
    for parent in reversed([*parents(posixpath.dirname(path))]):
        here = upper / parent
        uncover(here)
        if not here.is_dir():
            here.mkdir()
            here.chmod(mode(parent))


def uncover(path: Path) -> None:
    """Remove a whiteout, if there is one: something new takes its place."""
    found = lstat(path)
    if found is not None and is_whiteout(found):
        path.unlink()
