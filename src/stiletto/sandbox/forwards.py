"""Forwards named ports of the machine's loopback to steps with a network of their own.

    a proxy that the environment names, and the relays that keep passwords of proxies
    the name server of resolv.conf, where it listens on this machine
    ports that the user names

Each is there at the address that it has on the machine; so nothing that names it has to change.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import urlsplit

from stiletto.sandbox.host_environment import PROXY_VARIABLES

Address: TypeAlias = tuple[str, int]
Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CHUNK_BYTES = 1 << 16
PORTS = {"http": 80, "https": 443, "socks": 1080, "socks4": 1080, "socks5": 1080, "socks5h": 1080}
DNS_PORT = 53
OPEN_MAX = 128
"""How many connections, and how many clients by datagrams, one forward serves at a time: a step
must not use up the engine's descriptors. The client idle for longest gives way to the next."""


Inside: TypeAlias = Callable[[int, int, Address | None], socket.socket]
"""Makes a socket of a kind and family in the network of the steps, bound to an address."""


async def join(near: Connection, far: Connection) -> None:
    """Pass on what either side sends, until both have ended; the far side is closed then."""
    try:
        # gather, not a group: that one side has ended does not end the other.
        await asyncio.gather(_pump(near[0], far[1]), _pump(far[0], near[1]))
    finally:
        far[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and its end."""
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


class Forwards:
    """The open forwards of one network."""

    def __init__(self) -> None:
        self._opened = contextlib.ExitStack()

    def close(self) -> None:
        """Close them all."""
        self._opened.close()

    async def stream(self, inside: Inside, at: Address) -> bool:
        """Pass connections to an address on to the machine; whether it is one inside, too."""
        listener = _bound(inside, socket.SOCK_STREAM, at)
        if listener is None:
            return False

        free = OPEN_MAX

        async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal free
            free -= 1
            try:
                if free >= 0:
                    await join((reader, writer), await asyncio.open_connection(*at))
            except OSError:
                pass  # nothing listens there, or one of them hung up
            finally:
                free += 1
                writer.close()

        server = await asyncio.start_server(passed, sock=listener)
        self._opened.callback(server.close)
        return True

    async def datagrams(self, inside: Inside, at: Address) -> bool:
        """Pass datagrams to an address on to the machine, and the responses back."""
        listener = _bound(inside, socket.SOCK_DGRAM, at)
        if listener is None:
            return False
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Requests(at), sock=listener)
        self._opened.callback(transport.close)
        return True


def _bound(inside: Inside, kind: int, at: Address) -> socket.socket | None:
    """Return a socket at an address of the network; None where that is elsewhere, or is taken."""
    family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
    try:
        return inside(kind, family, at)
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.EAFNOSUPPORT):
            return None
        raise


class _Requests(asyncio.DatagramProtocol):
    """Forwards the datagrams of steps to the machine, each client from a port of its own."""

    def __init__(self, at: Address) -> None:
        self._at = at
        self._sockets: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not `isinstance`: before Python 3.12 asyncio's own is not a DatagramTransport.
        self._inside = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.ensure_future(self._forward(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, data: bytes, client: tuple[str, int]) -> None:
        known = self._sockets.pop(client, None)
        if known is None or known.is_closing():
            loop = asyncio.get_running_loop()
            try:
                known, _ = await loop.create_datagram_endpoint(
                    lambda: _Responses(self._inside, client), remote_addr=self._at
                )
            except OSError:
                return  # as lost as any datagram
        self._sockets[client] = known  # the newest is last
        known.sendto(data)
        while len(self._sockets) > OPEN_MAX:
            self._sockets.pop(next(iter(self._sockets))).close()

    def connection_lost(self, _exc: Exception | None) -> None:
        for transport in self._sockets.values():
            transport.close()


class _Responses(asyncio.DatagramProtocol):
    """Sends the machine's responses to one client."""

    def __init__(self, inside: asyncio.DatagramTransport, client: tuple[str, int]) -> None:
        self._inside = inside
        self._client = client

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if not self._inside.is_closing():
            self._inside.sendto(data, self._client)


async def open_forwards(
    forwards: Forwards,
    inside: Inside,
    host_env: Mapping[str, str],
    ports: Sequence[int],
) -> None:
    """Open what a session's steps need."""
    streams = [*proxies(host_env, _text(Path("/etc/hosts")))]
    streams += [(address, port) for port in ports for address in ("127.0.0.1", "::1")]
    servers = [(address, DNS_PORT) for address in name_servers(_text(Path("/etc/resolv.conf")))]
    for at in dict.fromkeys([*streams, *servers]):
        await forwards.stream(inside, at)
    for at in servers:
        await forwards.datagrams(inside, at)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def proxies(environ: Mapping[str, str], hosts: str) -> list[Address]:
    """Return where the proxies of an environment are, of those that are addresses or in hosts."""
    named: dict[str, list[str]] = {}
    for line in hosts.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            named.setdefault(name.lower(), []).append(address)
    found: list[Address] = []
    for variable in PROXY_VARIABLES:
        value = environ.get(variable, "")
        with contextlib.suppress(ValueError):
            parts = urlsplit(value if "://" in value else f"http://{value}")
            port = parts.port or PORTS.get(parts.scheme, 0)
            if parts.hostname and port:
                places = named.get(parts.hostname, [parts.hostname])
                found += [(place, port) for place in _addresses(places)]
    return list(dict.fromkeys(found))


def name_servers(resolv_conf: str) -> list[str]:
    """Return the name servers of resolv.conf(5); without one it is that of this machine."""
    lines = (line.split() for line in resolv_conf.splitlines())
    found = [fields[1] for fields in lines if len(fields) > 1 and fields[0] == "nameserver"]
    return _addresses(found) if found else ["127.0.0.1"]


def _addresses(texts: Iterable[str]) -> list[str]:
    found = []
    for text in texts:
        with contextlib.suppress(ValueError):
            found.append(str(ip_address(text)))
    return found
