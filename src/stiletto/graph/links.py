"""Follows symbolic links in a path as a container does that has the files as its root."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from stiletto.errors import UsageError

MAX_LINKS = 40
"""How many links one look-up may follow: Linux's own limit, see path_resolution(7)."""


class TreeError(UsageError):
    """A path cannot be used as requested; the message names it."""


def follow(path: str, link: Callable[[str], str | None], *, last: bool = True) -> str:
    """Return the absolute path with its links followed, the last one only with `last`.

    `link` returns the target of the link at an absolute path, None if there is none; it is called
    for each path that is passed, parents first. Absolute targets start at the root, and `..` of the
    root is the root. What does not exist resolves to where it would be.

    Raises:
        TreeError: the links lead in a circle.
    """
    pending = _names(path)
    here = "/"
    budget = MAX_LINKS
    while pending:
        name = pending.pop()
        if name == "..":
            here = posixpath.dirname(here)
            continue
        child = posixpath.join(here, name)
        target = link(child)
        if target is None or not (pending or last):
            here = child
            continue
        if budget == 0:
            raise TreeError(f"too many links at {path}")
        budget -= 1
        if target.startswith("/"):
            here = "/"
        # Name by name: `..` after a link leaves the directory that the link leads to.
        pending += _names(target)
    return here


def _names(path: str) -> list[str]:
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]
