"""One run of pytest: its command, and what its reports and exit code mean."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from samples import LIKE_CLICK, fixture, project

from wheelwright.errors import GateFailed, ToolFailed
from wheelwright.project.model import Project
from wheelwright.testing.dependencies import find
from wheelwright.testing.run import Run, command, configured, read_junit

BARE = '[project]\nname = "demo"\nversion = "1"\n'
SUITE = """\
def test_good(): pass
def test_bad(): assert 1 == 2
def test_error(broken): pass
import pytest
@pytest.fixture
def broken(): raise ValueError("no fixture today")
@pytest.mark.skip
def test_skipped(): pass
"""


def pytest_run(directory: Path, suite: str, *args: str) -> Run:
    """Run the real pytest over a file and read its report as the module does."""
    (directory / "test_it.py").write_text(suite)
    report = directory / "junit.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junit-xml={report}", *args],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        # This project's own plugins have no part in it, and cost more than the run.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    counts = read_junit(report.read_text()) if report.exists() else None
    narrowed = bool(args)
    return Run("demo", "Python 3.12.1", done.returncode, counts, "here", (), done.stdout, narrowed)


def test_report_of_a_real_run(tmp_path: Path) -> None:
    """Counts and reasons come from the report that pytest itself writes."""
    run = pytest_run(tmp_path, SUITE)
    assert run.counts is not None
    assert (4, 1, 1, 1, 1) == (
        run.counts.tests,
        run.counts.passed,
        run.counts.failed,
        run.counts.errors,
        run.counts.skipped,
    )
    assert [
        ("test_it::test_bad", "assert 1 == 2"),
        ("test_it::test_error", 'failed on setup with "ValueError: no fixture today"'),
    ] == [(failure.name, failure.reason) for failure in run.counts.failures]


def test_failed_run_is_an_error_with_the_failures_and_the_end_of_the_log(tmp_path: Path) -> None:
    """A failed run's message has summary, failed tests with reasons, and pytest's last lines."""
    error = pytest_run(tmp_path, SUITE).verdict()
    assert isinstance(error, GateFailed)
    lines = str(error).splitlines()
    assert "demo: failed on Python 3.12.1" == lines[0]
    assert "  1 passed, 1 failed, 1 error, 1 skipped" == lines[1].partition(" in ")[0]
    assert "  test_it::test_bad: assert 1 == 2" in lines
    assert "1 failed, 1 passed, 1 skipped, 1 error" in lines[-1]


def test_file_that_cannot_be_collected_gives_its_reason(tmp_path: Path) -> None:
    """A collection error is reported by its last error line, not as "collection failure"."""
    run = pytest_run(tmp_path, "import nowhere_to_be_found\n")
    assert run.counts is not None
    assert ["ModuleNotFoundError: No module named 'nowhere_to_be_found'"] == [
        failure.reason for failure in run.counts.failures
    ]
    assert isinstance(run.verdict(), GateFailed)


def test_passed_run_has_no_error(tmp_path: Path) -> None:
    """A passed run's summary names the interpreter and where the dependencies came from."""
    run = pytest_run(tmp_path, "def test_good(): pass\n")
    assert run.verdict() is None
    lines = run.summary().splitlines()
    assert ["demo: passed on Python 3.12.1", "  test dependencies: here"] == [lines[0], lines[2]]
    assert lines[1].startswith("  1 passed in ")


def test_no_test_at_all_is_not_configured(tmp_path: Path) -> None:
    """Pytest's exit code 5 is "not configured", unless the caller's arguments chose nothing."""
    run = pytest_run(tmp_path, "")
    assert (5, None) == (run.exit_code, run.verdict())
    assert "not configured: pytest collected no test in demo" == run.not_configured()
    narrowed = pytest_run(tmp_path, "def test_good(): pass\n", "-k", "nothing")
    assert "" == narrowed.not_configured()
    assert "no test matches the pytest arguments" in str(narrowed.verdict())


def test_wrong_usage_is_the_tools_failure(tmp_path: Path) -> None:
    """An unknown option is no verdict on the tests."""
    error = pytest_run(tmp_path, "def test_good(): pass\n", "--no-such-option").verdict()
    assert isinstance(error, ToolFailed)
    assert str(error).startswith("pytest reached no verdict on demo: exit code 4")


def test_slow_tests_are_named() -> None:
    """The slowest tests of half a second and more are in the summary, slowest first."""
    cases = "".join(
        f'<testcase classname="m" name="t{seconds}" time="{seconds}"/>' for seconds in (0.4, 0.7, 2)
    )
    counts = read_junit(f'<testsuite tests="3" time="3.1">{cases}</testsuite>')
    run = Run("demo", "Python 3", 0, counts, "here", ("a note",), "")
    assert ["  a note", "  slowest: m::t2 2.00 s, m::t0.7 0.70 s"] == run.summary().splitlines()[3:]


def test_broken_report_is_named() -> None:
    """A report that is no XML is an error, not an empty result."""
    with pytest.raises(ToolFailed, match=r"junit\.xml is not XML"):
        read_junit("<testsuite")


def test_long_log_is_cut_at_the_front() -> None:
    """Of a long log the last lines are shown, and how many are missing."""
    run = Run("demo", "Python 3", 3, None, "here", (), "\n".join(map(str, range(50))))
    lines = str(run.verdict()).splitlines()
    assert ["[20 lines above, all of them in `test-run log`]", "20"] == lines[1:3]


def test_callers_arguments_replace_the_configured_ones() -> None:
    """pytest-args of [tool.wheelwright] are used until the caller gives arguments."""
    described = project(LIKE_CLICK + '[tool.wheelwright]\npytest-args = ["tests/unit"]\n')
    assert ("pytest", "--junit-xml=/reports/junit.xml", "tests/unit") == command(described, [])
    assert ("-k", "x") == command(described, ["-k", "x"])[2:]


def signs(described: Project) -> str:
    """Ask whether there is anything to test."""
    return configured(described, find(described, "3.12"))


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
    ],
)
def test_signs_of_tests(
    pyproject: str, files: dict[str, str], names: tuple[str, ...], expected: bool
) -> None:
    """A directory, a file or a configuration is a sign of tests; without one it is said."""
    said = signs(project(pyproject, files, names=names))
    assert expected is (said == "")
    assert expected or said.startswith("not configured: demo has no tests (no tests/ or test/, ")


def test_workspace_root_without_tests_names_its_members() -> None:
    """At a workspace's root the line says which packages there are to choose from."""
    said = signs(fixture("workspace"))
    assert said.endswith("; its workspace holds quay-crane, quay-rope: pass --package")
