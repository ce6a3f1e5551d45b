"""What a matrix's result is, and that it survives between calls."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.testing.reports.matrices import ABSENT, COVERAGE, FAILED, PASSED, report
from wheelwright.gates.result import Verdict
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure
from wheelwright.testing.record import Counts
from wheelwright.testing.reports.model import (
    CellReport,
    Coverage,
    MatrixReport,
    dumps,
    headline,
    loads,
    percent,
    shortfall,
    slowest,
)

SKIPPED = replace(ABSENT, verdict=Verdict.NOT_RUN)


@pytest.mark.parametrize(
    ("matrix", "ok", "expected"),
    [
        (report(PASSED), True, "1 cell passed"),
        (report(), False, "2 of 3 cells failed: 3.12-lowest-direct, 3.14"),
        (report(PASSED, SKIPPED), True, "1 cell passed, 1 not run"),
        (report(SKIPPED), False, "none of 1 cell ran"),
        (report(PASSED, coverage=COVERAGE), True, "1 cell passed"),
        (
            report(PASSED, coverage=replace(COVERAGE, minimum=79)),
            False,
            "coverage 78.9 % is below 79 %",
        ),
    ],
)
def test_verdict_of_a_matrix(matrix: MatrixReport, ok: bool, expected: str) -> None:
    """A failed cell fails it, as does too little coverage, and a matrix of which nothing ran."""
    assert ok is matrix.ok
    assert expected == headline(matrix)


def test_shortfall_names_the_files_most_lacking() -> None:
    """Too little coverage is told with the number and where most is missing."""
    expected = (
        "coverage 78.9 % is below 80 %; most lacking: "
        "src/demo/readers.py (12 missing, 40.0 %), src/demo/window.py (1 missing, 97.5 %)"
    )
    assert expected == shortfall(replace(COVERAGE, minimum=80))
    assert "" == shortfall(replace(COVERAGE, minimum=78.99))
    nothing = Coverage(0.0, (), 80)
    assert "coverage 0.0 % is below 80 %: nothing was measured" == shortfall(nothing)


def test_percentage_is_never_rounded_up() -> None:
    """99.99 is not shown as 100."""
    assert ["99.9 %", "100.0 %", "69.2 %"] == [percent(99.99), percent(100), percent(69.2308)]


def test_slowest_tests_are_named_once() -> None:
    """A test that is slow in several cells stands there once, with the cell it was slowest in."""
    expected = [
        (2.0, "tests.test_io::test_large", "3.11"),
        (0.1, "tests.test_io::test_small", "3.11"),
    ]
    assert expected == slowest([FAILED, PASSED])


def test_result_survives_as_json() -> None:
    """What is read back is what was written, whole."""
    for matrix in (report(), report(PASSED, coverage=COVERAGE, notes=("a note",))):
        assert matrix == loads(dumps(matrix))


@given(
    st.builds(
        CellReport,
        st.builds(Cell, st.text(), st.text(), st.text(), st.tuples(st.text()), os=st.just(())),
        st.sampled_from(Verdict),
        st.text(),
        counts=st.builds(Counts, *[st.integers(0, 9)] * 7),
        failures=st.tuples(st.builds(Failure, st.text(), st.text(), st.text())),
        coverage=st.none() | st.floats(0, 100),
    )
)
def test_any_text_survives_as_json(cell: CellReport) -> None:
    """Whatever tests print goes through the state of the object unchanged."""
    matrix = report(cell)
    assert matrix == loads(dumps(matrix))
