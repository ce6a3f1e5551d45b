"""Progress events and spans.

The engine opens a span for each thing worth a line (a step, a function, a check); a renderer
shows it. Spans never decide anything: the engine runs the same when nothing is shown.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum

from stiletto.visible import harmless

_KEPT_BYTES = 1000
_BEAT_S = 5.0

PART: ContextVar[str] = ContextVar("part", default="")
"""How a module names the part of its work that a request belongs to, such as a matrix's cell."""


class Outcome(Enum):
    """How a span ended."""

    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass
class Span:
    """One line of progress, open until `end`.

    `kind` is function, step, service, check, load or prepare; or part, which only names what is
    beneath it.
    """

    id: int
    name: str
    kind: str
    parent: int | None
    renderer: Renderer
    clock: Callable[[], float] = time.monotonic
    started_s: float = field(init=False)
    ended_s: float | None = None
    outcome: Outcome | None = None
    mask: Callable[[str], str] = str
    closed: Callable[[int], object] = int
    above: Span | None = None
    """The span that this one is beneath."""
    last_line: str = ""
    """The last whole line that the thing itself printed, of which the beginning is kept."""

    def __post_init__(self) -> None:
        self.started_s = self.clock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start, or the whole duration once ended."""
        return (self.clock() if self.ended_s is None else self.ended_s) - self.started_s

    def write(self, data: bytes) -> None:
        """Pass on output of the thing itself."""
        lines = [line for line in data[-_KEPT_BYTES:].splitlines() if line.strip()]
        if lines:
            self.last_line = lines[-1].decode("utf-8", "replace").strip()
        self.renderer.output(self, data)

    def end(self, outcome: Outcome, note: str = "", ended_s: float | None = None) -> None:
        """Close the span, as of another time if one is given; a second call changes nothing."""
        if self.outcome is not None:
            return
        self.ended_s = self.clock() if ended_s is None else ended_s
        self.outcome = outcome
        self.closed(self.id)
        self.renderer.end(self, harmless(self.mask(note)))

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """End the span with the context: as done, cancelled or failed."""
        try:
            yield
        except BaseException as error:
            # Imported here: `--help` shows no progress, and need not pay for it.
            from asyncio import CancelledError

            self.end(Outcome.CANCELLED if isinstance(error, CancelledError) else Outcome.FAILED)
            raise
        self.end(Outcome.DONE)


class Renderer:
    """Shows spans; this one shows nothing. Called from one thread."""

    repeats_failures = False
    """Whether the last lines of a failed step are shown at its end."""

    def begin(self, span: Span) -> None:
        """Show that something started."""

    def output(self, span: Span, data: bytes) -> None:
        """Show what it printed: any bytes, not lines."""

    def end(self, span: Span, note: str) -> None:
        """Show how it ended."""

    def say(self, line: str) -> None:
        """Show a line that belongs to no span."""

    def beat(self, running: Sequence[Span]) -> None:
        """Show that these still run, parts among them; called now and then."""

    def pause(self) -> None:
        """Leave the terminal to a question."""

    def resume(self) -> None:
        """Go on after a question."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Progress:
    """Opens spans and shows single lines (each line once).

    `mask` removes the secrets of a session from names, notes and lines; output has none.
    """

    def __init__(self, renderer: Renderer | None = None) -> None:
        self.mask: Callable[[str], str] = str
        self._renderer = renderer or Renderer()
        self._ids = itertools.count(1)
        self._shown: set[str] = set()
        self._open: dict[int, Span] = {}

    def span(
        self, name: str, kind: str, parent: Span | None = None, started_s: float | None = None
    ) -> Span:
        """Open a span beneath `parent`, for what started now or at another time."""
        above = parent.id if parent else None
        opened = Span(
            next(self._ids),
            harmless(self.mask(name)),
            kind,
            above,
            self._renderer,
            mask=lambda text: self.mask(text),
            closed=lambda number: self._open.pop(number, None),
            above=parent,
        )
        opened.started_s = opened.started_s if started_s is None else started_s
        self._open[opened.id] = opened
        self._renderer.begin(opened)
        return opened

    def running(self) -> list[Span]:
        """Return what has not ended, oldest first."""
        return [span for span in self._open.values() if span.kind != "part"]

    def say(self, line: str) -> None:
        """Show a line once, such as that isolation is off."""
        line = harmless(self.mask(line))
        if line not in self._shown:
            self._shown.add(line)
            self._renderer.say(line)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to a question while the context lasts."""
        self._renderer.pause()
        try:
            yield
        finally:
            self._renderer.resume()

    async def beating(self) -> None:
        """Let the renderer show what still runs, for as long as this is awaited."""
        # Imported here: `--help` shows no progress, and need not pay for it.
        import asyncio

        while True:
            await asyncio.sleep(_BEAT_S)
            self._renderer.beat(list(self._open.values()))

    def close(self) -> None:
        """Stop showing."""
        self._renderer.close()
