"""Starts processes from threads of their own, with fewer rights than the engine.

What a thread gave up, its children lack: each step has an empty session keyring, and an isolated
one reaches no abstract socket of the machine. These threads live as long as the engine does,
because what is to die with its parent dies with the thread that started it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stiletto.sandbox.confine import close_abstract_sockets, new_session_keyring


@dataclass(frozen=True, slots=True)
class Starting:
    """What a process starts with; `confined`: without the machine's abstract sockets."""

    argv: Sequence[str]
    executable: Path | str
    env: Mapping[str, str]
    cwd: Path | None
    stdin: int
    stdout: int
    stderr: int
    pass_fds: tuple[int, ...] = ()
    confined: bool = False


@cache
def _thread(confined: bool) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        1, "stiletto-steps", initializer=close_abstract_sockets if confined else None
    )


def _popen(starting: Starting) -> subprocess.Popen[bytes]:
    new_session_keyring()
    return subprocess.Popen(
        list(starting.argv),
        executable=starting.executable,
        stdin=starting.stdin,
        stdout=starting.stdout,
        stderr=starting.stderr,
        env=dict(starting.env),
        cwd=starting.cwd,
        pass_fds=starting.pass_fds,
        start_new_session=True,
    )


class Child:
    """A process that was started, and its end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        try:
            self._fd = os.pidfd_open(process.pid)
        except (AttributeError, OSError):  # not Linux, or one older than 5.3
            threading.Thread(target=self._wait, name="stiletto-wait", daemon=True).start()
        else:
            self._loop.add_reader(self._fd, self._on_end)

    @property
    def has_ended(self) -> bool:
        """Whether it ended, and its exit code was taken."""
        return self._ended.done()

    async def wait(self) -> int:
        """Wait for its end; return the exit code, or minus the signal."""
        return await asyncio.shield(self._ended)

    def _on_end(self) -> None:
        code = self._process.poll()
        if code is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._ended.set_result(code)

    def _wait(self) -> None:
        code = self._process.wait()
        self._loop.call_soon_threadsafe(self._ended.set_result, code)


async def start(starting: Starting, end_tree: Callable[[int], None]) -> Child:
    """Start a process in a session of its own.

    `end_tree` ends it where this call is cancelled just then.

    Raises:
        OSError: the program cannot be run.
    """
    loop = asyncio.get_running_loop()
    begun = loop.run_in_executor(_thread(starting.confined), _popen, starting)
    try:
        return Child(await asyncio.shield(begun))
    except asyncio.CancelledError:
        child = Child(await begun)
        end_tree(child.pid)
        await child.wait()
        raise
