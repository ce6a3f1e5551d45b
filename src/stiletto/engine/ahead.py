"""The steps of one session: those that began before the module asked, and those that it asked for.

A step is found here by its key, so by the content of all that it sees. It is shown when the module
asks for it, with what it printed so far and its real seconds; otherwise never.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from stiletto.api import container as c
from stiletto.progress import Span

T = TypeVar("T")


KEPT_BYTES = 1 << 20
"""Of what a step prints before it is shown: the last ones; its result has all."""


@dataclass(eq=False)
class Begun(Generic[T]):
    """A step that runs, or has run, though the module had not asked for it yet."""

    span: Span
    task: asyncio.Task[T]
    printed: deque[bytes] = field(default_factory=deque)
    shown: Span | None = None
    size_bytes: int = 0

    def write(self, data: bytes) -> None:
        """Keep what it prints until it is shown, and show it from then on."""
        if self.shown is not None:
            self.shown.write(data)
            return
        self.printed.append(data)
        self.size_bytes += len(data)
        while self.size_bytes > KEPT_BYTES and len(self.printed) > 1:
            self.size_bytes -= len(self.printed.popleft())

    def show(self, span: Span) -> None:
        """Show what it prints in another span."""
        for data in self.printed:
            span.write(data)
        self.printed.clear()
        self.shown = span


class Ahead(Generic[T]):
    """What one session has begun, and what its modules asked for.

    Attributes:
        begun: the steps that nothing asked for yet, by key.
        asked: what functions asked for, by digest, in that order.
        most: how many of these ran at once.
        limit: how many may run at once while any is begun early.
        over: whether nothing more is begun.
        broken: whether a step was cancelled, so that more would have been asked for.
    """

    def __init__(self) -> None:
        self.begun: dict[str, Begun[T]] = {}
        self.asked: dict[str, c.Exec] = {}
        self.most = 0
        self.limit = 0
        self.over = False
        self.broken = False
        self.running = 0

    def ask(self, exec_: c.Exec, above: Span | None) -> None:
        """Note that the code of a module asked for a step."""
        while above is not None:
            if above.kind == "function":
                self.asked[exec_.digest] = exec_
                return
            above = above.above

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a step that was asked for while the context lasts."""
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            yield
        except asyncio.CancelledError:
            self.broken = True
            raise
        finally:
            self.running -= 1

    def take(self, key: str) -> Begun[T] | None:
        """Return a step that has begun, once: who asks again after a failure has it run again."""
        return self.begun.pop(key, None)

    def missed(self) -> None:
        """Make way for a step that was asked for and has not begun early: it is counted.

        The module decides how many steps run at once, and is ahead or asks for something else.
        """
        self.over = True
        running = {key: each for key, each in self.begun.items() if not each.task.done()}
        if running and self.running + len(running) > self.limit:
            for key, each in running.items():
                each.task.cancel()
                del self.begun[key]
