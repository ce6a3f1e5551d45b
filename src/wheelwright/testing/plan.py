"""The one plan of a test run: what is installed, which command runs, which servers it has (pure).

`test`, each cell of the matrix, the check of a release's files, and the scripts of native cells
carry out or print the same plan. So a plan can be compared and printed without an engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from wheelwright.environment import plan as environments
from wheelwright.environment import services, test_dependencies
from wheelwright.environment.plan import Environment
from wheelwright.environment.services import Server
from wheelwright.environment.test_dependencies import TestDependencies
from wheelwright.project.arguments import argument
from wheelwright.project.model import Project
from wheelwright.testing import coverage, run
from wheelwright.testing.cells import Cell

ARGS: Final = "Arguments for pytest; they replace pytest-args of [tool.wheelwright]."
"""Help of an argument."""


@dataclass(frozen=True)
class TestRequest:
    """The arguments of `test`: what a run has beside the package, and what pytest gets."""

    __test__ = False

    groups: list[str] = argument(
        "Dependency groups to install instead of the place found in the package's files.", []
    )
    extras: list[str] = argument(
        "Extras of the package to install beside its test dependencies.", []
    )
    args: list[str] = argument(ARGS, [])
    service: list[str] = argument(
        "Servers for the tests, such as postgres:16,redis:7. Default: [tool.wheelwright].", []
    )

    def cell(self, python: str) -> Cell:
        """Return the cell that the run is, on a Python."""
        groups, extras, services = map(tuple, (self.groups, self.extras, self.service))
        return Cell("", python, "", groups, extras, services)


@dataclass(frozen=True, slots=True)
class TestOptions:
    """The options of a run besides its cell.

    Attributes:
        args: arguments of pytest, in place of the configured ones.
        measure: whether to measure coverage; None measures where the project does.
        file: name of the built file under test; empty for the source.
    """

    __test__ = False

    args: Sequence[str] = ()
    measure: bool | None = False
    file: str = ""


@dataclass(frozen=True, slots=True)
class TestPlan:
    """Everything that a run needs to know.

    Attributes:
        pytest: pytest's command line, or the one that measures it.
        history: whether the version comes from a history, which is copied onto the source.
        file: name of the built file under test; empty for the source.
        narrowed: whether the arguments may leave tests out.
        place: where the test dependencies come from, for people.
    """

    __test__ = False

    cell: Cell
    environment: Environment
    pytest: tuple[str, ...]
    place: str
    servers: tuple[Server, ...] = ()
    migrate: tuple[str, ...] = ()
    history: bool = False
    file: str = ""
    measured: bool = False
    narrowed: bool = False

    @property
    def name(self) -> str:
        """The run's name in steps and errors."""
        if self.file:
            return f"tests against {self.file}"
        return f"pytest on Python {self.cell.python}"

    @property
    def command(self) -> tuple[str, ...]:
        """The command of the container: with the plugin that records, behind the migration."""
        recorded = run.recorded(self.pytest)
        return services.command(self.migrate, recorded) if self.servers else recorded

    @property
    def variables(self) -> dict[str, str]:
        """Variables of the run only."""
        data = {coverage.FILE: f"{run.REPORTS}/{coverage.DATA}"}
        return data if self.measured else {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know about the run."""
        return (
            *(f"service: {server.image}" for server in self.servers),
            *self.environment.notes,
        )


def nothing_to_test(project: Project, cell: Cell) -> str:
    """Return why there is nothing to test, with what was looked for; empty where there is."""
    return run.configured(project, _wanted(project, cell))


def make(project: Project, cell: Cell, options: TestOptions, *, history: bool = False) -> TestPlan:
    """Plan one run.

    Args:
        project: the package, as its files describe it.
        cell: where it runs; an empty resolution is the default.
        options: the rest.
        history: whether the version can come from a history of this package.

    Raises:
        RequestError: an unknown group, extra or service.
        ProjectError: the package's files contradict each other.
    """
    # The check of a release's files starts no servers.
    images = () if options.file else cell.services or project.settings.services
    wanted = _wanted(project, cell)
    measured = coverage.configured(project, wanted) if options.measure is None else options.measure
    pytest = run.command(project, options.args)
    if measured:
        wanted = coverage.with_tool(project, wanted, cell.python)
        pytest = coverage.command(project, wanted, pytest)
    locked = project.lock and not wanted.lines and cell.resolution in ("", "locked")
    return TestPlan(
        cell=cell,
        environment=environments.plan(
            project, cell.python, wanted, history=history, resolution=cell.resolution
        ),
        pytest=pytest,
        place=wanted.describe(", locked in uv.lock" if locked else ""),
        servers=services.servers(images),
        migrate=project.settings.migrate,
        history=history,
        file=options.file,
        measured=measured,
        # The second run against a built file names the whole package, and leaves nothing out.
        narrowed=bool(options.args) and not options.file,
    )


def with_args(plan: TestPlan, project: Project, args: tuple[str, ...]) -> TestPlan:
    """Return the same plan with other arguments of pytest."""
    return replace(plan, pytest=run.command(project, args))


def _wanted(project: Project, cell: Cell) -> TestDependencies:
    return test_dependencies.find(project, cell.python, cell.groups, cell.extras)
