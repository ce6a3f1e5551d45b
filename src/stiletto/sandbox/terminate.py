"""Ends the command of a sandbox, past the launcher that would take the signal itself.

bubblewrap is in between: one process outside, one as init of the new namespace, and the command
beneath them. A signal to the first kills everything at once, and an init never gets one.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

from stiletto.sandbox.process import kill_group

PROC = Path("/proc")


def terminate(pid: int) -> None:
    """Send SIGTERM to a process; an absent one is not an error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def terminate_command(launcher: int) -> None:
    """Send SIGTERM to the command that a launcher started; kill a launcher that has none yet."""
    commands = list(_commands(launcher, _name(launcher), _children()))
    if not commands:
        kill_group(launcher)
    for pid in commands:
        terminate(pid)


def kill_launched(launcher: int, status: int) -> None:
    """Kill a launcher and the init of its namespace, and with that everything in it.

    The init is set to die with the launcher only once it runs: if the launcher is killed before, on
    a busy machine, it would stay. `status` is the file in which bubblewrap writes the init's
    number.
    """
    inits = _inits(launcher, status)
    kill_group(launcher)
    for init in inits:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(init, signal.SIGKILL)
        os.close(init)


def _inits(launcher: int, status: int) -> list[int]:
    """Return descriptors of the init, which keep meaning it; none where it has ended."""
    match = re.search(rb'"child-pid": (\d+)', os.pread(status, 4096, 0))
    if match is None:
        return []
    pid = int(match[1])
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return []
    above = pid
    while above > 1:
        above = _stat(PROC / str(above))[1]
        if above == launcher:
            return [fd]
    # The number is another process's by now.
    os.close(fd)
    return []


def _commands(pid: int, launcher: str, children: dict[int, list[int]]) -> Iterator[int]:
    """Yield the first processes beneath `pid` that are not the launcher's own."""
    for child in children.get(pid, ()):
        if _name(child) == launcher:
            yield from _commands(child, launcher, children)
        else:
            yield child


def _name(pid: int) -> str:
    return _stat(PROC / str(pid))[0]


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        found.setdefault(_stat(entry)[1], []).append(int(entry.name))
    return found


def _stat(entry: Path) -> tuple[str, int]:
    """Return name and parent of a process (proc(5): `pid (name) state ppid`), or of none."""
    try:
        text = (entry / "stat").read_text(errors="replace")
    except OSError:
        return "", 0
    head, _, rest = text.rpartition(")")
    return head.partition("(")[2], int(rest.split()[1])
