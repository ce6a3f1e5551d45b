"""File operations that the store's modules share: removing, moving, replacing whole."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from stiletto.layers.remove import remove_tree


def clear(path: Path) -> None:
    """Remove what is at a path, of any kind; an absent one is not an error."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (IsADirectoryError, PermissionError):  # the latter for directories on macOS
        remove_tree(path)


def remove_file(path: Path, tell: Callable[[str], None]) -> None:
    """Remove a file that is in the place of a directory, and report it."""
    clear(path)
    tell(
        f"{path} was a file in the place of a directory: removed; `stiletto verify` checks the rest"
    )


def make_way(directory: Path, root: Path) -> None:
    """Make a directory beneath `root`, with its parents.

    What is in the way and is not a directory is removed: it is not the store's.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        for parent in (*reversed(directory.parents), directory):
            if parent != root and parent.is_relative_to(root) and not parent.is_dir():
                clear(parent)
        directory.mkdir(parents=True, exist_ok=True)


def move(source: Path, target: Path, root: Path) -> None:
    """Rename a directory, its mode kept; parents of `target`, beneath `root`, are made.

    Moving a directory to another parent changes its `..`, which the kernel allows an ordinary
    user only while the directory is writable.

    Raises:
        OSError: ENOTEMPTY or EEXIST if `target` is there already.
    """
    make_way(target.parent, root)
    mode = stat.S_IMODE(source.stat().st_mode)
    if mode & 0o200:
        source.rename(target)
        return
    source.chmod(mode | 0o700)
    try:
        source.rename(target)
    except OSError:
        source.chmod(mode)
        raise
    target.chmod(mode)


def place(staged: Path, target: Path, root: Path) -> None:
    """Rename a finished file over `target`, beneath `root`; parents are made.

    A directory in its place is removed, and a file in the place of a parent.
    """
    try:
        staged.replace(target)
    except (FileNotFoundError, NotADirectoryError):
        make_way(target.parent, root)
        staged.replace(target)
    except IsADirectoryError:
        clear(target)
        staged.replace(target)


def touch(path: Path) -> None:
    """Note that something was used now; it may be gone, or belong to someone else."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        os.utime(path)
