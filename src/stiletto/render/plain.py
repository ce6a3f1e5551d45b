"""Progress as plain lines, for logs.

    3 : pytest -q
    3 :   | 1 failed, 2 passed
    3 : pytest -q ERROR [1.2s]

The number distinguishes spans that run at the same time. Output is shown as it comes for steps;
other spans show theirs when they fail, or with -v. With -q only what failed is shown.
"""

from __future__ import annotations

from typing import TextIO

from stiletto.progress import Outcome, Renderer, Span
from stiletto.render.lines import FailureOrigin, Lines, duration, status


class Plain(Renderer):
    """Writes a line for each begin, end and line of output."""

    def __init__(self, stream: TextIO, *, verbosity: int = 0) -> None:
        self._stream = stream
        self._verbosity = verbosity
        self._lines: dict[int, Lines] = {}
        self._origin = FailureOrigin()

    def begin(self, span: Span) -> None:
        """Write that the span began."""
        self._lines[span.id] = Lines()
        if self._verbosity >= 0:
            self._write(f"{span.id} : {span.name}")

    def output(self, span: Span, data: bytes) -> None:
        """Write the lines that came complete, where the span's output is shown."""
        lines = self._lines.setdefault(span.id, Lines()).feed(data)
        if self._streams(span):
            self._write_output(span, lines)

    def end(self, span: Span, note: str) -> None:
        """Write how the span ended; before that, of a failed one, what was not shown yet."""
        kept = self._lines.pop(span.id, Lines())
        rest = kept.flush()
        failed = span.outcome is Outcome.FAILED
        began_here = failed and self._origin.began_in(span)
        if self._streams(span):
            self._write_output(span, rest)
        elif began_here:
            if self._verbosity < 0:
                self._write(f"{span.id} : {span.name}")
            self._write_output(span, list(kept.tail))
        if failed or self._verbosity >= 0:
            reason = f": {note}" if note else ""
            time = f" [{duration(span.elapsed_s)}]"
            self._write(f"{span.id} : {span.name} {status(span)}{time}{reason}")

    def say(self, line: str) -> None:
        """Write the line."""
        self._write(line)

    def _streams(self, span: Span) -> bool:
        return self._verbosity > 0 or (self._verbosity == 0 and span.kind in ("function", "step"))

    def _write_output(self, span: Span, lines: list[str]) -> None:
        for line in lines:
            self._write(f"{span.id} :   | {line}".rstrip())

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()
