"""devpi-server, a real index by other people, in a directory of its own.

It is the second opinion beside `Index`, whose rules are this project's reading of PyPI. It answers
409 where PyPI answers 400, and it has no trusted publishing.
"""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import socket
import subprocess
import sys
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .entered import Entered

__all__ = ["Devpi", "DevpiIndex"]

START_S = 60.0


@dataclass(frozen=True, slots=True)
class DevpiIndex:
    """An index of devpi: it takes each file name once (`volatile=False`), from two users.

    `token` works as one of PyPI: it is the password of a user whose name is `__token__`.
    """

    url: str
    user: str
    password: str
    token: str

    @property
    def publish_url(self) -> str:
        """The address for uploads."""
        return f"{self.url}/"

    @property
    def simple_url(self) -> str:
        """The address of the listing."""
        return f"{self.url}/+simple/"


class Devpi(Entered):
    """Runs the server while it is entered; `index()` makes an empty index, cheaply."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._password = secrets.token_hex(12)
        self._token = secrets.token_hex(24)
        self._made = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._ready = threading.Event()

    def start(self) -> None:
        """Make a data directory, start the server and log in."""
        subprocess.run(
            self._command("devpi-init", "--no-root-pypi", "--root-passwd", self._password),
            capture_output=True,
            check=True,
        )
        self._process = subprocess.Popen(
            self._command(
                "devpi-server",
                "--host=127.0.0.1",
                f"--port={self._port}",
                "--offline-mode",
                # Its secret is derived at a cost that is meant for servers with secrets: 10 s.
                "--argon2-memory-cost=1024",
                "--argon2-time-cost=1",
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(START_S) or self._process.poll() is not None:
            self.stop()
            raise AssertionError("devpi-server did not start:\n" + "".join(self._lines))
        self._session = self._ask("POST", "/+login", {"user": "root", "password": self._password})[
            "password"
        ]
        self._ask("PUT", "/__token__", {"password": self._token})

    def stop(self, error: BaseException | None = None) -> None:  # noqa: ARG002 - the base class's
        """End the server."""
        assert self._process
        assert self._process.stdout
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def index(self) -> DevpiIndex:
        """Make an empty index that inherits nothing."""
        self._made += 1
        name = f"index{self._made}"
        wanted = {"volatile": False, "bases": [], "acl_upload": ["root", "__token__"]}
        self._ask("PUT", f"/root/{name}", {"type": "stage", **wanted})
        return DevpiIndex(f"{self.url}/root/{name}", "root", self._password, self._token)

    def files(self, index: DevpiIndex, project: str) -> dict[str, str]:
        """Return the file names of a project, and the SHA-256 of each."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{index.simple_url}{project}/",
            headers={"Accept": "application/vnd.pypi.simple.v1+json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            files = json.load(answer)["files"]
        return {file["filename"]: file["hashes"]["sha256"] for file in files}

    def _command(self, program: str, *arguments: str) -> list[str]:
        path = Path(sys.executable).parent / program
        return [str(path), f"--serverdir={self._directory}", *arguments]

    def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.append(line)
            if "Serving on" in line:
                self._ready.set()
        self._ready.set()

    def _ask(self, method: str, path: str, value: object) -> dict[str, str]:
        asking = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if path != "/+login":
            credentials = f"root:{self._session}".encode()
            headers["X-Devpi-Auth"] = base64.b64encode(credentials).decode()
        asking.request(method, path, json.dumps(value), headers)
        answer = asking.getresponse()
        body = json.loads(answer.read())
        asking.close()
        if answer.status >= 300:
            raise AssertionError(f"devpi answered {answer.status} to {method} {path}: {body}")
        result: dict[str, str] = body["result"]
        return result
