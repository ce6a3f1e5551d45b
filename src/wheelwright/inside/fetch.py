"""Downloads sdists as uv.lock names them, and runs nothing of them.

    python fetch.py LIST DIRECTORY

LIST is a file of JSON: {"name", "url", "sha256"} for each. For each, NAME.toml gets its
pyproject.toml's text, which says what it is built with, and NAME.sha256 its digest. The
credential is that of `~/.netrc` for the address's own host; a redirect gets that of its host. It
goes over plain HTTP to this machine alone.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import netrc
import posixpath
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

MOST_BYTES = 1_000_000_000
MOST_TEXT = 1_000_000
TIMEOUT_S = 60


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect; each request gets the credential of its own host."""

    def redirect_request(self, *args: Any) -> urllib.request.Request | None:
        """Return the request for where it leads."""
        made = super().redirect_request(*args)
        return made if made is None else authorized(made)


def authorized(request: urllib.request.Request) -> urllib.request.Request:
    """Give a request the credential of its host; a redirect does not take it along."""
    path = Path("~/.netrc").expanduser()
    parts = urllib.parse.urlsplit(request.full_url)
    host = parts.hostname or ""
    private = parts.scheme == "https" or loopback(host)
    found = netrc.netrc(str(path)).authenticators(host) if private and path.exists() else None
    if found:
        token = base64.b64encode(f"{found[0]}:{found[2]}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


def loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def download(url: str, sha256: str, path: Path) -> str:
    """Write what an address holds into a file, and return its digest: the given one, if any."""
    if not url.startswith(("https://", "http://")):
        raise SystemExit(f"{url} is not an address of the web")
    opener = urllib.request.build_opener(Redirects)
    digest, size = hashlib.sha256(), 0
    try:
        request = authorized(urllib.request.Request(url))  # noqa: S310 - looked at above
        with opener.open(request, timeout=TIMEOUT_S) as answer, path.open("wb") as file:
            while part := answer.read(1 << 20):
                size += len(part)
                if size > MOST_BYTES:
                    raise SystemExit(f"{url} is larger than {MOST_BYTES} bytes")
                digest.update(part)
                file.write(part)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url} answered {error.code} {error.reason}") from None
    except OSError as error:
        raise SystemExit(f"{url} cannot be fetched: {error}") from None
    if sha256 and digest.hexdigest() != sha256:
        raise SystemExit(f"{url} has the SHA-256 {digest.hexdigest()}, uv.lock says {sha256}")
    return digest.hexdigest()


def pyproject(path: Path) -> bytes:
    """Return the text of an sdist's pyproject.toml; empty where it has none."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in filter(is_pyproject, archive.namelist()):
                with archive.open(name) as inner:
                    return inner.read(MOST_TEXT)
        return b""
    with tarfile.open(path) as packed:
        for entry in packed:
            if entry.isfile() and is_pyproject(entry.name):
                file = packed.extractfile(entry)
                return file.read(MOST_TEXT) if file is not None else b""
    return b""


def is_pyproject(name: str) -> bool:
    """Whether this is the pyproject.toml in the sdist's one directory."""
    parts = posixpath.normpath(name).split("/")
    return len(parts) == 2 and parts[1] == "pyproject.toml"


def main() -> None:
    """Fetch them all."""
    listed, to = map(Path, sys.argv[1:])
    to.mkdir(parents=True, exist_ok=True)
    for each in json.loads(listed.read_text(encoding="utf-8")):
        address = urllib.parse.unquote(urllib.parse.urlsplit(each["url"]).path)
        path = to / posixpath.basename(address)
        digest = download(each["url"], each["sha256"], path)
        (to / f"{each['name']}.sha256").write_text(digest, encoding="utf-8")
        (to / f"{each['name']}.toml").write_bytes(pyproject(path))


if __name__ == "__main__":
    main()
