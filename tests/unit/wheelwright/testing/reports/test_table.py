"""The table of a matrix's cells."""

from dataclasses import replace

from tests.unit.wheelwright.testing.reports.matrices import ABSENT, COVERAGE, FAILED, PASSED, report
from wheelwright.gates.result import Verdict
from wheelwright.testing.cells import Cell
from wheelwright.testing.reports.table import render

WHOLE = """\
--- tests.test_window::test_moves (3.12-lowest-direct) ---
tests/test_window.py:8: assert 41.2 == 41.5
    def test_moves():
>       assert window(3) == 41.5
E       assert 41.2 == 41.5

--- 3.14 ---
Python 3.14 is not available: no Python 3.14 on this machine; pass another

matrix of demo
cell                verdict  tests                coverage  seconds
------------------  -------  -------------------  --------  -------
3.11                passed   4 passed, 1 skipped    70.0 %      4.0
    Python 3.11.7; waiting 0.5 s, installing 1.5 s, tests 2.5 s
3.12-lowest-direct  failed   4 passed, 1 failed     75.0 %   cached
    tests.test_window::test_moves
3.14                failed   -                           -      0.1
    Python 3.14 is not available: no Python 3.14 on this machine

not run here: x
coverage 78.9 % over 2 cells
again: x matrix --cell 3.12-lowest-direct
failed: 2 of 3 cells failed: 3.12-lowest-direct, 3.14"""


def test_table_has_a_line_for_each_cell() -> None:
    """Failures stand above the table; below it the line that runs them again, and the verdict."""
    made = report(coverage=COVERAGE, notes=("not run here: x",))
    again = "again: x matrix --cell 3.12-lowest-direct"
    assert WHOLE == render(replace(made, again=again))


def test_title_of_a_passed_matrix_has_its_result() -> None:
    """The first line, which `check` shows, names how many cells did not run."""
    idle = replace(ABSENT, verdict=Verdict.NOT_RUN)

    assert ["matrix of demo: 1 cell passed, 1 not run", "matrix of demo: 1 cell passed"] == [
        render(report(*cells)).partition("\n")[0] for cells in ((PASSED, idle), (PASSED,))
    ]


def test_one_failure_in_nine_cells_is_printed_once() -> None:
    """The traceback stands once, with the names of all cells: at most 40 lines."""
    cells = [
        replace(FAILED, cell=Cell(f"3.{n}", f"3.{n}", "locked"), version=f"Python 3.{n}.1")
        for n in range(6, 15)
    ]
    lines = render(report(*cells)).splitlines()
    names = ", ".join(cell.cell.name for cell in cells)
    assert 1 == sum("assert window(3)" in line for line in lines)
    assert f"--- tests.test_window::test_moves ({names}) ---" == lines[0]
    assert len(lines) <= 40
    assert max(map(len, lines[1:-1])) <= 80


def test_failures_that_differ_are_parted() -> None:
    """The same test that fails for another reason is another failure."""
    other = replace(FAILED.failures[0], message="assert 1 == 2")
    first = replace(FAILED, cell=Cell("3.11", "3.11", "locked"))
    second = replace(FAILED, failures=(other,))
    titles = [line for line in render(report(first, second)).splitlines() if line[:4] == "--- "]
    assert [
        "--- tests.test_window::test_moves (3.11) ---",
        "--- tests.test_window::test_moves (3.12-lowest-direct) ---",
    ] == titles


def test_a_short_reason_stands_in_the_table_alone() -> None:
    """A cell that failed without a test or a report has one line; a long reason stands above."""
    made = report()
    short = replace(FAILED, failures=(), details="", note="Python 3.14 is not available: no image")
    text = render(replace(made, cells=(replace(short, cell=Cell("3.14", "3.14", "")),)))
    assert 1 == text.count("Python 3.14 is not available: no image")
    long = replace(short, note=f"Python 3.14 is not available: {'no image ' * 20}")
    assert render(replace(made, cells=(long,))).startswith("--- ")
