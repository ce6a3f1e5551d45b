"""Kept processes, and commands that use them, that are killed at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .test_kept import CLEAN, Module, family, is_running, residue

__all__ = ["residue"]

APART_S = 2.0
"""Two kills are at most that far apart: about what it takes to start a process."""

ENDED = ("the module's process ended", "look failed: exit code 137", "look failed: exit code 143")
"""What a command reports of a process, or of its own call's, that was killed."""


@dataclass
class Killer:
    """Kills what belongs to the kept processes of a store, or a command, at random."""

    module: Module
    chance: random.Random
    kills: int
    killed: set[int] = field(default_factory=set)
    commands: dict[int, subprocess.Popen[str]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Kill so often."""
        try:
            while len(self.killed) < self.kills:
                time.sleep(self.chance.random() * APART_S)
                self._kill()
        finally:
            self.over.set()

    def _kill(self) -> None:
        keepers = [int(path.stem.split("-")[-1]) for path in self.module.sockets]
        found = [process for keeper in keepers for process in family(keeper)]
        found += list(self.commands)
        process = self.chance.choice(found or [0])
        number = self.chance.choice([signal.SIGKILL, signal.SIGTERM])
        if process and is_running(process):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
                self.killed.add(process)

    def answers(self) -> list[str]:
        """Call until the killing is over; return every answer that is not the right one."""
        wrong = []
        argv = [*self.module.bench.program, "call", "-m", str(self.module.bench.module), "look"]
        while not self.over.is_set():
            with subprocess.Popen(
                argv,
                env=dict(self.module.bench.env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as command:
                self.commands[command.pid] = command
                out, err = command.communicate()
                del self.commands[command.pid]
            if (0, CLEAN) == (command.returncode, out.strip()) or command.pid in self.killed:
                continue
            if (1, "") != (command.returncode, out) or not any(end in err for end in ENDED):
                wrong.append(f"{command.returncode}: {out}{err}")
        return wrong


def users(store: Path) -> list[str]:
    """Return the processes that have a file of a store open, or name it."""
    found = []
    for at in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (at / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            links = [str(fd.readlink()) for fd in (at / "fd").iterdir()]
            if int(at.name) != os.getpid() and any(str(store) in text for text in (line, *links)):
                found.append(f"{at.name} {line}")
    return found


@pytest.mark.parametrize(
    ("commands", "kills"),
    [
        (2, 4),
        pytest.param(8, 10, marks=pytest.mark.slow),
        pytest.param(2, 100, marks=pytest.mark.repeated),
        pytest.param(8, 100, marks=pytest.mark.repeated),
    ],
)
def test_kills_at_any_moment(residue: Module, commands: int, kills: int) -> None:
    """Each answer is right, or one line that the process has ended; nothing is left."""
    killer = Killer(residue, random.Random(kills * commands), kills)  # noqa: S311 - no secret
    with ThreadPoolExecutor(commands + 1) as pool:
        killing = pool.submit(killer.run)
        wrong = [
            answer
            for asked in [pool.submit(killer.answers) for _ in range(commands)]
            for answer in asked.result()
        ]
        killing.result()

    assert [] == wrong
    assert CLEAN == residue.gives("look")
    residue.bench.run("stop")
    late_s = time.monotonic() + 30
    while users(residue.store) and time.monotonic() < late_s:
        time.sleep(0.05)
    assert [] == users(residue.store)
    residue.bench.run("cache", "size")  # sweeps what killed processes have left
    assert ([], 0) == (residue.sockets, residue.stages)
    assert [] == [
        line for line in Path("/proc/mounts").read_text().splitlines() if str(residue.store) in line
    ]
