"""How a command ended that did not end by itself: by which signal, and whether memory ran out."""

from __future__ import annotations

import signal
from pathlib import Path

from stiletto.sandbox.plan import StepOutput

__all__ = ["how_ended", "machine_kills"]

VMSTAT = Path("/proc/vmstat")


def machine_kills() -> int:
    """Return how many processes the kernel of this machine has killed because memory ran out."""
    try:
        for line in VMSTAT.read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    except OSError:
        pass  # not Linux
    return 0


def how_ended(output: StepOutput, elapsed_s: float, kills_before: int | None = None) -> str:
    """Return words for a failed command, "" where the exit code says all.

    `kills_before` is `machine_kills` of when it started.
    """
    words = []
    killed = output.exit_code == 128 + signal.SIGKILL
    if output.exit_code > 128:
        try:
            name = signal.Signals(output.exit_code - 128).name
        except ValueError:
            return ""
        words.append(f"ended by {name} after {elapsed_s:.1f} s")
    if output.memory_kills:
        words.append("memory ran out: its limit is that of --step-memory")
    elif killed and kills_before is not None and machine_kills() > kills_before:
        words.append("the machine ran out of memory meanwhile")
    return "; ".join(words)
