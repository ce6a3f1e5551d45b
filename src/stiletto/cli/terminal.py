"""Where the command line reads and writes."""

from __future__ import annotations

import os
import re
import select
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from stiletto.visible import coloured, harmless

WIDTH = 80
"""Columns if the output is not a terminal: what help and summaries wrap to."""

LAST_S = 0.3
"""How long the last output of a command may take."""


@dataclass(frozen=True)
class Terminal:
    """The streams, the environment and the place of one run."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    cwd: Path
    masks: list[Callable[[str], str]] = field(default_factory=list)
    """Remove the secrets of sessions from what is written, also after a session has ended."""

    @property
    def width(self) -> int:
        """Columns of stdout."""
        columns = self.environ.get("COLUMNS", "")
        if re.fullmatch("[0-9]{1,6}", columns) and int(columns) > 0:
            return int(columns)
        if self.stdout.isatty():
            with suppress(OSError):
                return os.get_terminal_size(self.stdout.fileno()).columns or WIDTH
        return WIDTH

    @property
    def can_ask(self) -> bool:
        """Whether a user can answer a question."""
        return self.stdin.isatty() and self.stderr.isatty()

    def ask(self, question: str) -> bool:
        """Ask, and wait for a line; anything but yes means no."""
        self.stderr.write(question)
        self.stderr.flush()
        # The event loop's own handler only marks the task as cancelled, which a blocking read
        # would never notice.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return self.stdin.readline().strip().lower() in ("y", "yes")
        finally:
            signal.signal(signal.SIGINT, handler)

    def bold(self, text: str) -> str:
        """Return text in bold where stdout shows it."""
        if self.stdout.isatty() and not self.environ.get("NO_COLOR"):
            return f"\x1b[1m{text}\x1b[0m"
        return text

    def out(self, text: str) -> None:
        """Write to stdout, as it is but for secrets."""
        text = self._masked(text)
        self.reveal(coloured(text) if self.stdout.isatty() else text)

    def reveal(self, text: str) -> None:
        """Write to stdout, with secrets: only if the plaintext of one was requested."""
        self.stdout.write(text)
        self.stdout.flush()

    def _masked(self, text: str) -> str:
        for mask in self.masks:
            text = mask(text)
        return text

    def err(self, line: str) -> None:
        """Write one line, or several, to stderr; nothing in them controls the terminal."""
        self.stderr.write(harmless(self._masked(line)) + "\n")
        self.stderr.flush()

    @property
    def has_no_reader(self) -> bool:
        """Whether stderr is a pipe whose other end is closed."""
        poller = select.poll()
        try:
            poller.register(self.stderr.fileno(), 0)
        except (OSError, ValueError):  # not a file
            return False
        return any(state & (select.POLLERR | select.POLLHUP) for _, state in poller.poll(0))

    def last(self, line: str) -> None:
        """Write as `err` does, from any thread; give up if nothing reads it.

        The stream may be broken, full, or locked by a thread that waits for its reader.
        """
        text = harmless(self._masked(line)) + "\n"
        writer = threading.Thread(target=self._write_through, args=(text,), daemon=True)
        writer.start()
        writer.join(LAST_S)

    def _write_through(self, text: str) -> None:
        try:
            number = self.stderr.fileno()
        except (OSError, ValueError):
            self.stderr.write(text)
            return
        rest = text.encode("utf-8", "surrogateescape")
        with suppress(OSError):
            while rest:
                rest = rest[os.write(number, rest) :]
