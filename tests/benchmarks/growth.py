"""How time grows with size: steps, cells, files and bytes, each at several sizes in turn.

A line that bends is a fault even where each point is fast enough, so the result is drawn.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.layers.remove import remove_tree

from .columns import Command, Job, Place, Pytest, Stiletto
from .figures import Point
from .machine import Machine, reference_s
from .rounds import run, stop

MODULE = '''\
"""A chain of steps that do nothing."""

import dagger
from dagger import dag, function, object_type


@object_type
class Ladder:
    @function(cache="never")
    async def climb(self, rungs: int, paint: str) -> int:
        """Run steps one after another; another paint makes all of them new."""
        at = dag.container().from_("python:3.11-slim").with_env_variable("PAINT", paint)
        for rung in range(rungs):
            at = at.with_exec(["true", f"{rung}"])
            if rung % 100 == 99:  # the SDK's queries are recursive
                at = await at.sync()
        return await at.exit_code()
'''
MODULE_FILES = {
    "dagger.json": '{"name": "ladder", "engineVersion": "v0.21.8", "sdk": {"source": "python"}}\n',
    "pyproject.toml": (
        '[project]\nname = "ladder"\nversion = "0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["dagger-io"]\n\n'
        '[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n'
    ),
    "src/ladder/__init__.py": MODULE,
}
GROUPS = ("tests", "tests+a", "tests+b", "tests+c")
PACKAGE_FILES = {
    "pyproject.toml": (
        '[project]\nname = "broad"\nversion = "1"\nrequires-python = ">=3.9"\n\n'
        '[dependency-groups]\ntests = ["pytest>=8"]\n'
        'a = ["iniconfig"]\nb = ["pluggy"]\nc = ["packaging"]\n\n'
        '[tool.uv]\ndefault-groups = ["tests"]\n'
    ),
    "tests/test_broad.py": "def test_broad():\n    assert True\n",
}
IN_FOLDER = 500
"""Files of one directory of a generated tree."""
SHORT_R = 4.5
CELL_R = 2.25
CACHED_STEP_R = 0.075
NEW_STEP_R = 0.225
"""0.3 s, 0.15 s, 5 ms and 15 ms on the machine on which the goals were set, in R."""


@dataclass(frozen=True)
class Run:
    """One measurement: the seconds, and those of what it is compared with."""

    taken_s: float
    other_s: float = 0.0


@dataclass(frozen=True)
class Limit:
    """How long a run may take: a sum of what was measured in the same round.

    Attributes:
        smallest: of the time of the smallest size.
        other: of what it is compared with.
        once: so many R.
        each: so many R for every unit of the size.
    """

    smallest: float = 0.0
    other: float = 0.0
    once: float = 0.0
    each: float = 0.0

    def seconds(self, size: int, smallest_s: float, other_s: float, reference: float) -> float:
        """Return the sum."""
        units = (self.once + size * self.each) * reference
        return self.smallest * smallest_s + self.other * other_s + units


@dataclass(frozen=True)
class Series:
    """One line of the drawing.

    Attributes:
        goal: as a formula for readers.
        prepare: what is made once for each size.
        run: one measurement; the number is that of the round.
        limit: seconds that are allowed.
    """

    name: str
    sizes: Sequence[int]
    goal: str
    prepare: Callable[[Machine, Place, int], None]
    run: Callable[[Machine, Place, int, int], Run]
    limit: Limit


def measure(machine: Machine, series: Series, pairs: int) -> Iterator[Point]:
    """Measure every size once in each round, the largest first in each second one."""
    root = machine.at / f"growth-{series.name}"
    environ = machine.environ(machine.at / "growth")  # the module is installed once for all
    places = {size: Place(root / str(size), environ) for size in series.sizes}
    taken: dict[int, list[float]] = {size: [] for size in series.sizes}
    limits: dict[int, list[float]] = {size: [] for size in series.sizes}
    try:
        for size, place in places.items():
            place.reports.mkdir(parents=True)
            series.prepare(machine, place, size)
        for number in range(pairs):
            reference = reference_s()
            turned = series.sizes[:: 1 if number % 2 == 0 else -1]
            found = {size: series.run(machine, places[size], size, number) for size in turned}
            smallest_s = found[series.sizes[0]].taken_s
            for size, each in found.items():
                taken[size].append(each.taken_s)
                limits[size].append(series.limit.seconds(size, smallest_s, each.other_s, reference))
    finally:
        stop(places[series.sizes[0]])
        remove_tree(root)
    for size in series.sizes:
        yield Point(series.name, size, series.goal, taken[size], limits[size])


def write(at: Path, files: dict[str, str]) -> None:
    """Write files beneath a directory."""
    for name, text in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text, encoding="utf-8")


def call(place: Place, *words: str, module: Path | None = None) -> Run:
    """Run a command of stiletto, which has to pass."""
    column = Stiletto() if module is None else Stiletto(module=module)
    ran = run(column.commands(place, Job((), call=("call", *words)), ""), place)
    if ran.code:
        raise SystemExit(f"{' '.join(words)}: exit code {ran.code}\n{ran.printed[-2000:]}")
    return Run(ran.elapsed_s)


# -- steps ----------------------------------------------------------------------------------------


def ladder(machine: Machine, place: Place, size: int) -> None:
    """Write the module with the steps, and install it."""
    write(place.package, MODULE_FILES)
    climb(place, 1, "none")


def climbed(machine: Machine, place: Place, size: int) -> None:
    """Run all steps once."""
    ladder(machine, place, size)
    climb(place, size, "white")


def climb(place: Place, size: int, paint: str) -> Run:
    """Run a number of steps."""
    words = ("climb", "--rungs", str(size), "--paint", paint)
    return call(place, *words, module=place.package)


def cached_steps(machine: Machine, place: Place, size: int, number: int) -> Run:
    """Run steps that ran before."""
    return climb(place, size, "white")


def new_steps(machine: Machine, place: Place, size: int, number: int) -> Run:
    """Run steps that never ran."""
    return climb(place, size, f"{size}, {number}")


# -- files and bytes ------------------------------------------------------------------------------


def tree(at: Path, files: int, size_bytes: int) -> None:
    """Write a package with files of random contents beside it."""
    write(at, PACKAGE_FILES)
    chance = random.Random(files)  # noqa: S311 - contents of files, always the same
    for number in range(files):
        folder = at / "data" / str(number // IN_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.bin").write_bytes(chance.randbytes(size_bytes))


def many_files(machine: Machine, place: Place, size: int) -> None:
    """Write a package with many small files, and test it once."""
    tree(place.package, size, 1000)
    lock(place)
    tested(machine, place)


def tested(machine: Machine, place: Place) -> Run:
    """Test on one Python."""
    return call(place, "test", "--python", machine.pythons[-1])


def unchanged_files(machine: Machine, place: Place, size: int, number: int) -> Run:
    """Test again."""
    return tested(machine, place)


def edited_files(machine: Machine, place: Place, size: int, number: int) -> Run:
    """Test after one of the files has changed."""
    (place.package / "data" / "0" / "0.bin").write_text(f"{number}", encoding="utf-8")
    return tested(machine, place)


def no_tree(machine: Machine, place: Place, size: int) -> None:
    """Test a package of the same dependencies once; the tree is new in each round."""
    write(place.package, PACKAGE_FILES)
    lock(place)
    tested(machine, place)


def new_tree(machine: Machine, place: Place, size: int, number: int) -> Run:
    """Test with a tree of so many MB, and copy and hash it."""
    data = place.package / "data"
    remove_tree(data)
    tree(place.package, size, 1_000_000)
    (data / "round").write_text(f"{size} {number}", encoding="utf-8")
    copy = place.at / "copy"
    began_s = time.perf_counter()
    subprocess.run(["cp", "-r", str(data), str(copy)], check=True)
    files = [str(path) for path in data.rglob("*") if path.is_file()]
    subprocess.run(["sha256sum", *files], check=True, stdout=subprocess.DEVNULL)
    other_s = time.perf_counter() - began_s
    remove_tree(copy)
    return replace(tested(machine, place), other_s=other_s)


def lock(place: Place) -> None:
    """Write uv.lock."""
    subprocess.run(
        ["uv", "lock", "--quiet"], cwd=place.package, env=dict(place.environ), check=True
    )


# -- cells ----------------------------------------------------------------------------------------


def cells(machine: Machine, place: Place, size: int) -> None:
    """Make the environments of a matrix, and of pytest beside it."""
    write(place.package, PACKAGE_FILES)
    lock(place)
    shutil.copytree(place.package, place.at / "beside", dirs_exist_ok=True)
    matrix(machine, place, size)
    for python in machine.pythons:
        environ = {**place.environ, "UV_PROJECT_ENVIRONMENT": str(place.at / f"venv-{python}")}
        words = ("sync", "--quiet", "--frozen", "--python", python)
        subprocess.run(["uv", *words], cwd=place.at / "beside", env=environ, check=True)


def matrix(machine: Machine, place: Place, size: int) -> Run:
    """Run a matrix of so many cells."""
    pythons = machine.pythons[:size]
    groups = GROUPS[: size // len(pythons)]
    return call(place, "matrix", "--python", ",".join(pythons), "--group", ",".join(groups))


def edited_cells(machine: Machine, place: Place, size: int, number: int) -> Run:
    """Run every cell after an edit of the test, and pytest as often beside it."""
    test = PACKAGE_FILES["tests/test_broad.py"] + f"\n\ndef test_more():\n    assert {number + 1}\n"
    write(place.package, {"tests/test_broad.py": test})
    commands: list[Command] = Pytest().commands(place, Job(machine.pythons[:size]), "")
    times = size // len(commands)
    beside = run(commands * times, place)
    return replace(matrix(machine, place, size), other_s=beside.elapsed_s)


SERIES: Sequence[Series] = (
    Series(
        "cached-steps",
        (100, 300, 1000),
        "0.075 R each, beyond a call",
        climbed,
        cached_steps,
        Limit(smallest=1, each=CACHED_STEP_R),
    ),
    Series(
        "new-steps",
        (100, 300, 1000),
        "0.225 R each, beyond a call",
        ladder,
        new_steps,
        Limit(smallest=1, each=NEW_STEP_R),
    ),
    Series(
        "cells",
        (1, 4, 8, 16),
        "pytest + 2.25 R for each cell",
        cells,
        edited_cells,
        Limit(other=1, each=CELL_R),
    ),
    Series(
        "files-unchanged",
        (100, 1_000, 10_000),
        "the smallest + 4.5 R",
        many_files,
        unchanged_files,
        Limit(smallest=1, once=SHORT_R),
    ),
    Series(
        "files-edited",
        (100, 1_000, 10_000),
        "the smallest + 4.5 R",
        many_files,
        edited_files,
        Limit(smallest=1, once=SHORT_R),
    ),
    Series(
        "megabytes",
        (10, 100, 1_000),
        "1.5 of `cp -r` and `sha256sum`, beyond the smallest",
        no_tree,
        new_tree,
        Limit(smallest=1, other=1.5),
    ),
)
