"""How programs and the processes of modules reach the session: its HTTP server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from stiletto.engine.client import Client, Dispatch
from stiletto.engine.core import Core
from stiletto.engine.dispatch import CoreApi
from stiletto.engine.once import Once

if TYPE_CHECKING:
    from stiletto.wire.server import SessionServer


class Server:
    """The server of one session, started when a client is first let in."""

    def __init__(self, core: Core, api: CoreApi, dispatch: Dispatch) -> None:
        self._core = core
        self._api = api
        self._dispatch = dispatch
        self._once = Once()
        self._stack = contextlib.AsyncExitStack()

    @contextlib.asynccontextmanager
    async def admitted(self, client: Client) -> AsyncIterator[tuple[int, str]]:
        """Let a client in while the context lasts; gives the port and the client's token."""
        server = await self._once.get("server", self._start)
        with server.admitted(client) as token:
            yield server.port, token

    async def _start(self) -> SessionServer:
        # Imported here: a cached call needs no server.
        from stiletto.wire.clients import ClientGraphs
        from stiletto.wire.server import SessionServer

        server = SessionServer(ClientGraphs(self._api.schema, self._dispatch))
        network = await self._core.evaluator.sandbox.network()
        await self._stack.enter_async_context(
            server.serving(network.socket if network.own else None)
        )
        return server

    async def close(self) -> None:
        """End the server."""
        await self._once.close()
        await self._stack.aclose()
