"""Calls to a module's process, through the engine's end of its socket.

The messages are described in `stiletto.module.worker`, which has the other end.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Sink = Callable[[bytes], None]

ANSWER_S = 4.0
"""How long a process may take to answer whether its calls handle a signal."""

LEAVE_S = 5.0
"""How long it may take to end what calls have left."""

MESSAGE_BYTES = 1 << 16
CHUNK_BYTES = 1 << 16


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the engine's end of a new socket, and the process's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return ours, theirs


class Link:
    """One end at work; it must not be read by two at the same time."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._end.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._codes: dict[int, asyncio.Future[int]] = {}
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._left: asyncio.Future[bool] | None = None
        self.asks = ""
        self.ready: asyncio.Future[bool] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(end, self._readable)

    def _readable(self) -> None:
        try:
            data = self._end.recv(MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._end)
            if not self.ended.done():
                self.ended.set_result(None)
            return
        self._take(json.loads(data))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "ready" in message:
            self.asks = message["asks"]
            _settle(self.ready, message["ready"])
        elif "left" in message:
            _settle(self._left, message["left"])
        elif "handles" in message:
            _settle(self._answers.get(message["job"]), message["handles"])
        else:
            _settle(self._codes.pop(message["job"], None), message["code"])

    async def call(self, env: Mapping[str, str], sink: Sink, served: bytes | None) -> int:
        """Run one call with these variables; returns its exit code.

        `served` is the response to the query `asks`, if it is known.

        Raises:
            ConnectionResetError: the process has ended, and the call with it.
        """
        number = next(self._numbers)
        code: asyncio.Future[int] = self._loop.create_future()
        self._codes[number] = code
        read, write = os.pipe()
        try:
            job = {"job": number, "env": dict(env), "umask": umask()}
            given = [write]
            try:
                if served is not None:
                    job["serves"] = hashlib.sha256(served).hexdigest()
                    given.append(_file_of(served))
                await self._send(job, *given)
            finally:
                for fd in given:
                    os.close(fd)
            with _read(read, sink):
                futures: set[asyncio.Future[Any]] = {code, self.ended}
                await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        finally:
            os.close(read)
        if not code.done():
            raise ConnectionResetError
        return code.result()

    async def _send(self, message: Mapping[str, Any], *fds: int) -> None:
        data = json.dumps(message).encode()
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        while True:
            try:
                self._end.sendmsg([data], ancillary)
            except BlockingIOError:
                await asyncio.sleep(0.001)
            except OSError as error:
                raise ConnectionResetError from error
            else:
                return

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""
        self._answers = {number: self._loop.create_future() for number in self._codes}
        if not self._answers:
            return False
        with contextlib.suppress(ConnectionResetError):
            for number in self._answers:
                await self._send({"job": number, "end": True})
        done, _ = await asyncio.wait(self._answers.values(), timeout=ANSWER_S)
        return any(answer.result() for answer in done)

    async def leave(self) -> bool:
        """End the calls and what they have left; return whether nothing is."""
        self._left = self._loop.create_future()
        try:
            await self._send({"leave": True})
            return await asyncio.wait_for(self._left, LEAVE_S)
        except (ConnectionResetError, TimeoutError):
            return False

    def close(self) -> None:
        """Give the end up."""
        self._loop.remove_reader(self._end)
        self._end.close()


def _settle(future: asyncio.Future[Any] | None, result: object) -> None:
    if future is not None and not future.done():
        future.set_result(result)


def _file_of(data: bytes) -> int:
    """Return a descriptor of a file in memory, to be read from its beginning."""
    fd = os.memfd_create("served")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


@contextlib.contextmanager
def _read(fd: int, sink: Sink) -> Iterator[None]:
    """Pass on what is written to a pipe, what came with the end included."""
    loop = asyncio.get_running_loop()
    os.set_blocking(fd, False)

    def readable() -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(fd, CHUNK_BYTES):
                sink(data)
            loop.remove_reader(fd)  # its end: nothing can write to it any more

    loop.add_reader(fd, readable)
    try:
        yield
    finally:
        readable()
        loop.remove_reader(fd)


def umask() -> int:
    """Return this process's umask, without setting it as `os.umask` does."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
        [text] = [line.split()[1] for line in status.splitlines() if line.startswith("Umask:")]
        return int(text, 8)
    except (OSError, ValueError):
        return 0o022
