"""What programs print, made harmless for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.visible import displayed, sanitized


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


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("timeout --signal=KILL 9s pytest -q", "pytest -q"),
        ("sh /opt/run.sh 1000 -- uv sync", "uv sync"),
        ("timeout 9s /bin/sh /opt/run.sh -- uv sync -- x", "uv sync -- x"),
        ("python /opt/run.py /src -- uv sync", "uv sync"),
        ("python -m run -- uv sync", "python -m run -- uv sync"),
        ("sh /opt/run.sh one", "sh /opt/run.sh one"),
        ("sh /opt/run.sh --", "sh /opt/run.sh --"),
        ("sh -c true -- one", "sh -c true -- one"),
        ("git log -- path", "git log -- path"),
    ],
)
def test_a_command_is_shown_without_what_only_runs_it(command: str, expected: str) -> None:
    """A time limit and a script around a command are not what a person looks for."""
    assert expected == displayed(command.split())
