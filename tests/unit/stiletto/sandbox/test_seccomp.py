"""What the filter answers, by an interpreter of the few instructions it is made of."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from stiletto.sandbox.seccomp import (
    AARCH64,
    ARM,
    ENOSYS,
    EPERM,
    I386,
    X86_64,
    Machine,
    filter_for,
)

HEADERS = {
    X86_64.audit: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    I386.audit: "/usr/include/x86_64-linux-gnu/asm/unistd_32.h",
    AARCH64.audit: "/usr/include/asm-generic/unistd.h",
}
FREE: Mapping[Machine, Mapping[str, int]] = {
    X86_64: {"read": 0, "clone": 56, "ptrace": 101, "mount": 165, "unshare": 272, "clone3": 435},
    I386: {"read": 3, "clone": 120, "ptrace": 26, "mount": 21, "unshare": 310, "clone3": 435},
    AARCH64: {"read": 63, "clone": 220, "ptrace": 117, "mount": 40, "unshare": 97, "clone3": 435},
    ARM: {"read": 3, "clone": 120, "ptrace": 26, "mount": 21, "unshare": 337, "clone3": 435},
}
"""What builds, debuggers and nested sandboxes need."""

MACHINES = [("x86_64", X86_64), ("x86_64", I386), ("aarch64", AARCH64), ("aarch64", ARM)]
ALLOWED = "allowed"


def verdict(program: bytes, audit: int, number: int, argument: int = 0) -> str | int:
    """Run the filter over one call; return `ALLOWED` or the errno."""
    data = struct.pack("<IIQQ", number, audit, 0, argument)
    lines = list(struct.iter_unpack("<HBBI", program))
    at = held = 0
    while True:
        code, if_true, if_false, value = lines[at]
        at += 1
        match code:
            case 0x20:
                (held,) = struct.unpack_from("<I", data, value)
            case 0x15:
                at += if_true if held == value else if_false
            case 0x35:
                at += if_true if held >= value else if_false
            case 0x06:
                return ALLOWED if value == 0x7FFF0000 else value - 0x00050000
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


def program_for(machine: str) -> bytes:
    """Return the filter of a machine that has one."""
    made = filter_for(machine)
    assert made is not None
    return made


@pytest.mark.parametrize(("machine", "known"), MACHINES)
def test_listed_calls_fail_and_others_pass(machine: str, known: Machine) -> None:
    """What is on the list answers EPERM, or as a kernel without it; what tools need passes."""
    program = program_for(machine)
    for name in ("bpf", "perf_event_open", "userfaultfd", "kexec_load", "init_module", "reboot"):
        assert EPERM == verdict(program, known.audit, known.calls[name]), name
    for name in ("keyctl", "add_key", "request_key"):
        assert ENOSYS == verdict(program, known.audit, known.calls[name]), name
    for number in (425, 426, 427, 428, 430, 442, 467):
        assert ENOSYS == verdict(program, known.audit, number), number
    for name, number in FREE[known].items():
        assert ALLOWED == verdict(program, known.audit, number), name


@pytest.mark.parametrize(("machine", "known"), MACHINES)
def test_arguments_decide(machine: str, known: Machine) -> None:
    """Sockets pass but those to the hypervisor; of personalities only known ones do."""
    program = program_for(machine)
    socket, personality = known.calls["socket"], known.calls["personality"]

    for family in (1, 2, 10, 16, 38):
        assert ALLOWED == verdict(program, known.audit, socket, family)
    assert EPERM == verdict(program, known.audit, socket, 40)
    for value in (0, 8, 0x40000, 0xFFFFFFFF):
        assert ALLOWED == verdict(program, known.audit, personality, value)
    assert EPERM == verdict(program, known.audit, personality, 0x0400000)


def test_other_machines_calls_and_x32_are_unknown() -> None:
    """A call of another ABI than the listed ones answers as an old kernel does."""
    assert ENOSYS == verdict(program_for("x86_64"), AARCH64.audit, 63)
    assert ENOSYS == verdict(program_for("aarch64"), X86_64.audit, 0)
    for number in (0x40000000, 0x40000000 | 39, 0x40000000 | 321, 0xFFFFFFFF):
        assert ENOSYS == verdict(program_for("x86_64"), X86_64.audit, number)


def test_a_machine_without_a_list_has_no_filter() -> None:
    """No filter is better than one with another machine's numbers."""
    assert filter_for("riscv64") is None


def numbers(header: Path) -> Mapping[str, int]:
    """Return the calls of a kernel header."""
    found = re.findall(r"(?m)^#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize("machine", [X86_64, I386, AARCH64])
def test_numbers_are_the_kernels(machine: Machine) -> None:
    """Each number is the one in the kernel's header, where this machine has that."""
    header = Path(HEADERS[machine.audit])
    if not header.is_file():
        pytest.skip(f"{header} is not here")
    listed = numbers(header)

    assert {name: listed[name] for name in machine.calls} == dict(machine.calls)
    assert {name: listed[name] for name in FREE[machine]} == FREE[machine]


def test_the_kernel_takes_the_filter() -> None:
    """The filter is within the kernel's limit of 4096 instructions and ends in a verdict."""
    for machine in ("x86_64", "aarch64"):
        program = program_for(machine)
        assert len(program) % 8 == 0
        assert len(program) // 8 <= 4096
        assert struct.unpack_from("<H", program, len(program) - 8) == (0x06,)
