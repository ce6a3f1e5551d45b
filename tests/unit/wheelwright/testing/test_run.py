"""One run of the tests: what its reports and exit code mean."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.inner_pytest import inner_environ
from wheelwright.errors import GateFailed, ToolFailed
from wheelwright.testing.again import Again
from wheelwright.testing.commands import PLUGIN
from wheelwright.testing.failed import Failure
from wheelwright.testing.record import Counts, Record, read
from wheelwright.testing.run import Run
from wheelwright.testing.verdict import Left

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
BROKEN = ("test_it.py::test_bad", "test_it.py::test_error")
PLACES = """\
from helper import crash

class TestDeep:
    def test_bad(self):
        assert 1 == 2, "one is\\nnot two"

def test_elsewhere(): crash()

import pytest
@pytest.fixture
def broken():
    raise OSError("no disk")
def test_setup(broken): pass
"""


def pytest_run(directory: Path, suite: str, *args: str) -> Run:
    """Run the real pytest over a file and read its record as the module does."""
    (directory / "test_it.py").write_text(suite)
    events = directory / "record.jsonl"
    events.unlink(missing_ok=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", PLUGIN, f"--wheelwright-record={events}"),
            *("-p", "no:cacheprovider", *args),
        ],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env=inner_environ(directory),
    )
    left = Left(done.returncode, read(events.read_text(), str(directory)), narrowed=bool(args))
    return Run("demo", "Python 3.12.1", left, "here", (), done.stdout)


def invented(exit_code: int, record: Record, output: str = "", notes: tuple[str, ...] = ()) -> Run:
    """Return a run that nobody made."""
    return Run("demo", "Python 3", Left(exit_code, record), "here", notes, output)


def failures(run: Run) -> tuple[Failure, ...]:
    """Return what failed."""
    assert run.left.record is not None
    return run.left.record.failures


def test_report_of_a_real_run(tmp_path: Path) -> None:
    """Counts and reasons come from the report that pytest itself writes."""
    run = pytest_run(tmp_path, SUITE)
    assert (4, 1, 1, 1, 1) == (
        run.left.counts.tests,
        run.left.counts.passed,
        run.left.counts.failed,
        run.left.counts.errors,
        run.left.counts.skipped,
    )
    assert [
        ("test_it::test_bad", "assert 1 == 2"),
        ("test_it::test_error", 'failed on setup with "ValueError: no fixture today"'),
    ] == [(each.test, each.message) for each in failures(run)]


@pytest.mark.parametrize("style", ["long", "short"])
def test_failure_has_the_place_where_it_happened(tmp_path: Path, style: str) -> None:
    """A failing test has the file and line of its traceback, in each of pytest's styles."""
    (tmp_path / "helper.py").write_text("def crash():\n    raise ValueError('<&>')\n")
    found = failures(pytest_run(tmp_path, PLACES, f"--tb={style}"))
    assert {
        "test_it.TestDeep::test_bad": ("test_it.py", 5),
        "test_it::test_elsewhere": ("helper.py", 2),
        "test_it::test_setup": ("test_it.py", 12),
    } == {each.test: (each.file, each.line) for each in found}
    bad = next(each for each in found if each.test.endswith("test_bad"))
    assert "AssertionError: one is" == bad.message
    assert "not two" in bad.text


def test_failure_without_a_shown_traceback_has_its_place(tmp_path: Path) -> None:
    """Where pytest shows no traceback, it still knows where the test failed."""
    (tmp_path / "helper.py").write_text("def crash():\n    raise ValueError('<&>')\n")
    found = failures(pytest_run(tmp_path, PLACES, "--tb=no"))
    bad = next(each for each in found if each.test.endswith("test_bad"))
    assert ("test_it.py", 5) == (bad.file, bad.line)


def test_failed_run_is_an_error_that_begins_with_the_failing_tests(tmp_path: Path) -> None:
    """Each failing test has its place and lines once; then the counts, and the line to run it."""
    run = replace(pytest_run(tmp_path, SUITE), again=Again("dagger call", ("test",)))
    error = run.error()
    assert isinstance(error, GateFailed)
    lines = str(error).splitlines()
    assert [
        "demo: failed on Python 3.12.1",
        "",
        "--- test_it::test_bad ---",
        "test_it.py:2: assert 1 == 2",
        ">   def test_bad(): assert 1 == 2",
    ] == [line.replace(" " * 20, "") for line in lines[:5]]
    assert 1 == sum(line.startswith("E  ") and "assert 1 == 2" in line for line in lines)
    end = ["  test dependencies: here", f"again: dagger call test --args={','.join(BROKEN)}"]
    assert end == lines[-2:]
    assert "  1 passed, 1 failed, 1 error, 1 skipped" == lines[-3].partition(" in ")[0]
    assert "short test summary" not in str(error)


def test_file_that_cannot_be_collected_gives_its_reason(tmp_path: Path) -> None:
    """A collection error is reported by its last error line, not as "collection failure"."""
    run = pytest_run(tmp_path, "import nowhere_to_be_found\n")
    assert ["ModuleNotFoundError: No module named 'nowhere_to_be_found'"] == [
        case.message for case in failures(run)
    ]
    assert isinstance(run.error(), GateFailed)


def test_passed_run_has_no_error(tmp_path: Path) -> None:
    """A passed run's summary names the interpreter and where the dependencies came from."""
    run = pytest_run(tmp_path, "def test_good(): pass\n")
    assert run.error() is None
    lines = run.summary().splitlines()
    assert ["demo: passed on Python 3.12.1", "  test dependencies: here"] == [lines[0], lines[2]]
    assert lines[1].startswith("  1 passed in ")


def test_no_test_at_all_fails(tmp_path: Path) -> None:
    """Pytest's exit code 5 fails, and says where pytest looked or that the arguments chose none."""
    run = pytest_run(tmp_path, "")
    assert 5 == run.left.exit_code
    assert str(run.error()).startswith("demo: no test ran: none collected (testpaths ")
    narrowed = pytest_run(tmp_path, "def test_good(): pass\n", "-k", "nothing")
    assert "no test ran: no test matches the pytest arguments" in str(narrowed.error())


def test_wrong_usage_is_the_tools_failure() -> None:
    """An unknown option is no verdict on the tests."""
    run = invented(4, Record(began_at=0.0), "unrecognized arguments: --no-such-option")
    assert isinstance(run.error(), ToolFailed)
    assert str(run.error()).startswith("the tests reached no verdict on demo: exit code 4\n")


@pytest.mark.parametrize(
    "printed",
    [
        "ERROR: Coverage failure: total of 75 is less than fail-under=100",
        "FAIL Required test coverage of 100% not reached. Total coverage: 75.00%",
    ],
)
@pytest.mark.parametrize("exit_code", [1, 2, 3])
def test_too_little_coverage_is_a_verdict(printed: str, exit_code: int) -> None:
    """No test failed, and the output says why the run did: no tool failed either."""
    record = Record(0.0, status=1, selected=1, seen=1, counts=Counts(passed=1))
    run = invented(exit_code, record, f"1 passed\n{printed}\n")
    assert run.verdict.reason.startswith("coverage below 100 % on this Python alone (75")
    assert run.verdict.reason.endswith(" %); `matrix` judges the total")
    assert isinstance(run.error(), GateFailed)


def test_failed_test_stands_above_too_little_coverage() -> None:
    """A run with a failed test fails for that."""
    record = Record(0.0, status=1, counts=Counts(failed=1))
    output = "Coverage failure: total of 75 is less than fail-under=100"
    assert "" == invented(1, record, output).verdict.reason


def test_slow_tests_are_named() -> None:
    """The slowest tests of half a second and more are in the summary, slowest first."""
    slowest = ((2.0, "m::t2"), (0.7, "m::t0.7"), (0.4, "m::t0.4"))
    counts = Counts(passed=3)
    record = Record(0.0, status=0, selected=3, seen=3, counts=counts, slowest=slowest)
    lines = invented(0, record, notes=("a note",)).summary().splitlines()
    assert ["  a note", "  slowest: m::t2 2.00 s, m::t0.7 0.70 s"] == lines[3:]


def test_long_log_is_cut_at_the_front() -> None:
    """Of a long log the last lines are shown, and how many are missing."""
    run = invented(3, Record(began_at=0.0), "\n".join(map(str, range(50))))
    lines = str(run.error()).splitlines()
    assert ["[20 lines above, all of them in `test-run log`]", "20"] == lines[2:4]


def test_tests_that_were_left_out_are_counted(tmp_path: Path) -> None:
    """What `-k` leaves out stands beside what passed, as in pytest's own last line."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k good\n")
    run = pytest_run(tmp_path, SUITE)

    assert run.verdict.passed
    assert run.counted().startswith("1 passed, 3 deselected in ")
