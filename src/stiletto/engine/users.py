"""Users and groups of a container, looked up in its own files as Dagger does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from stiletto.api.texts import number_of
from stiletto.errors import StilettoError, UsageError
from stiletto.layers.owners import LAST
from stiletto.layers.view import View

AS_ROOT = ("", "root", "0")
"""The users of a command for whom no file is looked at."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a command runs as: numbers of user, group and supplementary groups."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


def account_of(user: str, view: View) -> Account:
    """Look up the user of a command: `user` or `user:group`, each a name or a number.

    Without a group, a user of /etc/passwd has the group of its line there, and those of /etc/group
    that list its name; a number that is not there is in group 0 (buildkit, executor/oci/user.go).

    Raises:
        UsageError: there is no such user or group.
    """
    if user in AS_ROOT:
        return Account()
    name, colon, group = user.partition(":")
    number = _number(name)
    if colon:
        uid = _entry(name, view).uid if number is None else number
        return Account(uid, _group(group, view))
    if number is not None:
        found = next((e for e in _entries(view) if e.uid == number), None)
        if found is None:
            return Account(number)
    else:
        found = _entry(name, view)
    groups = tuple(gid for gid, members in _groups(view) if found.name in members)
    return Account(found.uid, found.gid, groups)


def owner_of(owner: str, view: View) -> str:
    """Return an owner as numbers, `uid:gid`; the group is the user's number if none is named.

    Raises:
        UsageError: there is no such user or group.
    """
    name, colon, group = owner.partition(":")
    uid = _number(name)
    if uid is None:
        uid = _entry(name, view).uid
    gid = _group(group, view) if colon else uid
    return f"{uid}:{gid}"


def _number(text: str) -> int | None:
    number = number_of(text)
    if number is not None and number > LAST:
        raise UsageError(f"user or group {text} is above {LAST}")
    return number


def _group(name: str, view: View) -> int:
    number = _number(name)
    if number is not None:
        return number
    for fields in _lines(view, "/etc/group"):
        found = number_of(fields[2]) if len(fields) > 2 and fields[0] == name else None
        if found is not None:
            return found
    raise UsageError(f"unknown group {name!r}")


class _Entry(NamedTuple):
    """A line of /etc/passwd."""

    name: str
    uid: int
    gid: int


def _entry(name: str, view: View) -> _Entry:
    for entry in _entries(view):
        if entry.name == name:
            return entry
    if any(fields[0] == name for fields in _lines(view, "/etc/passwd")):
        raise UsageError(f"user {name!r} has no valid number in the container's passwd")
    raise UsageError(f"unknown user {name!r}")


def _entries(view: View) -> Iterator[_Entry]:
    """Yield the users; the file is the container's own, and may contain anything."""
    for fields in _lines(view, "/etc/passwd"):
        if len(fields) > 3:
            uid, gid = number_of(fields[2]), number_of(fields[3])
            if uid is not None and gid is not None and max(uid, gid) <= LAST:
                yield _Entry(fields[0], uid, gid)


def _groups(view: View) -> Iterator[tuple[int, list[str]]]:
    """Yield each group's number and its members."""
    for fields in _lines(view, "/etc/group"):
        number = number_of(fields[2]) if len(fields) > 3 else None
        if number is not None and number <= LAST:
            yield number, fields[3].split(",")


def _lines(view: View, path: str) -> Iterator[list[str]]:
    try:
        text = view.read(path).decode("utf-8", "replace")
    except (OSError, StilettoError):
        return
    for line in text.splitlines():
        yield line.split(":")
