"""Progress to show, in a time of its own, and a stream that is a terminal."""

from __future__ import annotations

import io

from stiletto.progress import Outcome, Renderer, Span


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


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True
