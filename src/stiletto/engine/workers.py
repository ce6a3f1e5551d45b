"""Keeps one warm process per module and sends it calls; see `stiletto.module.worker`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from stiletto.api import container as c
from stiletto.engine.evaluate import Evaluator
from stiletto.errors import ModuleFailed
from stiletto.module.runtime import JOBS
from stiletto.sandbox.plan import BindMount

Sink = Callable[[bytes], None]

ANSWER_S = 4.0
"""How long a process may take to answer whether its calls handle a signal."""


class Worker:
    """A module's warm process. Started by the first call, ended with the session."""

    def __init__(self, evaluator: Evaluator, exec_: c.Exec, directory: Path, sink: Sink) -> None:
        self._evaluator = evaluator
        self._exec = exec_
        self._directory = directory
        self._sink = sink
        self._numbers = itertools.count(1)
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._process: asyncio.Task[int] | None = None
        self._pipes = contextlib.ExitStack()
        self._jobs = -1

    async def start(self) -> None:
        """Make the pipes and start the process; it imports while calls are prepared."""
        for name in ("jobs", "done"):
            os.mkfifo(self._directory / name, 0o600)
        # Opened for both directions: opening never blocks, and the worker sees the end of the
        # pipe only when this session closes it.
        self._jobs = os.open(self._directory / "jobs", os.O_RDWR)
        self._pipes.callback(os.close, self._jobs)
        await self._listen("done", self._ended)
        mount = BindMount(JOBS, self._directory, writable=True)
        self._process = asyncio.create_task(
            self._evaluator.commands.run_once(self._exec, self._sink, mounts=(mount,))
        )

    async def _listen(self, name: str, take: Sink) -> contextlib.ExitStack:
        """Pass on what is written to a pipe, until the returned stack is closed."""
        loop = asyncio.get_running_loop()
        fd = os.open(self._directory / name, os.O_RDWR | os.O_NONBLOCK)

        def readable() -> None:
            with contextlib.suppress(BlockingIOError):
                while data := os.read(fd, 65536):
                    take(data)

        loop.add_reader(fd, readable)
        opened = contextlib.ExitStack()
        opened.callback(os.close, fd)
        opened.callback(loop.remove_reader, fd)
        opened.callback(readable)  # what came with the end
        self._pipes.push(opened)
        return opened

    def _ended(self, data: bytes) -> None:
        for line in data.splitlines():
            end = json.loads(line)
            if "handles" in end:
                answer = self._answers.get(end["job"])
                if answer is not None and not answer.done():
                    answer.set_result(end["handles"])
                continue
            future = self._ends.pop(end["job"], None)
            if future is not None and not future.done():
                future.set_result(end["code"])

    async def call(self, env: Mapping[str, str], sink: Sink) -> int:
        """Run one call with these variables; returns its exit code."""
        assert self._process is not None
        number = next(self._numbers)
        pipe = f"out-{number}"
        os.mkfifo(self._directory / pipe, 0o600)
        output = await self._listen(pipe, sink)
        end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._ends[number] = end
        os.write(self._jobs, json.dumps({"job": number, "env": dict(env)}).encode() + b"\n")
        try:
            await asyncio.wait({end, self._process}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            output.close()
            (self._directory / pipe).unlink(missing_ok=True)
        if not end.done():
            code = await self._process
            raise ModuleFailed(f"the module's process ended with exit code {code}")
        return end.result()

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""
        loop = asyncio.get_running_loop()
        self._answers = {number: loop.create_future() for number in self._ends}
        if not self._answers:
            return False
        for number in self._answers:
            os.write(self._jobs, json.dumps({"job": number, "end": True}).encode() + b"\n")
        done, _ = await asyncio.wait(self._answers.values(), timeout=ANSWER_S)
        return any(answer.result() for answer in done)

    async def close(self) -> None:
        """End the process and everything it forked."""
        if self._process is not None:
            self._process.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._process
        self._pipes.close()
