"""A module's warm process, and the calls to it; see `stiletto.module.worker`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Protocol

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

    async def call(self, env: Mapping[str, str], sink: Sink) -> int:
        """Run one call with these variables; returns its exit code.

        Raises:
            ConnectionResetError: it has ended before it could run a call.
            ModuleFailed: it has ended since.
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

    async def call(self, env: Mapping[str, str], sink: Sink) -> int:
        """Run one call; see `Worker.call`."""
        call = asyncio.ensure_future(self._link.call(env, sink))
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

    async def call(self, env: Mapping[str, str], sink: Sink) -> int:
        """Run one call; see `Worker.call`."""
        await self._lease.begun()
        if not self._is_shown:
            self._is_shown = True
            self._sink(self._lease.printed)
        try:
            return await self._lease.call(env, sink)
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
