"""A thing is made once for all callers that ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stiletto.engine.once import Once


def counting(made: list[str]) -> Callable[[], Awaitable[int]]:
    """Return what makes a number, one higher each time."""

    async def make() -> int:
        await asyncio.sleep(0)
        made.append("x")
        return len(made)

    return make


@pytest.mark.parametrize(("remember", "expected"), [(True, [1, 1, 1]), (False, [1, 1, 2])])
async def test_callers_share_what_is_being_made(remember: bool, expected: list[int]) -> None:
    """Two callers at once get one result; a later one gets it, too, where it is remembered."""
    once = Once(remember=remember)
    made: list[str] = []
    both = await asyncio.gather(once.get("a", counting(made)), once.get("a", counting(made)))

    assert expected == [*both, await once.get("a", counting(made))]
    assert [(1 if remember else 2) + 1] == [await once.get("b", counting(made))]


async def test_a_failure_is_made_again() -> None:
    """All callers that wait get the failure; the next one tries again."""
    once = Once()
    failures = [ValueError("first")]

    async def make() -> str:
        await asyncio.sleep(0)
        if failures:
            raise failures.pop()
        return "made"

    both = await asyncio.gather(once.get("a", make), once.get("a", make), return_exceptions=True)

    assert ["first", "first"] == [str(each) for each in both]
    assert await once.get("a", make) == "made"


async def test_a_caller_that_gives_up_ends_nothing() -> None:
    """The work goes on for the others."""
    once = Once()
    goes_on = asyncio.Event()

    async def make() -> str:
        await goes_on.wait()
        return "made"

    first = asyncio.ensure_future(once.get("a", make))
    second = asyncio.ensure_future(once.get("a", make))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    goes_on.set()

    assert await second == "made"
    assert first.cancelled()
    assert len(once) == 1


async def test_what_ends_already_is_not_ended_again() -> None:
    """It may clean up, such as end its processes, before `close` returns."""
    once = Once()
    events: list[str] = []
    started = asyncio.Event()

    async def make() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            events.append("cleaned up")
            raise

    caller = asyncio.ensure_future(once.get("a", make))
    await started.wait()
    (task,) = once._tasks.values()
    task.cancel()
    await asyncio.sleep(0)
    await once.close()

    assert ["cleaned up"] == events
    assert isinstance((await asyncio.gather(caller, return_exceptions=True))[0], BaseException)
