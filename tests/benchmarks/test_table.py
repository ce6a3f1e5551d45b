"""The tables of docs/performance.md."""

from __future__ import annotations

import json

import pytest

from .figures import Goal, Measured, Point, Sample
from .table import as_json, drawing, markdown, with_section

COUNTS = {"3.12": {"passed": 4}}
FACTS = {"cores": "2", "tox": ""}


def row(stiletto_s: float) -> Measured:
    """Return a row of one round, in which nox takes 2 s and may be reached."""
    times = {"pytest": 1.0, "nox": 2.0, "stiletto": stiletto_s}
    samples = [Sample(name, 0, each, 0, COUNTS, 0.0) for name, each in times.items()]
    return Measured("edited-test", "attrs", "a test", Goal("pytest", reference=5), [0.1], samples)


def test_row_that_is_met() -> None:
    """A line has the times with quartiles, the goal as a formula, and the ratio to it."""
    assert (
        "Machine: cores 2.\n\n"
        "**attrs**: medians of 1 rounds in seconds, quartiles in brackets; R = 0.100 s.\n\n"
        "| row | pytest | uv | tox | nox | stiletto | idle 0 | goal | of the goal |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
        "| `edited-test` | 1.00 (1.00-1.00) |  |  | 2.00 (2.00-2.00) | 1.20 (1.20-1.20) |  "
        "| pytest + 5 R | 0.80 (0.80-0.80): yes |\n"
    ) == markdown([row(1.2)], FACTS)


def test_row_that_is_missed_has_its_reasons_below() -> None:
    """The goal and each runner that is faster."""
    assert "- `edited-test`: 2.00 of the goal; 1.50 of nox.\n" in markdown([row(3)], FACTS)


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
    found = json.loads(as_json([row(3)], [], FACTS))

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
        "| 1.03 (1.03-1.03): no |"
    ) in markdown([found], FACTS)
