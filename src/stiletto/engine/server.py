"""How programs and the processes of modules reach the session: its HTTP server.

A process that is kept between commands has a network of its own, where the session is served at
another port.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, TypeAlias

from stiletto.engine.client import Client, Dispatch
from stiletto.engine.core import Core
from stiletto.engine.dispatch import CoreApi
from stiletto.engine.once import Once
from stiletto.errors import EnvironmentFailed
from stiletto.store import Store
from stiletto.store.sealed import fitting

if TYPE_CHECKING:
    from stiletto.wire.clients import ClientGraphs
    from stiletto.wire.server import SessionServer


Inside: TypeAlias = Callable[[int], socket.socket]
"""Makes a socket in the network of a process."""


class _Responses:
    """The responses to introspections, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> str | None:
        """Return a response that was kept."""
        return fitting(self._store.record("introspection", key), lambda data: str(data["response"]))

    def put(self, key: str, response: str) -> None:
        """Keep a response."""
        # A full disk is reported by what cannot do without it.
        with contextlib.suppress(EnvironmentFailed):
            self._store.put_record("introspection", key, {"response": response})


class Server:
    """The server of one session, started when a client is first let in."""

    def __init__(self, core: Core, api: CoreApi, dispatch: Dispatch) -> None:
        self._core = core
        self._api = api
        self._dispatch = dispatch
        self._once = Once()
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

    async def prepare(self, client: Client) -> None:
        """Make ready for a client's queries, beside what is done before the first of them."""
        graphs = await self._once.get("graphs", lambda: asyncio.to_thread(self._graphs))
        graphs.of(client).prepare()

    async def introspected(self, client: Client, query: str) -> bytes | None:
        """Return the response to a client's question for the schema, if it was asked before."""
        graphs = await self._once.get("graphs", lambda: asyncio.to_thread(self._graphs))
        return await graphs.of(client).introspection(query)

    def _graphs(self) -> ClientGraphs:
        # Imported here: a cached call needs no server. In a thread: the process starts meanwhile.
        from stiletto.wire import server
        from stiletto.wire.clients import ClientGraphs

        del server
        return ClientGraphs(self._api.schema, self._dispatch, _Responses(self._core.store))

    async def _start(self, inside: Inside | None) -> SessionServer:
        graphs = await self._once.get("graphs", lambda: asyncio.to_thread(self._graphs))
        from stiletto.wire.server import SessionServer

        server = SessionServer(graphs)
        if inside is None:
            network = await self._core.evaluator.sandbox.network()
            inside = network.socket if network.own else None
        await self._stack.enter_async_context(server.serving(inside))
        return server

    async def close(self) -> None:
        """End the server."""
        await self._once.close()
        await self._stack.aclose()
