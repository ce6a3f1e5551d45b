"""How many cores the engine's machine has: a fact about the machine, read without a step.

A module's process runs where the engine runs its steps: in a container of the same machine on
Dagger, on the machine itself on Stiletto. What it may use, they may use.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")
"""`MICROSECONDS PERIOD`, or `max PERIOD`: control groups of version 2."""


def cores(quota: Path = _QUOTA) -> int:
    """Return how many cores this process may use, at least 1: by its affinity and its quota."""
    found = len(os.sched_getaffinity(0))
    try:
        allowed, period = quota.read_text(encoding="utf-8").split()
        return max(1, min(found, int(allowed) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        # No such file, or no quota.
        return found
