"""Progress as plain lines, for logs.

    3 : pytest -q
    3 :   | 1 failed, 2 passed
    3 : pytest -q ERROR [1.2s]
    4 : [3.12] pytest -q DONE [2.0s]

The number distinguishes spans that run at the same time; in brackets is the part of the call that
a step belongs to, as its module names it. Output is shown as it comes for steps; other spans show
theirs when they fail, or with -v. With -q only what failed is shown. Where nothing was written for
long, what runs has a line.

In the log of a CI service what belongs to one check, or to one part of a call, is kept until it
ended, and is one group there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TextIO

from stiletto.progress import Outcome, Renderer, Span
from stiletto.render.groups import Groups
from stiletto.render.lines import FailureOrigin, Labels, Lines, duration, status

SILENT_S = 25.0
"""After so long without a line what runs has one: with the beat of 5 s that is every 30 s."""

_STILL_MAX = 5


class Plain(Renderer):
    """Writes a line for each begin, end and line of output."""

    def __init__(
        self,
        stream: TextIO,
        *,
        verbosity: int = 0,
        groups: Groups | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._verbosity = verbosity
        self._groups = groups
        self._clock = clock
        self._written_s = clock()
        self._lines: dict[int, Lines] = {}
        self._labels = Labels()
        self._origin = FailureOrigin()

    def begin(self, span: Span) -> None:
        """Write that the span began."""
        self._labels.begin(span)
        if self._groups:
            self._groups.begin(span)
        if span.kind == "part":
            return
        self._lines[span.id] = Lines()
        if self._verbosity >= 0:
            self._write(f"{span.id} : {self._labels.of(span)}{span.name}", span)

    def output(self, span: Span, data: bytes) -> None:
        """Write the lines that came complete, where the span's output is shown."""
        lines = self._lines.setdefault(span.id, Lines()).feed(data)
        if self._streams(span):
            self._write_output(span, lines)

    def end(self, span: Span, note: str) -> None:
        """Write how the span ended; before that, of a failed one, what was not shown yet."""
        name = f"{span.id} : {self._labels.end(span)}{span.name}"
        if span.kind != "part":
            self._write_end(span, name, note)
        if self._groups:
            self._emit(self._groups.end(span))

    def _write_end(self, span: Span, name: str, note: str) -> None:
        kept = self._lines.pop(span.id, Lines())
        rest = kept.flush()
        failed = span.outcome is Outcome.FAILED
        began_here = failed and self._origin.began_in(span)
        if self._streams(span):
            self._write_output(span, rest)
        elif began_here:
            if self._verbosity < 0:
                self._write(name, span)
            self._write_output(span, list(kept.tail))
        if failed or self._verbosity >= 0:
            reason = f": {note}" if note else ""
            time_ = f" [{duration(span.elapsed_s)}]"
            self._write(f"{name} {status(span)}{time_}{reason}", span)

    def say(self, line: str) -> None:
        """Write the line."""
        self._emit([line])

    def beat(self, running: Sequence[Span]) -> None:
        """Write what runs, where nothing was written for long."""
        if self._verbosity < 0 or self._clock() - self._written_s < SILENT_S:
            return
        above = {span.parent for span in running}
        leaves = [each for each in running if each.id not in above and each.kind != "part"]
        for span in leaves[:_STILL_MAX]:
            name = f"{span.id} : {self._labels.of(span)}{span.name}"
            self._emit([f"{name} runs [{duration(span.elapsed_s)}]"])
        if len(leaves) > _STILL_MAX:
            self._emit([f"{len(leaves) - _STILL_MAX} more run"])

    def close(self) -> None:
        """Write the groups that did not end."""
        if self._groups:
            self._emit(self._groups.close())

    def _streams(self, span: Span) -> bool:
        return self._verbosity > 0 or (self._verbosity == 0 and span.kind in ("function", "step"))

    def _write_output(self, span: Span, lines: list[str]) -> None:
        self._write_lines([f"{span.id} :   | {line}".rstrip() for line in lines], span)

    def _write(self, line: str, span: Span) -> None:
        self._write_lines([line], span)

    def _write_lines(self, lines: Sequence[str], span: Span) -> None:
        """Write lines at once: what prints them waits meanwhile."""
        groups = self._groups
        self._emit(
            lines if groups is None else [line for line in lines if not groups.keep(line, span)]
        )

    def _emit(self, lines: Sequence[str]) -> None:
        if lines:
            self._written_s = self._clock()
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
