"""Runs the columns of a row in turn, the other way round in each second round."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.layers.remove import remove_tree
from tests.e2e.bench import stiletto_program

from .columns import DAGGER, ENGINES, PEERS, Column, Command, Job, Place, Pytest, Stiletto
from .figures import Measured, Sample
from .machine import Machine, reference_s
from .rows import WHEELS, Row, Scene, matrix, new, restore

TIMEOUT_S = 1800
COLUMNS: Mapping[str, Column] = {each.name: each for each in (*PEERS, *ENGINES, *DAGGER)}


@dataclass(frozen=True)
class Ran:
    """Commands that ended: seconds until the last, the largest exit code, and what was printed."""

    elapsed_s: float
    code: int
    printed: str


def run(commands: Sequence[Command], place: Place) -> Ran:
    """Run commands at the same time, each to its end."""
    with ExitStack() as files:
        outs = [
            files.enter_context((place.at / f"output-{number}").open("w+", encoding="utf-8"))
            for number, _ in enumerate(commands)
        ]
        began_s = time.perf_counter()
        started = [
            subprocess.Popen(
                each.argv,
                cwd=place.package,
                env={**place.environ, **each.variables},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            for each, out in zip(commands, outs, strict=True)
        ]
        # A wait with a time limit polls, every 50 ms in the end: the limit kills instead.
        limit = threading.Timer(TIMEOUT_S, kill, [started])
        limit.start()
        codes = [abs(each.wait()) for each in started]
        elapsed_s = time.perf_counter() - began_s
        limit.cancel()
        for out in outs:
            out.seek(0)
        return Ran(elapsed_s, max(codes), "\n".join(out.read() for out in outs))


def kill(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill processes that take too long; those that have ended are left."""
    for each in started:
        each.kill()


class Course:
    """The places of all columns for one package.

    Attributes:
        settings: the fastest setting of each column.
    """

    def __init__(self, machine: Machine, scene: Scene, columns: Sequence[str]) -> None:
        self.scene = scene
        self.settings = {name: COLUMNS[name].settings[0] for name in columns}
        self._machine = machine
        self._at = machine.at / scene.package.name
        self._edits = 0
        self._places = {name: self._place(name) for name in columns}

    def _place(self, name: str) -> Place:
        at = self._at / name
        locked = (self.scene.prepared / "uv.lock").exists()
        place = Place(at, self._machine.environ(at), locked)
        self._furnish(COLUMNS[name], place)
        return place

    def _furnish(self, column: Column, place: Place) -> None:
        """Give a column its copy of the package, and an empty directory of reports."""
        shutil.copytree(self.scene.prepared, place.package)
        place.reports.mkdir(exist_ok=True)
        column.configure(place, self.scene.pythons)

    def warm(self) -> None:
        """Make all environments once, and take the fastest setting of each column."""
        for name, place in self._places.items():
            column = COLUMNS[name]
            run(column.commands(place, new(self.scene), column.settings[0]), place)
            if len(column.settings) > 1 and len(self.scene.pythons) > 1:
                job = matrix(self.scene)
                taken = {
                    setting: run(column.commands(place, job, setting), place).elapsed_s
                    for setting in column.settings
                }
                self.settings[name] = min(taken, key=lambda each: taken[each])

    def measured(self, row: Row, pairs: int) -> Measured:
        """Run a row: every column once in each round."""
        job = row.job(self.scene)
        names = [name for name in row.columns if name in self._places]
        if not row.fresh:
            self._begin(row, job, names)
        references: list[float] = []
        samples: list[Sample] = []
        for number in range(pairs):
            references.append(reference_s())
            self._edits += 1
            turned = names[:: 1 if number % 2 == 0 else -1]
            samples += [self._sample(row, job, name, number) for name in turned]
        name = self.scene.package.name
        return Measured(row.name, name, row.reset, row.goal, references, samples, row.judged)

    def _begin(self, row: Row, job: Job, names: Sequence[str]) -> None:
        """Run what the row starts from, unmeasured."""
        for name in names:
            place = self._places[name]
            restore(self.scene, place)
            COLUMNS[name].configure(place, self.scene.pythons)
            if row.once:
                row.change(self.scene, place, 0)
            run(self._commands(name, self._own(name, job)), place)

    def _sample(self, row: Row, job: Job, name: str, number: int) -> Sample:
        column, place = COLUMNS[name], self._places[name]
        job = self._own(name, job)
        if row.fresh:
            self._empty(column, place, row.fresh)
        if not row.once:
            row.change(self.scene, place, self._edits)
        for report in place.reports.iterdir():
            report.unlink()
        load = os.getloadavg()[0]
        ran = run(self._commands(name, job), place)
        counts = column.counts(place, job, ran.printed)
        return Sample(name, number, ran.elapsed_s, ran.code, counts, load)

    def _own(self, name: str, job: Job) -> Job:
        """Return the job of a column: pytest runs one Python, in a red matrix the red one."""
        return replace(job, pythons=self.scene.one) if name == Pytest.name else job

    def _commands(self, name: str, job: Job) -> list[Command]:
        place = self._places[name]
        out = place.at / "out"
        _remove(out)
        words = tuple(each.replace("{out}", str(out)) for each in job.call)
        return COLUMNS[name].commands(place, replace(job, call=words), self.settings[name])

    def _empty(self, column: Column, place: Place, kept: str) -> None:
        """Empty the place of a column but for the module, which is installed before it is timed."""
        stays = ("home", "store", *(("uv",) if kept == WHEELS else ()))
        for each in place.at.iterdir():
            if each.name not in stays:
                _remove(each)
        if isinstance(column, Stiletto) and kept == WHEELS:
            self._only_volumes(column, place)
        elif isinstance(column, Stiletto):
            self._only_module(column, place)
        self._furnish(column, place)

    def _only_module(self, column: Stiletto, place: Place) -> None:
        """Put a store in place that has the module and nothing else."""
        sample = self._sample_place(column, place)
        kept = sample.at
        if not (kept / "store").exists():
            _remove(place.at / "store")
            ready(column, sample)
            stop(sample)
            _copy(place.at / "store", kept / "store")
        stop(sample)
        _remove(place.at / "store")
        _copy(kept / "store", place.at / "store")
        ready(column, sample)

    def _only_volumes(self, column: Stiletto, place: Place) -> None:
        """Remove all results, and install the module again; volumes have the downloaded wheels."""
        run([Command((*column.program, "prune"))], self._sample_place(column, place))
        ready(column, self._sample_place(column, place))

    def _sample_place(self, column: Stiletto, place: Place) -> Place:
        """Return a place with another package, over the same store."""
        sample = Place(self._machine.at / f"module-{column.kept}", place.environ)
        sample.package.mkdir(parents=True, exist_ok=True)
        return sample

    def close(self) -> None:
        """End what is kept running, and remove every place."""
        for name, place in self._places.items():
            if isinstance(COLUMNS[name], Stiletto):
                stop(place)
        remove_tree(self._at)


def _remove(path: Path) -> None:
    """Remove a file, a directory, or nothing."""
    if path.is_dir():
        remove_tree(path)
    else:
        path.unlink(missing_ok=True)


def stop(place: Place) -> None:
    """End the processes of modules that a store keeps."""
    run([Command((*stiletto_program(), "stop"))], place)


def _copy(store: Path, target: Path) -> None:
    """Copy a store, which has devices of overlayfs among its files."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(store), str(target)], check=True)


def ready(column: Stiletto, place: Place) -> None:
    """Call a function without steps, over a package of its own: the module is installed then."""
    (place.package / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    job = Job(("3",), call=("call", "versions"))
    run(column.commands(place, job, ""), place)
