"""The rows: what each changes before a run, what it runs, and what it must not exceed.

| kind | reset before each run |
|---|---|
| first | the package, its environments and all caches are new; the module is installed |
| edited | one file has contents that were never seen |
| unchanged | nothing: the same command ran before |
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .columns import Job, Place
from .figures import Goal
from .packages import Package, with_requirement

SHORT = 4.5
"""0.3 s on the machine on which the goals were set, in R."""

ADDED = "\n\ndef test_that_was_added():\n    assert {number} != 0\n"
RED = (
    "\n\ndef test_that_is_red():\n    import sys\n\n    assert sys.version_info[:2] != {version}\n"
)

ALL = ("pytest", "uv", "tox", "nox", "stiletto", "stiletto-idle-0")
RUNNERS = ALL[1:]
ENGINES = ALL[4:]


@dataclass(frozen=True)
class Scene:
    """One package, as it was prepared, and the Pythons it is tested on."""

    package: Package
    prepared: Path
    pythons: tuple[str, ...]

    @property
    def one(self) -> tuple[str, ...]:
        """The Python of rows that take a single one."""
        return self.pythons[-1:]


CACHES, WHEELS = "caches", "wheels"
"""What is emptied: all, or all but the wheels."""

MORE = "wcwidth==0.2.{number}"
"""A package that the tests do not need, as a requirement: each version is a changed dependency."""
VERSIONS = 13

Change = Callable[[Scene, Place, int], None]


def nothing(scene: Scene, place: Place, number: int) -> None:
    """Leave the package as it is."""


def edit_test(scene: Scene, place: Place, number: int) -> None:
    """Add a test that was never there."""
    _append(scene, place, scene.package.test, ADDED.format(number=number + 1))


def edit_source(scene: Scene, place: Place, number: int) -> None:
    """Add a line to a module of the package."""
    _append(scene, place, scene.package.source, f"\n\n_BENCHMARK = {number}\n")


def make_red(scene: Scene, place: Place, number: int) -> None:
    """Add a test that fails on one Python."""
    version = tuple(map(int, scene.one[0].split(".")))
    _append(scene, place, scene.package.test, RED.format(version=version))


def change_dependency(scene: Scene, place: Place, number: int) -> None:
    """Give the tests another version of a package that they do not need, locked."""
    requirement = MORE.format(number=1 + number % VERSIONS)
    changed = scene.prepared.with_name(requirement)
    if not changed.exists():
        shutil.copytree(scene.prepared, changed)
        project = changed / "pyproject.toml"
        text = with_requirement(project.read_text(encoding="utf-8"), requirement)
        project.write_text(text, encoding="utf-8")
        if place.locked:
            words = ("uv", "lock", "--quiet")
            subprocess.run(words, cwd=changed, env=dict(place.environ), check=True)
    for name in ("pyproject.toml", "uv.lock"):
        if (changed / name).exists():
            shutil.copyfile(changed / name, place.package / name)


def _append(scene: Scene, place: Place, name: str, text: str) -> None:
    before = (scene.prepared / name).read_text(encoding="utf-8")
    (place.package / name).write_text(before + text, encoding="utf-8")


def restore(scene: Scene, place: Place) -> None:
    """Give every file back that a row changes."""
    names = (scene.package.source, scene.package.test, "pyproject.toml", "uv.lock")
    for name in names:
        if (scene.prepared / name).exists():
            shutil.copyfile(scene.prepared / name, place.package / name)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        columns: who runs it.
        change: what is done before each run, unmeasured.
        once: whether the change is made only once, before a run that is not measured.
        fresh: what is emptied before each run: nothing, environments and caches (`CACHES`), or
            environments and results while downloaded wheels stay (`WHEELS`).
        job: what is run.
        goal: of the column that is judged.
        packages: names; empty for all.
    """

    name: str
    reset: str
    columns: Sequence[str]
    job: Callable[[Scene], Job]
    goal: Goal | None
    change: Change = nothing
    once: bool = False
    fresh: str = ""
    packages: Sequence[str] = ()
    judged: str = "stiletto"


def one(scene: Scene) -> Job:
    """Test on one Python."""
    return Job(scene.one)


def matrix(scene: Scene) -> Job:
    """Test on all Pythons."""
    return Job(scene.pythons)


def new(scene: Scene) -> Job:
    """Test on all Pythons, whose environments have to be made."""
    return Job(scene.pythons, warm=False)


def call(*words: str) -> Callable[[Scene], Job]:
    """Call a function of the module; `{python}` and `{out}` are replaced."""
    return lambda scene: Job(
        scene.one, call=tuple(each.format(python=scene.one[0]) for each in words)
    )


UNCHANGED = {
    "ci": ("call", "ci", "--python", "{python}"),
    "build": ("call", "build", "-o", "{{out}}"),
    "reports": ("call", "test-run", "--python", "{python}", "reports", "-o", "{{out}}"),
    "plan": ("call", "matrix", "--plan"),
    "functions": ("functions",),
    "check": ("check", "-l"),
}

ROWS: Sequence[Row] = (
    Row(
        "first",
        "no environment, no cache; the module is installed",
        RUNNERS,
        new,
        Goal("uv"),
        fresh=CACHES,
    ),
    Row(
        "first-downloaded",
        "no environment and no result; the wheels are downloaded",
        RUNNERS,
        new,
        Goal("uv"),
        fresh=WHEELS,
    ),
    Row(
        "dependency",
        "the tests need another version of one package",
        RUNNERS,
        new,
        Goal("uv", factor=1.1),
        change_dependency,
    ),
    Row(
        "edited-test",
        "a test that was never there",
        ALL,
        one,
        Goal("pytest", reference=SHORT),
        edit_test,
    ),
    Row(
        "edited-test-matrix",
        "a test that was never there",
        RUNNERS,
        matrix,
        Goal("uv", reference=7.5),
        edit_test,
    ),
    Row(
        "edited-source",
        "a module of the package has another line",
        ALL,
        one,
        Goal("pytest", reference=SHORT),
        edit_source,
    ),
    Row("unchanged-test", "nothing", RUNNERS, one, Goal(reference=SHORT)),
    Row("unchanged-matrix", "nothing", RUNNERS, matrix, Goal(reference=SHORT)),
    *(
        Row(
            f"unchanged-{name}",
            "nothing",
            ENGINES,
            call(*words),
            Goal(reference=SHORT),
            packages=("millrace",),
        )
        for name, words in UNCHANGED.items()
    ),
    Row(
        "red-read-test",
        "nothing; a test is red",
        ENGINES,
        call("call", "test-run", "--python", "{python}", "verdict"),
        Goal(reference=9),
        make_red,
        once=True,
    ),
    Row(
        "red-matrix",
        "nothing; a test of one Python is red",
        ALL,
        matrix,
        Goal("pytest", reference=SHORT),
        make_red,
        once=True,
    ),
    Row(
        "dagger",
        "nothing; Dagger's engine",
        ("dagger", "dagger-empty"),
        one,
        Goal("dagger-empty", factor=1.3),
        packages=("millrace",),
        judged="dagger",
    ),
    Row(
        "versions",
        "a module of the package has another line",
        ENGINES,
        call("call", "versions"),
        Goal(reference=7.5),
        edit_source,
    ),
)
