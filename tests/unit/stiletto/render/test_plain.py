"""Progress as plain lines."""

from __future__ import annotations

import io

from stiletto.progress import Outcome
from stiletto.render.plain import Plain
from tests.unit.stiletto.render.stories import Story


def test_plain_shows_the_output_of_a_failed_check() -> None:
    """Output that is hidden by default is shown when it explains a failure."""
    stream = io.StringIO()
    span = Story(Plain(stream)).begin("test", "check")
    span.write(b"Traceback\nValueError\n")
    span.end(Outcome.FAILED)
    expected = "1 : test\n1 :   | Traceback\n1 :   | ValueError\n1 : test ERROR [0.0s]\n"
    assert expected == stream.getvalue()


class Counting(io.StringIO):
    """Counts how often it is written to."""

    writes = 0

    def write(self, text: str, /) -> int:
        """Write it."""
        self.writes += 1
        return super().write(text)


def test_output_that_comes_at_once_is_written_at_once() -> None:
    """What prints waits while its output is shown: a write for each line slowed it down."""
    stream = Counting()
    span = Story(Plain(stream)).begin("pytest", "step")
    before = stream.writes
    span.write(b"line\n" * 1000)
    assert 1 == stream.writes - before
    assert 1000 == stream.getvalue().count("1 :   | line\n")
