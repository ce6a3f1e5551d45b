"""Builds the site of docs/ strictly, and reads what was built.

zensical refuses dead links and anchors of Markdown. It does not look for images, and not at what a
page loads: this reads the pages that it has written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
CONFIG = "zensical.toml"
BUILT = (".cache", "site")

IN_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
LOADED = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "img": ("src", "srcset"),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
}
"""Elements that name addresses -> the attributes whose address a browser loads by itself."""
BLOCKS = frozenset({"h1", "h2", "h3", "h4", "li", "ol", "pre", "table", "td", "th", "tr", "ul"})


def configuration() -> dict[str, Any]:
    """Return the table of the site's settings."""
    found: dict[str, Any] = tomllib.loads((DOCS / CONFIG).read_text(encoding="utf-8"))["project"]
    return found


def pages() -> list[Path]:
    """Return the pages, by their paths below docs/."""
    found = (path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
    return sorted(path for path in found if path.parts[0] not in BUILT)


def listed(entries: list[Any]) -> Iterator[str]:
    """Yield the pages of a navigation, in its order."""
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from listed(value) if isinstance(value, list) else [value]


def copied(to: Path) -> Path:
    """Copy docs/ to a directory, without what a build has left, and return it."""
    return shutil.copytree(DOCS, to, ignore=shutil.ignore_patterns(*BUILT))


def build(docs: Path) -> subprocess.CompletedProcess[str]:
    """Build a copy of docs/ as CI does."""
    program = str(Path(sys.executable).with_name("zensical"))
    return subprocess.run(
        [program, "build", "--strict", "--config-file", str(docs / CONFIG)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )


class Built(HTMLParser):
    """One written page: what it loads, where it links to, its anchors, its blocks of text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.blocks: Counter[str] = Counter()
        self.article = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element's addresses, and its name inside the article."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given["id"]} if "id" in given else set()
        if tag in LOADED:
            self.loads += [given[name] for name in LOADED[tag] if given.get(name)]
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        self.loads += [one or two for one, two in IN_STYLE.findall(given.get("style", ""))]
        self.article += tag == "article"
        if self.article and tag in BLOCKS:
            self.blocks[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        """Leave the article where it ends."""
        self.article -= tag == "article"


@cache
def read(page: Path) -> Built:
    """Return what a written page has."""
    return Built(page.read_text(encoding="utf-8"))


def loaded(site: Path) -> Iterator[tuple[str, str]]:
    """Yield file and address of everything that a browser loads for the pages and their styles."""
    for page in sorted(site.rglob("*.html")):
        yield from ((page.relative_to(site).as_posix(), address) for address in read(page).loads)
    for style in sorted(site.rglob("*.css")):
        for one, two in IN_STYLE.findall(style.read_text(encoding="utf-8")):
            yield style.relative_to(site).as_posix(), one or two


def elsewhere(site: Path) -> list[str]:
    """Return what is loaded from another host, each with the file that names it."""
    return [
        f"{file}: {address}"
        for file, address in loaded(site)
        if urlsplit(address).netloc or urlsplit(address).scheme not in ("", "data")
    ]


def dead(site: Path) -> list[str]:
    """Return the addresses inside the site that lead nowhere, each with the page that has them."""
    found = []
    for page in sorted(site.rglob("*.html")):
        # Served in place of any address, it names its files from the root of the host.
        if page.name == "404.html":
            continue
        for address in (*read(page).links, *read(page).loads):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = page.parent / unquote(parts.path) if parts.path else page
            if target.is_dir():
                target /= "index.html"
            missing = not target.is_file()
            if missing or (parts.fragment and unquote(parts.fragment) not in read(target).anchors):
                found.append(f"{page.relative_to(site).as_posix()}: {address}")
    return found
