"""What the attacks on a release share: a listener, and packages whose code attacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.e2e.bench import Bench
from tests.e2e.release_bench import Outside, ReleaseBench, Sample, commit, make_package

__all__ = ["Listener", "listening", "start", "written"]


@dataclass
class Listener:
    """Keeps what is posted to it, and every Authorization that it was sent."""

    url: str = ""
    heard: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port of loopback; a GET is answered as git over HTTP asks for a password."""
    kept = Listener()

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept.heard.append(f"{self.path} {body.decode()}")
            self._note()
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self._note()
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="elsewhere"')
            self.end_headers()

        def _note(self) -> None:
            kept.authorizations += self.headers.get_all("Authorization", [])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keep)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def written(directory: Path, files: Mapping[str, str]) -> None:
    """Write files below a directory."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, encoding="utf-8")


def start(
    bench: Bench, outside: Outside, at: Path, sample: Sample, files: Mapping[str, str]
) -> ReleaseBench:
    """Put a sample package with some files more, or in place of its own, on a remote."""
    source = make_package(sample, at, locked=False)
    written(source, files)
    commit(source, "chore: change something")
    return ReleaseBench.start(bench, outside, source, sample)
