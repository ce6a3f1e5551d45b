"""Progress, as each renderer shows it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from stiletto.errors import UsageError
from stiletto.progress import Outcome, Progress, Renderer, Span
from stiletto.render import choose
from stiletto.render.lines import TAIL, Lines, duration
from stiletto.render.live import Live, console_for
from stiletto.render.plain import Plain
from stiletto.render.summary import Dots, Report
from stiletto.visible import sanitized


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain text", "plain text"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bMup", "up"),
        ("\x1b(Bset", "set"),
        ("10%\r50%\r100%", "100%"),
        ("ends\r", "ends"),
        ("a\tb", "a       b"),
        ("bell\x07 null\x00 del\x7f", "bell null del"),
        ("cut \x1b[", "cut "),
    ],
)
def test_lines_are_as_a_terminal_would_leave_them(line: str, expected: str) -> None:
    """Escape sequences go, and what a carriage return wrote over goes too."""
    assert expected == sanitized(line)


@given(st.text())
def test_sanitized_lines_move_no_cursor(line: str) -> None:
    """Whatever a program prints, nothing but text is shown."""
    shown = sanitized(line.replace("\n", ""))
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z"))), max_size=8), st.data())
def test_lines_do_not_depend_on_how_bytes_arrive(lines: list[str], data: st.DataObject) -> None:
    """Cut anywhere, within a character too, the same lines come out."""
    written = "".join(f"{line}\n" for line in lines).encode()
    buffer, got, at = Lines(), list[str](), 0
    while at < len(written):
        end = data.draw(st.integers(at + 1, len(written)))
        got += buffer.feed(written[at:end])
        at = end
    assert lines == got
    assert not buffer.flush()


def test_invalid_bytes_and_partial_lines_are_shown() -> None:
    """Bytes that are no UTF-8 are replaced, and what did not end comes with the flush."""
    lines = Lines()
    expected = ["caf\ufffd"]
    assert expected == lines.feed(b"caf\xe9\nrest")
    wanted = ["rest"]
    assert wanted == lines.flush()


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """It is cut, and nothing is lost."""
    lines = Lines()
    got = [line for _ in range(5) for line in lines.feed(b"x" * 10_000)] + lines.flush()
    expected = 50_000
    assert expected == sum(map(len, got))
    assert len(got) > 1


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0s"), (1.26, "1.3s"), (59.94, "59.9s"), (59.96, "1m00s"), (3725, "62m05s")],
)
def test_durations_are_short(seconds: float, expected: str) -> None:
    """Tenths of a second, from a minute on minutes and seconds."""
    assert expected == duration(seconds)


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


class Story:
    """Opens spans on a renderer, in a time of its own."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self.clock = Clock()
        self._id = 0

    def begin(self, name: str, kind: str = "step", parent: Span | None = None) -> Span:
        """Open a span."""
        self._id += 1
        above = parent.id if parent else None
        span = Span(self._id, name, kind, above, self.renderer, self.clock)
        self.renderer.begin(span)
        return span


def tell(story: Story) -> None:
    """Run two steps in a function at the same time; the second one fails."""
    outer = story.begin("test", "function")
    install = story.begin("uv sync", parent=outer)
    tests = story.begin("pytest -q", parent=outer)
    outer.write(b"from the module\n")
    tests.write(b"collecting ...\r2 tests\n")
    install.write(b"\x1b[32minstalled\x1b[0m\n")
    story.clock.now_s = 1.25
    install.end(Outcome.DONE)
    story.begin("ruff check").end(Outcome.CACHED)
    tests.write(b"1 failed")
    story.clock.now_s = 2.0
    tests.end(Outcome.FAILED, "exit code: 1")
    outer.end(Outcome.CANCELLED)
    story.renderer.say("the host's files stand in for python:3.12")
    story.renderer.close()


PLAIN = """\
1 : test
2 : uv sync
3 : pytest -q
1 :   | from the module
3 :   | 2 tests
2 :   | installed
2 : uv sync DONE [1.2s]
4 : ruff check
4 : ruff check CACHED [0.0s]
3 :   | 1 failed
3 : pytest -q ERROR [2.0s]: exit code: 1
1 : test CANCELLED [2.0s]
the host's files stand in for python:3.12
"""

QUIET = """\
3 : pytest -q
3 :   | 2 tests
3 :   | 1 failed
3 : pytest -q ERROR [2.0s]: exit code: 1
the host's files stand in for python:3.12
"""

DOTS = """\
.$X
pytest -q ERROR [2.0s]: exit code: 1
  | 2 tests
  | 1 failed
-
the host's files stand in for python:3.12
"""

REPORT = """\
the host's files stand in for python:3.12
test         CANCELLED  2.0s
uv sync      DONE       1.2s
pytest -q    ERROR      2.0s  exit code: 1
  | 2 tests
  | 1 failed
ruff check   CACHED     0.0s
"""


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda stream: Plain(stream), PLAIN),
        (lambda stream: Plain(stream, verbosity=-1), QUIET),
        (lambda stream: Plain(stream, verbosity=1), PLAIN),
        (lambda stream: Dots(stream), DOTS),
        (lambda stream: Report(stream), REPORT),
    ],
)
def test_renderers_for_logs_write_lines(
    make: Callable[[io.StringIO], Renderer], expected: str
) -> None:
    """Begin, output and end in order; a failed span shows its last lines in every mode."""
    stream = io.StringIO()
    tell(Story(make(stream)))
    assert expected == stream.getvalue()


def test_plain_shows_the_output_of_a_failed_check() -> None:
    """Output that is hidden by default is shown when it explains a failure."""
    stream = io.StringIO()
    span = Story(Plain(stream)).begin("test", "check")
    span.write(b"Traceback\nValueError\n")
    span.end(Outcome.FAILED)
    expected = "1 : test\n1 :   | Traceback\n1 :   | ValueError\n1 : test ERROR [0.0s]\n"
    assert expected == stream.getvalue()


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


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


@pytest.mark.parametrize(
    ("mode", "stream", "environ", "expected"),
    [
        ("auto", Tty(), {}, Live),
        ("auto", Tty(), {"TERM": "dumb"}, Plain),
        ("auto", io.StringIO(), {}, Plain),
        ("tty", Tty(), {}, Live),
        ("plain", Tty(), {}, Plain),
        ("dots", Tty(), {}, Dots),
        ("report", Tty(), {}, Report),
        ("none", Tty(), {}, Renderer),
    ],
)
def test_each_mode_has_its_renderer(
    mode: str, stream: io.StringIO, environ: dict[str, str], expected: type
) -> None:
    """`auto` is live on a terminal that can move its cursor."""
    assert expected is type(choose(mode, stream=stream, environ=environ, verbosity=0))


def test_live_needs_a_terminal() -> None:
    """Asked for live progress in a pipe, it says what to use instead."""
    with pytest.raises(UsageError, match="no terminal") as caught:
        choose("tty", stream=io.StringIO(), environ={}, verbosity=0)
    wanted = "use --progress plain"
    assert wanted == caught.value.hint


def test_renderers_that_repeat_failures_say_so() -> None:
    """The command line prints a failed step's output itself where its progress does not."""
    stream = io.StringIO()
    expected = [True, True, False, False]
    renderers: list[Renderer] = [Dots(stream), Report(stream), Plain(stream), Renderer()]
    assert expected == [renderer.repeats_failures for renderer in renderers]


def test_all_renderers_show_what_progress_opens() -> None:
    """Progress and every renderer fit together; a line is said once."""
    for make in (Plain, Dots, Report):
        stream = io.StringIO()
        progress = Progress(make(stream))
        progress.say("once")
        progress.say("once")
        progress.span("x", "step").end(Outcome.DONE)
        progress.close()
        wanted = 1
        assert wanted == stream.getvalue().count("once")
