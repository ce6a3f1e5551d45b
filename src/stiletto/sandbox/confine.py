"""Drops a thread's access to keys and sockets of the machine before it starts steps.

Both are properties of a thread that its children inherit, so no launcher is needed, and the
engine's other threads keep what the caller has. The numbers are the kernel's (keyctl(2),
landlock(7), prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from functools import cache

KEYCTL = {"x86_64": 250, "aarch64": 219}
JOIN_SESSION_KEYRING = 1

LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
RULESET_VERSION = 1
SCOPE_ABI = 6
"""The first version of Landlock (Linux 6.12) that can shut abstract sockets."""
SCOPE_ABSTRACT_UNIX_SOCKET = 1
RULESET = struct.Struct("=QQQ")
"""handled_access_fs, handled_access_net, scoped."""

SET_NO_NEW_PRIVS = 38


@cache
def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def new_session_keyring() -> bool:
    """Give this thread a session keyring of its own, empty; whether the kernel did."""
    libc, number = _libc(), KEYCTL.get(os.uname().machine)
    if libc is None or number is None:
        return False
    return bool(libc.syscall(number, JOIN_SESSION_KEYRING, None, 0, 0, 0) >= 0)


@cache
def closes_abstract_sockets() -> bool:
    """Whether this kernel can shut the abstract sockets of the machine."""
    libc = _libc()
    if libc is None:
        return False
    return bool(libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, RULESET_VERSION) >= SCOPE_ABI)


def close_abstract_sockets() -> bool:
    """Shut this thread off from abstract sockets made outside; whether the kernel did.

    There is no way back, for the thread and all that it starts. Those started by it still reach
    each other's.
    """
    libc = _libc()
    if libc is None or not closes_abstract_sockets():
        return False
    rules = RULESET.pack(0, 0, SCOPE_ABSTRACT_UNIX_SOCKET)
    fd = libc.syscall(LANDLOCK_CREATE_RULESET, rules, len(rules), 0)
    if fd < 0:
        return False
    try:
        # The kernel requires this of users who may not administer the machine.
        libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(libc.syscall(LANDLOCK_RESTRICT_SELF, fd, 0) == 0)
    finally:
        os.close(fd)
