"""The trend page: a chart for each step, with every run, in SVG that needs no script."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.testing.reports.matrices import report
from tests.unit.wheelwright.testing.reports.pages import Page
from wheelwright.errors import RequestError
from wheelwright.testing.reports.history import append
from wheelwright.testing.reports.trend_page import RUNS, render


def line(number: int, seconds: float, **more: object) -> str:
    """Return a line of a history."""
    known = {"at": f"2026-01-{number + 1:02}T10:00:00+00:00", "step": "3.12", "outcome": "passed"}
    return json.dumps({**known, "seconds": seconds, "commit": "3f2a" * 10, **more}) + "\n"


HISTORY = "".join(
    (
        *(line(number, 10.0, coverage=90.0) for number in range(5)),
        line(5, 20.0, outcome="failed", coverage=80.0),
        line(6, 0.0, outcome="not run"),
        *(line(number, 20.0) for number in range(7, 11)),
    )
)


def test_every_run_is_a_point() -> None:
    """A run that passed is a circle, one that failed a cross, one without a time no point."""
    page = render(HISTORY)
    duration, coverage = page.split("<svg role")[1:]
    assert 9 == duration.count('<circle class="passed"')
    assert 1 == duration.count('<path class="failed"')
    assert 9 == duration.count('<line class="line"')
    assert 5 == coverage.count('<circle class="passed"')
    label = "2026-01-06 10:00, 3f2a3f2a3f2a, failed, 20.0 s, coverage 80.0 %"
    assert f"<title>{label}</title>" in duration
    assert 'aria-label="Duration, 0 to 20.0 s, 11 runs"' in page
    assert 'aria-label="Coverage, 80.0 % to 100.0 %, 11 runs"' in page


def test_points_are_where_their_numbers_are() -> None:
    """The first run is at the left, the longest at the top, half of it in the middle."""
    circles = re.findall(r'cx="(.*?)%" cy="(.*?)"', render(line(0, 10.0) + line(1, 20.0)))
    assert [("1.50", "60.0"), ("98.50", "10.0")] == circles


def test_step_that_grew_is_named() -> None:
    """The verdict names what grew, with both medians."""
    text = Page(render(HISTORY)).text
    assert "grew: 3.12 1 step 11 runs 1 failed" in text
    assert "Median of the last 5 20.0 s Median before 10.0 s +100 %" in text
    assert "no step grew" in Page(render(line(0, 1.0))).text
    assert "no runs yet" in Page(render("")).text


def test_runs_are_in_a_table_as_well() -> None:
    """Whoever does not see the chart reads the runs, the newest first."""
    rows = re.findall(r"<tr><td>(.*?)</td><td><code>(.*?)</code></td><td>(.*?)<", render(HISTORY))
    assert 11 == len(rows)
    assert ("2026-01-11 10:00", "3f2a3f2a3f2a", "passed") == rows[0]


def test_chart_has_the_last_runs_only() -> None:
    """A long history does not make an endless page."""
    page = render("".join(line(0, 1.0, ran_at=str(number)) for number in range(RUNS + 50)))
    assert RUNS == page.count('<circle class="passed"')
    assert f"{RUNS + 50} runs" in page


def test_own_history_is_drawn() -> None:
    """What `history` writes is what the page reads, a chart for each cell."""
    page = render(append("", report(), "3f2a"))
    assert ["3.11", "3.12-lowest-direct", "3.14"] == re.findall(r"<h2>(.*?)<small>", page)


@given(st.text(), st.text())
def test_whatever_a_history_has_is_text(step: str, more: str) -> None:
    """Markup in any field stays text: the page has no script and loads nothing."""
    bad = '"><script>alert(1)</script>' + more
    row = {"at": bad, "step": bad + step, "outcome": bad, "seconds": 1.0, "commit": bad}
    page = Page(render(json.dumps({**row, "coverage": bad}) + "\n"))
    assert not {"script", "img", "a"} & {tag for tag, _ in page.tags}


@pytest.mark.parametrize("value", ["x", True, None, -1, 10**400, [], 1e300])
def test_coverage_that_is_not_a_percentage_is_not_drawn(value: object) -> None:
    """A field that nothing checks before is left out where it cannot be drawn."""
    assert 1 == render(line(0, 1.0, coverage=value)).count("<svg role")


@pytest.mark.parametrize("seconds", [-1, 10**400, 1e300])
def test_time_that_cannot_be_is_not_drawn(seconds: float) -> None:
    """A duration below nothing or beyond any run makes no point."""
    assert "<circle" not in render(line(0, seconds))


def test_what_is_not_a_history_is_refused() -> None:
    """A line that is not JSON is named."""
    with pytest.raises(RequestError, match="line 1 of the history is not JSON"):
        render("x\n")
