"""Parts of a matrix are put together by the plan, whatever is missing or wrong in them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.wheelwright.testing.reports.matrices import ABSENT, FAILED, PASSED, report
from wheelwright.errors import RequestError
from wheelwright.gates.result import Verdict
from wheelwright.testing import matrix_parts
from wheelwright.testing.cells import Selection
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.matrix_parts import Part
from wheelwright.testing.reports.model import CellReport, dumps

CELLS = [PASSED.cell, FAILED.cell, ABSENT.cell]


def part(name: str, *cells: CellReport, commit: str = "", args: tuple[str, ...] = ()) -> Part:
    """Return a part as it is read from its text."""
    return matrix_parts.read(name, dumps(replace(report(*cells), commit=commit, args=args)))


def test_every_cell_is_found_in_its_part() -> None:
    """The report of a cell is that of the part that ran it, nothing of it changed."""
    parts = [part("a", FAILED, ABSENT), part("b", PASSED)]
    found = matrix_parts.placed(CELLS, parts)
    assert ["b", "a", "a"] == [found[cell.name].name for cell in CELLS]
    reports = [matrix_parts.report_of(cell, found, parts) for cell in CELLS]
    assert [PASSED, FAILED, ABSENT] == reports
    assert [] == matrix_parts.notes(parts)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([], "its part is missing: there are no parts"),
        ([part("a", PASSED)], "its part is missing: not in the 1 part"),
        ([part("a", PASSED), part("b", ABSENT)], "its part is missing: not in the 2 parts"),
    ],
)
def test_a_cell_that_no_part_has_failed(parts: list[Part], why: str) -> None:
    """What did not arrive is a failed cell, and never left out."""
    found = matrix_parts.placed(CELLS, parts)
    expected = CellReport(FAILED.cell, Verdict.FAILED, why)
    assert expected == matrix_parts.report_of(FAILED.cell, found, parts)


def test_another_environment_of_the_same_name_failed() -> None:
    """A cell whose part ran other services, groups or extras is not this cell."""
    parts = [part("a", PASSED)]
    cell = replace(PASSED.cell, services=("postgres:16",))
    found = matrix_parts.placed([cell], parts)
    actual = matrix_parts.report_of(cell, found, parts)
    assert "its part ran another environment of this name" == actual.note
    assert Verdict.FAILED is actual.verdict


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("[" * 100_000, "JSON that is nested too deeply"),
        ("[]", "expected str @ $.package"),
        ("{}", "required field missing @ $.package"),
        (dumps(report()).replace('"passed"', '"fine"'), "expected Verdict @ $.cells[0].verdict"),
        (dumps(report()).replace("12.5", '"12.5"'), "expected float @ $.wall_s"),
        (dumps(report()).replace("12.5", "NaN"), "NaN is not JSON"),
        (json.dumps({**json.loads(dumps(report())), "cells": [{}]}), "required field missing"),
    ],
)
def test_a_part_that_cannot_be_read_is_named(text: str, why: str) -> None:
    """A broken report does not stop the others: its cells are missing, and a note says why."""
    broken = matrix_parts.read("part-3", text)
    assert broken.report is None
    [note] = matrix_parts.notes([broken])
    assert note.startswith("part-3: matrix.json is not what `matrix-run` wrote: ")
    assert why in note


def test_a_part_of_another_commit_or_package_does_not_count() -> None:
    """What ran on another commit, or on none, or another package is not taken for this matrix."""
    ours, theirs = "a" * 40, "b" * 40
    parts = [part("a", PASSED, commit=ours), part("b", FAILED, commit=theirs), part("c", ABSENT)]
    checked = matrix_parts.checked(parts, "demo", ours)
    assert ["b: it is of bbbbbbbbbbbb, not of commit aaaaaaaaaaaa"] == matrix_parts.notes(
        checked[:2]
    )
    assert "it is of no commit, not of commit aaaaaaaaaaaa" == checked[2].why_not
    assert [PASSED.cell.name] == [*matrix_parts.placed(CELLS, checked)]
    other = matrix_parts.checked(parts, "lathe", "")
    assert {"it is of demo, not of lathe"} == {each.why_not for each in other}


def test_without_a_commit_of_its_own_nothing_is_compared() -> None:
    """A source without .git takes the parts as they are."""
    parts = [part("a", PASSED, commit="a" * 40)]
    assert parts == matrix_parts.checked(parts, "demo", "")


def test_a_cell_in_two_parts_is_refused() -> None:
    """Which of them counts is not for this module to choose."""
    parts = [part("a", PASSED), part("b", PASSED, FAILED)]
    with pytest.raises(RequestError, match=r"cell 3\.11 is in two parts: a, b; run each cell"):
        matrix_parts.placed(CELLS, parts)


def test_a_cell_that_is_not_planned_is_refused() -> None:
    """A failed cell must not be lost."""
    with pytest.raises(RequestError, match=r"a has cell 3\.14, which is not in this matrix"):
        matrix_parts.placed(CELLS[:2], [part("a", ABSENT)])


def test_options_are_those_of_every_part() -> None:
    """The command that runs it again needs them, so parts with different ones are refused."""
    same = [part("a", PASSED, args=("-x",)), part("b", FAILED, args=("-x",))]
    options = MatrixOptions(coverage_min=80)
    actual = matrix_parts.options_of([*same, matrix_parts.read("c", "")], options)
    assert MatrixOptions(["-x"], coverage_min=80) == actual
    assert options == matrix_parts.options_of([], options)
    with pytest.raises(RequestError, match="a and b ran with different --args; give --args to"):
        matrix_parts.options_of([same[0], part("b", FAILED)], options)


def test_parts_without_coverage_make_a_matrix_without() -> None:
    """What `--coverage=false` meant for every part, it means for all of them together."""
    off = dumps(replace(report(PASSED), unmeasured=True))
    parts = [matrix_parts.read("a", off), matrix_parts.read("b", off)]
    assert MatrixOptions(coverage=False) == matrix_parts.options_of(parts, MatrixOptions())
    with pytest.raises(RequestError, match="a and b ran with different --coverage"):
        matrix_parts.options_of([parts[0], part("b", FAILED)], MatrixOptions())


def test_cells_are_those_that_the_parts_were_chosen_from() -> None:
    """What chose axes of the matrix chooses them for all parts; a part's own cells do not."""
    axes = {"resolution": ("locked", "highest"), "python": ("3.12",)}
    text = dumps(replace(report(PASSED), axes=axes))
    parts = [matrix_parts.read("a", ""), matrix_parts.read("b", text)]
    usual = Selection(python=["3.13"])
    expected = Selection(python=["3.12"], resolution=["locked", "highest"])
    assert expected == matrix_parts.selection_of(parts, usual)
    assert axes == expected.axes
    assert usual == matrix_parts.selection_of(parts[:1], usual)
    with pytest.raises(RequestError, match="b and c ran with different --python; give --python to"):
        matrix_parts.selection_of([*parts, part("c", FAILED)], usual)


def test_the_first_begin_and_the_longest_time_count() -> None:
    """Parts run beside each other."""
    early = replace(report(PASSED), at="2026-05-04T09:00:00+00:00", wall_s=3.0)
    parts = [part("a", FAILED), matrix_parts.read("b", dumps(early)), matrix_parts.read("c", "")]
    assert ("2026-05-04T09:00:00+00:00", 12.5) == matrix_parts.began(parts)
    assert ("", 0.0) == matrix_parts.began([])


def test_names_of_parts_are_harmless() -> None:
    """A directory's name is printed as one line without escape sequences."""
    parts = [matrix_parts.read("a\x1b[31m\nb", "")] * 9
    listed = matrix_parts.notes(parts)
    assert listed[0].startswith("a b: ")
    assert "and 4 more parts" == listed[-1]
