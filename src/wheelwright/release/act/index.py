"""The package index's listing: PEP 691, or PEP 503 where the index has no JSON."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from wheelwright.distribution.file import File
from wheelwright.project.addresses import without_credentials
from wheelwright.release.act.http import Http, understood
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import FailureKind

_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
_NAME = re.compile(r"[A-Za-z0-9._+!-]+")


class SimpleIndex:
    """A listing of one package at `CHECK_URL/PACKAGE/`."""

    def __init__(self, http: Http, check_url: str, package: str) -> None:
        self._http = http
        self._url = f"{check_url}{package}/"
        self._shown = without_credentials(self._url)

    async def files(self) -> tuple[File, ...]:
        """Return all files, of all versions; none where the index does not know the package."""
        # Otherwise PyPI's own caches are up to ten minutes old.
        headers = {"Accept": _ACCEPT, "Cache-Control": "no-cache"}
        answer = await self._http.ask("GET", self._url, headers=headers)
        if answer.status_code == 404:
            return ()
        if answer.status_code != 200:
            busy = answer.status_code >= 500 or answer.status_code == 429
            kind = FailureKind.BUSY if busy else FailureKind.REFUSED
            raise ActFailed(kind, f"GET {self._shown}: {answer.status_code}")
        with understood(f"GET {self._shown}"):
            if "json" not in answer.headers.get("content-type", ""):
                found = parse_html(answer.text, self._url)
            else:
                found = tuple(_file(each, self._url) for each in answer.json()["files"])
        # Distributions have no other names, and names are shown to people.
        return tuple(file for file in found if _NAME.fullmatch(file.name))


def _file(data: dict[str, Any], listing: str) -> File:
    digest = data.get("hashes", {}).get("sha256", "")
    if not (isinstance(data["filename"], str) and isinstance(digest, str)):
        raise TypeError("a file's name or digest is not a text")
    url, provenance = (str(data.get(key) or "") for key in ("url", "provenance"))
    return File(
        data["filename"],
        digest,
        bool(data.get("yanked", False)),
        url=_joined(listing, url),
        provenance=_joined(listing, provenance),
        uploaded_s=_seconds(data.get("upload-time")),
    )


def _seconds(stamp: object) -> float:
    """Return a time of the listing (PEP 700: RFC 3339, in UTC) in seconds since 1970; else 0."""
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        return 0.0
    return moment.timestamp() if moment.tzinfo else 0.0


def _joined(listing: str, url: str) -> str:
    """Return the address of a link in a listing, with the listing's own credential for its host."""
    if not url:
        return ""
    found, base = urlsplit(urljoin(listing, url)), urlsplit(listing)
    same = (found.scheme, found.hostname, found.port) == (base.scheme, base.hostname, base.port)
    return (found._replace(netloc=base.netloc) if same else found).geturl()


def parse_html(text: str, listing: str = "") -> tuple[File, ...]:
    """Read a listing in HTML: one anchor a file, its hash in the fragment (PEP 503, PEP 592)."""
    parser = _Anchors(listing)
    parser.feed(text)
    return tuple(parser.files)


class _Anchors(HTMLParser):
    def __init__(self, listing: str) -> None:
        super().__init__()
        self.listing = listing
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a file from an anchor."""
        found = dict(attrs)
        if tag != "a" or not (href := found.get("href")):
            return
        address = urlsplit(href)
        sha256 = re.search(r"sha256=([0-9a-f]{64})", address.fragment)
        name = unquote(address.path.rpartition("/")[2])
        digest = sha256.group(1) if sha256 else ""
        self.files.append(
            File(
                name,
                digest,
                "data-yanked" in found,
                url=_joined(self.listing, href.partition("#")[0]),
                provenance=_joined(self.listing, found.get("data-provenance") or ""),
            )
        )
