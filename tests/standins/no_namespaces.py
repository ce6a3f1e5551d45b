"""Runs a command as a default container does: no process in it may make a namespace.

    python tests/standins/no_namespaces.py COMMAND [ARGUMENT ...]

A seccomp filter like Docker's, for x86-64 only: `clone3` is unknown, so that the C library falls
back to `clone`, whose flags a filter can read; `unshare`, and `clone` with `CLONE_NEWUSER`, are
refused. Imports nothing of this project: it runs before the command that is tested.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

# Instructions of classic BPF (linux/bpf_common.h).
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
# Where `struct seccomp_data` has the call's number and its first argument (linux/seccomp.h).
NUMBER, FIRST_ARGUMENT = 0, 16
# What the filter answers: let it pass, or fail with an errno (linux/seccomp.h).
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38
# System calls of x86-64 (asm/unistd_64.h), and the flag of a user namespace (linux/sched.h).
CLONE, UNSHARE, CLONE3 = 56, 272, 435
CLONE_NEWUSER = 0x10000000
# Options of prctl(2) (linux/prctl.h).
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


FILTER = b"".join(
    (
        _instruction(LOAD, NUMBER),
        _instruction(EQUAL, CLONE3, 0, 1),
        _instruction(RETURN, ERRNO | ENOSYS),
        _instruction(EQUAL, UNSHARE, 0, 1),
        _instruction(RETURN, ERRNO | EPERM),
        _instruction(EQUAL, CLONE, 0, 3),
        _instruction(LOAD, FIRST_ARGUMENT),
        _instruction(ANY_BIT, CLONE_NEWUSER, 0, 1),
        _instruction(RETURN, ERRNO | EPERM),
        _instruction(RETURN, ALLOW),
    )
)


def forbid() -> None:
    """Forbid namespaces to this process and all that it starts; there is no way back.

    Raises:
        OSError: the kernel takes no filter.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    held = ctypes.create_string_buffer(FILTER)
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(FILTER) // len(_instruction(0, 0)), ctypes.addressof(held))
    )
    # An ordinary user may set a filter only after giving up new privileges.
    for option in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)):
        if libc.prctl(*option, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - running what it is given is its purpose
