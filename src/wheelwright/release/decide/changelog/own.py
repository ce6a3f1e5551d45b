"""Finds the commits that a release itself made: they are in no later changelog.

The release commit is left out of a range that begins at it. What a squash merge made of it, and the
merge that brought it, are commits of their own on the base branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NUMBER: Final = re.compile(r" ?\((?:#|!)[0-9]+\)$")
_TRAILER: Final = re.compile(r"^Wheelwright-Release: ", re.MULTILINE)
# A tag may be on ordinary work, whose title may come again.
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+")
_MERGE: Final = re.compile(r"Merge(?:d| )")


def own_command(since: str) -> tuple[str, ...]:
    """Return the command that prints the commits that `own` reads: `since`, and those after it."""
    shown = ("log", "--format=%x1e%H%x00%B", since, "HEAD", "--not", f"{since}^@")
    return ("git", "-c", "safe.directory=*", *shown)


def own(log: str, since: str) -> frozenset[str]:
    """Return the commits that the release before has made, whose tag is on `since`."""
    messages = dict(_messages(log))
    released = messages.get(since, "")
    title = released.split("\n")[0]
    known = bool(_TRAILER.search(released)) or bool(_VERSION.search(title))
    return frozenset(
        commit
        for commit, message in messages.items()
        if commit == since or _TRAILER.search(message) or (known and _is(message, title))
    )


def _messages(log: str) -> Iterator[tuple[str, str]]:
    for record in log.split("\x1e"):
        commit, _, message = record.partition("\0")
        if message.strip():
            yield commit, message.strip()


def _is(message: str, title: str) -> bool:
    """Whether a commit is the squashed release commit, or its merge, by the title."""
    lines = [_NUMBER.sub("", line.strip()) for line in message.split("\n")]
    title = _NUMBER.sub("", title)
    return lines[0] == title or bool(
        _MERGE.match(lines[0]) and (title in lines or title in lines[0])
    )
