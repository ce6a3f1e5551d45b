"""Who owns a file: numbers of a container, and those on the machine's disk.

A container's root is the engine's own user. Where the engine is the machine's root, the other
users of a container have numbers on the machine that no account has, so that a file of a step is
nobody's here. An ordinary user has one number for everything: what others would own looks like the
user's own, and is recorded in trees only.

    0                      the engine's own user
    1 .. LAST              FIRST_ON_DISK .. (root only)
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

ROOT = ""
"""The owner in a tree that is not another user."""

FIRST_ON_DISK = 0x70000000 + 1
"""Above what systemd gives to containers (UIDS-GIDS: 524288 to 1879048191); nothing is given from
here on."""

LAST = 0x0FFE0000 - 1
"""The last number that a container has: 2147352576 begins another range of systemd."""

UID_MAP = Path("/proc/self/uid_map")


@cache
def has_range() -> bool:
    """Whether this process may give files to other users: the root of the initial namespace."""
    if os.geteuid() != 0:
        return False
    try:
        first, outside, count = map(int, UID_MAP.read_text().split())
    except (OSError, ValueError):
        return False
    return first == outside == 0 and count > FIRST_ON_DISK + LAST


def id_map() -> str:
    """Return the map of a user namespace, as /proc/PID/uid_map takes it."""
    return f"0 0 1\n1 {FIRST_ON_DISK} {LAST}\n"


def on_disk(number: int) -> int:
    """Return the machine's number for a user or group of a container."""
    return 0 if number == 0 else FIRST_ON_DISK - 1 + number


def in_container(number: int) -> int:
    """Return a container's number for a user or group of the machine's disk; 0 for any other."""
    inside = number - FIRST_ON_DISK + 1
    return inside if 0 < inside <= LAST else 0


def owner_of(found: os.stat_result) -> str:
    """Return who owns a file of a layer: `uid:gid`, or `ROOT`."""
    owner = f"{in_container(found.st_uid)}:{in_container(found.st_gid)}"
    return ROOT if owner == "0:0" else owner


def give(path: Path, owner: str) -> None:
    """Make a user of a container the owner of a file, where the engine can; links themselves.

    The kernel takes setuid and setgid bits off: permission bits are to be set afterwards.
    """
    if owner not in (ROOT, "0:0") and has_range():
        uid, gid = map(int, owner.split(":"))
        os.chown(path, on_disk(uid), on_disk(gid), follow_symlinks=False)
