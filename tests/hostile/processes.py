"""Which processes of this machine have something in their command lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["command_lines_with", "living_with"]


def living_with(words: bytes) -> list[int]:
    """Return the processes that have these words, NUL between them; those that ended left out."""
    found = []
    for entry, _ in _with(words):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            found.append(int(entry.name))
    return found


def command_lines_with(text: str) -> list[str]:
    """Return the command lines of processes that name a path, this one left out."""
    return [
        line.replace(b"\0", b" ").decode(errors="replace")
        for entry, line in _with(text.encode())
        if int(entry.name) != os.getpid()
    ]


def _with(words: bytes) -> Iterator[tuple[Path, bytes]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if words in line:
            yield entry, line
