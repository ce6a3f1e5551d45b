"""A module's warm process, and the calls to it; see `stiletto.module.worker`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

from stiletto.api import container as c
from stiletto.engine.evaluate import Evaluator
from stiletto.engine.server import Inside
from stiletto.errors import ModuleFailed
from stiletto.kept.lease import Lease
from stiletto.kept.link import Link, Sink, pair


class Worker(Protocol):
    """A process that runs the calls of one module."""

    async def inside(self) -> Inside | None:
        """Return what makes sockets in its network, None if that is the one of steps.

        Raises:
            ConnectionResetError: it has ended before it could run a call.
        """

    async def asks(self) -> str:
        """Wait until it has imported; return how it asks for the schema, empty if that is unknown.

        Raises:
            ConnectionResetError: it has ended before it could run a call.
        """

    async def call(self, env: Mapping[str, str], sink: Sink, served: bytes | None) -> int:
        """Run one call with these variables; returns its exit code.

        `served` is the response to what it asks, if it is known.

        Raises:
            ModuleFailed: it has ended.
        """

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""

    def drop(self) -> None:
        """Let no later command use the process."""

    async def close(self) -> None:
        """End the calls, and the process unless it is kept."""


class OwnWorker(Worker):
    """A process of this session alone: started by the first call, ended with the session."""

    def __init__(self, evaluator: Evaluator, exec_: c.Exec, sink: Sink) -> None:
        ours, theirs = pair()
        self._link = Link(ours)
        self._process = asyncio.create_task(
            evaluator.commands.run_once(exec_, sink, theirs.fileno())
        )
        self._process.add_done_callback(lambda _: theirs.close())

    async def inside(self) -> Inside | None:
        """Return None: it runs as steps do."""
        return None

    async def asks(self) -> str:
        """Wait until it has imported, or ended; see `Worker.asks`."""
        futures: set[asyncio.Future[Any]] = {self._link.ready, self._process}
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        return self._link.asks

    async def call(self, env: Mapping[str, str], sink: Sink, served: bytes | None) -> int:
        """Run one call; see `Worker.call`."""
        call = asyncio.ensure_future(self._link.call(env, sink, served))
        try:
            await asyncio.wait({call, self._process}, return_when=asyncio.FIRST_COMPLETED)
            if call.done():
                with contextlib.suppress(ConnectionResetError):
                    return call.result()
            code = await self._process
        finally:
            call.cancel()
        raise ModuleFailed(f"the module's process ended with exit code {code}")

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""
        return await self._link.finish()

    def drop(self) -> None:
        """Do nothing: it ends with the session."""

    async def close(self) -> None:
        """End the process and everything it forked."""
        self._process.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self._process
        self._link.close()


class KeptWorker(Worker):
    """A process that outlives the session, in a network of its own."""

    def __init__(self, lease: Lease, sink: Sink) -> None:
        self._lease = lease
        self._sink = sink
        self._is_shown = False

    async def inside(self) -> Inside | None:
        """Return what gives the sockets in its network."""
        return await self._lease.inside()

    async def asks(self) -> str:
        """Wait until it has imported; see `Worker.asks`."""
        await self._lease.begun()
        return self._lease.asks

    async def call(self, env: Mapping[str, str], sink: Sink, served: bytes | None) -> int:
        """Run one call; see `Worker.call`."""
        if not self._is_shown:
            self._is_shown = True
            self._sink(self._lease.printed)
        try:
            return await self._lease.call(env, sink, served)
        except ConnectionResetError as error:
            raise ModuleFailed("the module's process ended") from error

    async def finish(self) -> bool:
        """Send SIGTERM to the running calls that handle it; return whether one does."""
        return await self._lease.finish()

    def drop(self) -> None:
        """Let it end after this session."""
        self._lease.drop()

    async def close(self) -> None:
        """Give it back."""
        self._lease.close()
