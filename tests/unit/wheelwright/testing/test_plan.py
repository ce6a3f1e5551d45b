"""The one plan of a test run, made and compared without an engine."""

from __future__ import annotations

from tests.unit.wheelwright.samples import project
from wheelwright.project.model import Project
from wheelwright.testing import plan as plans
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions

CELL = Cell("", "3.12", "")
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
    assert "./up" in plan.command
    assert plan.command.index("./up") < plan.command.index("pytest")
    assert "./up" not in plan.pytest
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
    assert "./up" not in plan.command
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
