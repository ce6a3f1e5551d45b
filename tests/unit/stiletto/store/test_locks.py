"""Who waits for whom: tasks, processes, and the user who prunes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.store import Store

HOLD = """
import asyncio, sys
from pathlib import Path
from stiletto.store import Store
async def main():
    async with Store(Path(sys.argv[1])).lock("name"):
        print("held", flush=True)
        sys.stdin.read()
asyncio.run(main())
"""

OPEN = """
import sys
from pathlib import Path
from stiletto.store import Store
store = Store(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def _start(script: str, root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() in ("held\n", "open\n")
    return process


async def test_tasks_take_turns(store: Store) -> None:
    """Two tasks never hold the same lock together."""
    inside = 0
    most = 0

    async def work() -> None:
        nonlocal inside, most
        async with store.lock("step/1"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.002)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(6)))
    assert most == 1


async def test_different_names_do_not_wait(store: Store) -> None:
    """A lock holds up only those who ask for the same name."""
    held: list[str] = []

    async def hold(name: str) -> None:
        async with store.lock(name):
            held.append(name)

    async with asyncio.timeout(5), store.lock("a"):
        waiting = asyncio.ensure_future(hold("a"))
        await hold("b")
        assert ["b"] == held
    await waiting
    assert ["b", "a"] == held


async def test_cancelled_task_stops_waiting(store: Store) -> None:
    """Who is cancelled while waiting neither gets the lock nor keeps others from it."""
    async with store.lock("a"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02), store.lock("a"):
                pass
    async with asyncio.timeout(5), store.lock("a"):
        pass


async def test_death_releases_a_lock(store: Store) -> None:
    """The lock of a process that is killed is free at once."""
    with _start(HOLD, store.root) as holder:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), store.lock("name"):
                pass
        holder.kill()
        holder.wait()
        async with asyncio.timeout(5), store.lock("name"):
            pass


def test_prune_refuses_while_another_process_works(store: Store) -> None:
    """A store that another process has open is not pruned; afterwards it is."""
    store.put_record("step", "k", {})
    with _start(OPEN, store.root) as user:
        with pytest.raises(EnvironmentFailed, match=f"cache {store.root} is in use") as caught:
            store.prune()
        user.communicate("")
    assert "no other stiletto" in str(caught.value.hint)
    assert store.record("step", "k") == {}
    assert store.prune().removed == {"records/step": 1}


def test_refused_prune_keeps_the_store_shared(store: Store) -> None:
    """Whoever was refused still counts as a user for others."""
    with Store(store.root) as other:
        with pytest.raises(EnvironmentFailed):
            store.prune()
        with pytest.raises(EnvironmentFailed):
            other.prune()
    assert store.prune().freed_bytes == 0


async def test_prune_removes_unused_locks_only(store: Store) -> None:
    """Lock files that nobody holds go; one that is held stays and keeps excluding."""
    async with store.lock("used"):
        async with store.lock("unused"):
            pass
        store.prune()
        assert [store.root / "locks/used"] == list((store.root / "locks").iterdir())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02), store.lock("used"):
                pass
