"""Who runs the tests: one column of the table each, at the best settings of its program.

A column plans commands and reads what they left; it runs nothing. All write a JUnit report, as
Wheelwright does, so that the arguments of pytest are the same and outcomes can be compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

from tests.e2e.bench import REPOSITORY, stiletto_program

from .packages import GROUP

OUTCOMES = ("passed", "failed", "error", "errors", "skipped", "xfailed", "xpassed")
COUNTS = re.compile(rf"\d+ (?:{'|'.join(OUTCOMES)})(?:, \d+ (?:{'|'.join(OUTCOMES)}))*")
CELL = re.compile(r"^(?P<cell>\d\.\d+\S*) +(?:passed|failed) ", re.MULTILINE)

ONLY = ("--no-default-groups", "--group", GROUP)
"""What uv installs: the same for each column. In pyproject.toml it would be a part of uv.lock."""

Counts = Mapping[str, Mapping[str, int]]
"""Python -> outcome -> number of tests."""


@dataclass(frozen=True)
class Place:
    """Where a column works: its own copy of the package, home and caches, and the peers' programs.

    Attributes:
        at: the directory; `package`, `home`, `uv`, `store` and `reports` are in it.
        environ: of every command.
        locked: whether the package came with a uv.lock.
    """

    at: Path
    environ: Mapping[str, str]
    locked: bool = True

    @property
    def package(self) -> Path:
        """The copy of the package."""
        return self.at / "package"

    @property
    def reports(self) -> Path:
        """The directory of the JUnit reports."""
        return self.at / "reports"


@dataclass(frozen=True)
class Job:
    """What is run: the tests on some Pythons, or any other call of the module.

    Attributes:
        pythons: more than one are a matrix.
        warm: the environments exist and their dependencies have not changed.
        call: a command line of `stiletto`, in place of the tests.
    """

    pythons: tuple[str, ...]
    warm: bool = True
    call: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """One process: its arguments, and variables of its own."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


class Column(Protocol):
    """One way to run the tests."""

    @property
    def name(self) -> str:
        """The heading of the column."""
        ...

    @property
    def settings(self) -> Sequence[str]:
        """What it can be run with: the fastest is taken, before the first round."""
        ...

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Write the files that it reads into its copy of the package."""

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Return what to run, all at once."""
        ...

    def counts(self, place: Place, job: Job, printed: str) -> Counts | None:
        """Return what the run counted; None where nothing is to be counted."""
        ...


class Reports:
    """Columns that leave a JUnit report for each Python."""

    def counts(self, place: Place, job: Job, printed: str) -> Counts:
        """Read the reports."""
        return {
            python: junit_counts(place.reports / f"{python}.xml")
            for python in job.pythons
            if (place.reports / f"{python}.xml").exists()
        }


def junit_counts(report: Path) -> Mapping[str, int]:
    """Return the outcomes of pytest's JUnit report, by pytest's names."""
    counts: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag: child.get("type", "") for child in case}
        if "failure" in kinds or "error" in kinds:
            counts["failed"] += 1
        elif "skipped" in kinds:
            counts["xfailed" if kinds["skipped"] == "pytest.xfail" else "skipped"] += 1
        else:
            counts["passed"] += 1
    return dict(counts)


class Pytest(Reports):
    """pytest in an environment that exists: what nothing can be faster than."""

    name = "pytest"
    settings: Sequence[str] = ("",)

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Nothing: `uv sync` makes its environments before the first round."""

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Start the environments' pytest."""
        if not job.warm:
            return Uv().commands(place, job, setting)
        return [
            Command((str(place.at / f"venv-{each}" / "bin" / "python"), "-m", *pytest(place, each)))
            for each in job.pythons
        ]


class Uv(Reports):
    """A loop over `uv run`, all environments at once."""

    name = "uv"
    settings: Sequence[str] = ("",)

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Nothing: there is no configuration."""

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Start one `uv run` for each Python; `--frozen` where there is a lock."""
        frozen = ("--frozen",) if place.locked else ()
        return [
            Command(
                ("uv", "run", "--quiet", *frozen, *ONLY, "--python", each, *pytest(place, each)),
                {"UV_PROJECT_ENVIRONMENT": str(place.at / f"venv-{each}")},
            )
            for each in job.pythons
        ]


class Tox(Reports):
    """tox with tox-uv; the package is installed in editable mode, locked where there is a lock."""

    name = "tox"
    settings: Sequence[str] = ("auto", "all")

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Write tox.ini."""
        lines = (
            "[tox]",
            f"env_list = {','.join(map(_tox, pythons))}",
            "[testenv]",
            f"runner = uv-venv{'-lock' if place.locked else ''}-runner",
            "package = editable",
            "uv_sync_locked = false",
            "uv_sync_flags = --frozen",
            f"dependency_groups = {GROUP}",
            *(line for each in pythons for line in _tox_cell(place, each)),
        )
        (place.package / "tox.ini").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Run its environments side by side; installed ones are not looked at again."""
        installed = ("--skip-pkg-install", "--skip-env-install") if job.warm else ()
        names = ("-e", ",".join(map(_tox, job.pythons)))
        if len(job.pythons) == 1:
            return [Command(("tox", "run", *names, *installed))]
        side = ("run-parallel", "--parallel", setting, "--parallel-no-spinner")
        return [Command(("tox", *side, *names, *installed))]


def _tox(python: str) -> str:
    return f"py{python.replace('.', '')}"


def _tox_cell(place: Place, python: str) -> Sequence[str]:
    """Return the section of one environment, which names its report."""
    return (f"[testenv:{_tox(python)}]", f"commands = {' '.join(pytest(place, python))}")


NOX = """\
import nox


@nox.session(python={pythons!r}, venv_backend="uv", reuse_venv=True)
def tests(session):
    environ = {{"UV_PROJECT_ENVIRONMENT": session.virtualenv.location}}
    session.run_install("uv", "sync", "--quiet", *{flags!r}, env=environ)
    session.run("pytest", f"--junit-xml={reports}/{{session.python}}.xml")
"""


class Nox(Reports):
    """nox with uv: a session for each Python that calls `uv sync`."""

    name = "nox"
    settings: Sequence[str] = ("auto", "4")

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Write noxfile.py."""
        flags = [*(["--frozen"] if place.locked else []), *ONLY]
        text = NOX.format(pythons=[*pythons], flags=flags, reports=place.reports)
        (place.package / "noxfile.py").write_text(text, encoding="utf-8")

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Run its sessions side by side; installed ones are not looked at again."""
        reused = ("-R",) if job.warm else ("-r",)
        names = [f"tests-{each}" for each in job.pythons]
        side = ("-j", setting, "--allow-parallel") if len(names) > 1 else ()
        return [Command(("nox", *reused, *side, "--no-stop-on-first-error", "-s", *names))]


@dataclass(frozen=True)
class Stiletto:
    """The module on the embedded engine.

    Attributes:
        kept: whether a process of the module may stay between commands.
        module: the directory with dagger.json.
    """

    name: str = "stiletto"
    kept: bool = True
    module: Path = REPOSITORY
    program: tuple[str, ...] = (*stiletto_program(),)
    settings: Sequence[str] = ("",)

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Nothing: it reads the package as it is."""

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Call `test` for one Python, else `matrix`."""
        variables = {} if self.kept else {"STILETTO_IDLE": "0"}
        if job.call:
            return [Command((*self.program, *self._with_module(place, job.call)), variables)]
        function = "test" if len(job.pythons) == 1 else "matrix"
        call = ("call", function, "--python", ",".join(job.pythons))
        return [Command((*self.program, *self._with_module(place, call)), variables)]

    def _with_module(self, place: Place, call: Sequence[str]) -> Sequence[str]:
        """Put the module, and the package, where a command line has them."""
        command, *rest = call
        # Other modules have no such argument; other commands take the directory they are in.
        reads = self.module == REPOSITORY and command == "call"
        source = ("--source", str(place.package)) if reads else ()
        return (command, "--progress=plain", "-m", str(self.module), *source, *rest)

    def counts(self, place: Place, job: Job, printed: str) -> Counts:
        """Read the table of a matrix, or the line of `test`."""
        if len(job.pythons) == 1 and not job.call:
            return {job.pythons[0]: printed_counts(printed)}
        cells = {found["cell"]: found.end() for found in CELL.finditer(printed)}
        return {cell: printed_counts(printed[end:]) for cell, end in cells.items()}


def printed_counts(text: str) -> Mapping[str, int]:
    """Return the first counts in a text, such as `4 passed, 1 skipped`."""
    found = COUNTS.search(text)
    counts: Counter[str] = Counter()
    for part in found[0].split(", ") if found else ():
        number, _, name = part.partition(" ")
        counts["failed" if name.startswith("error") else name] += int(number)
    return dict(counts)


def pytest(place: Place, python: str) -> Sequence[str]:
    """Return pytest with the arguments that every column gives it."""
    return ("pytest", f"--junit-xml={place.reports}/{python}.xml")


EMPTY = {
    "dagger.json": '{"name": "empty", "engineVersion": "v0.21.8", "sdk": {"source": "python"}}\n',
    "pyproject.toml": '[project]\nname = "empty"\nversion = "0"\ndependencies = ["dagger-io"]\n',
    "src/empty/__init__.py": (
        "from dagger import function, object_type\n\n\n@object_type\nclass Empty:\n"
        "    @function\n    def nothing(self) -> int:\n        return 0\n"
    ),
}


class DaggerEmpty:
    """A call of a module that has one function and does nothing: what Dagger costs by itself."""

    name = "dagger-empty"
    settings: Sequence[str] = ("",)

    def configure(self, place: Place, pythons: Sequence[str]) -> None:
        """Write the module."""
        for name, text in EMPTY.items():
            (place.at / "empty" / name).parent.mkdir(parents=True, exist_ok=True)
            (place.at / "empty" / name).write_text(text, encoding="utf-8")

    def commands(self, place: Place, job: Job, setting: str) -> list[Command]:
        """Call its function."""
        module = str(place.at / "empty")
        return [Command(("dagger", "call", "--progress=plain", "-m", module, "nothing"))]

    def counts(self, place: Place, job: Job, printed: str) -> None:
        """Return None: no test runs."""
        return


PEERS: tuple[Column, ...] = (Pytest(), Uv(), Tox(), Nox())
ENGINES: tuple[Column, ...] = (Stiletto(), Stiletto(name="stiletto-idle-0", kept=False))
DAGGER: tuple[Column, ...] = (Stiletto(name="dagger", program=("dagger",)), DaggerEmpty())
"""Measured where an engine answers."""
