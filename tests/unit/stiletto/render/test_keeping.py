"""What one function prints comes at the end, whatever shows the progress."""

from __future__ import annotations

import io

import pytest

from stiletto.progress import Outcome, Renderer
from stiletto.render.keeping import Keeping
from stiletto.render.plain import Plain
from tests.unit.stiletto.render.stories import Story


@pytest.mark.parametrize("plain", [False, True])
def test_output_of_the_function_is_shown_once_at_the_end(plain: bool) -> None:
    """Its lines come when the progress is closed; others are shown as ever."""
    stream = io.StringIO()
    keeping = Keeping(Plain(stream) if plain else Renderer(), "init", stream)
    story = Story(keeping)
    span, step = story.begin("init", "function"), story.begin("git log", "step")
    span.write(b"found: a\nfou")
    step.write(b"a commit\n")
    span.write(b"nd: b\nlast")
    step.end(Outcome.DONE)
    span.end(Outcome.DONE)
    keeping.close()
    keeping.close()

    before, found, after = stream.getvalue().partition("found: a\n")
    assert ("found: a\n", "found: b\nlast\n") == (found, after)
    assert plain == ("2 :   | a commit\n" in before)
