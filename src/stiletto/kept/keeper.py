"""Keeps the process of one module between commands: `python -m stiletto.kept.keeper`.

It is started by a command, with its `Request` as standard input and a connection as standard
output, which is the first lease; it closes everything else that it was given.

One command at a time has the process (a lease); another one meanwhile gets `busy`. A lease is a
connection that begins with the command's `{"lease": 300}`, the time to wait for the next one:

    keeper -> command   {"own": true}     with sockets in the network, if it is one of its own
                        {"ready": true}   with the engine's end of the process's socket, what
                                          the import printed, and how the SDK asks for the schema
    command -> keeper   {"drop": true}    let it end after this lease

When the connection closes, what the calls have left is ended. If anything stays, such as a file
outside of their directories, the process ends. It also ends when it was idle for long enough, an
hour after it began, when its socket has gone, and by `{"stop": true}`, whose answer is the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from stiletto.kept import place
from stiletto.kept.files import snapshot
from stiletto.kept.link import Link, pair
from stiletto.kept.request import PROCESSES_MAX, TOTAL_S, Request
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.network import network_from
from stiletto.store import Store

IMPORT_S = 120.0
LOOK_S = 10.0
"""Between two looks whether the socket is still there."""

PRINTED_MAX_BYTES = 1 << 14
FDS = 1 << 20
"""More than a process has: those that the caller of the command had opened are closed."""

SOCKETS = 3
"""In its network: the port of a session may be taken there."""


class Keeper:
    """One process, and who uses it."""

    def __init__(self, request: Request, stage: Path, path: Path) -> None:
        self._request = request
        self._stage = stage
        self._path = path
        self._provider = Bubblewrap(request.root / "sandbox", host_env=request.host_env)
        self._ours, self._theirs = pair()
        self._printed = b""
        self._asks = ""
        self._before: dict[str, object] = {}
        self._ready: asyncio.Task[bool] | None = None
        self._leased = False
        self._free = asyncio.Lock()
        self._looked_at = asyncio.Event()
        self._ending = False
        self._last_s = self._began_s = time.monotonic()
        self._stopped_by: list[socket.socket] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, listener: socket.socket, first: socket.socket) -> None:
        """Keep the process until it ends, or has to."""
        provider, request = self._provider, self._request
        network = network_from(
            request.network, provider.program, request.host_env, lambda _line: None
        )
        if network is not None:
            network.begin()
        provider.separate(network)
        upper, work = self._stage / "upper", self._stage / "work"
        upper.mkdir()
        work.mkdir()
        step = replace(request.step, upper=upper, work=work, link=self._theirs.fileno())
        running = self._begin(provider.run(step, self._print))
        running.add_done_callback(lambda _: self._looked_at.set())
        # Commands that began together have each started one.
        oldest = place.sockets(request.root)[::-1][:PROCESSES_MAX]
        self._ending = self._path not in oldest
        try:
            self._ready = self._begin(self._imported())
            self._begin(self._lease(first))
            self._begin(self._accept(listener))
            while not running.done() and not self._is_over():
                self._looked_at.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._looked_at.wait(), self._pause_s())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await provider.end()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _print(self, _stream: str, data: bytes) -> None:
        self._printed = (self._printed + data)[:PRINTED_MAX_BYTES]

    # -- its end -------------------------------------------------------------------------------

    def _pause_s(self) -> float:
        rest_s = self._last_s + self._request.idle_s - time.monotonic()
        return LOOK_S if self._leased else min(LOOK_S, max(rest_s, 0.01))

    def _is_over(self) -> bool:
        if self._leased:
            return False
        now_s = time.monotonic()
        return (
            self._ending
            or not self._path.exists()
            or now_s - self._last_s >= self._request.idle_s
            or now_s - self._began_s >= TOTAL_S
        )

    async def _imported(self) -> bool:
        """Wait until the process has imported; note what its files are like then."""
        link = Link(self._ours.dup())
        try:
            futures: set[asyncio.Future[Any]] = {link.ready, link.ended}
            await asyncio.wait(futures, timeout=IMPORT_S, return_when=asyncio.FIRST_COMPLETED)
            ready = link.ready.done() and link.ready.result()
            self._asks = link.asks
        finally:
            link.close()
        self._before = snapshot(self._stage)
        self._ending |= not ready
        return ready

    # -- who uses it ---------------------------------------------------------------------------

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            connection, _ = await loop.sock_accept(listener)
            self._begin(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        if not place.is_own(connection):
            connection.close()
            return
        message = await _message(connection)
        if "stop" in message:
            self._ending = True
            self._looked_at.set()
            if not self._leased:
                self._stopped_by.append(connection)  # closed by the end of this process
                return
        elif "lease" in message and not self._leased and not self._ending:
            self._request = replace(self._request, idle_s=float(message["lease"]))
            await self._lease(connection)
            return
        with connection, contextlib.suppress(OSError):
            place.send(connection, {"busy": True})

    async def _lease(self, connection: socket.socket) -> None:
        """Let a command have the process until it closes the connection."""
        self._leased = True
        try:
            # What the last command has left is ended first.
            async with self._free:
                await self._used(connection)
        except OSError:  # the command has gone
            pass
        finally:
            connection.close()
            self._leased = False
        async with self._free:
            await self._tidy()
        self._last_s = time.monotonic()
        self._looked_at.set()

    async def _used(self, connection: socket.socket) -> None:
        assert self._ready is not None
        network = await self._provider.network()
        made = [network.socket(socket.SOCK_STREAM) for _ in range(SOCKETS * network.own)]
        try:
            place.send(connection, {"own": network.own}, [each.fileno() for each in made])
        finally:
            for each in made:
                each.close()
        told = asyncio.ensure_future(_message(connection))
        try:
            waits: set[asyncio.Future[Any]] = {told, self._ready}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not told.done():
                ready = await asyncio.shield(self._ready)
                printed = self._printed.decode("utf-8", "replace")
                message = {"ready": ready, "printed": printed, "asks": self._asks}
                place.send(connection, message, [self._ours.fileno()])
            if "drop" in await told:
                self._ending = True
        finally:
            told.cancel()
            # It lets go of the connection before that is closed: another one gets its number, and
            # the loop would take it for the same.
            await asyncio.wait({told})

    async def _tidy(self) -> None:
        """End what calls have left; if something stays, the process ends."""
        assert self._ready is not None
        await asyncio.shield(self._ready)
        link = Link(self._ours.dup())
        try:
            nothing_left = await link.leave()
        finally:
            link.close()
        if not nothing_left or snapshot(self._stage) != self._before:
            self._ending = True
        with contextlib.suppress(OSError):
            os.utime(self._path)


_KEEPERS: list[Keeper] = []
"""Until the process has ended: what stopped it waits for that."""


async def _message(connection: socket.socket) -> dict[str, Any]:
    """Return the next message; an empty one at the end."""
    loop = asyncio.get_running_loop()
    connection.setblocking(False)
    arrived = asyncio.Event()
    loop.add_reader(connection, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(connection)
    message, _ = place.receive(connection)
    return message


def main() -> None:
    """Run as what a command has started."""
    os.closerange(3, FDS)
    with os.fdopen(os.dup(0), "rb") as given:
        request: Request = pickle.load(given)  # noqa: S301 - of the command that started this
    first = socket.socket(fileno=os.dup(1))
    for number in (0, 1, 2):
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, number)
        os.close(nothing)
    os.chdir("/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Store(request.root) as store, store.stage() as stage:
        path = place.directory(request.root) / f"{request.name}-{os.getpid()}{place.SUFFIX}"
        with place.listening(path) as listener:
            try:
                asyncio.run(_kept(request, stage, path, listener, first))
            finally:
                path.unlink(missing_ok=True)


async def _kept(
    request: Request, stage: Path, path: Path, listener: socket.socket, first: socket.socket
) -> None:
    keeper = Keeper(request, stage, path)
    _KEEPERS.append(keeper)
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await keeper.run(listener, first)


if __name__ == "__main__":
    main()
    sys.exit(0)
