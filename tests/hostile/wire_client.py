"""A client that sends what it likes to a session: bytes, requests, queries."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import stiletto.engine.session  # noqa: F401 - registers the calls
from stiletto.api.registry import CALLS
from stiletto.engine.client import Client
from stiletto.engine.session import open_session, serve
from stiletto.errors import NotSupported
from stiletto.graph.recipe import Recipe
from stiletto.progress import Progress
from stiletto.wire.clients import ClientGraphs
from stiletto.wire.schema import CoreSchema
from stiletto.wire.server import SessionServer

LIMIT_S = 120
"""How long an answer may take before a test fails: generous, so that a busy machine passes."""


@dataclass(frozen=True)
class Asking:
    """Where a session listens, and its token."""

    port: int
    token: str

    async def query(self, text: str, **more: Any) -> tuple[int, Any]:
        """Ask one query; return status and decoded answer."""
        return await self.post(json.dumps({"query": text, **more}).encode())

    async def post(self, body: bytes, **headers: str) -> tuple[int, Any]:
        """Post a body; return status and decoded answer."""
        return await self.send(self.request(body, **headers))

    def request(self, body: bytes, **headers: str) -> bytes:
        """Return a request as it goes over the wire."""
        auth = base64.b64encode(f"{self.token}:".encode()).decode()
        given = {"host": "x", "authorization": f"Basic {auth}", "content-length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in (given | headers).items()]
        return "\r\n".join(["POST /query HTTP/1.1", *lines, "", ""]).encode() + body

    async def send(self, data: bytes) -> tuple[int, Any]:
        """Send bytes on a connection of their own; return status and decoded answer."""
        async with asyncio.timeout(LIMIT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(data)
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                size = next(
                    int(line.partition(":")[2])
                    for line in head.lower().splitlines()
                    if line.startswith("content-length:")
                )
                return int(head.split()[1]), json.loads(await reader.readexactly(size))
            finally:
                writer.close()


@contextlib.asynccontextmanager
async def session(directory: Path) -> AsyncIterator[Asking]:
    """Serve a real engine, which runs steps in plain mode."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(directory), "STILETTO_CACHE": str(directory)}
    async with (
        open_session(
            workdir=directory, sandbox="plain", progress=Progress(), environ=environ
        ) as engine,
        serve(engine) as (port, token),
    ):
        yield Asking(port, token)


class Pure:
    """An engine that answers the calls that need no work: nothing that is asked does harm."""

    async def dispatch(
        self,
        client: object,  # noqa: ARG002 - the real engine's
        receiver: Recipe,
        field: str,
        args: Mapping[str, Any],
    ) -> Any:
        """Answer as the real engine does, leaves left out."""
        if field == "id":
            return receiver.id
        entry = CALLS.get(f"{receiver.type_name}.{field}")
        if entry is None or entry.is_leaf:
            raise NotSupported(f"{receiver.type_name}.{field}")
        return entry.function(receiver, **args)


@contextlib.asynccontextmanager
async def harmless(schema: CoreSchema) -> AsyncIterator[Asking]:
    """Serve an engine that does no work."""
    server = SessionServer(ClientGraphs(schema))
    client = cast("Client", SimpleNamespace(engine=Pure(), served=()))
    async with server.serving():
        with server.admitted(client) as token:
            yield Asking(server.port, token)
