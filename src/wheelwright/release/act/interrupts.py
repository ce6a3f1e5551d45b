"""Lets a release end in order on SIGINT and SIGTERM.

The first signal cancels what runs; the release then gives its lock back and reports, which takes a
few requests. Stiletto sends SIGTERM to a function that handles it, and waits; another engine may
end the process at once, and the lock is then taken over by the command that the run has printed.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

_Result = TypeVar("_Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

LONGEST_END_S = 60.0
"""How long giving the lock back and a last look may take."""


@contextmanager
def interruptible(note: Callable[[], None]) -> Iterator[anyio.CancelScope]:
    """Cancel what is in the context when a signal arrives; the scope shows whether one did.

    `note` reports it at once: what is done now may take its time to end.
    A process that cannot be told of signals, such as a thread beside the main one, is not.
    """
    loop = asyncio.get_running_loop()
    scope = anyio.CancelScope()
    handled = []

    def interrupt() -> None:
        note()
        scope.cancel()

    for number in _SIGNALS:
        try:
            loop.add_signal_handler(number, interrupt)
        except (ValueError, RuntimeError, NotImplementedError):
            break
        handled.append(number)
    try:
        with scope:
            yield scope
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


async def until_interrupted(
    awaited: Awaitable[_Result], note: Callable[[], None], ended: Callable[[], Exception]
) -> _Result:
    """Await what has nothing outside to give back.

    Raises:
        Exception: what `ended` returns, where a signal ended it.
    """
    with interruptible(note) as scope:
        try:
            return await awaited
        except anyio.get_cancelled_exc_class():
            if not scope.cancel_called:
                raise
    raise ended()
