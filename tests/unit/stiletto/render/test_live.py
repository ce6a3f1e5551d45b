"""Progress as a live tree."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from stiletto.progress import Outcome
from stiletto.render.live import Live, console_for
from stiletto.visible import sanitized
from tests.unit.stiletto.render.stories import Story, Tty, tell


def live(width: int = 60, height: int = 24, **options: int) -> tuple[Live, io.StringIO]:
    """Return a live renderer on a terminal of that size."""
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, width=width, height=height, color_system=None
    )
    return Live(console, refresh_per_second=0.01, **options), stream


def shown(stream: io.StringIO) -> list[str]:
    """Return the lines that were written, as text."""
    return [sanitized(line) for line in stream.getvalue().split("\n")]


def test_live_leaves_what_ended_above() -> None:
    """Each ended span is a line with mark, name and time; a failed one shows its last lines."""
    renderer, stream = live()
    tell(Story(renderer))
    kept = [
        line for line in shown(stream) if line[:1] in ("✔", "✘", "∅", " ", "t") and line.strip()
    ]
    for expected in (
        "✔ uv sync 1.2s",
        "✔ ruff check CACHED",
        "✘ pytest -q ERROR 2.0s exit code: 1",
        "  | 2 tests",
        "  | 1 failed",
        "∅ test CANCELLED 2.0s",
        "the host's files stand in for python:3.12",
    ):
        assert expected in kept


def drawn(renderer: Live, width: int = 60) -> list[str]:
    """Return the tree as it would be drawn now, without the spinners' frames."""
    stream = io.StringIO()
    Console(file=stream, width=width, height=100, color_system=None).print(renderer.tree())
    frames = dict.fromkeys(range(0x2800, 0x2900), "*")
    return [line.translate(frames).rstrip() for line in stream.getvalue().splitlines()]


def test_live_draws_a_tree_of_what_runs() -> None:
    """Children stand beneath their parents; a leaf shows its last lines; the ended are gone."""
    renderer, _ = live()
    story = Story(renderer)
    outer = story.begin("test", "function")
    install = story.begin("uv sync", parent=outer)
    tests = story.begin("pytest -q", parent=outer)
    tests.write(b"one\ntwo\nthree\nfour\n")
    story.clock.now_s = 65
    expected = [
        "* test 1m05s",
        "  * uv sync 1m05s",
        "  * pytest -q 1m05s",
        "    | two",
        "    | three",
        "    | four",
    ]
    assert expected == drawn(renderer)
    install.end(Outcome.DONE)
    outer.end(Outcome.DONE)
    expected = ["* pytest -q 1m05s", "  | two", "  | three", "  | four"]
    assert expected == drawn(renderer)
    renderer.close()
    assert not drawn(renderer)


def test_live_fits_a_narrow_terminal() -> None:
    """Running lines are cut at the width instead of being wrapped."""
    renderer, _ = live(width=24)
    story = Story(renderer)
    story.begin("pytest --numprocesses=2 tests/unit").write(b"x" * 100 + b"\n")
    lines = drawn(renderer, width=24)
    renderer.close()
    expected = [24, 24]
    assert expected == [len(line) for line in lines]
    assert lines[0].endswith("… 0.0s")


def test_live_fits_a_low_terminal() -> None:
    """More running spans than lines are counted."""
    renderer, _ = live(height=6)
    story = Story(renderer)
    for number in range(10):
        story.begin(f"step {number}")
    lines = drawn(renderer)
    renderer.close()
    expected = ["* step 0 0.0s", "* step 1 0.0s", "* step 2 0.0s", "... 7 more lines"]
    assert expected == lines


@pytest.mark.parametrize(
    ("verbosity", "expected"),
    [(1, ["pytest -q | 2 tests", "✔ pytest -q 0.0s"]), (0, ["✔ pytest -q 0.0s"]), (-1, [])],
)
def test_live_shows_more_or_less(verbosity: int, expected: list[str]) -> None:
    """-v prints all output with the span's name, -q prints nothing of what worked."""
    renderer, stream = live(verbosity=verbosity)
    span = Story(renderer).begin("pytest -q")
    span.write(b"2 tests\n")
    span.end(Outcome.DONE)
    renderer.close()
    assert expected == [line for line in shown(stream) if "|" in line or "✔" in line]


def test_live_takes_spans_that_end_after_it_closed() -> None:
    """What comes after the end is not shown, and breaks nothing."""
    renderer, stream = live()
    story = Story(renderer)
    span = story.begin("late")
    renderer.close()
    before = stream.getvalue()
    span.write(b"more\n")
    span.end(Outcome.DONE)
    story.begin("later").end(Outcome.DONE)
    renderer.close()
    assert before == stream.getvalue()


def test_live_has_no_colour_where_it_is_not_wanted() -> None:
    """NO_COLOR of the given environment counts."""
    stream = Tty()
    coloured, colourless = (
        console_for(stream, {"TERM": "xterm-256color", **more}) for more in ({}, {"NO_COLOR": "1"})
    )
    wanted = (False, True)
    assert wanted == (coloured.no_color, colourless.no_color)


def ended(renderer: Live, stream: io.StringIO, mark: str) -> list[str]:
    """Return the lines of what ended that begin with a mark."""
    renderer.close()
    return [line.rstrip() for line in shown(stream) if line.startswith(mark)]


def test_no_tick_stands_before_an_exit_code() -> None:
    """A command that may fail, and did, has no tick: neither when it ran nor from the store."""
    renderer, stream = live()
    story = Story(renderer)
    story.begin("pytest -q").end(Outcome.DONE, "exit code 1")
    story.begin("pytest -q").end(Outcome.CACHED, "exit code 1")
    assert ["✘ pytest -q 0.0s exit code 1", "✘ pytest -q CACHED exit code 1"] == ended(
        renderer, stream, "✘"
    )


@pytest.mark.parametrize("width", [40, 80, 120])
def test_command_that_ended_fits_its_line(width: int) -> None:
    """A long command is cut; its time and its exit code are not."""
    renderer, stream = live(width)
    story = Story(renderer)
    story.begin("pytest " + "-x " * 60).end(Outcome.DONE, "exit code 1")
    (line,) = ended(renderer, stream, "✘")
    assert line.endswith("… 0.0s exit code 1")
    assert width - 2 <= len(line) <= width


def test_what_a_function_prints_is_shown() -> None:
    """What a function printed stands beneath it, also where it ended well."""
    renderer, stream = live()
    story = Story(renderer)
    span = story.begin("testRun", "function")
    span.write(b"tests failed: 1 failed\n")
    span.end(Outcome.DONE)
    assert "  | tests failed: 1 failed" in shown(stream)
    renderer.close()
