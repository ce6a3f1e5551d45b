"""The table of a matrix's cells."""

from tests.unit.wheelwright.testing.reports.matrices import COVERAGE, report
from wheelwright.testing.reports.table import render


def test_table_has_a_line_for_each_cell() -> None:
    """The table tells cell, verdict, counts, coverage, seconds and note; details stand above."""
    text = render(report(coverage=COVERAGE, notes=("not run here: x",)))
    lines = text.splitlines()
    start = lines.index("matrix of demo")
    assert "--- 3.12-lowest-direct ---" in lines[:start]
    head, _, first, second, third = lines[start + 1 : start + 6]
    assert ["cell", "verdict", "tests", "coverage", "seconds", "note"] == head.split()
    assert "3.11                passed   4 passed, 1 skipped    70.0 %      4.0  Python" in first
    assert "cached  tests.test_window::test_moves: assert 41.2 == 41.5" in second
    assert third.startswith("3.14                failed   -")
    assert "not run here: x" in lines
    assert "coverage 78.9 % over 2 cells" in lines
    assert "failed: 2 of 3 cells failed: 3.12-lowest-direct, 3.14" == lines[-1]
