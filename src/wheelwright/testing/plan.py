"""The one plan of a test run: what is installed, which commands run, which servers it has (pure).

`test`, each cell of the matrix, the check of a release's files, and the scripts of native cells
carry out or print the same plan. So a plan can be compared and printed without an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from wheelwright.environment import plan as environments
from wheelwright.environment import services, test_setup
from wheelwright.environment.places import SOURCE
from wheelwright.environment.plan import Environment
from wheelwright.environment.services import Server
from wheelwright.environment.test_setup import TestSetup
from wheelwright.errors import RequestError
from wheelwright.project.arguments import argument
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import shortened
from wheelwright.testing import commands, coverage
from wheelwright.testing.cells import Cell
from wheelwright.testing.commands import Recorded

ARGS: Final = "Arguments for pytest; they replace those that the project gives it."
"""Help of an argument."""

_SIGNS: Final = (
    "no runner, no tests/ or test/, no configuration of pytest, pytest in no test dependencies, "
    "no modules with tests of unittest"
)


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
    env: list[str] = argument(
        "Variables of the tests, such as MODE=ci; above those that the project sets.", []
    )
    service: list[str] = argument(
        "Servers for the tests, such as postgres:16,redis:7. Default: [tool.wheelwright].", []
    )

    def cell(self, python: str) -> Cell:
        """Return the cell that the run is, on a Python."""
        groups, extras, services = map(tuple, (self.groups, self.extras, self.service))
        return Cell("", python, "", groups, extras, services)

    def options(self) -> TestOptions:
        """Return the rest of the run.

        Raises:
            RequestError: a variable without a name.
        """
        variables: dict[str, str] = {}
        for each in self.env:
            name, equals, value = each.partition("=")
            if not equals or not name:
                raise RequestError(f'invalid --env "{shortened(each)}"', "write it as NAME=VALUE")
            variables[name] = value
        return TestOptions(self.args, variables=variables)


@dataclass(frozen=True, slots=True)
class TestOptions:
    """The options of a run besides its cell.

    Attributes:
        args: arguments of pytest, in place of the project's.
        measure: whether to measure coverage; None measures where the project does.
        file: name of the built file under test; empty for the source.
        variables: above those of the project.
    """

    __test__ = False

    args: Sequence[str] = ()
    measure: bool | None = False
    file: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestPlan:
    """Everything that a run needs to know.

    Attributes:
        commands: of the tests, as they are written.
        workdir: container path that they run in.
        own: variables that the project and the caller set.
        history: whether the version comes from a history, which is copied onto the source.
        file: name of the built file under test; empty for the source.
        narrowed: whether the arguments may leave tests out.
        place: where the test dependencies come from, for people.
        says: the command and who says so, for people; empty for pytest where nobody does.
    """

    __test__ = False

    cell: Cell
    environment: Environment
    commands: tuple[tuple[str, ...], ...]
    place: str
    workdir: str = SOURCE
    own: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
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
        return f"{self._tester} on Python {self.cell.python}"

    @property
    def _tester(self) -> str:
        return test_setup.tester(self.commands) or "the tests"

    @property
    def recorded(self) -> Recorded:
        """The command of the container and its records, behind the migration."""
        found = commands.recorded(self.commands)
        if not self.servers:
            return found
        return replace(found, command=services.command(self.migrate, found.command))

    @property
    def variables(self) -> dict[str, str]:
        """Variables of the run only."""
        data = {coverage.FILE: f"{commands.REPORTS}/{coverage.DATA}"}
        return {**self.own, **(data if self.measured else {})}

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know about the run."""
        return (
            *(f"service: {server.image}" for server in self.servers),
            *self.environment.notes,
        )


def nothing_to_test(project: Project, cell: Cell) -> str:
    """Return why there is nothing to test, with what was looked for; empty where there is."""
    found = _setup(project, cell, TestOptions())
    if found.place or is_tested(project, found):
        return ""
    names = ", ".join(sorted(each.name for each in project.members.values()))
    others = f"; its workspace has {names}: pass --package" if names and not project.where else ""
    if project.is_member and project.root.project:
        others = "; the root of its workspace is tested without --package"
    return f"not configured: {project.name} has no tests ({_SIGNS}){others}"


_EARLIER: Final = frozenset({"--lf", "--last-failed"})
"""Arguments by which pytest runs what failed before, from files of its cache."""


def is_tested(project: Project, found: TestSetup) -> bool:
    """Whether there is any sign of tests."""
    if test_setup.is_of_root(project, found.dependencies):
        named = bool(project.test_modules)
    else:
        named = test_setup.names_pytest(project, found.dependencies)
    return (
        found.tester == test_setup.UNITTEST
        or named
        or bool(project.settings.pytest_args)
        or any(project.has(name) for name in ("tests/", "test/", "testing/"))
        or any(name.startswith("test_") and name.endswith(".py") for name in _top(project))
    )


def _top(project: Project) -> list[str]:
    return [name for name in project.files.under(project.where).names if "/" not in name]


def make(project: Project, cell: Cell, options: TestOptions, *, history: bool = False) -> TestPlan:
    """Plan one run.

    Args:
        project: the package, as its files describe it.
        cell: where it runs; an empty resolution is the default.
        options: the rest.
        history: whether the version can come from a history of this package.

    Raises:
        RequestError: an unknown group, extra or service; arguments that mean an earlier run.
        ProjectError: the package's files contradict each other.
    """
    if earlier := [each for each in options.args if each in _EARLIER]:
        raise RequestError(
            f"--args {earlier[0]}: a step has no files of an earlier run, so every test would run",
            "name the tests, as the line `again:` of the run that failed does: "
            "--args=tests/test_a.py::test_b (--rerun runs again what passed)",
        )
    # The check of a release's files starts no servers.
    images = () if options.file else cell.services or project.settings.services
    found = _setup(project, cell, options)
    wanted = found.dependencies
    lines = commands.with_arguments(found.commands, options.args)
    measured = coverage.configured(project, wanted) if options.measure is None else options.measure
    if measured and found.tester == test_setup.PYTEST:
        wanted = coverage.with_tool(project, wanted, cell.python)
        lines = coverage.commands(project, wanted, lines)
    locked = project.lock and not wanted.lines and cell.resolution in ("", "locked")
    environment = environments.plan(
        project,
        cell.python,
        wanted,
        history=history,
        resolution=cell.resolution,
        named=cell.image,
    )
    if found.notes:
        environment = replace(environment, notes=(*environment.notes, *found.notes))
    # What tox makes for itself is not the project's command.
    written = [line for line in lines if line[:1] != ("mkdir",)] or lines
    shown = "; ".join(shortened(" ".join(line)) for line in written)
    return TestPlan(
        cell=cell,
        environment=environment,
        commands=lines,
        workdir=join(SOURCE, found.workdir),
        own=found.variables,
        says=f"{shown}, {_by(found)}" if _by(found) else "",
        place=wanted.describe(", locked in uv.lock" if locked else ""),
        servers=services.servers(images),
        migrate=project.settings.migrate,
        history=history,
        file=options.file,
        measured=measured,
        # The second run against a built file names the whole package, and leaves nothing out.
        narrowed=bool(options.args) and not options.file,
    )


def _by(found: TestSetup) -> str:
    """Return who says what runs the tests, or that it is a guess; empty for pytest by default."""
    if not found.place and found.tester == test_setup.UNITTEST:
        return "a guess: test in [tool.wheelwright] names another"
    return f"from {found.place}" if found.place else ""


def with_args(plan: TestPlan, args: tuple[str, ...]) -> TestPlan:
    """Return the same plan with other arguments of pytest."""
    return replace(plan, commands=commands.with_arguments(plan.commands, args))


def _setup(project: Project, cell: Cell, options: TestOptions) -> TestSetup:
    return test_setup.find(project, cell.python, cell.groups, cell.extras, options.variables)
