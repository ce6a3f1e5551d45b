"""Hides the passwords of proxies from steps: a relay on loopback adds them.

    step  -- http://stiletto:TOKEN@127.0.0.1:PORT -->  relay  -- with the password -->  proxy

The token is made for the session and worth nothing after it. A proxy without a password is passed
on as it is; one that is not an HTTP proxy and has a password cannot be relayed, and is left out.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from stiletto.sandbox.forwards import join
from stiletto.sandbox.host_environment import PROXY_VARIABLES

HEAD_MAX_BYTES = 1 << 16
DROPPED = (b"proxy-authorization:", b"proxy-connection:", b"connection:")
PORTS = {"http": 80, "https": 443}
REFUSED = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="stiletto"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Relayed:
    """The host's environment as steps may see it, and what must never be shown."""

    environ: Mapping[str, str]
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Proxy:
    scheme: str
    host: str
    port: int
    credentials: str = field(repr=False)

    @property
    def authorization(self) -> bytes:
        return _basic(self.credentials)


def _basic(credentials: str) -> bytes:
    return b"Basic " + base64.b64encode(credentials.encode())


def _proxy(value: str) -> _Proxy | None:
    """Return a proxy that has credentials, None for one without.

    Raises:
        ValueError: it cannot be relayed.
    """
    if "@" not in value:
        return None
    parts = urlsplit(value if "://" in value else f"http://{value}")
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(parts.scheme)
    credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return _Proxy(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], credentials)


def _known(value: str, proxy: _Proxy) -> list[str]:
    """Return the forms in which the credentials of a proxy could be seen."""
    name, _, password = proxy.credentials.partition(":")
    written = value.partition("://")[2] or value
    forms = [password or name, written.rpartition("@")[0], proxy.authorization.decode()[6:]]
    return [*forms, written.rpartition("@")[0].partition(":")[2]]


@asynccontextmanager
async def relayed(environ: Mapping[str, str], say: Callable[[str], None]) -> AsyncIterator[Relayed]:
    """Relay each proxy that has a password while the context lasts."""
    shown = dict(environ)
    hidden: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        relays: dict[_Proxy, str] = {}
        for name in PROXY_VARIABLES:
            value = environ.get(name, "")
            try:
                proxy = _proxy(value)
            except ValueError:
                del shown[name]
                hidden.append(value.rpartition("@")[0].rpartition(":")[2])
                say(f"steps do not get {name}: only the password of an HTTP proxy can be kept back")
                continue
            if proxy is None:
                continue
            if proxy not in relays:
                token = secrets.token_hex(16)
                server = await asyncio.start_server(
                    _Relay(proxy, f"stiletto:{token}").serve, "127.0.0.1", 0, limit=HEAD_MAX_BYTES
                )
                stack.callback(server.close)
                port = server.sockets[0].getsockname()[1]
                relays[proxy] = f"http://stiletto:{token}@127.0.0.1:{port}"
                hidden.append(token)
            shown[name] = relays[proxy]
            hidden += _known(value, proxy)
        yield Relayed(shown, tuple(text for text in dict.fromkeys(hidden) if text))


class _Relay:
    """Serves the connections of steps to one proxy."""

    def __init__(self, proxy: _Proxy, credentials: str) -> None:
        self._proxy = proxy
        self._expected = _basic(credentials)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on; its first request gets the proxy's password."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            given = [
                line.partition(b":")[2].strip()
                for line in head.split(b"\r\n")
                if line.lower().startswith(DROPPED[0])
            ]
            if not any(secrets.compare_digest(value, self._expected) for value in given):
                writer.write(REFUSED)
                await writer.drain()
                return
            await self._pass_on(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # the step, or the proxy, hung up
        finally:
            writer.close()

    async def _pass_on(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        proxy = self._proxy
        context = ssl.create_default_context() if proxy.scheme == "https" else None
        try:
            there = await asyncio.open_connection(proxy.host, proxy.port, ssl=context)
        except OSError:
            writer.write(UNREACHABLE)
            await writer.drain()
            return
        request, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(DROPPED)]
        kept.append(b"Proxy-Authorization: " + proxy.authorization)
        if not request.startswith(b"CONNECT "):
            # A second request on this connection would come without the password.
            kept.append(b"Connection: close")
        there[1].write(b"\r\n".join([request, *kept]) + b"\r\n\r\n")
        await join((reader, writer), there)
