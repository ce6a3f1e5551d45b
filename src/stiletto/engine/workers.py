"""A module's warm process, and the calls to it; see `stiletto.module.worker`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from stiletto.api import container as c
from stiletto.engine.evaluate import Evaluator
from stiletto.errors import ModuleFailed
from stiletto.kept.link import Link, Sink, pair


class Worker:
    """A process of this session's own: started by the first call, ended with the session."""

    def __init__(self, evaluator: Evaluator, exec_: c.Exec, sink: Sink) -> None:
        ours, theirs = pair()
        self._link = Link(ours)
        self._process = asyncio.create_task(
            evaluator.commands.run_once(exec_, sink, theirs.fileno())
        )
        self._process.add_done_callback(lambda _: theirs.close())

    async def call(self, env: Mapping[str, str], sink: Sink) -> int:
        """Run one call with these variables; returns its exit code."""
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

    async def close(self) -> None:
        """End the process and everything it forked."""
        self._process.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self._process
        self._link.close()
