"""A finished matrix to make reports from: one cell passed, one failed, one never ran."""

from wheelwright.gates.result import Verdict
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure
from wheelwright.testing.record import Counts
from wheelwright.testing.reports.model import (
    CellReport,
    Coverage,
    FileCoverage,
    MatrixReport,
)

TEXT = """\
    def test_moves():
>       assert window(3) == 41.5
E       assert 41.2 == 41.5

tests/test_window.py:8: AssertionError"""
FAILURE = Failure(
    "tests.test_window::test_moves", "assert 41.2 == 41.5", TEXT, "tests/test_window.py", 8
)
PASSED = CellReport(
    Cell("3.11", "3.11", "locked"),
    Verdict.PASSED,
    "Python 3.11.7",
    version="Python 3.11.7",
    exit_code=0,
    counts=Counts(passed=4, skipped=1),
    tests_s=2.5,
    wall_s=4.0,
    waited_s=0.5,
    ran_at="2026-05-04T10:00:01+00:00",
    coverage=70.0,
    place='dependency group "tests" in pyproject.toml, locked in uv.lock',
    slowest=((2.0, "tests.test_io::test_large"), (0.1, "tests.test_io::test_small")),
)
FAILED = CellReport(
    Cell("3.12-lowest-direct", "3.12", "lowest-direct", extras=("fast",)),
    Verdict.FAILED,
    "tests.test_window::test_moves: assert 41.2 == 41.5",
    version="Python 3.12.1",
    exit_code=1,
    counts=Counts(passed=4, failed=1),
    tests_s=1.5,
    wall_s=9.0,
    cached=True,
    ran_at="2026-05-04T09:00:00+00:00",
    coverage=75.0,
    notes=("lowest-direct: resolved from the index on this run",),
    failures=(FAILURE,),
    slowest=((1.0, "tests.test_io::test_large"),),
    details="demo: failed on Python 3.12.1",
)
ABSENT = CellReport(
    Cell("3.14", "3.14", "locked"),
    Verdict.FAILED,
    "Python 3.14 is not available: no Python 3.14 on this machine",
    wall_s=0.1,
    details="Python 3.14 is not available: no Python 3.14 on this machine; pass another",
)
COVERAGE = Coverage(
    78.99,
    (
        FileCoverage("src/demo/window.py", 97.5, 40, 1),
        FileCoverage("src/demo/readers.py", 40.0, 20, 12),
        FileCoverage("src/demo/__init__.py", 100.0, 2, 0),
    ),
)


def report(
    *cells: CellReport, coverage: Coverage | None = None, notes: tuple[str, ...] = ()
) -> MatrixReport:
    """Return a matrix of these cells, or of one of each kind."""
    chosen = cells or (PASSED, FAILED, ABSENT)
    return MatrixReport("demo", "2026-05-04T10:00:00+00:00", 12.5, chosen, coverage, notes)
