"""Releases that are killed with -9 at random moments, continued, and held against one that was not.

    kills = Kills(directory, store, print)
    kills.release(seed)

A seed says how the release runs (in one call, or in four jobs), how often it is killed, and when:
after which line of its progress, and how long after that. So moments are spread over what a
release does, not over how long that takes on this machine. A release in jobs is also ended between
two of them, as when the machine of the next one never comes.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from jobs_bench import Jobs
from processes import command_lines_with
from tests.e2e.bench import Bench, Ended, host_environ, stiletto_program
from tests.e2e.release_bench import (
    Outside,
    ReleaseBench,
    Sample,
    Shown,
    alike,
    files_with,
    github_description,
    make_package,
)

from stiletto.store import Store

__all__ = ["Killer", "Kills"]

LIMIT_S = 300
"""Nothing takes that long to go away; a busy machine may."""

LATER_S = 0.4
"""How long after a line of progress a kill may come: longer than most steps of git."""

FEW = 30
"""As many lines of progress as each job has that builds nothing."""

JOBS = ("build", "propose", "publish", "finish")


@dataclass
class Killer:
    """Kills a process after a line of what it prints; follows it to its end otherwise."""

    line: int
    later_s: float
    kill: Callable[[int], None]
    killed: bool = False
    heard: list[str] = field(default_factory=list)

    def follow(self, stream: IO[str], pid: int) -> None:
        """Read all that a process prints, and kill it on the way."""
        for text in stream:
            self.heard.append(text)
            if len(self.heard) == self.line:
                time.sleep(self.later_s)
                self.kill(pid)
                self.killed = True


@dataclass
class Kills:
    """One package, the release of it that nobody disturbed, and those that were killed.

    Attributes:
        right: what the outside shows after the undisturbed one.
        lines: how many lines of progress it printed.
    """

    directory: Path
    store: Path
    say: Callable[[str], object]
    killed: int = 0
    right: Shown | None = None
    lines: int = 0

    def __post_init__(self) -> None:
        """Make the package, and release it undisturbed."""
        self.home = self.directory / "home"
        self.home.mkdir(parents=True)
        self.temp = self.directory / "temp"
        self.temp.mkdir()
        environ = {**host_environ(self.home, self.store), "TMPDIR": str(self.temp)}
        self.bench = Bench(stiletto_program(), environ, self.directory)
        self.description = github_description()
        self.source = make_package(Sample(), self.directory / "package")
        with self._outside("right") as outside:
            ended = self._at(outside).succeeds("--run", "job-1")
            self.right, self.lines = alike(outside), len(ended.err.splitlines())
        self.say(f"undisturbed: {ended.elapsed_s:.0f} s, {self.lines} lines of progress")

    def release(self, seed: int) -> None:
        """Release once in the way of a seed; hold that nothing tells it from an undisturbed one."""
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        began_s = time.time()
        with self._outside(f"seed-{seed}") as outside:
            at = self._at(outside)
            if seed % 3 == 2:
                self._jobs(at, seed, chance)
            else:
                self._one_call(at, seed, chance)
            assert self.right == alike(outside)
            self._nothing_is_left(at, began_s)
        shutil.rmtree(outside.directory)

    # -- ways to be killed ------------------------------------------------------------------------

    def _one_call(self, at: ReleaseBench, seed: int, chance: random.Random) -> None:
        for _ in range(chance.randint(1, 4)):
            killer = self._killer(chance, self.lines, _kill)
            running = at.begin("--run", "job-1")
            with running.process as process:
                assert process.stderr is not None
                killer.follow(process.stderr, process.pid)
                process.wait(LIMIT_S)
            at.heard.append(Ended(running.words, 0, "", "".join(killer.heard), 0.0))
            self._tell(seed, "release", killer)
        at.succeeds("--run", "job-1")

    def _jobs(self, at: ReleaseBench, seed: int, chance: random.Random) -> None:
        directory = at.outside.directory / "run"
        directory.mkdir()
        jobs = Jobs(at, directory)
        last = chance.choice(JOBS)
        for job in JOBS[: JOBS.index(last)]:
            assert jobs.job(job), jobs.said[job]
        if chance.random() < 0.5 and last != JOBS[0]:
            self.killed += 1
            self.say(f"seed {seed}: ended before the job {last}")
        else:
            most = self.lines // 2 if last == "build" else FEW
            killer = self._killer(chance, most, _kill_all)
            done = jobs.job(last, killer.follow)
            assert killer.killed or done, jobs.said[last]
            self._tell(seed, f"the job {last}", killer)
        jobs.again().all()

    def _killer(self, chance: random.Random, most: int, kill: Callable[[int], None]) -> Killer:
        return Killer(chance.randint(1, most), chance.uniform(0, LATER_S), kill)

    def _tell(self, seed: int, what: str, killer: Killer) -> None:
        self.killed += killer.killed
        if not killer.killed:
            self.say(f"seed {seed}: {what} ended before line {killer.line}")
            return
        last = killer.heard[killer.line - 1].strip()
        self.say(f"seed {seed}: {what}, {killer.later_s:.2f} s after line {killer.line}: {last}")

    # -- afterwards -------------------------------------------------------------------------------

    def _nothing_is_left(self, at: ReleaseBench, began_s: float) -> None:
        end_s = time.monotonic() + LIMIT_S
        while left := command_lines_with(str(self.store)):
            assert time.monotonic() < end_s, f"still running: {left}"
            time.sleep(0.02)
        assert str(self.store) not in Path("/proc/self/mountinfo").read_text()
        assert [] == at.leaks(began_s)
        secrets = at.outside.secrets
        memory = files_with(*secrets, below="/dev/shm", since_s=began_s)  # noqa: S108 - only read
        assert [] == memory
        assert [] == list(self.temp.iterdir())
        with Store(self.store) as opened:
            assert 1 == len(list((self.store / "stage").iterdir())), "only our own"
            assert () == opened.verify().damages

    def _outside(self, name: str) -> Outside:
        return Outside(self.directory / name, self.description)

    def _at(self, outside: Outside) -> ReleaseBench:
        bench = replace(self.bench, cwd=outside.directory)
        return ReleaseBench.start(bench, outside, self.source)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _kill_all(pid: int) -> None:
    """End a job as its machine would end: the shell and all that it began."""
    os.killpg(pid, signal.SIGKILL)
