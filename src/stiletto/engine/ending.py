"""Why a command failed, if its exit code does not show it: a signal, memory, a closed loopback."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from stiletto.sandbox.cgroups import memory_kills
from stiletto.sandbox.plan import StepOutput

LOOPBACK = re.compile(r"(?:\b127\.0\.0\.1|\blocalhost|\[::1\]):(?P<port>\d{1,5})\b")
REFUSED = re.compile(r"connection refused|ECONNREFUSED", re.IGNORECASE)

VMSTAT = Path("/proc/vmstat")


def machine_kills() -> int:
    """Return how many processes the kernel of this machine has killed because memory ran out."""
    return memory_kills(VMSTAT)


def how_ended(output: StepOutput, elapsed_s: float, kills_before: int | None = None) -> str:
    """Return how a failed command ended, "" if the exit code shows it all.

    `kills_before` is `machine_kills` of when it started.
    """
    reasons = []
    killed = output.exit_code == 128 + signal.SIGKILL
    if output.exit_code > 128:
        try:
            name = signal.Signals(output.exit_code - 128).name
        except ValueError:
            return ""
        reasons.append(f"ended by {name} after {elapsed_s:.1f} s")
    if output.memory_kills:
        reasons.append("memory ran out: its limit is that of --step-memory")
    elif killed and kills_before is not None and machine_kills() > kills_before:
        reasons.append("the machine ran out of memory meanwhile")
    return "; ".join(reasons)


def loopback_hint(printed: str) -> str | None:
    """Return a hint if a step's output shows a refused connection to this machine's loopback."""
    if not REFUSED.search(printed):
        return None
    ports = list(dict.fromkeys(found["port"] for found in LOOPBACK.finditer(printed)))
    if not ports:
        return None
    return (
        "steps have a loopback of their own; to let them connect to this machine's, set "
        f"STILETTO_LOOPBACK={ports[0]}"
    )


PACKAGE_PROGRAMS = (
    *("apk", "apt", "apt-get", "dnf", "dpkg", "microdnf", "pacman", "rpm", "tdnf", "yum", "zypper"),
)
"""What installs packages: each belongs to the system of an image, and perhaps not to this one."""

_MISSING = re.compile(rf"\b({'|'.join(PACKAGE_PROGRAMS)}): (?:command )?not found")

_PYTHON = re.compile(
    r"/usr/local(?:/bin/(?:python|pip)[\d.]*|/?)(?![\w/]).*"
    r"(?:no such file|not found|no python executable was found|no interpreter found)",
    re.IGNORECASE,
)
"""Images of Python have it in /usr/local; the one of this machine may be elsewhere."""


def system_hint(printed: str) -> str | None:
    """Return a hint if a step wanted what the image has and this machine has not, or elsewhere."""
    if _PYTHON.search(printed) is not None:
        return (
            "the image has its Python in /usr/local, and this machine's stands for it from another "
            "directory: run the same command with `dagger`"
        )
    found = _MISSING.search(printed)
    if found is None:
        return None
    return (
        f"this machine stands for the image, and it has no {found[1]}: run the same command with "
        "`dagger`"
    )
