"""Durations over time, and which step grew."""

import json
import re

import pytest

from tests.unit.wheelwright.testing.reports.matrices import FAILED, PASSED, report
from wheelwright.errors import RequestError
from wheelwright.testing.reports.history import append, trend


def test_each_cell_is_a_line() -> None:
    """A run adds a JSON line for each cell: when, which commit, how it ended, how long."""
    lines = append("", report(), "3f2a").splitlines()
    assert 3 == len(lines)
    assert {
        "at": "2026-05-04T10:00:00+00:00",
        "commit": "3f2a",
        "step": "3.11",
        "outcome": "passed",
        "seconds": 2.5,
        "tests": 5,
        "failed": 0,
        "skipped": 1,
        "coverage": 70.0,
        "ran_at": "2026-05-04T10:00:01+00:00",
    } == json.loads(lines[0])


def test_what_was_there_stays() -> None:
    """Lines of earlier runs are kept as they are, also without a last newline."""
    before = append("", report(PASSED), at="2026-01-01T00:00:00+00:00")
    after = append(before.rstrip("\n"), report(PASSED), at="2026-01-02T00:00:00+00:00")
    assert after.startswith(before)
    assert 2 == len(after.splitlines())


def runs(step: str, *seconds: float, outcome: str = "passed") -> str:
    """Return a history of one step."""
    return "".join(
        json.dumps(
            {"at": f"{number}", "step": step, "outcome": outcome, "seconds": value}
        ) + "\n"
        for number, value in enumerate(seconds)
    )  # fmt: skip


def test_step_that_grew_is_named_first() -> None:
    """The median of the last runs against all before tells what grew; noise is not growth."""
    text = trend(runs("steady", 10, 10, 11, 10) + runs("slow", 10, 10, 15, 16, 15), last=3)
    lines = text.splitlines()
    assert ["step", "runs", "failed", "before", "last", "3", "growth"] == lines[0].split()
    assert ["slow", "5", "0", "10.00", "s", "15.00", "s", "+50", "%"] == lines[2].split()
    assert "grew: slow" == lines[-1]
    assert trend(runs("tiny", 0.01, 0.02), last=1).endswith("no step grew")


def test_run_that_was_answered_from_the_cache_counts_once() -> None:
    """The same run in two lines is one run."""
    text = append(append("", report(FAILED), "a"), report(FAILED), "b", "2026-06-01")
    assert ["3.12-lowest-direct", "1", "1"] == trend(text).splitlines()[2].split()[:3]


def test_cells_that_did_not_run_say_nothing_of_durations() -> None:
    """A cell that was stopped is no fast one."""
    text = runs("a", 10, 10) + runs("a", 0.0, outcome="not run")
    assert ["a", "2", "0", "-", "10.00", "s", "-"] == trend(text, last=5).splitlines()[2].split()


def test_empty_history_says_so() -> None:
    """Nothing to compare is said."""
    assert "no runs yet" == trend("\n")


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ("not json", "line 1 of the history is not JSON"),
        ('{"at": "x", "step": "y"}', "line 1 of the history lacks outcome, seconds"),
        (f"{runs('a', 1)}[]", "line 2 of the history lacks at, step, outcome, seconds"),
    ],
)
def test_broken_history_is_named_by_its_line(history: str, message: str) -> None:
    """A line that is none is named, before anything is added to it."""
    with pytest.raises(RequestError, match=message):
        trend(history)
    with pytest.raises(RequestError, match=message):
        append(history, report())


def test_last_is_at_least_one() -> None:
    """Comparing the last zero runs is refused."""
    with pytest.raises(RequestError, match="--last must be at least 1, not 0"):
        trend("", last=0)


@pytest.mark.parametrize("seconds", ["1" + "0" * 400, "-5", "1e300"])
def test_time_that_cannot_be_counts_as_none(seconds: str) -> None:
    """A duration that no run can have changes no median."""
    row = f'{{"at": "2026-01-01", "step": "3.12", "outcome": "passed", "seconds": {seconds}}}\n'
    assert re.search(r"3\.12 +2 +0 +- +2\.00 s", trend(row + runs("3.12", 2.0)))
