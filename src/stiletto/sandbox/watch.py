"""Ends plain steps whose engine was killed, and removes their secrets.

A step in plain mode is an ordinary process, which outlives the engine. So one watcher runs beside
the engine and reads from a pipe what runs; the pipe's end is the engine's. It is run as a script,
by itself: nothing of this project is imported.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
ROUNDS_MAX = 200
"""Bounds the hunt for processes that keep starting others, or that cannot be killed."""


def end_all(pid: int, tree: bytes) -> None:
    """Kill a step: its group, what descends from it, and what works in its tree."""
    family = _stopped_family(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # PermissionError: macOS raises it for a group of zombies.
        os.killpg(pid, signal.SIGKILL)
    for member in family:
        _signal(member, signal.SIGKILL)
    kill_strays(tree)


def _stopped_family(pid: int) -> set[int]:
    """Stop a process and all that descends from it, so that none starts another; return them."""
    family: set[int] = set()
    if not (PROC / str(pid)).exists():
        return family  # it ended; what it left has other parents
    for _ in range(ROUNDS_MAX):
        parents = _parents()
        if pid not in parents:
            break
        found = {pid}
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        new = found - family
        if not new:
            break
        for member in new:
            _signal(member, signal.SIGSTOP)
        family |= new
    return family - {os.getpid()}


def _parents() -> dict[int, int]:
    """Return the parent of each process (proc(5): `pid (name) state ppid`)."""
    found = {}
    for entry in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            rest = (entry / "stat").read_text(errors="replace").rpartition(")")[2]
            found[int(entry.name)] = int(rest.split()[1])
    return found


def kill_strays(tree: bytes) -> None:
    """Kill processes that left the group but still belong to this tree (if /proc shows it)."""
    if not (PROC / "self" / "environ").exists():
        return
    quiet = 0
    # Twice: a process in the middle of an execve shows no environment.
    for _ in range(ROUNDS_MAX):
        strays = [int(entry.name) for entry in PROC.glob("[0-9]*") if _belongs(entry, tree)]
        killed = [_signal(stray, signal.SIGKILL) for stray in strays]
        quiet = 0 if any(killed) else quiet + 1
        if quiet == 2:
            return
        time.sleep(0.001)


def _belongs(process: Path, tree: bytes) -> bool:
    """Whether a process works in the tree or has it in its environment, as TMPDIR does."""
    try:
        cwd = os.fsencode((process / "cwd").readlink())
        if cwd == tree or cwd.startswith(tree + b"/"):
            return True
        return tree + b"/" in (process / "environ").read_bytes()
    except OSError:
        return False  # it ended, or is another user's


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main(lines: Iterable[bytes]) -> None:
    """Read what runs until the pipe ends; then end it.

    A line is `[tree, secrets, pid]`: a step is about to start (pid 0), runs, or has ended (-1).
    """
    running: dict[str, tuple[int, str]] = {}
    for line in lines:
        try:
            tree, secrets, pid = json.loads(line)
        except ValueError:
            break  # the engine was killed while it wrote
        if pid < 0:
            running.pop(tree, None)
        else:
            running[tree] = (pid, secrets)
    for tree, (pid, _) in running.items():
        if pid:
            end_all(pid, os.fsencode(tree))
        else:
            kill_strays(os.fsencode(tree))
    for _, secrets in running.values():
        if secrets:
            shutil.rmtree(secrets, ignore_errors=True)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    main(sys.stdin.buffer)
