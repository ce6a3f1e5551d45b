"""How programs and the processes of modules reach the session: its HTTP server.

A process that is kept between commands has a network of its own, where the session is served at
another port.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, TypeAlias

from stiletto.engine.client import Client, Dispatch
from stiletto.engine.core import Core
from stiletto.engine.dispatch import CoreApi
from stiletto.engine.once import Once

if TYPE_CHECKING:
    from stiletto.wire.clients import ClientGraphs
    from stiletto.wire.server import SessionServer


Inside: TypeAlias = Callable[[int], socket.socket]
"""Makes a socket in the network of a process."""


class Server:
    """The server of one session, started when a client is first let in."""

    def __init__(self, core: Core, api: CoreApi, dispatch: Dispatch) -> None:
        self._core = core
        self._api = api
        self._dispatch = dispatch
        self._once = Once()
        self._graphs: ClientGraphs | None = None
        self._stack = contextlib.AsyncExitStack()

    @contextlib.asynccontextmanager
    async def admitted(
        self, client: Client, inside: Inside | None = None
    ) -> AsyncIterator[tuple[int, str]]:
        """Let a client in while the context lasts; gives the port and the client's token.

        `inside` makes sockets in the client's network, where that is not the one of steps.
        """
        server = await self._once.get(inside, lambda: self._start(inside))
        with server.admitted(client) as token:
            yield server.port, token

    async def _start(self, inside: Inside | None) -> SessionServer:
        # Imported here: a cached call needs no server.
        from stiletto.wire.clients import ClientGraphs
        from stiletto.wire.server import SessionServer

        if self._graphs is None:
            self._graphs = ClientGraphs(self._api.schema, self._dispatch)
        server = SessionServer(self._graphs)
        if inside is None:
            network = await self._core.evaluator.sandbox.network()
            inside = network.socket if network.own else None
        await self._stack.enter_async_context(server.serving(inside))
        return server

    async def close(self) -> None:
        """End the server."""
        await self._once.close()
        await self._stack.aclose()
