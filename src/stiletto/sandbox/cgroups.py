"""Limits of memory and processes for steps, by control groups (cgroups(7)).

A group for each step is made in the group that the engine is in, where that is the engine's to
divide (`systemd-run --user --scope -p Delegate=yes`), or at the top, where the engine is root. Of
version 2 one tree has both limits; of version 1 each has a tree of its own.

A shell enters the group and then becomes the sandbox: so nothing of a step is outside.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import EnvironmentFailed

CONTROLLERS = ("memory", "pids")
PREFIX = "stiletto-"
NO_ENTRY = 125
ENTER = f"""\
until [ "$1" = -- ]; do
  echo $$ >"$1" || exit {NO_ENTRY}
  shift
done
shift
exec "$@"
"""
REMOVE_ROUNDS_MAX = 100
"""A group is busy until the kernel has removed the last of its processes."""

HINT = (
    "run it as root, or in a group of its own: `systemd-run --user --scope -p Delegate=yes ...`; "
    "in a container, delegate control groups to it"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a step may use, with all that it starts."""

    memory_bytes: int | None = None
    processes: int | None = None

    def __bool__(self) -> bool:
        return self.memory_bytes is not None or self.processes is not None


@dataclass(frozen=True, slots=True)
class Group:
    """The group of one step: its directory in each tree; `events` counts what memory killed."""

    directories: tuple[Path, ...]
    events: Path

    def enter(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` in the group."""
        entrances = [str(directory / "cgroup.procs") for directory in self.directories]
        return ["/bin/sh", "-c", ENTER, "sh", *entrances, "--", *argv]

    def memory_kills(self) -> int:
        """Return how many of its processes the kernel has killed because memory ran out."""
        return memory_kills(self.events)


def memory_kills(counts: Path) -> int:
    """Return how many processes the kernel has killed because memory ran out, by such a file."""
    with contextlib.suppress(OSError):
        for line in counts.read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return 0


@dataclass(frozen=True)
class Groups:
    """Where groups of steps can be made: one directory for both limits, or one for each."""

    memory: Path
    pids: Path

    @contextmanager
    def group(self, limits: Limits) -> Iterator[Group]:
        """Make a group for a step; it is removed with the context.

        Raises:
            EnvironmentFailed: the kernel does not take a limit.
        """
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        directories = tuple(dict.fromkeys((self.memory / name, self.pids / name)))
        try:
            try:
                for directory in directories:
                    _sweep(directory.parent)
                    directory.mkdir()
                events = write_limits(directories[0], directories[-1], limits)
            except OSError as error:
                raise EnvironmentFailed(
                    f"cannot limit steps by the control group {directories[0]}: {error.strerror}",
                    hint=HINT,
                ) from error
            yield Group(directories, events)
        finally:
            for directory in directories:
                _remove(directory)


_numbers = itertools.count(1)


def write_limits(memory: Path, pids: Path, limits: Limits) -> Path:
    """Write the limits; return the file that counts what memory killed."""
    first = (memory / "memory.max").exists()
    if limits.memory_bytes is not None:
        size = str(limits.memory_bytes)
        (memory / ("memory.max" if first else "memory.limit_in_bytes")).write_text(size)
        # Without this the limit is that of memory alone, and the rest goes to the disk.
        swap, value = ("memory.swap.max", "0") if first else ("memory.memsw.limit_in_bytes", size)
        if (memory / swap).exists():
            (memory / swap).write_text(value)
    if limits.processes is not None:
        (pids / "pids.max").write_text(str(limits.processes))
    return memory / ("memory.events" if first else "memory.oom_control")


def _remove(directory: Path) -> None:
    for _ in range(REMOVE_ROUNDS_MAX):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return


def _sweep(parent: Path) -> None:
    """Remove the empty groups of engines that were killed."""
    for left in parent.glob(f"{PREFIX}*-*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                left.rmdir()


def find_groups(proc: Path = Path("/proc/self")) -> Groups:
    """Return where this process may make groups with limits.

    Raises:
        EnvironmentFailed: nowhere; the message names what is missing.
    """
    try:
        own = _own_groups((proc / "cgroup").read_text())
        trees = _trees((proc / "mountinfo").read_text())
    except OSError as error:
        raise EnvironmentFailed("this system has no control groups", hint=HINT) from error
    found = {
        controller: place
        for controller in CONTROLLERS
        if (place := _place(controller, own, trees)) is not None
    }
    missing = [controller for controller in CONTROLLERS if controller not in found]
    if missing:
        raise EnvironmentFailed(
            f"no control group for {' and '.join(missing)} can be made here", hint=HINT
        )
    return Groups(found["memory"], found["pids"])


def _own_groups(text: str) -> dict[str, str]:
    """Return the path of this process in each tree, by controller; that of version 2 by ""."""
    lines = (line.split(":", 2) for line in text.splitlines())
    return {name: path for _, names, path in lines for name in names.split(",")}


def _trees(text: str) -> dict[str, tuple[Path, str]]:
    """Return where each tree is mounted, and which path of it is there; as `_own_groups`."""
    trees: dict[str, tuple[Path, str]] = {}
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, at = before.split(" ")[3:5]
        if kind == "cgroup2":
            trees.setdefault("", (Path(at), root))
        elif kind == "cgroup":
            for name in options.split(","):
                trees.setdefault(name, (Path(at), root))
    return trees


def _place(controller: str, own: dict[str, str], trees: dict[str, tuple[Path, str]]) -> Path | None:
    for tree in (controller, ""):
        if tree not in trees or tree not in own:
            continue
        top, root = trees[tree]
        path = own[tree].removeprefix(root if root != "/" else "").lstrip("/")
        places = [top / path, *([top] if os.geteuid() == 0 else [])]
        for place in places:
            if os.access(place, os.W_OK) and (tree or _divided(place, top)):
                return place
    return None


def _divided(place: Path, top: Path) -> bool:
    """Whether a group of version 2 has both controllers for its children; made so if it can be."""
    wanted = set(CONTROLLERS)
    try:
        if not wanted <= set((place / "cgroup.controllers").read_text().split()):
            return False
        switch = place / "cgroup.subtree_control"
        if wanted <= set(switch.read_text().split()):
            return True
        if place != top:
            _step_aside(place)
        switch.write_text(" ".join(f"+{controller}" for controller in CONTROLLERS))
    except OSError:
        return False
    return True


def _step_aside(place: Path) -> None:
    """Move the engine and its parents into a child: a group with limits has no process itself."""
    inside = {int(pid) for pid in (place / "cgroup.procs").read_text().split()}
    if not inside <= _self_and_parents():
        return
    aside = place / f"{PREFIX}engine"
    aside.mkdir(exist_ok=True)
    for pid in sorted(inside):
        (aside / "cgroup.procs").write_text(str(pid))


def _self_and_parents() -> set[int]:
    found, pid = set(), os.getpid()
    while pid > 1 and pid not in found:
        found.add(pid)
        stat = Path("/proc", str(pid), "stat").read_text(errors="replace")
        pid = int(stat.rpartition(")")[2].split()[1])
    return found
