"""Removes from a directory of the user what a changeset removes: by open directories, no links.

First everything is looked at, then removed. A link on the way to a path leads to other files: that
is an error, and nothing has been removed then. Where a link appears only between the look and the
removal, the removal stops there: no link is ever followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from stiletto.errors import UsageError
from stiletto.graph.tree import Dir, Entry
from stiletto.store.export import DIRECTORY, named


def check_removals(entries: Mapping[str, Entry | None], destination: Path) -> None:
    """Look at all paths before anything is changed.

    Raises:
        UsageError: a link is on the way to one of them.
    """
    for path, entry in entries.items():
        with _parent(path, destination) as (parent, name):
            if parent is not None and isinstance(entry, Dir):
                _check(entry, name, parent, destination / path)


def remove_entries(entries: Mapping[str, Entry | None], destination: Path) -> None:
    """Remove known files, and directories that become empty; an absent one is not an error.

    Raises:
        UsageError: a link is on the way, or something cannot be removed.
    """
    with named(destination):
        for path, entry in entries.items():
            with _parent(path, destination) as (parent, name):
                if parent is not None:
                    _remove(entry, name, parent)


@contextlib.contextmanager
def _parent(path: str, destination: Path) -> Iterator[tuple[int | None, str]]:
    """Open the directory of a path, None where there is none; give the last name."""
    *above, name = path.split("/")
    opened: list[int] = []
    try:
        # The destination itself may be a link: the user named it.
        opened.append(os.open(destination.resolve(), DIRECTORY))
        for index, part in enumerate(above):
            child = _opened(part, opened[-1], destination.joinpath(*above[: index + 1]))
            if child is None:
                yield None, name
                return
            opened.append(child)
        yield opened[-1], name
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _opened(name: str, within: int, shown: Path) -> int | None:
    """Open a directory; None where there is nothing, or a file."""
    try:
        return os.open(name, DIRECTORY, dir_fd=within)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        if not _is_link(name, within):
            return None
        raise UsageError(
            f"cannot remove what is beneath {shown}: it is a link to {_target(name, within)}",
            hint="nothing has been removed; replace the link, or save the changes elsewhere",
        ) from error


def _is_link(name: str, within: int) -> bool:
    with contextlib.suppress(OSError):
        os.readlink(name, dir_fd=within)
        return True
    return False


def _target(name: str, within: int) -> str:
    return os.readlink(name, dir_fd=within)


def _check(entry: Dir, name: str, within: int, shown: Path) -> None:
    descriptor = _opened(name, within, shown)
    if descriptor is None:
        return
    try:
        for inside, child in entry.entries.items():
            if isinstance(child, Dir):
                _check(child, inside, descriptor, shown / inside)
    finally:
        os.close(descriptor)


def _remove(entry: Entry | None, name: str, within: int) -> None:
    if not isinstance(entry, Dir):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(name, dir_fd=within)
        return
    try:
        descriptor = os.open(name, DIRECTORY, dir_fd=within)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        for inside, child in entry.entries.items():
            _remove(child, inside, descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=within)  # unless the user has put something there
