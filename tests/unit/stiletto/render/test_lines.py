"""Output becomes lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.render.lines import Lines, duration


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
