"""What decides whether bubblewrap works on this machine, and the memory of where it did.

To try it out takes as long as a small step. So what decides is read instead: where it is as it was
when bubblewrap worked, it is taken to work. The first step shows whether that is true. That it
does not work is never remembered.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from stiletto.errors import EnvironmentFailed
from stiletto.graph.recipe import digest_of

FORMAT = 1
KIND, NAME, WORKED = "sandbox", "bubblewrap", "worked"
PLACES_KEPT = 8
"""Of one store: terminals and jobs have control groups of their own."""
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
RIGHTS = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp")
"""How lines of `/proc/self/status` begin that list what this process may do."""

FILES = (
    "self/attr/current",
    "self/cgroup",
    "self/limits",
    "self/uid_map",
    "self/gid_map",
    "sys/kernel/random/boot_id",
    "sys/kernel/unprivileged_userns_clone",
    "sys/kernel/apparmor_restrict_unprivileged_userns",
    "sys/kernel/apparmor_restrict_unprivileged_unconfined",
    "sys/kernel/unprivileged_userns_apparmor_policy",
)
"""Beneath `/proc`: labels, control groups, limits and switches; some kernels lack some."""


class Notes(Protocol):
    """Keeps facts between commands, as a store does."""

    def note(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Return what was kept, or None."""

    def put_note(self, kind: str, name: str, data: Mapping[str, Any]) -> None:
        """Keep something."""


class Remembered:
    """Whether bubblewrap has worked where everything was as it is now."""

    def __init__(self, notes: Notes, program: Path, base: Path) -> None:
        self._notes = notes
        base.mkdir(parents=True, exist_ok=True)
        self._here = digest_of(deciding(program, base.resolve()))

    def has_worked(self) -> bool:
        """Return whether it did, since the machine was started."""
        return self._here in self._known()

    def worked(self) -> None:
        """Remember that it does."""
        self._put([self._here, *(each for each in self._known() if each != self._here)])

    def forget(self) -> None:
        """Try it out again next time."""
        self._put([each for each in self._known() if each != self._here])

    def _known(self) -> list[str]:
        known = (self._notes.note(KIND, NAME) or {}).get(WORKED)
        return [str(each) for each in known] if isinstance(known, list) else []

    def _put(self, known: list[str]) -> None:
        with contextlib.suppress(EnvironmentFailed):  # a disk that is full
            self._notes.put_note(KIND, NAME, {WORKED: known[:PLACES_KEPT]})


def deciding(program: Path, base: Path, proc: Path = Path("/proc")) -> list[Any]:
    """Return what decides: the kernel and its switches, what this process may do, program, disk."""
    status = _text(proc / "self/status").splitlines()
    switches = sorted((proc / "sys/user").glob("max_*_namespaces"))
    found = os.uname()
    return [
        FORMAT,
        [found.sysname, found.release, found.version, found.machine],
        [line for line in status if line.startswith(RIGHTS)],
        [[name, _text(proc / name)] for name in FILES],
        [[path.name, _text(path)] for path in switches],
        [_link(proc / "self/ns" / name) for name in NAMESPACES],
        _facts(program),
        [*_facts(base)[:2], str(base), _mounts(_text(proc / "self/mountinfo"), base)],
    ]


def _facts(path: Path) -> list[Any]:
    try:
        found = path.stat()
    except OSError:
        return []
    times = [found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    return [found.st_dev, found.st_ino, str(path), *times]


def _mounts(mountinfo: str, base: Path) -> list[str]:
    """Return the lines of what is mounted where `base` is, and above it."""
    above = {str(path) for path in (base, *base.parents)}
    lines = (line.split(" ") for line in mountinfo.splitlines())
    return [" ".join(line) for line in lines if len(line) > 4 and line[4] in above]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
