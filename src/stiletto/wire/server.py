"""The session over HTTP: `POST /query` on loopback, Basic auth, JSON in and out.

Only what the Python SDK uses is served. The user name is a token; each token is a client, so
that a module's process is known by the connection it makes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import json
import logging
import secrets
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import unquote_plus

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from stiletto.progress import PART
from stiletto.wire.clients import ClientGraphs
from stiletto.wire.execute import Body
from stiletto.wire.ports import ClientPort

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_REQUEST_BYTES = 256 * 1024 * 1024

LARGE = 1024 * 1024
"""Bytes from which on a request is read beside the loop: other requests go on meanwhile."""


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to the program, and ends at once.

    The library looks each 0.1 s whether it should, and then waits as long for connections.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """HTTP that responds in JSON to a broken request, too."""

    def send_400_response(self, msg: str) -> None:
        body = _error(msg)
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
        )
        self.transport.close()


BAGGAGE = "part"
"""The member of W3C Baggage by which a module names a part of its work."""

PART_LENGTH_MAX = 100


class SessionServer:
    """Serves clients of one engine."""

    def __init__(self, graphs: ClientGraphs) -> None:
        self._graphs = graphs
        self._clients: dict[str, ClientPort] = {}
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    @contextlib.contextmanager
    def admitted(self, client: ClientPort) -> Iterator[str]:
        """Let a client in while the context lasts; gives its token."""
        token = secrets.token_urlsafe(24)
        self._clients[token] = client
        try:
            yield token
        finally:
            del self._clients[token]

    @contextlib.asynccontextmanager
    async def serving(
        self, inside: Callable[[int], socket.socket] | None = None
    ) -> AsyncIterator[None]:
        """Serve on a free port of loopback while the context lasts.

        `inside` makes a socket in another network, on whose loopback the same port is served.
        """
        listeners = _listeners(inside)
        self.port = listeners[0].getsockname()[1]
        config = uvicorn.Config(
            self,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=listeners))
        try:
            while not self._server.started:
                if self._task.done():
                    await self._task
                await asyncio.sleep(0.002)
            yield
        finally:
            self._server.stopping.set()
            await self._task
            for listener in listeners:
                listener.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        status, body = await self._answer(scope, receive)
        size = sum(len(part) if isinstance(part, bytes) else part.size_bytes for part in body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        *parts, last = body
        for part in parts:
            pieces = iter((part,)) if isinstance(part, bytes) else part.read()
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": last})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, Body]:
        client = self._clients.get(_token(scope))
        if client is None:
            return 401, [_error("unauthorized: unknown session token")]
        if scope["path"] != "/query" or scope["method"] != "POST":
            return 404, [_error(f"{scope['method']} {scope['path']}: only POST /query is served")]
        if _announced(scope) > MAX_REQUEST_BYTES:
            return 413, [_TOO_LARGE]
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return 499, [b""]
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_REQUEST_BYTES:
                return 413, [_TOO_LARGE]
        try:
            if len(body) > LARGE:
                request = await asyncio.to_thread(json.loads, body)
            else:
                request = json.loads(body)
        except RecursionError:
            return 400, [_error("the body is nested too deep")]
        except ValueError as error:
            return 400, [_error(f"the body is not JSON: {error}")]
        if not isinstance(request, dict) or not isinstance(query := request.get("query"), str):
            return 400, [_error("the body must be an object with a string `query`")]
        variables, operation = request.get("variables"), request.get("operationName")
        if not isinstance(variables, dict | None):
            return 400, [_error("`variables` must be an object")]
        if not isinstance(operation, str | None):
            return 400, [_error("`operationName` must be a string")]
        PART.set(part_of(scope))
        client.requests += 1
        try:
            return await self._graphs.of(client).answer(client, query, variables, operation)
        except asyncio.CancelledError:
            # What the response waited for ended with the session; no client reads this any more.
            return 503, [_error("the session is ending")]
        except Exception as error:  # a bug: the SDK resends until there is a response
            traceback.print_exc()
            return 500, [_error(f"internal error: {type(error).__name__}: {error}")]


def _listeners(inside: Callable[[int], socket.socket] | None) -> list[socket.socket]:
    """Return a socket at a free port of loopback, and one at that port of the other network."""
    while True:
        # Named as TCP, so that asyncio turns Nagle's algorithm off: a response is two writes, and
        # the second would wait 40 ms for the client to acknowledge the first.
        listeners = [socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)]
        if inside is not None:
            listeners.append(inside(socket.SOCK_STREAM))
        port = 0
        try:
            for listener in listeners:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
                port = listener.getsockname()[1]
        except OSError as error:
            for listener in listeners:
                listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return listeners


def _token(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value.lower().startswith(b"basic "):
            with contextlib.suppress(ValueError):
                return base64.b64decode(value[6:]).decode().partition(":")[0]
    return ""


def part_of(scope: Scope) -> str:
    """Return the part of its work that the client names in the baggage of the request."""
    for name, value in scope["headers"]:
        if name == b"baggage":
            members = (each.partition("=") for each in value.decode("ascii", "replace").split(","))
            for key, _, text in members:
                if key.strip() == BAGGAGE:
                    return unquote_plus(text.partition(";")[0].strip())[:PART_LENGTH_MAX]
    return ""


def _error(message: str) -> bytes:
    return json.dumps({"data": None, "errors": [{"message": message}]}).encode()


_TOO_LARGE = _error(f"the request is larger than {MAX_REQUEST_BYTES} bytes")


def _announced(scope: Scope) -> int:
    """Return the announced length of the body; 0 without one."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths else 0
