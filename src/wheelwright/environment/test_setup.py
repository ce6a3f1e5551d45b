"""How the project says that it is tested: the commands, what they need, and who says so (pure).

The first that says something decides:

| command | when |
|---|---|
| `test` of [tool.wheelwright] | it is set |
| the runner's | tox, nox, hatch or PDM has a job that tests: see `runner_jobs.job_that_tests` |
| `pytest` | it is configured, a test dependency, or imported by a test module |
| `python -m unittest` | there are modules with tests of unittest |
| `pytest` | in any other case |
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from wheelwright.environment import runner_jobs, test_dependencies
from wheelwright.environment.test_dependencies import TestDependencies, passed_over
from wheelwright.errors import WheelwrightError
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.runners.calling import programs

PYTEST: Final = "pytest"
UNITTEST: Final = "unittest"

_TABLE: Final = "in [tool.wheelwright]"
_INI: Final = {"setup.cfg": "[tool:pytest]", "tox.ini": "[pytest]"}
_UNITTEST: Final = re.compile(r"^(?:import|from)[ \t]+unittest\b", re.MULTILINE)
_CASE: Final = re.compile(r"^class[ \t]+\w+\([^)\n]*TestCase\b", re.MULTILINE)
_LOAD_TESTS: Final = re.compile(r"^def[ \t]+load_tests\b", re.MULTILINE)
_OF_PYTEST: Final = re.compile(
    r"^(?:(?:import|from)[ \t]+pytest\b|(?:async[ \t]+)?def[ \t]+test)", re.MULTILINE
)
_CLASS: Final = re.compile(r"class[ \t]+Test\w*[:(]")
_METHOD: Final = re.compile(r"[ \t]+(?:async[ \t]+)?def[ \t]+test")


@dataclass(frozen=True, slots=True)
class TestSetup:
    """How the tests are run.

    Attributes:
        commands: command lines, one after the other; the first that fails ends them.
        workdir: where they run, from the root.
        variables: of their environment.
        place: who says so; empty where nobody does, and pytest is called.
        notes: what people should know about the choice, a sentence each.
    """

    __test__ = False

    commands: tuple[tuple[str, ...], ...]
    dependencies: TestDependencies
    workdir: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    notes: tuple[str, ...] = ()

    @property
    def tester(self) -> str:
        """The program whose tests are counted, "pytest" or "unittest"; empty for any other."""
        return tester(self.commands)


def tester(commands: Sequence[Sequence[str]]) -> str:
    """Return the program in command lines whose tests are counted; empty without one."""
    called = [each for command in commands for each in programs(command, nested=False)]
    return next((name for name in (PYTEST, UNITTEST) if name in called), "")


def find(
    project: Project,
    python: str,
    groups: Sequence[str] = (),
    extras: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> TestSetup:
    """Return how the tests are run on a Python.

    Raises:
        RequestError: an unknown group, extra or runner.
        ProjectError: the file that decides is broken.
    """
    dependencies = test_dependencies.find(project, python, groups, extras)
    settings = project.settings
    own = {**settings.env, **(variables or {})}
    choice = runner_jobs.job_that_tests(project, python)
    notes = choice.notes if choice else ()
    job = choice.job if choice else None
    if job is not None:
        own = {**job.variables, **own}
        notes += tuple(
            passed_over(job, each) for each in job.unread if each.subject != "requirements"
        )
    if settings.test:
        place = f"test {_TABLE}"
        found = TestSetup((settings.test,), dependencies, project.where, own, place, notes)
    elif job is not None and job.commands and not settings.pytest_args:
        found = TestSetup(job.commands, dependencies, job.workdir, own, str(job.place), notes)
    else:
        command = _own_command(project, dependencies)
        found = TestSetup((command,), dependencies, project.where, own, notes=notes)
    if found.tester != PYTEST:
        return replace(found, dependencies=replace(dependencies, added=()))
    return found


def _own_command(project: Project, dependencies: TestDependencies) -> tuple[str, ...]:
    """Return the command where no runner and no setting says it."""
    settings = project.settings
    if settings.pytest_args or settings.runner == PYTEST:
        return (PYTEST, *settings.pytest_args)
    if settings.runner == UNITTEST or not names_pytest(project, dependencies):
        return unittest_command(project) or (PYTEST,)
    return (PYTEST,)


def needs_modules(project: Project) -> bool:
    """Whether only the modules of the tests say what runs them."""
    settings = project.settings
    if settings.test or settings.pytest_args or _configures_itself(project):
        return False
    if configures_pytest(project) and not project.is_member:
        return False
    try:
        choice = runner_jobs.job_that_tests(project, DEFAULT_PYTHON)
        if choice is not None and choice.job.commands:
            return False
        found = test_dependencies.find(project, DEFAULT_PYTHON)
        return bool(found.added) or is_of_root(project, found)
    except WheelwrightError:
        # It is an error of whatever needs it.
        return True


def names_pytest(project: Project, dependencies: TestDependencies) -> bool:
    """Whether pytest is configured, installed, or used by a module of the tests."""
    return (
        configures_pytest(project)
        or not dependencies.added
        or any(map(_is_of_pytest, project.test_modules.values()))
    )


def _is_of_pytest(text: str) -> bool:
    """Whether a module has what only pytest runs: a class of its own counts only with a test."""
    if _OF_PYTEST.search(text):
        return True
    inside = False
    for line in text.splitlines():
        if line.startswith("class"):
            inside = bool(_CLASS.match(line)) and not _CASE.match(line)
        elif inside and _METHOD.match(line):
            return True
        elif line[:1] not in ("", " ", "\t", "#", ")"):
            inside = False
    return False


def is_of_root(project: Project, dependencies: TestDependencies) -> bool:
    """Whether only the root of a member's workspace says that there are tests.

    The root may have the tests of all its packages: only modules show that a member has its own.
    """
    own = not dependencies.added and not dependencies.root_groups
    return project.is_member and not own and not _configures_itself(project)


def configures_pytest(project: Project) -> bool:
    """Whether the project has a configuration of pytest."""
    return (
        _configures_itself(project)
        or project.configures("tool", "pytest")
        or "[tool:pytest]" in (project.text("setup.cfg") or "")
        or "[pytest]" in (project.text("tox.ini") or "")
        or any(path.endswith("/conftest.py") for path in project.test_modules)
    )


def _configures_itself(project: Project) -> bool:
    """Whether the package's own directory has a configuration of pytest."""
    own = {name: project.files.text(join(project.where, name)) or "" for name in _INI}
    return (
        project.package.has("tool", "pytest")
        or any(map(project.has, ("pytest.ini", ".pytest.ini", "pytest.toml", "conftest.py")))
        or any(section in own[name] for name, section in _INI.items())
    )


def cases(project: Project) -> list[str]:
    """Return the modules, from the root, that have tests of unittest."""
    return [
        path
        for path, text in sorted(project.test_modules.items())
        if _UNITTEST.search(text) and (_CASE.search(text) or _LOAD_TESTS.search(text))
    ]


def unittest_command(project: Project) -> tuple[str, ...]:
    """Return the command of unittest for the modules that have its tests; empty without any."""
    start = f"{project.where}/" if project.where else ""
    found = [path.removeprefix(start) for path in cases(project)]
    if not found:
        return ()
    base = ("python", "-m", UNITTEST)
    inside = [path for path in found if path.startswith("src/")]
    if inside:
        # unittest looks for no module there; the package is installed, so its name is enough.
        return (*base, *(path[len("src/") : -len(".py")].replace("/", ".") for path in inside))
    named = all(posixpath.basename(path).startswith("test") for path in found)
    pattern = () if named else ("-p", "*test*.py")
    tops = {path.partition("/")[0] for path in found if "/" in path}
    if len(tops) == 1 and len(tops) == len({path.partition("/")[0] for path in found}):
        (top,) = tops
        package = project.files.text(join(project.where, top, "__init__.py")) is not None
        if not package and not project.has(f"{top}/__init__.py"):
            return (*base, "discover", "-s", top, *pattern)
    return (*base, "discover", *pattern) if pattern else base
