"""A single-flight cache: concurrent callers share one task, and its result is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """Results by key, for one session; with `remember=False` only while they are made."""

    def __init__(self, *, remember: bool = True) -> None:
        self._remember = remember
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        """Return how many things were made or are being made."""
        return len(self._tasks)

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` gives; callers with the same key share one task."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(make())
            self._tasks[key] = task
            # All callers that wait now get a failure; the next one tries again.
            task.add_done_callback(lambda t: self._forget(key, t))
        # One caller giving up must not end the work of the others.
        result: T = await asyncio.shield(task)
        return result

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None or not self._remember:
            self._tasks.pop(key, None)

    async def close(self) -> None:
        """End everything that still runs."""
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            if not task.cancelling():  # a second time would end how it cleans up
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
