"""Output of programs as lines that are safe to show."""

from __future__ import annotations

import codecs
from collections import deque

from stiletto.progress import Outcome, Span
from stiletto.visible import sanitized

TAIL = 40
"""How many of the last lines of a failed step are repeated."""

_LINE_CHARS = 16_384
"""A line is cut here: a program that never ends its line must not fill the memory."""


class Lines:
    """Bytes in, whole lines out; the last ones are kept.

    Bytes that are not UTF-8 become U+FFFD. A line that has not ended is kept back until it does, or
    until `flush`.
    """

    def __init__(self) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._partial = ""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that these bytes complete."""
        self._partial += self._decoder.decode(data)
        *whole, self._partial = self._partial.split("\n")
        if len(self._partial) > _LINE_CHARS:
            whole.append(self._partial)
            self._partial = ""
        return self._keep(whole)

    def flush(self) -> list[str]:
        """Return what is left as a last line, if anything is."""
        rest = self._partial + self._decoder.decode(b"", final=True)
        self._partial = ""
        return self._keep([rest] if rest else [])

    def _keep(self, whole: list[str]) -> list[str]:
        lines = [sanitized(line) for line in whole]
        self.tail.extend(lines)
        return lines


class FailureOrigin:
    """Distinguishes where a failure began from where it only passed through.

    A step that fails takes the function around it down too; what the function printed, mostly a
    traceback to the step, would push the step's own last lines out of sight.
    """

    def __init__(self) -> None:
        self._passed: set[int] = set()

    def began_in(self, span: Span) -> bool:
        """Whether a span that now ended as failed has no failed one beneath it."""
        began = span.id not in self._passed
        self._passed.discard(span.id)
        if span.parent is not None:
            self._passed.add(span.parent)
        return began


def duration(seconds: float) -> str:
    """Return a time in tenths of a second, from a minute on in minutes and seconds."""
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s"


def status(span: Span) -> str:
    """Return how a span ended, in one word."""
    match span.outcome:
        case Outcome.CACHED:
            return "CACHED"
        case Outcome.FAILED:
            return "ERROR"
        case Outcome.CANCELLED:
            return "CANCELLED"
        case _:
            return "DONE"


class Labels:
    """Knows beneath which part of a call each open span is: `[3.12] ` in front of its name."""

    def __init__(self) -> None:
        self._labels: dict[int, str] = {}

    def begin(self, span: Span) -> None:
        """Note a span that began."""
        above = self._labels.get(span.parent, "") if span.parent is not None else ""
        self._labels[span.id] = f"[{span.name}] " if span.kind == "part" else above

    def of(self, span: Span) -> str:
        """Return what stands in front of a span's name; empty beneath no part."""
        return self._labels.get(span.id, "")

    def end(self, span: Span) -> str:
        """Return the same for a span that ended, and forget it."""
        return self._labels.pop(span.id, "")
