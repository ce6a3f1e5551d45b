"""The password of a proxy reaches no step, record, replay or output; the proxy is used."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagger
import pytest
from dagger.client._session import ConnectParams, SingleConnection

from stiletto.engine.session import open_session, serve
from stiletto.progress import Progress
from stiletto.sandbox.relay import relayed

CANARY = "canary-77c0"
KINDS = [
    "plain",
    pytest.param(
        "bubblewrap",
        marks=pytest.mark.skipif(
            sys.platform != "linux" or os.environ.get("STILETTO_TEST_SANDBOX") == "plain",
            reason="user namespaces are not to be tested",
        ),
    ),
]


@dataclass
class Proxy:
    """A proxy that answers by itself, and keeps the heads of requests."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; what follows a CONNECT comes back as it is."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if head.startswith(b"CONNECT"):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while data := await reader.read(100):
                writer.write(data)
        else:
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nanswered"
            )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def proxy() -> AsyncIterator[Proxy]:
    """Listen as a proxy on a free port."""
    made = Proxy()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies of the machine that runs the tests."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_password_stays_with_the_engine(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step uses the proxy without its password, which no output, record or replay holds."""
    silence(monkeypatch)
    environ = {name: os.environ[name] for name in ("PATH", "HOME")}
    environ["STILETTO_CACHE"] = str(tmp_path / "store")
    heard: list[str] = []
    async with proxy() as upstream:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://u:{CANARY}@127.0.0.1:{upstream.port}")
        async with (
            open_session(
                workdir=tmp_path,
                sandbox="plain" if kind == "plain" else "bubblewrap",
                progress=Progress(),
                environ=environ,
            ) as engine,
            serve(engine) as (port, token),
            SingleConnection(ConnectParams(port=port, session_token=token)) as connection,
        ):
            base = dagger.Client.from_connection(connection).container().from_("python:3.11-slim")
            asking = (
                "import urllib.request\n"
                "with urllib.request.urlopen('http://far.example/x') as answer:\n"
                "    print(answer.read().decode())\n"
            )
            heard.append(await base.with_exec(["python", "-c", asking]).stdout())
            # The word is put together in the step, because it would be masked in arguments.
            shown = "env; grep -c canary'-'77c0 /proc/self/environ; true"
            heard.append(await base.with_exec(["sh", "-c", shown]).stdout())
            with pytest.raises(dagger.ExecError) as caught:
                await base.with_exec(["sh", "-c", "env; env >&2; exit 3"]).sync()
            heard += [str(caught.value), caught.value.stdout, caught.value.stderr]

    assert "answered\n" == heard[0]
    assert "HTTPS_PROXY=" in heard[1]
    assert "0" == heard[1].split()[-1]
    expected = b"Proxy-Authorization: Basic " + base64.b64encode(f"u:{CANARY}".encode())
    assert [True] == [expected in head for head in upstream.heads]
    assert [] == [text for text in heard if CANARY in text]
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files
    assert [] == [path for path in files if CANARY.encode() in path.read_bytes()]


async def ask(address: str, request: bytes) -> bytes:
    """Send a request to a relay and read to the end."""
    port = int(address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_relay_tunnels_for_its_session_alone() -> None:
    """A tunnel works with the session's token; without it nobody uses the proxy."""
    async with proxy() as upstream:
        host = {"HTTPS_PROXY": f"u:{CANARY}@127.0.0.1:{upstream.port}", "NO_PROXY": "here"}
        async with relayed(host, print) as made:
            address = made.environ["HTTPS_PROXY"]
            credentials = address.removeprefix("http://").rpartition("@")[0].encode()
            given = b"Proxy-Authorization: Basic " + base64.b64encode(credentials)
            tunnel = b"CONNECT far:443 HTTP/1.1\r\nHost: far\r\n%b\r\n\r\nhello"
            answered = await ask(address, tunnel % given)
            refused = await ask(address, tunnel % b"Proxy-Authorization: Basic eDp5")
            bare = await ask(address, tunnel % b"Accept: */*")

    assert b"HTTP/1.1 200 OK\r\n\r\nhello" == answered
    assert refused.startswith(b"HTTP/1.1 407 ")
    assert bare.startswith(b"HTTP/1.1 407 ")
    assert 1 == len(upstream.heads)
    assert base64.b64encode(f"u:{CANARY}".encode()) in upstream.heads[0]
    assert CANARY not in str(made.environ)
    assert CANARY in made.secrets
    assert "here" == made.environ["NO_PROXY"]


async def test_what_needs_no_relay_and_what_has_none() -> None:
    """A proxy without a password stays; one of another kind that has one is left out, and said."""
    said: list[str] = []
    host = {"HTTP_PROXY": "http://127.0.0.1:3128", "ALL_PROXY": f"socks5://u:{CANARY}@there:1"}
    async with relayed(host, said.append) as made:
        assert {"HTTP_PROXY": "http://127.0.0.1:3128"} == made.environ

    assert 1 == len(said)
    assert "ALL_PROXY" in said[0]
    assert CANARY not in said[0]
