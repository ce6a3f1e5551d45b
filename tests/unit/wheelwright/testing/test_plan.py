"""The one plan of a test run, made and compared without an engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, fixture, project
from wheelwright.environment.test_setup import needs_modules
from wheelwright.errors import RequestError
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe
from wheelwright.testing import plan as plans
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions, TestRequest

CELL = Cell("", "3.12", "")
BARE = '[project]\nname = "demo"\nversion = "1"\n'
NOX = """\
import nox

@nox.session(venv_backend="none")
def tests(session):
    session.run("coverage", "run", "-m", "pytest", "tests", env={"MODE": "nox"})
    session.run("coverage", "report")
"""
BASE = '[project]\nname = "demo-app"\nversion = "1"\n[dependency-groups]\ntests = ["pytest"]\n'
WITH_SERVER = f'{BASE}[tool.wheelwright]\nservices = ["postgres:16"]\nmigrate = ["./up"]\n'


def package(text: str = BASE) -> Project:
    """Return a package with these tables."""
    return project(text, names=("src/", "tests/"))


def test_equal_questions_have_equal_plans() -> None:
    """A plan is data: two made from the same are the same."""
    one, two = (plans.make(package(), CELL, TestOptions()) for _ in range(2))

    assert one == two


def test_each_part_of_the_question_changes_the_plan() -> None:
    """Python, resolution, arguments, coverage, history and the file under test all count."""
    plain = plans.make(package(), CELL, TestOptions())
    others = [
        plans.make(package(), Cell("", "3.13", ""), TestOptions()),
        plans.make(package(), Cell("", "3.12", "lowest-direct"), TestOptions()),
        plans.make(package(), CELL, TestOptions(("-x",))),
        plans.make(package(), CELL, TestOptions(measure=True)),
        plans.make(package(), CELL, TestOptions(file="demo_app-1-py3-none-any.whl")),
        plans.make(package(), CELL, TestOptions(), history=True),
    ]

    assert plain not in others


def test_the_migration_runs_before_the_tests_of_a_package_with_servers() -> None:
    """One command does both; the bare one of pytest stays in it."""
    plan = plans.make(package(WITH_SERVER), CELL, TestOptions())

    assert ["postgres:16"] == [server.image for server in plan.servers]
    command = plan.recorded.command
    assert "./up" in command
    assert command.index("./up") < command.index("pytest")
    assert (("pytest",),) == plan.commands
    assert "service: postgres:16" in plan.notes


def test_services_of_a_cell_replace_those_of_the_package() -> None:
    """A cell that names a server gets that one alone."""
    cell = Cell("x", "3.12", "", services=("redis:7",))
    plan = plans.make(package(WITH_SERVER), cell, TestOptions())

    assert ["redis:7"] == [server.image for server in plan.servers]


def test_a_built_file_is_tested_without_servers_and_by_its_name() -> None:
    """The check of a release starts no server; errors name the file."""
    plan = plans.make(package(WITH_SERVER), CELL, TestOptions(file="demo.whl"))

    assert () == plan.servers
    assert "./up" not in plan.recorded.command
    assert "tests against demo.whl" == plan.name


def test_arguments_narrow_a_run_of_the_source_alone() -> None:
    """Arguments may leave tests out; those for a built file name all of it."""
    source = plans.make(package(), CELL, TestOptions(("-k", "x")))
    built = plans.make(package(), CELL, TestOptions(("--pyargs", "demo_app"), file="demo.whl"))

    assert source.narrowed
    assert not built.narrowed


def test_data_of_coverage_goes_among_the_reports() -> None:
    """Only a run that measures has the variable."""
    measured = plans.make(package(), CELL, TestOptions(measure=True))
    asked = plans.make(package(f"{BASE}[tool.coverage.run]\n"), CELL, TestOptions(measure=None))

    assert {"COVERAGE_FILE": "/reports/coverage.data"} == measured.variables
    assert measured.variables == asked.variables
    assert {} == plans.make(package(), CELL, TestOptions()).variables


def test_callers_arguments_replace_the_configured_ones() -> None:
    """pytest-args of [tool.wheelwright] are used until the caller gives arguments."""
    described = project(LIKE_CLICK + '[tool.wheelwright]\npytest-args = ["tests/unit"]\n')
    assert (("pytest", "tests/unit"),) == plans.make(described, CELL, TestOptions()).commands
    assert (("pytest", "-k", "x"),) == plans.make(
        described, CELL, TestOptions(["-k", "x"])
    ).commands


def test_commands_and_variables_of_a_runner_are_taken() -> None:
    """A session of nox runs as it is written; what measures it leaves its own reports out."""
    text = BARE + '[dependency-groups]\ntest = ["pytest", "coverage"]\n'
    described = project(text, {"noxfile.py": NOX})
    plan = plans.make(described, CELL, TestOptions())
    first = ("coverage", "run", "-m", "pytest", "tests")
    assert (first, ("coverage", "report")) == plan.commands
    assert {"MODE": "nox"} == plan.variables
    assert "coverage run -m pytest tests; coverage report, from noxfile.py:4 tests" == plan.says
    measured = plans.make(described, CELL, TestOptions(measure=True))
    assert (first,) == measured.commands


def test_a_guessed_command_is_said() -> None:
    """A project may have a program of its own that only its workflow calls."""
    case = "import unittest\nclass A(unittest.TestCase): pass\n"
    described = replace(project(BARE), test_modules={"tests/test_a.py": case})
    plan = plans.make(described, CELL, TestOptions())

    assert (
        "python -m unittest discover -s tests, a guess: test in [tool.wheelwright] names another"
    ) == plan.says
    assert "" == plans.make(package(), CELL, TestOptions()).says


def test_variables_of_the_caller_stand_above_those_of_the_settings() -> None:
    """--env wins over `env` of [tool.wheelwright], and that over the runner's."""
    text = BARE + '[tool.wheelwright]\nenv = { MODE = "set", MORE = "1" }\n'
    described = project(text, {"noxfile.py": NOX})
    assert {"MODE": "set", "MORE": "1"} == plans.make(described, CELL, TestOptions()).variables
    asked = TestRequest(groups=[], extras=[], args=[], env=["MODE=a=b"], service=[])
    plan = plans.make(described, asked.cell("3.12"), asked.options())
    assert {"MODE": "a=b", "MORE": "1"} == plan.variables
    with pytest.raises(RequestError, match='invalid --env "MODE"'):
        TestRequest(groups=[], extras=[], args=[], env=["MODE"], service=[]).options()


def said(described: Project) -> str:
    """Ask whether there is anything to test."""
    return plans.nothing_to_test(described, CELL)


@pytest.mark.parametrize(
    ("pyproject", "files", "names", "expected"),
    [
        (BARE, {}, (), False),
        (BARE, {}, ("tests/",), True),
        (BARE, {}, ("test_demo.py",), True),
        (BARE, {"pytest.ini": ""}, (), True),
        (BARE, {"tox.ini": "[pytest]\n"}, (), True),
        (BARE, {"setup.cfg": "[tool:pytest]\n"}, (), True),
        (BARE + "[tool.pytest.ini_options]\n", {}, (), True),
        (BARE + "[tool.pytest]\nminversion = '9'\n", {}, (), True),
        (BARE + '[dependency-groups]\ndev = ["pytest>=8"]\n', {}, (), True),
        (BARE + '[dependency-groups]\ndev = ["ruff"]\n', {}, (), False),
        (BARE + '[project.optional-dependencies]\ntest = ["pytest>=8"]\n', {}, (), True),
        (BARE + '[tool.wheelwright]\ntest = ["./check"]\n', {}, (), True),
        (BARE, {"noxfile.py": NOX}, (), True),
    ],
)
def test_signs_of_tests(
    pyproject: str, files: dict[str, str], names: tuple[str, ...], expected: bool
) -> None:
    """A directory, a file or a configuration is a sign of tests; without one it is said."""
    why = said(project(pyproject, files, names=names))
    assert expected is (why == "")
    assert expected or why.startswith("not configured: demo has no tests (no runner, ")


@pytest.mark.parametrize(
    ("own", "names", "modules", "expected"),
    [
        ("", (), {}, False),
        ("", ("a/tests/",), {}, True),
        ("", (), {"a/inner/test_a.py": "def test_a(): pass\n"}, True),
        ("", ("a/pytest.ini",), {}, True),
        ("[tool.pytest.ini_options]\n", (), {}, True),
        ('[dependency-groups]\ntest = ["pytest"]\n', (), {}, True),
    ],
)
def test_a_member_has_tests_of_its_own(
    own: str, names: tuple[str, ...], modules: dict[str, str], expected: bool
) -> None:
    """What the root of its workspace configures and installs may be for the root's tests alone."""
    root = (
        BARE + "[tool.pytest.ini_options]\n[tool.uv.workspace]\nmembers = ['a']\n"
        "[dependency-groups]\ndev = ['pytest']\n"
    )
    member = BARE.replace("demo", "inner") + own
    files = Snapshot({"pyproject.toml": root, "a/pyproject.toml": member}, frozenset(names))
    described = describe(files, "a", {"a": member})
    assert own or names or needs_modules(described)
    why = said(replace(described, test_modules=modules))

    assert expected is (why == "")
    assert expected or why.endswith("; the root of its workspace is tested without --package")


def test_workspace_root_without_tests_names_its_members() -> None:
    """At a workspace's root the line says which packages there are to choose from."""
    assert said(fixture("workspace")).endswith(
        "; its workspace has quay-crane, quay-rope: pass --package"
    )


@pytest.mark.parametrize("argument", ["--lf", "--last-failed"])
def test_arguments_that_mean_an_earlier_run_are_refused(argument: str) -> None:
    """With no cache of pytest everything would run; the error has what runs them."""
    with pytest.raises(RequestError) as caught:
        plans.make(package(), Cell("", "3.12", ""), TestOptions(("-q", argument)))
    assert (
        f"--args {argument}: a step has no files of an earlier run, so every test would run; name "
        "the tests, as the line `again:` of the run that failed does: "
        "--args=tests/test_a.py::test_b (--rerun runs again what passed)"
    ) == str(caught.value)
