"""A proxy that reads along, as companies have: each host gets a certificate of its authority.

CONNECT host:port  ->  TLS with the client, TLS with the host, bytes both ways
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import trustme

from .entered import Entered

__all__ = ["Intercepting"]

HEAD_MAX_BYTES = 65_536
IDLE_S = 60.0


class Intercepting(Entered):
    """Serves while it is entered.

    Attributes:
        authority: the file with the certificate of its authority, and no other.
        seen: the hosts that clients talked to, trusting its certificate.
        refused: the hosts for which a client did not.
    """

    def __init__(self, directory: Path) -> None:
        self._authority = trustme.CA()
        self.authority = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(self.authority)
        self.seen: list[str] = []
        self.refused: list[str] = []
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._guard = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def start(self) -> None:
        """Accept connections."""
        self._thread.start()

    def stop(self, error: BaseException | None = None) -> None:  # noqa: ARG002 - the base class's
        """Close every connection."""
        self._ended = True
        # Closing alone does not wake who waits in accept().
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        with self._guard:
            left = [*self._open]
        for each in left:
            each.close()

    @property
    def url(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def forget(self) -> None:
        """Forget who was seen and refused."""
        with self._guard:
            self.seen.clear()
            self.refused.clear()

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with self._guard:
                self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(IDLE_S)
                host, port = _asked(client)
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                try:
                    inner = self._context(host).wrap_socket(client, server_side=True)
                except ssl.SSLEOFError:
                    # Gone without a word, as a program that ends is: it has refused nothing.
                    return
                except ssl.SSLError:
                    with self._guard:
                        self.refused.append(host)
                    return
                with inner, _reached(host, port) as server:
                    _pump(inner, server, lambda: self._saw(host))
        except (OSError, ValueError):
            # The other side, or this one, is done.
            return
        finally:
            with self._guard:
                self._open.discard(client)

    def _saw(self, host: str) -> None:
        with self._guard:
            if host not in self.seen:
                self.seen.append(host)

    def _context(self, host: str) -> ssl.SSLContext:
        with self._guard:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]


def _asked(client: socket.socket) -> tuple[str, int]:
    """Return host and port of a CONNECT request."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = client.recv(4096)
        if not part or len(head) > HEAD_MAX_BYTES:
            raise ValueError("no request")
        head += part
    method, where, _ = head.split(b"\r\n")[0].decode("ascii").split(" ")
    if method != "CONNECT":
        raise ValueError(method)
    host, _, port = where.rpartition(":")
    return host, int(port)


def _reached(host: str, port: int) -> ssl.SSLSocket:
    """Return a connection to the host; stand-ins on loopback have authorities of their own."""
    context = ssl.create_default_context()
    if host in ("127.0.0.1", "localhost"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    server = socket.create_connection((host, port), timeout=IDLE_S)
    return context.wrap_socket(server, server_hostname=host)


def _pump(client: ssl.SSLSocket, server: ssl.SSLSocket, saw: Callable[[], None]) -> None:
    """Carry bytes both ways until a side closes."""
    other = {client: server, server: client}
    first = True
    while True:
        ready = [each for each in other if each.pending()]
        if not ready:
            ready = select.select([*other], [], [], IDLE_S)[0]
        if not ready:
            return
        for each in ready:
            part = _read(each)
            if part is None:
                continue
            if not part:
                return
            if first and each is client:
                first = False
                saw()
            other[each].sendall(part)


def _read(side: ssl.SSLSocket) -> bytes | None:
    """Return what has arrived, and nothing at the end; None for messages of TLS itself."""
    side.setblocking(False)
    try:
        return side.recv(65_536)
    except ssl.SSLWantReadError:
        return None
    finally:
        side.settimeout(IDLE_S)
