"""A small threaded server on loopback: requests and answers as data, faults on order.

One request per connection. A fault is what happens to a request instead of, or after, its proper
treatment; faults are used up in the order in which they were added.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import traceback
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .effects import Cut
from .entered import Entered

__all__ = ["Answer", "Fault", "Handle", "Request", "Server", "json_answer", "nth"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked. `path` is unquoted, `raw_path` is not."""

    method: str
    path: str
    raw_path: str
    query: tuple[tuple[str, str], ...]
    headers: Message
    body: bytes

    def asked(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered. `reason` replaces the standard words of the status line."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    reason: str | None = None


def json_answer(status: int, value: object, *headers: tuple[str, str]) -> Answer:
    """Return an answer in JSON."""
    kind = ("Content-Type", "application/json; charset=utf-8")
    return Answer(status, json.dumps(value).encode(), (kind, *headers))


Handle = Callable[[Request], Answer]
Matches = Callable[[Request], bool]


def nth(matches: Matches, number: int) -> Matches:
    """Return what holds for the nth request that matches, counted from 1, and for no other."""
    left = number

    def check(request: Request) -> bool:
        nonlocal left
        if matches(request):
            left -= 1
            return left == 0
        return False

    return check


@dataclass(frozen=True, slots=True)
class Fault:
    """A request goes wrong.

    Attributes:
        instead: this is answered; None cuts the connection.
        acted: the request has its effects before that.
        hang: nothing is answered until the server lets its hanging requests go; then it is cut.
    """

    instead: Answer | None = None
    acted: bool = False
    hang: bool = False


@dataclass
class _Expected:
    fault: Fault
    matches: Matches
    left: int


@dataclass
class _Faults:
    guard: threading.Lock = field(default_factory=threading.Lock)
    expected: list[_Expected] = field(default_factory=list)

    def take(self, request: Request) -> Fault | None:
        with self.guard:
            for entry in self.expected:
                if entry.matches(request):
                    entry.left -= 1
                    if entry.left == 0:
                        self.expected.remove(entry)
                    return entry.fault
        return None


class Server(Entered):
    """Serves a handler on a free port of loopback while it is entered.

    Leaving it raises what the handler raised, so that a bug here cannot pass for a bad answer.
    `hanging` is set once a request hangs.
    """

    def __init__(self, handle: Handle, tls: ssl.SSLContext | None = None) -> None:
        self._handle = handle
        self._faults = _Faults()
        self._let_go = threading.Event()
        self.hanging = threading.Event()
        self._bugs: list[str] = []
        self._listening = _Listening(self)
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            self._listening.socket = tls.wrap_socket(
                self._listening.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def port(self) -> int:
        """The port of loopback."""
        return int(self._listening.server_address[1])

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def fail(self, fault: Fault, matches: Matches = lambda _request: True, times: int = 1) -> None:
        """Let the next matching requests go wrong."""
        with self._faults.guard:
            self._faults.expected.append(_Expected(fault, matches, times))

    def heal(self) -> None:
        """Forget the faults that have not happened, and let hanging requests go."""
        with self._faults.guard:
            self._faults.expected.clear()
        self._let_go.set()
        self._let_go = threading.Event()
        self.hanging.clear()

    def start(self) -> None:
        """Answer requests."""
        self._thread.start()

    def stop(self, error: BaseException | None = None) -> None:
        """Answer no more, and raise what the handler raised."""
        self.heal()
        self._listening.shutdown()
        self._thread.join()
        self._listening.server_close()
        if self._bugs and error is None:
            raise AssertionError("a stand-in failed:\n" + "\n".join(self._bugs))

    def respond(self, request: Request) -> Answer:
        """Return the answer, after a fault's own fashion when one is due.

        Raises:
            Cut: there is none.
        """
        fault = self._faults.take(request)
        if fault is None:
            return self._handle(request)
        if fault.acted:
            self._handle(request)
        if fault.hang:
            let_go = self._let_go
            self.hanging.set()
            let_go.wait()
        if fault.instead is None:
            raise Cut("a fault cut the connection")
        return fault.instead

    def report_bug(self) -> None:
        """Keep the exception being handled for the end."""
        self._bugs.append(traceback.format_exc())


class _Listening(ThreadingHTTPServer):
    # Not waited for at the end: a request may hang on purpose.
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: Server) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is what these servers are for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listening
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _serve(self) -> None:
        self.close_connection = True
        owner = self.server.owner
        raw, _, query = self.path.partition("?")
        request = Request(
            self.command,
            urllib.parse.unquote(raw),
            raw,
            tuple(urllib.parse.parse_qsl(query, keep_blank_values=True)),
            self.headers,
            self._body(),
        )
        try:
            answer = owner.respond(request)
        except Cut:
            return
        except Exception:
            owner.report_bug()
            answer = Answer(500, b"the stand-in failed\n")
        self._answer(answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status, answer.reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - its names
