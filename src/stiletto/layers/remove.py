"""Removes directories of other programs: of any depth, with any permission bits."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path) -> None:
    """Remove a directory, also one whose own parts forbid it; an absent one is not an error.

    Steps leave directories without write permission, overlayfs leaves `work/work` at 000, and a
    program may have gone deeper than a path can be long.
    """
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        if path.is_symlink():
            raise
        _remove_flat(path)


def _remove_flat(path: Path) -> None:
    """Bring what lies deeper to the top, level by level: no long path, and two descriptors."""
    path.chmod(0o700)
    top: int = os.open(path, _DIRECTORY)
    try:
        while names := os.listdir(top):
            for name in names:
                _remove(name, top)
    finally:
        os.close(top)
    path.rmdir()


def _remove(name: str, top: int) -> None:
    if not _opened_up(name, top):
        os.unlink(name, dir_fd=top)
        return
    inside: int = os.open(name, _DIRECTORY, dir_fd=top)
    try:
        for child in os.listdir(inside):
            if _opened_up(child, inside):
                os.rename(child, secrets.token_hex(16), src_dir_fd=inside, dst_dir_fd=top)
            else:
                os.unlink(child, dir_fd=inside)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=top)


def _opened_up(name: str, within: int) -> bool:
    """Whether a name is a directory; its owner may do anything with it then."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode):
        return False
    os.chmod(name, 0o700, dir_fd=within)
    return True
