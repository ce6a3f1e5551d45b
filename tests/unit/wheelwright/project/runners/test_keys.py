"""Finding the lines of keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.project.runners.keys import KeyLines

TEXT = """# x
[tool.a]
b = 1
c.d = 2
[[tool."e-f".g]] # comment
h = { i = 1 }
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("tool",), 2),
        (("tool", "a", "b"), 3),
        (("tool", "a", "c", "d"), 4),
        (("tool", "a", "missing"), 2),
        (("tool", "e-f", "g", "h", "i"), 6),
        (("other",), 0),
        ((), 0),
    ],
)
def test_line_of_a_key(keys: tuple[str, ...], line: int) -> None:
    """A key has its own line, else that of the innermost table around it."""
    assert line == KeyLines(TEXT).line(*keys)


@settings(max_examples=250, deadline=None)
@given(st.text("[]a.=\"' #\n", max_size=80))
def test_any_text_has_lines(text: str) -> None:
    """No text is too odd for it."""
    assert 0 <= KeyLines(text).line("a", "a") <= len(text.splitlines())
