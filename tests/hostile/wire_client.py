"""A client that sends what it likes to a session: bytes, requests, queries."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

from stiletto.engine.client import Client
from stiletto.engine.session import Engine, open_session, serve
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


async def ended(asking: Asking, body: bytes) -> tuple[int, int, str]:
    """Post a body; return status, size and the end of the answer, which is not held."""
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", asking.port)
        writer.write(asking.request(body, connection="close"))
        head = await reader.readuntil(b"\r\n\r\n")
        size, end = 0, b""
        while data := await reader.read(1 << 16):
            size += len(data)
            end = (end + data)[-100:]
        writer.close()
        return int(head.split()[1]), size, end.decode()


@contextlib.asynccontextmanager
async def _engine(
    directory: Path, sandbox: Literal["bubblewrap", "plain"] = "plain"
) -> AsyncIterator[Engine]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "STILETTO_IDLE": "0",
        "STILETTO_CACHE": str(directory),
    }
    async with open_session(
        workdir=directory, sandbox=sandbox, progress=Progress(), environ=environ
    ) as engine:
        yield engine


@contextlib.asynccontextmanager
async def session(
    directory: Path, sandbox: Literal["bubblewrap", "plain"] = "plain"
) -> AsyncIterator[Asking]:
    """Serve a real engine, which runs steps in plain mode unless another sandbox is given."""
    async with _engine(directory, sandbox) as engine, serve(engine) as (port, token):
        yield Asking(port, token)


HARMFUL = re.compile(
    "export|git|http|from|up$|start|terminal|withExec|secret|setSecret|address|module|env$|host"
    "|cacheVolume|load|import|publish|withService|currentFunctionCall|search"
)
"""Calls that reach files of the host, the network, or programs."""


@dataclass(frozen=True)
class Guarded:
    """The real engine, except for the calls that a random query must not make on this machine."""

    engine: Engine

    async def dispatch(
        self, _client: object, receiver: Recipe, field: str, args: Mapping[str, Any]
    ) -> Any:
        """Answer as the real engine does, unless it would do harm."""
        if HARMFUL.match(field):
            raise NotSupported(f"{receiver.type_name}.{field}")
        return await self.engine.dispatch(self.engine.main, receiver, field, args)


@contextlib.asynccontextmanager
async def guarded(directory: Path) -> AsyncIterator[tuple[Asking, CoreSchema]]:
    """Serve a real engine that reaches nothing of the machine; give its schema, too."""
    async with _engine(directory) as engine:
        server = SessionServer(ClientGraphs(engine.api.schema, Guarded(engine).dispatch))
        client = cast("Client", SimpleNamespace(served=(), earlier=None, requests=0))
        async with server.serving():
            with server.admitted(client) as token:
                yield Asking(server.port, token), engine.api.schema
