"""The Markdown of the step summary: whole, escaped, and never larger than GitHub takes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.testing.reports.matrices import (
    ABSENT,
    COVERAGE,
    FAILED,
    FAILURE,
    PASSED,
    report,
)
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure
from wheelwright.testing.reports.markdown import LIMIT_BYTES, render
from wheelwright.testing.reports.model import CellReport, Coverage


def test_summary_has_cells_failures_times_and_coverage() -> None:
    """Everything a person asks first stands in the summary of a failed matrix."""
    text = render(report(coverage=Coverage(COVERAGE.percent, COVERAGE.files, 80)))
    lines = text.splitlines()
    assert lines[0].endswith("demo: 2 of 3 cells failed: 3.12-lowest-direct, 3.14")
    assert "|  | cell | Python | tests | coverage | seconds | note |" in lines
    row = next(line for line in lines if "**3.11**" in line)
    assert "| 3.11.7 | 4 passed, 1 skipped | 70.0 % | 4.0 | Python 3.11.7 |" in row
    assert "### What failed" in lines
    summary = "<code>3.12-lowest-direct</code> tests.test_window::test_moves: assert 41.2 == 41.5"
    assert f"<details><summary>{summary}</summary>" in lines
    assert "E       assert 41.2 == 41.5" in lines
    assert any("no Python 3.14 on this machine; pass another" in line for line in lines)
    assert "| 2.00 | tests.test\\_io::test\\_large | 3.11 |" in lines
    assert "### Coverage 78.9 % (at least 80 % required)" in lines
    assert "| src/demo/readers.py | 40.0 % | 12 |" in lines


def test_passed_matrix_has_no_failures() -> None:
    """A summary of a matrix that passed has nothing about failures."""
    text = render(report(PASSED))
    assert "What failed" not in text
    assert "1 cell passed" in text


def test_summary_ends_with_the_command_that_runs_it_again() -> None:
    """That is the command of what failed, else of the whole matrix."""
    program = "stiletto call wheelwright"
    whole = replace(report(PASSED), command=f"{program} matrix")
    assert ["```sh", f"{program} matrix", "```"] == render(whole).splitlines()[-3:]
    failed = replace(whole, again=f"again: {program} matrix --cell '3.12`'")
    assert f"{program} matrix --cell '3.12`'" == render(failed).splitlines()[-2]


def failing(*failures: Failure) -> CellReport:
    """Return a cell with these failures."""
    return replace(FAILED, failures=failures)


def test_one_failure_of_many_cells_is_folded_once() -> None:
    """Eight failures in eleven cells are eight outputs, each with the first of its cells."""
    many = [replace(FAILURE, test=f"test_{number}") for number in range(8)]
    names = [f"3.{n}" for n in range(3, 14)]
    text = render(report(*(replace(failing(*many), cell=Cell(n, n, "locked")) for n in names)))
    assert 8 == text.count("<details>")
    cells = "3.3, 3.4, 3.5, 3.6 and 7 more"
    assert f"<summary><code>{cells}</code> test_0: assert 41.2 == 41.5</summary>" in text


@given(st.text(), st.text(), st.text())
def test_no_output_ends_its_fence(test: str, message: str, text: str) -> None:
    """Output that holds Markdown stays output: its fence is longer than any in it."""
    rendered = render(report(failing(Failure(test, message, f"```\n{text}\n````\n# head"))))
    inside = rendered.partition("`````")[2]
    assert "# head" in inside.partition("\n`````")[0]


@given(st.text(min_size=1))
def test_a_row_stays_a_row(note: str) -> None:
    """No note breaks the table: line breaks, pipes and HTML are escaped."""
    rendered = render(report(replace(ABSENT, note=note)))
    rows = [line for line in rendered.split("\n") if "**3.14**" in line]
    assert 1 == len(rows)
    assert "<script" not in rows[0]
    assert 7 == rows[0].replace("\\|", "").count("|")


def test_large_outputs_are_left_out_first() -> None:
    """A summary stays within GitHub's limit, and says what it leaves out."""
    many = [replace(FAILURE, test=f"test_{number}", text="x" * 8000) for number in range(50)]
    cells = [
        replace(
            failing(*(replace(each, message=f"in {n}") for each in many)),
            cell=Cell(f"c{n}", "3.12", "locked"),
        )
        for n in range(8)
    ]
    text = render(report(*cells))
    assert LIMIT_BYTES >= len(text.encode()) > LIMIT_BYTES / 4
    assert "outputs are too long for this summary; the reports have them." in text
    assert "test_49" in text


def test_summary_is_cut_where_nothing_else_helps() -> None:
    """However small the limit, it is kept, and no character is cut in half."""
    text = render(report(replace(ABSENT, note="ü" * 1000)), limit_bytes=301)
    assert len(text.encode()) <= 301
    assert "\N{REPLACEMENT CHARACTER}" not in text
