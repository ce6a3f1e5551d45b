"""The filter of system calls that every isolated step runs under (pure).

A deny list after Docker's default: what reaches deep into the kernel, or is the machine's own
business. What a step may do in namespaces of its own stays allowed (`unshare`, `mount`), because
tests and builds make sandboxes themselves; `ptrace` and memory policies stay, as debuggers and
databases use them.

The program is classic BPF (linux/filter.h) over `struct seccomp_data` (linux/seccomp.h): it
compares the machine, then the number of the call, one by one; the kernel remembers the verdict of
each number that is decided without a look at arguments.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, FAIL = 0x7FFF0000, 0x00050000
EPERM, ENOSYS = 1, 38

X32_BIT = 0x40000000
"""Numbers of x86-64 from here on are the x32 ABI, which no list here knows."""

SAME_EVERYWHERE = {
    "clock_settime64": 404,
    "fsconfig": 431,
    "fsmount": 432,
    "fsopen": 430,
    "fspick": 433,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "io_uring_setup": 425,
    "mount_setattr": 442,
    "move_mount": 429,
    "open_tree": 428,
    "open_tree_attr": 467,
    "quotactl_fd": 443,
}
"""Since Linux 5.1 a new call has one number on all machines."""

ABSENT = frozenset(
    name for name in SAME_EVERYWHERE if name not in {"clock_settime64", "quotactl_fd"}
) | {"add_key", "keyctl", "request_key"}
"""Calls that answer as a kernel without them does: programs then take the older way."""

ADDRESS_FAMILY_VSOCK = 40
"""Sockets to the hypervisor, which belong to no network namespace."""

PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0x40000, 0xFFFFFFFF)
"""Docker's, and fixed addresses, which debuggers and sanitizers ask for."""


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """How the kernel names a machine (linux/audit.h), and the numbers of its calls."""

    audit: int
    calls: Mapping[str, int]
    has_x32: bool = False


X86_64 = Machine(
    0xC000003E,
    {
        "_sysctl": 156,
        "acct": 163,
        "add_key": 248,
        "afs_syscall": 183,
        "bpf": 321,
        "clock_settime": 227,
        "create_module": 174,
        "delete_module": 176,
        "fanotify_init": 300,
        "finit_module": 313,
        "get_kernel_syms": 177,
        "getpmsg": 181,
        "init_module": 175,
        "ioperm": 173,
        "iopl": 172,
        "kexec_file_load": 320,
        "kexec_load": 246,
        "keyctl": 250,
        "lookup_dcookie": 212,
        "nfsservctl": 180,
        "open_by_handle_at": 304,
        "perf_event_open": 298,
        "personality": 135,
        "putpmsg": 182,
        "query_module": 178,
        "quotactl": 179,
        "reboot": 169,
        "request_key": 249,
        "security": 185,
        "settimeofday": 164,
        "socket": 41,
        "swapoff": 168,
        "swapon": 167,
        "sysfs": 139,
        "syslog": 103,
        "tuxcall": 184,
        "uselib": 134,
        "userfaultfd": 323,
        "ustat": 136,
        "vhangup": 153,
        "vserver": 236,
    },
    has_x32=True,
)
I386 = Machine(
    0x40000003,
    {
        "_sysctl": 149,
        "acct": 51,
        "add_key": 286,
        "afs_syscall": 137,
        "bpf": 357,
        "clock_settime": 264,
        "create_module": 127,
        "delete_module": 129,
        "fanotify_init": 338,
        "finit_module": 350,
        "get_kernel_syms": 130,
        "getpmsg": 188,
        "init_module": 128,
        "ioperm": 101,
        "iopl": 110,
        "kexec_load": 283,
        "keyctl": 288,
        "lookup_dcookie": 253,
        "nfsservctl": 169,
        "open_by_handle_at": 342,
        "perf_event_open": 336,
        "personality": 136,
        "putpmsg": 189,
        "query_module": 167,
        "quotactl": 131,
        "reboot": 88,
        "request_key": 287,
        "settimeofday": 79,
        "socket": 359,
        "stime": 25,
        "swapoff": 115,
        "swapon": 87,
        "sysfs": 135,
        "syslog": 103,
        "uselib": 86,
        "userfaultfd": 374,
        "ustat": 62,
        "vhangup": 111,
        "vm86": 166,
        "vm86old": 113,
        "vserver": 273,
    },
)
AARCH64 = Machine(
    0xC00000B7,
    {
        "acct": 89,
        "add_key": 217,
        "bpf": 280,
        "clock_settime": 112,
        "delete_module": 106,
        "fanotify_init": 262,
        "finit_module": 273,
        "init_module": 105,
        "kexec_file_load": 294,
        "kexec_load": 104,
        "keyctl": 219,
        "lookup_dcookie": 18,
        "nfsservctl": 42,
        "open_by_handle_at": 265,
        "perf_event_open": 241,
        "personality": 92,
        "quotactl": 60,
        "reboot": 142,
        "request_key": 218,
        "settimeofday": 170,
        "socket": 198,
        "swapoff": 225,
        "swapon": 224,
        "syslog": 116,
        "userfaultfd": 282,
        "vhangup": 58,
    },
)
ARM = Machine(
    0x40000028,
    {
        "_sysctl": 149,
        "acct": 51,
        "add_key": 309,
        "bpf": 386,
        "clock_settime": 262,
        "delete_module": 129,
        "fanotify_init": 367,
        "finit_module": 379,
        "init_module": 128,
        "kexec_file_load": 401,
        "kexec_load": 347,
        "keyctl": 311,
        "lookup_dcookie": 249,
        "nfsservctl": 169,
        "open_by_handle_at": 371,
        "perf_event_open": 364,
        "personality": 136,
        "quotactl": 131,
        "reboot": 88,
        "request_key": 310,
        "settimeofday": 79,
        "socket": 281,
        "swapoff": 115,
        "swapon": 87,
        "sysfs": 135,
        "syslog": 103,
        "uselib": 86,
        "userfaultfd": 388,
        "ustat": 62,
        "vhangup": 111,
    },
)
MACHINES = {"x86_64": (X86_64, I386), "aarch64": (AARCH64, ARM)}
"""Each kernel also runs programs of its 32-bit ancestor."""

BY_ARGUMENT = ("personality", "socket")


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _fail(errno: int) -> bytes:
    return _instruction(RETURN, FAIL | errno)


def _one_of(values: Iterable[int], *, then: int, otherwise: int) -> list[bytes]:
    """Compare the first argument; only its lower half counts for these calls."""
    known = [
        line
        for value in values
        for line in (_instruction(EQUAL, value, 0, 1), _instruction(RETURN, then))
    ]
    return [_instruction(LOAD, FIRST_ARGUMENT), *known, _instruction(RETURN, otherwise)]


def _of_machine(machine: Machine) -> list[bytes]:
    """Return the part that runs when the call is one of this machine's."""
    lines = [_instruction(LOAD, NUMBER)]
    if machine.has_x32:
        lines += [_instruction(AT_LEAST, X32_BIT, 0, 1), _fail(ENOSYS)]
    calls = {**machine.calls, **SAME_EVERYWHERE}
    for name in sorted(calls.keys() - set(BY_ARGUMENT)):
        errno = ENOSYS if name in ABSENT else EPERM
        lines += [_instruction(EQUAL, calls[name], 0, 1), _fail(errno)]
    vsock = _one_of((ADDRESS_FAMILY_VSOCK,), then=FAIL | EPERM, otherwise=ALLOW)
    persona = _one_of(PERSONALITIES, then=ALLOW, otherwise=FAIL | EPERM)
    for name, block in (("socket", vsock), ("personality", persona)):
        lines += [_instruction(EQUAL, calls[name], 0, len(block)), *block]
    return [*lines, _instruction(RETURN, ALLOW)]


def filter_for(machine: str) -> bytes | None:
    """Return the filter for a machine, named as uname(2) has it; None where no list is known."""
    known = MACHINES.get(machine)
    if known is None:
        return None
    lines = [_instruction(LOAD, MACHINE)]
    for one in known:
        part = _of_machine(one)
        # A conditional jump reaches 255 lines at most; these parts are shorter.
        lines += [_instruction(EQUAL, one.audit, 0, len(part)), *part]
    return b"".join([*lines, _fail(ENOSYS)])


@cache
def filter_here() -> bytes | None:
    """Return the filter for this machine, made once."""
    return filter_for(os.uname().machine)
