"""One failure of many cells is one, with the cells that it happened in."""

from dataclasses import replace

from tests.unit.wheelwright.testing.reports.matrices import ABSENT, FAILED, FAILURE, report
from wheelwright.testing.cells import Cell
from wheelwright.testing.reports.failures import covering, grouped


def test_each_cell_is_named_once() -> None:
    """A test that fails twice in the same way, as in set-up and end, is in its cell once."""
    other = replace(FAILED, cell=Cell("3.13", "3.13", "locked"))
    twice = replace(FAILED, failures=(FAILURE, FAILURE))
    groups = grouped(report(twice, other, ABSENT))
    assert [("3.12-lowest-direct", "3.13"), ("3.14",)] == [group.cells for group in groups]
    assert ("3.12-lowest-direct", "3.14") == covering(groups)
