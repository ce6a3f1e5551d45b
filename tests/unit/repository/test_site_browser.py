"""The site in a real browser: nothing from another host, nothing wider than the screen."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium, dumped
from tests.unit.repository.site import build, copied

pytestmark = pytest.mark.slow

POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; report-uri /report"
"""What a page may load (W3C, Content Security Policy Level 3); the rest is reported."""
WIDTHS = (390, 1280)

FRAMES = """<!doctype html><body>{frames}<p id="seen"></p><script>
onload = () => setTimeout(() => {{
  const seen = [...document.querySelectorAll("iframe")].map((frame) => {{
    const root = frame.contentDocument.documentElement;
    return [frame.title, root.scrollWidth - root.clientWidth];
  }});
  document.getElementById("seen").textContent = JSON.stringify(seen);
}}, 500);
</script>"""


class OfSite(SimpleHTTPRequestHandler):
    """Serves a site, and notes what the browser reports that a page wanted from elsewhere."""

    elsewhere: list[str]

    def end_headers(self) -> None:
        """Add the policy."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_POST(self) -> None:
        """Note a report."""
        report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["csp-report"]
        self.elsewhere.append(report["blocked-uri"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        """Print nothing."""


@contextmanager
def served(site: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a site; yield its address, and the list of what its pages want from elsewhere."""
    found: list[str] = []

    class Handler(OfSite):
        elsewhere = found

        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(site))

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", found
        server.shutdown()


def laid_out(site: Path, pages: list[str], profile: Path) -> tuple[dict[str, int], list[str]]:
    """Return how much too wide each page is at each width, and what it wants from other hosts."""
    frames = "".join(
        f'<iframe title="{page} {width}" src="{page}" style="width:{width}px;height:900px">'
        "</iframe>"
        for page in pages
        for width in WIDTHS
    )
    (site / "frames.html").write_text(FRAMES.format(frames=frames), encoding="utf-8")
    with served(site) as (address, elsewhere):
        text = dumped(f"{address}/frames.html", profile, "--virtual-time-budget=20000")
    found = re.search(r'<p id="seen">(.*?)</p>', text)
    assert found, text[-2000:]
    return dict(json.loads(unescape(found[1]))), elsewhere


def test_pages_load_nothing_from_elsewhere_and_fit(tmp_path: Path) -> None:
    """On a phone and on a desk no page scrolls sideways, and none wants a file of another host."""
    chromium()
    docs = copied(tmp_path / "docs")
    assert 0 == build(docs).returncode
    site = docs / "site"
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    pages.remove("404.html")
    wide, others = laid_out(site, pages, tmp_path / "profile")

    assert len(pages) * len(WIDTHS) == len(wide)
    assert {} == {page: by for page, by in wide.items() if by > 0}
    assert [] == others


def test_what_the_browser_finds(tmp_path: Path) -> None:
    """A wide page is found, and so is a request for another host that only a script makes."""
    chromium()
    site = tmp_path / "site"
    site.mkdir()
    script = '<script>fetch("http://elsewhere.example/a.js").catch(() => 0)</script>'
    (site / "a.html").write_text(f'<div style="width:600px">wide</div>{script}', encoding="utf-8")
    wide, others = laid_out(site, ["a.html"], tmp_path / "profile")

    assert wide["a.html 390"] > 0
    assert 0 == wide["a.html 1280"]
    assert {"http://elsewhere.example/a.js"} == set(others)
