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
