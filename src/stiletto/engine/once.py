"""Single-flight cache: concurrent callers share one call, and its result is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from stiletto.graph.recipe import Recipe

T = TypeVar("T")


class Once:
    """Results by what was done and to which recipe, for one session."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def get(self, what: str, recipe: Recipe, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` gives; callers of the same share one task."""
        key = (what, recipe.digest)
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(make())
            self._tasks[key] = task
            # A failure is told to everybody who waits now, and tried again by who asks later.
            task.add_done_callback(lambda t: self._forget(key, t))
        # One caller giving up must not end the work of the others.
        result: T = await asyncio.shield(task)
        return result

    def _forget(self, key: tuple[str, str], task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._tasks.pop(key, None)

    async def close(self) -> None:
        """End everything that still runs."""
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
