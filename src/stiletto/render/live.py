"""Progress on a terminal: what runs now, as a tree that moves; what ended scrolls above it.

    ✔ uv sync 1.2s
    ✔ ruff check CACHED
    ✘ pytest -q ERROR 3.4s
      | 1 failed, 2 passed
    ⠹ test 5.1s
      ⠹ pytest tests/unit 2.0s
        | collecting ...

The tree is redrawn by a thread of rich's; everything else is called from one thread. The lock
guards the spans only and is never held while printing, because rich holds its own lock while it
gets the tree.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live as Display
from rich.text import Text

from stiletto.progress import Outcome, Renderer, Span
from stiletto.render.lines import FailureOrigin, Labels, Lines, duration, status

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAMES_PER_SECOND = 12.5

_SHOWN_LINES = 3
"""How many of the last lines of a running step are shown."""

_MARKS = {
    Outcome.DONE: ("✔", "green"),
    Outcome.CACHED: ("✔", "blue"),
    Outcome.FAILED: ("✘", "red"),
    Outcome.CANCELLED: ("∅", "yellow"),
}


def console_for(stream: TextIO, environ: Mapping[str, str]) -> Console:
    """Return a console on the stream; NO_COLOR and COLUMNS are those of `environ`."""
    return Console(file=stream, highlight=False, markup=False, emoji=False, _environ=environ)


class Live(Renderer):
    """Shows running spans as a tree with spinners, and prints each that ended."""

    repeats_failures = True

    def __init__(
        self, console: Console, *, verbosity: int = 0, refresh_per_second: float = 10
    ) -> None:
        self._console = console
        self._verbosity = verbosity
        self._lock = threading.Lock()
        self._open: dict[int, tuple[Span, Lines]] = {}
        self._labels = Labels()
        self._origin = FailureOrigin()
        self._closed = False
        self._display = Display(
            get_renderable=self.tree,
            console=console,
            refresh_per_second=refresh_per_second,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def begin(self, span: Span) -> None:
        """Show the span as running."""
        if self._closed:
            return
        with self._lock:
            self._labels.begin(span)
            self._open[span.id] = (span, Lines())
        if not self._display.is_started:
            self._display.start(refresh=True)

    def output(self, span: Span, data: bytes) -> None:
        """Show the last lines beneath the span; with -v, print all."""
        with self._lock:
            entry = self._open.get(span.id)
            lines = entry[1].feed(data) if entry else []
        if self._verbosity > 0:
            self._print_output(span, lines)

    def end(self, span: Span, note: str) -> None:
        """Print how the span ended; of a failed one, also its last lines."""
        with self._lock:
            entry = self._open.pop(span.id, None)
            label = self._labels.end(span)
            rest = entry[1].flush() if entry else []
            tail = list(entry[1].tail) if entry else []
        if entry is None or self._closed or span.kind == "part":
            return
        failed = span.outcome is Outcome.FAILED
        # Printing draws the tree again as it was last drawn: without this span first.
        self._display.refresh()
        if self._verbosity > 0:
            self._print_output(span, rest)
        if failed or self._verbosity >= 0:
            began_here = failed and self._origin.began_in(span)
            repeated = tail if began_here and self._verbosity <= 0 else []
            if span.kind == "function" and not failed and self._verbosity == 0:
                # What a function prints is meant for its caller.
                repeated = tail
            lines = [Text(f"  | {line}", style="dim") for line in repeated]
            # In one go: each print redraws the tree.
            self._console.print(Group(self._ended(span, note, label), *lines))

    def say(self, line: str) -> None:
        """Print the line above the tree."""
        self._console.print(Text(line))

    def pause(self) -> None:
        """Hide the tree for a while; what was printed stays."""
        if self._display.is_started:
            self._display.stop()

    def resume(self) -> None:
        """Show the tree again."""
        if self._open and not self._closed:
            self._display.start(refresh=True)

    def close(self) -> None:
        """Remove the tree; what was printed stays."""
        self._closed = True
        with self._lock:
            self._open.clear()
        if self._display.is_started:
            self._display.stop()

    def _print_output(self, span: Span, lines: list[str]) -> None:
        if lines:
            head = (f"{span.name} | ", "dim")
            self._console.print(Group(*(Text.assemble(head, line) for line in lines)))

    def _ended(self, span: Span, note: str, label: str = "") -> Text:
        mark, style = _MARKS[span.outcome or Outcome.DONE]
        done = span.outcome in (Outcome.DONE, None)
        if note and span.outcome in (Outcome.DONE, Outcome.CACHED):
            # The module decides what this means; a tick in front of an exit code is none of ours.
            mark, style = _MARKS[Outcome.FAILED]
        facts = [] if done else [status(span)]
        if span.outcome is not Outcome.CACHED:
            facts.append(duration(span.elapsed_s))
        name = Text(span.name)
        if span.kind == "step":
            # A command gives way; what follows it does not.
            taken = len(label) + len(" ".join(["  ", *facts, note]))
            name.truncate(max(self._console.width - taken - 1, 20), overflow="ellipsis")
        text = Text.assemble((mark, style), " ", (label, "dim"), name, " ")
        text.append(" ".join(facts), style="dim" if done else style)
        if note:
            text.append(f" {note}", style="dim")
        return text

    def tree(self) -> Group:
        """Return the running spans, children beneath parents, cut to the terminal's height."""
        with self._lock:
            rows = [(span, list(lines.tail)[-_SHOWN_LINES:]) for span, lines in self._open.values()]
        known = {span.id for span, _ in rows}
        children: dict[int | None, list[tuple[Span, list[str]]]] = {}
        for row in rows:
            # A parent that ended already no longer shows: its children move up.
            parent = row[0].parent if row[0].parent in known else None
            children.setdefault(parent, []).append(row)
        frame = _FRAMES[int(self._console.get_time() * _FRAMES_PER_SECOND) % len(_FRAMES)]
        drawn: list[Text] = []

        def draw(parent: int | None, depth: int) -> None:
            for span, tail in children.get(parent, []):
                if span.kind == "part" and span.id not in children:
                    continue  # nothing of it runs
                drawn.append(_running(span, frame, depth, self._console.width))
                if span.id not in children:
                    indent = "  " * (depth + 1)
                    drawn.extend(
                        Text(f"{indent}| {line}", style="dim", no_wrap=True, overflow="ellipsis")
                        for line in tail
                    )
                draw(span.id, depth + 1)

        draw(None, 0)
        height = max(self._console.height - 2, 1)
        if len(drawn) > height:
            hidden = len(drawn) - height + 1
            drawn[height - 1 :] = [Text(f"... {hidden} more lines", style="dim")]
        return Group(*drawn)


def _running(span: Span, frame: str, depth: int, width: int) -> Text:
    """Return one line; the name gives way where the terminal is narrow."""
    start, end = f"{'  ' * depth}{frame} ", f" {duration(span.elapsed_s)}"
    name = Text(span.name)
    name.truncate(max(width - len(start) - len(end), 1), overflow="ellipsis")
    return Text.assemble((start, "cyan"), name, (end, "dim"), no_wrap=True, overflow="crop")
