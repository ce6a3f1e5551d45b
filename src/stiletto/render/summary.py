"""Progress in short: a dot for each thing done, or one table at the end.

Both repeat the last lines of output of what failed. Checks are left out of the table: the
command that runs them reports on each.
"""

from __future__ import annotations

from typing import TextIO

from stiletto.progress import Outcome, Renderer, Span
from stiletto.render.lines import FailureOrigin, Labels, Lines, duration, status

_MARKS = {Outcome.DONE: ".", Outcome.CACHED: "$", Outcome.FAILED: "X", Outcome.CANCELLED: "-"}
_MARKS_PER_LINE = 72


class _Kept(Renderer):
    """Keeps the last lines of each open span."""

    repeats_failures = True

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.lines: dict[int, Lines] = {}
        self.labels = Labels()
        self.origin = FailureOrigin()

    def begin(self, span: Span) -> None:
        """Start keeping."""
        self.labels.begin(span)
        self.lines[span.id] = Lines()

    def output(self, span: Span, data: bytes) -> None:
        """Keep the last lines."""
        self.lines.setdefault(span.id, Lines()).feed(data)

    def tail(self, span: Span) -> list[str]:
        """Return the last lines where a failure began, and stop keeping."""
        kept = self.lines.pop(span.id, Lines())
        kept.flush()
        began_here = span.outcome is Outcome.FAILED and self.origin.began_in(span)
        return list(kept.tail) if began_here else []

    def write(self, text: str) -> None:
        """Write text as it is."""
        self.stream.write(text)
        self.stream.flush()


class Dots(_Kept):
    """One mark for each span: `.` done, `$` cached, `X` failed, `-` cancelled."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._column = 0

    def end(self, span: Span, note: str) -> None:
        """Write the mark; of a failed span also its name and last lines."""
        tail, label = self.tail(span), self.labels.end(span)
        if span.kind == "part":
            return
        if span.outcome is not Outcome.FAILED:
            self._mark(_MARKS[span.outcome or Outcome.DONE])
            return
        self._mark("X")
        self._line_up()
        self.write(
            f"{label}{span.name} ERROR [{duration(span.elapsed_s)}]{f': {note}' * bool(note)}\n"
        )
        self.write("".join(f"  | {line}".rstrip() + "\n" for line in tail))

    def say(self, line: str) -> None:
        """Write the line on a line of its own."""
        self._line_up()
        self.write(f"{line}\n")

    def close(self) -> None:
        """End the line of marks."""
        self._line_up()

    def _mark(self, mark: str) -> None:
        self.write(mark)
        self._column += 1
        if self._column == _MARKS_PER_LINE:
            self._line_up()

    def _line_up(self) -> None:
        if self._column:
            self.write("\n")
            self._column = 0


class Report(_Kept):
    """A table of all spans, in the order they began, written by `close`."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._rows: dict[int, tuple[Span, str, list[str]]] = {}

    def begin(self, span: Span) -> None:
        """Reserve the span's place."""
        super().begin(span)
        if span.kind not in ("check", "part"):
            self._rows[span.id] = (span, "", [])

    def end(self, span: Span, note: str) -> None:
        """Keep its row of the table."""
        tail = self.tail(span)
        if span.id in self._rows:
            failed = span.outcome is Outcome.FAILED
            self._rows[span.id] = (span, note if failed else "", tail)

    def say(self, line: str) -> None:
        """Write the line at once."""
        self.write(f"{line}\n")

    def close(self) -> None:
        """Write the table; a second call writes nothing."""
        rows = [row for row in self._rows.values() if row[0].outcome is not None]
        self._rows.clear()
        if not rows:
            return
        names = [f"{self.labels.of(span)}{span.name}" for span, _, _ in rows]
        width = max(map(len, names))
        for name, (span, note, tail) in zip(names, rows, strict=True):
            line = f"{name:<{width}}   {status(span):<9}  {duration(span.elapsed_s)}"
            self.write(f"{line}{f'  {note}' * bool(note)}\n")
            self.write("".join(f"  | {text}".rstrip() + "\n" for text in tail))
