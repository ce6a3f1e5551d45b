"""When coverage is measured and how, and what is read from its report."""

import json

import pytest

from tests.unit.wheelwright.samples import locked, project
from wheelwright.environment.test_dependencies import TestDependencies, find
from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.project.model import Project
from wheelwright.testing.coverage import (
    command,
    configured,
    minimum,
    read,
    reporter,
    with_tool,
)
from wheelwright.testing.reports.model import FileCoverage

BASE = '[project]\nname = "demo-app"\nversion = "1"\n'
PYTEST = ("pytest", "--junit-xml=/reports/junit.xml", "-q")


def having(*lines: str, rest: str = "", files: dict[str, str] | None = None) -> Project:
    """Return a package with these test dependencies."""
    group = ", ".join(f'"{line}"' for line in lines)
    said = f"{BASE}[dependency-groups]\ntests = [{group}]\n{rest}"
    return project(said, files, names=("src/",))


def measuring(package: Project) -> tuple[TestDependencies, tuple[str, ...]]:
    """Return what is installed and run to measure."""
    wanted = with_tool(package, find(package, "3.12"), "3.12")
    return wanted, command(package, wanted, PYTEST)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (having("pytest"), False),
        (having("pytest", "pytest-cov>=5"), True),
        (having("pytest", "coverage[toml]"), True),
        (having("pytest", rest="[tool.coverage.run]\nbranch = true"), True),
        (having("pytest", files={".coveragerc": "[run]\nbranch = true"}), True),
        (having("pytest", files={"setup.cfg": "[coverage:run]\nbranch = true"}), True),
        (having("pytest", files={"setup.cfg": "[metadata]\nname = demo"}), False),
    ],
)
def test_coverage_is_measured_where_the_package_says_so(package: Project, expected: bool) -> None:
    """A tool among the test dependencies, or a configuration, is the package's wish."""
    assert expected is configured(package, find(package, "3.12"))


def test_tool_named_by_an_extra_of_the_package_itself_is_found() -> None:
    """`demo-app[cov]` in a group names the tools of that extra."""
    said = '[project.optional-dependencies]\ncov = ["pytest-cov"]'
    package = having("pytest", "demo-app[cov]", rest=said)
    assert configured(package, find(package, "3.12"))


def test_missing_tool_is_added_pinned() -> None:
    """Without a tool pytest-cov is added in a fixed version."""
    wanted, words = measuring(having("pytest"))
    assert wanted.added[0].startswith("pytest-cov==")
    assert ("pytest", "--cov=src", "--cov-report=", *PYTEST[1:], "--cov-fail-under=0") == words


def test_own_tool_is_taken_as_it_is() -> None:
    """pytest-cov among the test dependencies is not added a second time."""
    assert () == measuring(having("pytest", "pytest-cov"))[0].added


def test_coverage_alone_runs_pytest() -> None:
    """A package that has coverage without pytest-cov is run by coverage."""
    words = measuring(having("pytest", "coverage"))[1]
    assert ("coverage", "run", "-m", *PYTEST) == words


@pytest.mark.parametrize(
    ("rest", "files", "expected"),
    [
        ('[tool.coverage.run]\nsource = ["demo_app"]', {}, "--cov"),
        ("", {".coveragerc": "[run]\nsource = demo_app"}, "--cov"),
        ('[tool.pytest.ini_options]\naddopts = "--cov=demo_app"', {}, "--cov-report="),
        ("", {"pytest.ini": "[pytest]\naddopts = --cov=demo_app"}, "--cov-report="),
    ],
)
def test_configured_source_is_not_overruled(
    rest: str, files: dict[str, str], expected: str
) -> None:
    """What the package's own configuration measures stays what is measured."""
    package = having("pytest", "pytest-cov", rest=rest, files=files)
    assert expected == measuring(package)[1][1]


@pytest.mark.parametrize(
    ("rest", "files", "expected"),
    [
        ("", {}, 0.0),
        ("[tool.coverage.report]\nfail_under = 87.5", {}, 87.5),
        ("", {"setup.cfg": "[coverage:report]\nfail_under = 70"}, 70.0),
        ("", {".coveragerc": "[report]\nfail_under = 71"}, 71.0),
    ],
)
def test_minimum_is_the_projects_own(rest: str, files: dict[str, str], expected: float) -> None:
    """`fail_under` of any of coverage's files judges the total."""
    assert expected == minimum(having("pytest", rest=rest, files=files))


@pytest.mark.parametrize(
    ("rest", "files", "args", "expected"),
    [
        ('[tool.pytest.ini_options]\naddopts = "-q --cov-fail-under=90"', {}, (), 90.0),
        ('[tool.pytest]\naddopts = ["--cov-fail-under", "91"]', {}, (), 91.0),
        ("", {"setup.cfg": "[tool:pytest]\naddopts = --cov-fail-under=92"}, (), 92.0),
        ("", {"pytest.ini": "[pytest]\naddopts = --cov-fail-under=93"}, (), 93.0),
        (
            "",
            {"pytest.ini": "[pytest]\naddopts = --cov-fail-under=93"},
            ("--cov-fail-under=5",),
            5.0,
        ),
        ("", {"pytest.ini": '[pytest]\naddopts = "'}, (), 0.0),
        (
            "[tool.coverage.report]\nfail_under = 50",
            {"tox.ini": "[pytest]\naddopts = --cov-fail-under=94"},
            (),
            94.0,
        ),
    ],
)
def test_minimum_of_pytests_arguments_judges_the_total(
    rest: str, files: dict[str, str], args: tuple[str, ...], expected: float
) -> None:
    """`--cov-fail-under` is above coverage's own setting, and the caller's is above all."""
    assert expected == minimum(having("pytest", rest=rest, files=files), args)


def test_minimum_that_is_no_number_is_named() -> None:
    """A broken fail_under names its file."""
    package = having("pytest", files={".coveragerc": "[report]\nfail_under = all"})
    with pytest.raises(ProjectError, match=r"\.coveragerc: fail_under = 'all' is not a number"):
        minimum(package)


def test_reports_are_made_by_a_coverage_that_can() -> None:
    """The locked version combines, unless it is too old to write Markdown."""
    files = {"uv.lock": locked("coverage==7.4.0")}
    assert "coverage[toml]==7.4.0" == reporter(having("pytest", files=files), "3.12").requirement
    old = {"uv.lock": locked("coverage==6.5.0")}
    assert "6.5.0" != reporter(having("pytest", files=old), "3.12").version


def report(path: str) -> str:
    """Return coverage's JSON for one file, 3 of 4 statements and 1 of 2 branches covered."""
    summary = {
        "percent_covered": 66.6,
        "num_statements": 4,
        "missing_lines": 1,
        "num_branches": 2,
        "missing_branches": 1,
    }
    return json.dumps({"files": {path: {"summary": summary}}, "totals": {"percent_covered": 66.6}})


def test_report_has_a_file_with_its_statements_and_branches() -> None:
    """What is missing counts both."""
    found = read(report("packages/b/src/a.py"))
    assert (FileCoverage("packages/b/src/a.py", 66.6, 6, 2),) == found.files


def test_report_of_another_kind_is_named() -> None:
    """A JSON that is not coverage's is the tool's failure."""
    with pytest.raises(ToolFailed, match="is not coverage's report"):
        read('{"files": []}')
