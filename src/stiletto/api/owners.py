"""Owners as callers write them: `user` or `user:group`, each a name or a number."""

from __future__ import annotations

from stiletto.api.texts import number_of
from stiletto.errors import UsageError
from stiletto.layers.owners import LAST


def numbers(owner: str) -> str | None:
    """Return an owner of two numbers, `uid:gid`; None where one of them is a name.

    Without a group it is the number of the user (core/container.go, `ownership`).

    Raises:
        UsageError: a number is too large.
    """
    user, colon, group = owner.partition(":")
    uid, gid = number_of(user), number_of(group if colon else user)
    if uid is None or gid is None:
        return None
    if max(uid, gid) > LAST:
        raise UsageError(f"owner {owner} has a number above {LAST}")
    return f"{uid}:{gid}"


def only_numbers(call: str, owner: str) -> str:
    """Return an owner of two numbers; "" stays as it is.

    Raises:
        UsageError: it has a name, and a directory or file by itself has no users.
    """
    found = numbers(owner) if owner else ""
    if found is None:
        raise UsageError(
            f"{call}(owner:) is {owner!r}: a name belongs to a container",
            hint="write numbers, such as 1000 or 1000:1000",
        )
    return found
