"""Asks an engine for many things at the same time; here, because reading and cutting both do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import anyio

T = TypeVar("T")


async def together(calls: Mapping[str, Callable[[], Awaitable[T]]]) -> dict[str, T]:
    """Return the result of each key, all of them requested at the same time."""
    results: dict[str, T] = {}

    async def ask(key: str) -> None:
        results[key] = await calls[key]()

    async with anyio.create_task_group() as group:
        for key in calls:
            group.start_soon(ask, key)
    return results
