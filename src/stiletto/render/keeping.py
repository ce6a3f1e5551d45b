"""Progress as another renderer shows it; what one function prints comes at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from stiletto.progress import Renderer, Span
from stiletto.render.lines import Lines


class Keeping(Renderer):
    """Keeps what a function prints, and writes it when the progress is closed."""

    def __init__(self, shown: Renderer, function: str, stream: TextIO) -> None:
        self._shown = shown
        self._function = function
        self._stream = stream
        self._lines = Lines()
        self._kept: list[str] = []
        self.repeats_failures = shown.repeats_failures

    def begin(self, span: Span) -> None:
        """Show that something started."""
        self._shown.begin(span)

    def output(self, span: Span, data: bytes) -> None:
        """Keep what the function printed; show what anything else did."""
        if (span.kind, span.name) == ("function", self._function):
            self._kept += self._lines.feed(data)
        else:
            self._shown.output(span, data)

    def end(self, span: Span, note: str) -> None:
        """Show how it ended."""
        self._shown.end(span, note)

    def say(self, line: str) -> None:
        """Show a line that belongs to no span."""
        self._shown.say(line)

    def beat(self, running: Sequence[Span]) -> None:
        """Show that these still run."""
        self._shown.beat(running)

    def pause(self) -> None:
        """Leave the terminal to a question."""
        self._shown.pause()

    def resume(self) -> None:
        """Show the progress again after a question."""
        self._shown.resume()

    def close(self) -> None:
        """Leave the terminal as it was, and write what was kept, once."""
        self._shown.close()
        kept, self._kept = [*self._kept, *self._lines.flush()], []
        self._stream.writelines(f"{line}\n" for line in kept)
        self._stream.flush()
