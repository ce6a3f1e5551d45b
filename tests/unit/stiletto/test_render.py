"""Renderers compared: the same progress, as each of them shows it."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from stiletto.errors import UsageError
from stiletto.progress import Outcome, Progress, Renderer
from stiletto.render import choose
from stiletto.render.live import Live
from stiletto.render.plain import Plain
from stiletto.render.summary import Dots, Report
from stiletto.visible import sanitized
from tests.unit.stiletto.render.stories import Story, Tty, tell

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


TOLD_ON_STDERR = """\
import os, sys
from stiletto.render import choose
from tests.unit.stiletto.render.stories import Story, tell
tell(Story(choose("auto", stream=sys.stderr, environ=os.environ, verbosity=0)))
"""

LEFT = """\
✔ uv sync 1.2s
✔ ruff check CACHED
✘ pytest -q ERROR 2.0s exit code: 1
  | 2 tests
  | 1 failed
∅ test CANCELLED 2.0s
the host's files stand in for python:3.12
"""


def on_terminal(columns: int, **environ: str) -> str:
    """Return what a real terminal of that width is sent."""
    above, below = pty.openpty()
    fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    done = subprocess.Popen(
        [sys.executable, "-c", TOLD_ON_STDERR],
        stdin=subprocess.DEVNULL,
        stderr=below,
        cwd=Path(__file__).parents[3],
        env={**kept, "TERM": "xterm-256color", "PYTHONUTF8": "1", **environ},
    )
    os.close(below)
    sent = b""
    # Linux answers EIO once the other end is closed.
    with suppress(OSError):
        while chunk := os.read(above, 65536):
            sent += chunk
    os.close(above)
    assert 0 == done.wait()
    return sent.decode().replace("\r\n", "\n")


def left(sent: str, expected: str = LEFT) -> list[str]:
    """Return the lines that stay: what was drawn and erased, spinners and all, is left out."""
    lines = [sanitized(line).rstrip() for line in sent.splitlines()]
    drawn = re.compile("[\u2800-\u28ff]|^  +\\| (?:installed|2 tests)$")
    kept = dict.fromkeys(line for line in lines if line.strip() and not drawn.search(line))
    return [line for line in expected.splitlines() if line in kept or drawn.search(line)]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_terminal_keeps_what_ended(columns: int) -> None:
    """On a real terminal of any width the same lines stay, and none is wider than it."""
    sent = on_terminal(columns)
    expected = LEFT if columns > 41 else LEFT.replace("for python", "for\npython")
    assert expected.splitlines() == left(sent, expected)
    assert all(len(sanitized(line)) <= columns for line in sent.splitlines())
    assert "\x1b[32m" in sent


def test_no_color_is_heeded() -> None:
    """With NO_COLOR the same lines stay, and nothing has a colour."""
    sent = on_terminal(80, NO_COLOR="1")
    assert LEFT.splitlines() == left(sent)
    assert not re.search("\x1b\\[(?:3[0-7]|9[0-7]|38|48)[;m]", sent)


def test_dumb_terminal_gets_plain_lines() -> None:
    """A terminal that cannot move its cursor gets what a pipe gets."""
    assert PLAIN == on_terminal(80, TERM="dumb")
