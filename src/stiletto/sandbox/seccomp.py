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
"""What fails with the error 0 succeeds, and does nothing."""
EPERM, ENOSYS = 1, 38

X32_BIT = 0x40000000
"""Numbers of x86-64 from here on are the x32 ABI, which no list here has."""

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
"""Calls that fail as in a kernel without them: programs then use the older ones."""

ADDRESS_FAMILY_VSOCK = 40
"""Sockets to the hypervisor, which belong to no network namespace."""

PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0x40000, 0xFFFFFFFF)
"""Docker's, and fixed addresses, which debuggers and sanitizers request."""


# Of x86-64, i386, aarch64 and arm; None where the machine has no such call.
CALLS: Mapping[str, tuple[int | None, int | None, int | None, int | None]] = {
    "_sysctl": (156, 149, None, 149),
    "acct": (163, 51, 89, 51),
    "add_key": (248, 286, 217, 309),
    "afs_syscall": (183, 137, None, None),
    "bpf": (321, 357, 280, 386),
    "clock_settime": (227, 264, 112, 262),
    "create_module": (174, 127, None, None),
    "delete_module": (176, 129, 106, 129),
    "fanotify_init": (300, 338, 262, 367),
    "finit_module": (313, 350, 273, 379),
    "get_kernel_syms": (177, 130, None, None),
    "getpmsg": (181, 188, None, None),
    "init_module": (175, 128, 105, 128),
    "ioperm": (173, 101, None, None),
    "iopl": (172, 110, None, None),
    "kexec_file_load": (320, None, 294, 401),
    "kexec_load": (246, 283, 104, 347),
    "keyctl": (250, 288, 219, 311),
    "lookup_dcookie": (212, 253, 18, 249),
    "nfsservctl": (180, 169, 42, 169),
    "open_by_handle_at": (304, 342, 265, 371),
    "perf_event_open": (298, 336, 241, 364),
    "personality": (135, 136, 92, 136),
    "putpmsg": (182, 189, None, None),
    "query_module": (178, 167, None, None),
    "quotactl": (179, 131, 60, 131),
    "reboot": (169, 88, 142, 88),
    "request_key": (249, 287, 218, 310),
    "security": (185, None, None, None),
    "settimeofday": (164, 79, 170, 79),
    "socket": (41, 359, 198, 281),
    "stime": (None, 25, None, None),
    "swapoff": (168, 115, 225, 115),
    "swapon": (167, 87, 224, 87),
    "sysfs": (139, 135, None, 135),
    "syslog": (103, 103, 116, 103),
    "tuxcall": (184, None, None, None),
    "uselib": (134, 86, None, 86),
    "userfaultfd": (323, 374, 282, 388),
    "ustat": (136, 62, None, 62),
    "vhangup": (153, 111, 58, 111),
    "vm86": (None, 166, None, None),
    "vm86old": (None, 113, None, None),
    "vserver": (236, 273, None, None),
}


OWNERS: Mapping[str, tuple[int | None, int | None, int | None, int | None]] = {
    "chown": (92, 182, None, 182),
    "chown32": (None, 212, None, 212),
    "fchown": (93, 95, 55, 95),
    "fchown32": (None, 207, None, 207),
    "fchownat": (260, 298, 54, 325),
    "lchown": (94, 16, None, 16),
    "lchown32": (None, 198, None, 198),
    "setgroups": (116, 81, 159, 81),
    "setgroups32": (None, 206, None, 206),
}
"""Calls that do nothing, and succeed, where one user is all that there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """How the kernel names a machine (linux/audit.h), and its column of `CALLS`."""

    audit: int
    column: int
    has_x32: bool = False

    @property
    def calls(self) -> dict[str, int]:
        """The numbers of its calls."""
        numbers = {name: row[self.column] for name, row in CALLS.items()}
        return {name: number for name, number in numbers.items() if number is not None}


X86_64 = Machine(0xC000003E, 0, has_x32=True)
I386 = Machine(0x40000003, 1)
AARCH64 = Machine(0xC00000B7, 2)
ARM = Machine(0x40000028, 3)
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


def _of_machine(machine: Machine, *, owners_are_real: bool) -> list[bytes]:
    """Return the part that runs when the call is one of this machine's."""
    lines = [_instruction(LOAD, NUMBER)]
    if machine.has_x32:
        lines += [_instruction(AT_LEAST, X32_BIT, 0, 1), _fail(ENOSYS)]
    calls = {**machine.calls, **SAME_EVERYWHERE}
    for name in sorted(calls.keys() - set(BY_ARGUMENT)):
        errno = ENOSYS if name in ABSENT else EPERM
        lines += [_instruction(EQUAL, calls[name], 0, 1), _fail(errno)]
    for row in () if owners_are_real else OWNERS.values():
        number = row[machine.column]
        lines += [] if number is None else [_instruction(EQUAL, number, 0, 1), _fail(0)]
    vsock = _one_of((ADDRESS_FAMILY_VSOCK,), then=FAIL | EPERM, otherwise=ALLOW)
    persona = _one_of(PERSONALITIES, then=ALLOW, otherwise=FAIL | EPERM)
    for name, block in (("socket", vsock), ("personality", persona)):
        lines += [_instruction(EQUAL, calls[name], 0, len(block)), *block]
    return [*lines, _instruction(RETURN, ALLOW)]


def filter_for(machine: str, *, owners_are_real: bool = True) -> bytes | None:
    """Return the filter for a machine, named as uname(2) has it; None where no list is known.

    Unless `owners_are_real`, changes of ownership succeed without an effect.
    """
    known = MACHINES.get(machine)
    if known is None:
        return None
    lines = [_instruction(LOAD, MACHINE)]
    for variant in known:
        part = _of_machine(variant, owners_are_real=owners_are_real)
        # A conditional jump reaches 255 lines at most; these parts are shorter.
        lines += [_instruction(EQUAL, variant.audit, 0, len(part)), *part]
    return b"".join([*lines, _fail(ENOSYS)])


@cache
def filter_here(*, owners_are_real: bool = True) -> bytes | None:
    """Return the filter for this machine, made once; see `filter_for`."""
    return filter_for(os.uname().machine, owners_are_real=owners_are_real)
