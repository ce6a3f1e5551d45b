"""The tables of docs/performance.md."""

from __future__ import annotations

import json

from .figures import Goal, Measured, Point, Sample
from .table import as_json, drawing, markdown

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
