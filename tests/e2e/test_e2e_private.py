"""A private index that asks for credentials, which only the installing steps get to see."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .bench import Bench

USER, PASSWORD = "reader", "canary-7f3a9c"
WHEEL = "inhouse_gauge-1.0-py3-none-any.whl"

PYPROJECT = """\
[project]
name = "outpost"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["inhouse-gauge"]

[dependency-groups]
tests = ["pytest"]

[[tool.uv.index]]
name = "inhouse"
url = "http://127.0.0.1:{port}/simple/"
explicit = true

[tool.uv.sources]
inhouse-gauge = {{ index = "inhouse" }}
"""
TEST = """\
import os
import pathlib

import inhouse_gauge


def test_the_private_package_is_here():
    assert inhouse_gauge.LEVEL == 4


def test_its_credentials_are_not():
    assert not pathlib.Path("~/.netrc").expanduser().exists()
    assert not [value for value in os.environ.values() if "canary" in value]
"""


def wheel() -> bytes:
    """Return a wheel with one module."""
    info = "inhouse_gauge-1.0.dist-info"
    files = {
        "inhouse_gauge.py": "LEVEL = 4\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: inhouse-gauge\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


class Index(BaseHTTPRequestHandler):
    """A simple index of one package, for one user."""

    def do_GET(self) -> None:
        """Answer who has the password."""
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {token}":
            self._answer(401, b"who are you?")
        elif self.path == "/simple/inhouse-gauge/":
            self._answer(200, f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode())
        elif self.path == f"/files/{WHEEL}":
            self._answer(200, wheel())
        else:
            self._answer(404, b"")

    do_HEAD = do_GET  # noqa: N815 - the base's name

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        if status == 401:
            self.send_header("www-authenticate", 'Basic realm="inhouse"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet."""


@pytest.fixture
def netrc(tmp_path: Path) -> Path:
    """Return the file with the password."""
    path = tmp_path / "netrc"
    path.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    return path


@pytest.fixture
def package(tmp_path: Path, netrc: Path, environ: dict[str, str]) -> Iterator[Path]:
    """Return a locked package that needs the private index, which is served meanwhile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    at = tmp_path / "outpost"
    (at / "tests").mkdir(parents=True)
    (at / "pyproject.toml").write_text(PYPROJECT.format(port=server.server_port))
    (at / "tests" / "test_outpost.py").write_text(TEST)
    uv = Path(sys.executable).with_name("uv")
    locked = [str(uv), "lock", "--quiet", f"--python={sys.executable}"]
    subprocess.run(locked, cwd=at, env={**environ, "NETRC": str(netrc)}, check=True)
    yield at
    server.shutdown()
    thread.join()
    server.server_close()


def test_credentials_reach_the_installing_steps_alone(
    stiletto: Bench, package: Path, netrc: Path
) -> None:
    """With them the package installs; its tests see none, and the output has none either."""
    for words in (["lock-check"], ["test", "--python=3.11"]):
        ended = stiletto.on_loopback.call(package, f"--netrc=file://{netrc}", *words)
        assert PASSWORD not in ended.said
        assert ended.code == 0, str(ended)
    assert "2 passed" in ended.out


def test_without_credentials_the_index_says_no(stiletto: Bench, package: Path) -> None:
    """The step that installs fails, and names the package and the index's answer."""
    ended = stiletto.on_loopback.call(package, "test", "--python=3.11")
    assert ended.code != 0
    assert "inhouse-gauge" in ended.said
    assert "401" in ended.said
