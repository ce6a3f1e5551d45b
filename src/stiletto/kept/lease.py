"""The right of one command to use a kept process; see `keeper`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stiletto.kept import place
from stiletto.kept.link import Link, Sink
from stiletto.kept.request import PROCESSES_MAX, Request

ENVIRONMENT = ("HOME", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR")
"""What a keeper itself gets of the command's variables: none of them is a secret."""


class Lease:
    """A connection to a keeper, as long as it is open.

    `own` becomes true or false when it is known whether the process has a network of its own.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._link: asyncio.Future[Link] = loop.create_future()
        self._own: asyncio.Future[bool] = loop.create_future()
        self.printed = b""
        self.asks = ""
        loop.add_reader(connection, self._readable)

    def _readable(self) -> None:
        try:
            message, fds = place.receive(self._connection)
        except BlockingIOError:
            return
        if "own" in message and not self._own.done():
            self._sockets = [socket.socket(fileno=fd) for fd in fds]
            self._own.set_result(message["own"])
        elif "ready" in message and not self._link.done():
            self.printed, self.asks = message["printed"].encode(), message["asks"]
            self._link.set_result(Link(socket.socket(fileno=fds[0])))
        elif not message:
            self._end()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._connection)
        for future in (self._own, self._link):
            if not future.done():
                future.set_exception(ConnectionResetError())
                future.exception()  # it is looked at where somebody waits for it

    async def inside(self) -> Callable[[int], socket.socket] | None:
        """Return what gives the sockets in the process's network; None for the machine's.

        Raises:
            ConnectionResetError: the keeper has ended.
        """
        return self._next if await asyncio.shield(self._own) else None

    def _next(self, _kind: int) -> socket.socket:
        if not self._sockets:
            raise ConnectionResetError("no port is free in the network of a kept process")
        return self._sockets.pop()

    async def call(self, env: Mapping[str, str], sink: Sink, served: bytes | None) -> int:
        """Run one call, as `Link.call` does.

        Raises:
            ConnectionResetError: the process has ended, and the call with it.
        """
        link = await asyncio.shield(self._link)
        return await link.call(env, sink, served)

    async def begun(self) -> None:
        """Wait until the process has imported: before that no call can have begun.

        Raises:
            ConnectionResetError: the keeper has ended.
        """
        await asyncio.shield(self._link)

    @property
    def has_begun(self) -> bool:
        """Whether the process has imported."""
        return self._link.done() and self._link.exception() is None

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""
        return self.has_begun and await self._link.result().finish()

    def drop(self) -> None:
        """Let the process end after this lease."""
        with contextlib.suppress(OSError):
            place.send(self._connection, {"drop": True})

    def close(self) -> None:
        """Give the process back."""
        self._end()
        if self.has_begun:
            self._link.result().close()
        for made in self._sockets:
            made.close()
        self._connection.close()


async def leased(request: Request, module: str) -> Lease | None:
    """Return a lease of a process for this request, started if there is none that is free.

    Processes of the same module for another key end. None: as many as may be are in use.
    """
    connection = await asyncio.to_thread(_connection, request, module)
    return None if connection is None else Lease(connection)


def _connection(request: Request, module: str) -> socket.socket | None:
    for path in place.sockets(request.root):
        its_module, key = path.stem.split("-")[:2]
        if key != request.name.split("-")[1]:
            if its_module == module:
                stop(path)
            continue
        # Also one of the same code at another place, as `init` and `check` have it.
        connection = place.connected(path)
        if connection is None:
            continue
        if _is_given(connection, request.idle_s):
            return connection
        connection.close()
    others = place.sockets(request.root)
    for path in reversed(others[PROCESSES_MAX - 1 :]):
        stop(path)
    if len(place.sockets(request.root)) >= PROCESSES_MAX:
        return None
    return _started(request)


def _is_given(connection: socket.socket, idle_s: float) -> bool:
    """Ask for the lease; whether the answer is not that another command has it."""
    try:
        place.send(connection, {"lease": idle_s})
        data = connection.recv(place.MESSAGE_BYTES, socket.MSG_PEEK)
    except OSError:
        return False
    return bool(data) and b"busy" not in data


def stop(path: Path) -> bool:
    """End the process of a socket, unless a command has it; return whether it has ended."""
    connection = place.connected(path)
    if connection is None:
        return True
    with connection:
        with contextlib.suppress(OSError):
            place.send(connection, {"stop": True})
        message, _ = place.receive(connection)
        return "busy" not in message and place.has_ended(connection)


def stop_all(root: Path) -> tuple[int, int]:
    """End the kept processes of a store; return how many ended, and how many are in use."""
    answers = [stop(path) for path in place.sockets(root)]
    return answers.count(True), answers.count(False)


def _started(request: Request) -> socket.socket:
    """Start a keeper; return the connection that is its first lease."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    given = os.memfd_create("request")
    try:
        with theirs, os.fdopen(os.dup(given), "wb") as file:
            pickle.dump(request, file)
            file.flush()
            os.lseek(given, 0, os.SEEK_SET)
            actions: list[Any] = [
                (os.POSIX_SPAWN_DUP2, given, 0),
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ]
            argv = [sys.executable, "-P", "-m", "stiletto.kept.keeper"]
            own = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
            os.posix_spawn(sys.executable, argv, own, file_actions=actions, setsid=True)
    except BaseException:
        ours.close()
        raise
    finally:
        os.close(given)
    return ours
