"""The tables of docs/performance.md."""

from __future__ import annotations

import json

import pytest

from .figures import Counts, Goal, Measured, Point, Sample
from .table import Entry, as_json, drawing, from_json, left_text, markdown, merged, with_section

COUNTS = {"3.12": {"passed": 4}}
FACTS = {"cores": "2", "tox": ""}


def row(
    stiletto_s: float, name: str = "edited-test", package: str = "attrs", nox: Counts = COUNTS
) -> Measured:
    """Return a row of one round, in which nox takes 2 s and may be reached."""
    times = {"pytest": 1.0, "nox": 2.0, "stiletto": stiletto_s}
    samples = [
        Sample(column, 0, each, 0, nox if column == "nox" else COUNTS, 0.0)
        for column, each in times.items()
    ]
    return Measured(name, package, "a test", Goal("pytest", reference=5), [0.1], samples)


def table(*rows: Measured) -> str:
    """Return the tables of rows of one run."""
    return markdown([Entry(each, FACTS) for each in rows])


def test_row_that_is_met() -> None:
    """A line has times with quartiles, the goal as a formula, the ratios to it and to others."""
    assert (
        "Machine: cores 2.\n\n"
        "**attrs**: medians of 1 rounds in seconds, quartiles in brackets; R = 0.100 s.\n\n"
        "| row | pytest | uv | tox | nox | stiletto | idle 0 | goal "
        "| of the goal | of tox | of nox | met |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
        "| `edited-test` | 1.00 (1.00-1.00) |  |  | 2.00 (2.00-2.00) | 1.20 (1.20-1.20) |  "
        "| pytest + 5 R | 0.80 (0.80-0.80) |  | 0.60 (0.60-0.60) | yes |\n"
    ) == table(row(1.2))


def test_row_that_is_missed_is_one_line() -> None:
    """The ratios show what is missed; nothing is repeated below the table."""
    *_, last = table(row(3)).splitlines()

    assert last.endswith("| 2.00 (2.00-2.00) |  | 1.50 (1.50-1.50) | no |")


def test_row_that_cannot_be_compared_has_the_reason_below() -> None:
    """Other counts of one column make the row void."""
    text = table(row(1.2, nox={"3.12": {"passed": 3}}))

    assert "| 0.60 (0.60-0.60) | no |\n" in text
    assert text.endswith(
        "- `edited-test` cannot be compared: 3.12: pytest 4 passed, nox 3 passed.\n"
    )


def test_rows_of_an_earlier_run_stay() -> None:
    """A row that was measured again replaces the earlier one; rows are in their usual order."""
    earlier = [
        Entry(row(1, "late"), {"load": "1"}),
        Entry(row(2, "early"), {"load": "1"}),
        Entry(row(3, "early", "click"), {"load": "1"}),
    ]
    again = [Entry(row(4, "early"), {"load": "2"}), Entry(row(5, "middle"), {"load": "2"})]
    found = merged(from_json(as_json(earlier, [], FACTS)), again, ["early", "middle", "late"])

    assert [
        ("attrs", "early", 4, "2"),
        ("attrs", "middle", 5, "2"),
        ("attrs", "late", 1, "1"),
        ("click", "early", 3, "1"),
    ] == [
        (each.row.package, each.row.row, each.row.times("stiletto")[0], each.facts["load"])
        for each in found
    ]
    assert markdown(found).startswith("Machine: load 2 and 1.\n")


def test_json_that_is_read_is_what_was_written() -> None:
    """Goals, samples and the machine of each row are there again."""
    entries = [Entry(row(1), FACTS)]

    assert entries == from_json(as_json(entries, [], FACTS))


def test_time_that_is_left_is_that_of_the_rows_before() -> None:
    """The mean of the rows that ran, for each row that is to run."""
    assert "rows left: 4, about 6 min" == left_text([60, 120], 4)
    assert "rows left: 1, about 1 min" == left_text([1], 1)
    assert "done" == left_text([1], 0)


def test_growth_is_drawn() -> None:
    """A bar for each size, the longest one for the longest time, and the bend."""
    times = {100: 1.0, 300: 3.0, 1000: 24.0}
    points = [Point("steps", size, "2 s", [each], [2.0]) for size, each in times.items()]

    assert (
        "**steps**, at most 2 s\n\n"
        "| size | seconds | of the goal |  |\n"
        "|---|---|---|---|\n"
        "| 100 | 1.00 (1.00-1.00) | 0.50 (0.50-0.50) | `##` |\n"
        "| 300 | 3.00 (3.00-3.00) | 1.50 (1.50-1.50) | `#####` |\n"
        f"| 1,000 | 24.0 (24.0-24.0) | 12.00 (12.00-12.00) | `{'#' * 40}` |\n\n"
        "- Beyond 300, one more costs 3.0 times as much as before.\n"
    ) == drawing(points, FACTS).partition("\n\n")[2]


def test_json_has_every_run() -> None:
    """Single runs, the machine, and what is missed."""
    found = json.loads(as_json([Entry(row(3), FACTS)], [], FACTS))

    assert FACTS == found["machine"]
    assert [1.0, 2.0, 3] == [each["elapsed_s"] for each in found["rows"][0]["samples"]]
    assert ["2.00 of the goal", "1.50 of nox"] == found["rows"][0]["missed"]


def test_section_of_a_page_is_replaced() -> None:
    """What stands around it stays."""
    page = "a\n<!-- rows -->\nold\n<!-- end of rows -->\nb\n"

    assert "a\n<!-- rows -->\n\nnew\n\n<!-- end of rows -->\nb\n" == with_section(
        page, "rows", "new\n"
    )


def test_page_without_the_section_is_refused() -> None:
    """Nothing is written where it would not be found."""
    with pytest.raises(ValueError, match="no section growth"):
        with_section("<!-- rows -->", "growth", "")


def test_columns_of_dagger_are_shown_beside_ours() -> None:
    """The empty module is what nothing can be faster than; the other columns stay empty."""
    times = {"dagger": 4.0, "dagger-empty": 3.0}
    samples = [Sample(name, 0, each, 0, None, 0.0) for name, each in times.items()]
    goal = Goal("dagger-empty", factor=1.3)
    found = Measured("dagger", "attrs", "nothing", goal, [0.1], samples, "dagger")

    assert (
        "| `dagger` | 3.00 (3.00-3.00) |  |  |  | 4.00 (4.00-4.00) |  | 1.3 dagger-empty "
        "| 1.03 (1.03-1.03) |  |  | no |"
    ) in table(found)
