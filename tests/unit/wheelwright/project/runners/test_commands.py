"""Command lines that a shell runs."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.project.runners.commands import split


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("pytest -k 'a and (b or c)'", ("pytest", "-k", "a and (b or c)")),
        ('pytest -m "not slow"', ("pytest", "-m", "not slow")),
        ("pip install .[test]", ("pip", "install", ".[test]")),
        ("a && b", ("sh", "-c", "a && b")),
        ("pytest tests/*.py", ("sh", "-c", "pytest tests/*.py")),
        ('pytest "$ARGS"', ("sh", "-c", 'pytest "$ARGS"')),
        ("pytest '$ARGS'", ("pytest", "$ARGS")),
        ("A=1 pytest", ("sh", "-c", "A=1 pytest")),
        ("cd docs", ("sh", "-c", "cd docs")),
        ("it's", ("sh", "-c", "it's")),
        ("  ", ()),
    ],
)
def test_lines_are_split(line: str, command: tuple[str, ...]) -> None:
    """A line is its arguments; one that means something to a shell is left to it."""
    assert command == split(line)


@settings(max_examples=250, deadline=None)
@given(st.text(max_size=60))
def test_any_line_is_split(text: str) -> None:
    """No line is too odd: it is what `shlex` makes of it, or a shell's."""
    command = split(text)
    assert command in ((), ("sh", "-c", text.strip())) or command == tuple(
        shlex.split(text.strip())
    )
