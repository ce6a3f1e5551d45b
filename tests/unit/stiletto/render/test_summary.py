"""Progress as dots, and as a table at the end."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from stiletto.progress import Outcome, Renderer
from stiletto.render.lines import TAIL
from stiletto.render.summary import Dots, Report
from tests.unit.stiletto.render.stories import Story


@pytest.mark.parametrize("make", [Dots, Report])
def test_a_failure_is_shown_where_it_began(make: Callable[[io.StringIO], Renderer]) -> None:
    """The function that a failed step took down does not bury the step's lines in a traceback."""
    stream = io.StringIO()
    story = Story(make(stream))
    check = story.begin("sample:test", "check")
    outer = story.begin("test", "function", check)
    step = story.begin("pytest -q", parent=outer)
    step.write(b"1 failed\n")
    outer.write(b"Traceback\n")
    for span in (step, outer, check):
        span.end(Outcome.FAILED)
    story.renderer.close()
    assert "| 1 failed" in stream.getvalue()
    assert "Traceback" not in stream.getvalue()


def test_only_the_last_lines_of_a_failure_are_repeated() -> None:
    """A failed step that printed a lot shows its end."""
    stream = io.StringIO()
    span = Story(Dots(stream)).begin("make")
    span.write("".join(f"line {n}\n" for n in range(1000)).encode())
    span.end(Outcome.FAILED)
    lines = stream.getvalue().splitlines()
    expected = (TAIL + 2, "  | line 999", "  | line 960")
    assert expected == (len(lines), lines[-1], lines[2])


def test_dots_wrap() -> None:
    """A long run does not write one endless line."""
    stream = io.StringIO()
    story = Story(Dots(stream))
    for _ in range(100):
        story.begin("x").end(Outcome.DONE)
    story.renderer.close()
    expected = [72, 28]
    assert expected == [len(line) for line in stream.getvalue().splitlines()]


def test_a_report_is_written_once_and_leaves_checks_out() -> None:
    """`stiletto check` reports on its checks itself."""
    stream = io.StringIO()
    story = Story(Report(stream))
    story.begin("sample:lint", "check").end(Outcome.DONE)
    story.begin("ruff").end(Outcome.DONE)
    story.renderer.close()
    story.renderer.close()
    expected = "ruff   DONE       0.0s\n"
    assert expected == stream.getvalue()
