"""A plain HTTP client for the contract tests: no retries, no redirects, answers as they come."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Got", "Lost", "ask", "ask_json", "basic", "upload"]


class Lost(Exception):
    """There was no answer."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    bundle: Path | None = None,
) -> Got:
    """Ask once.

    Raises:
        Lost: the connection ended, or ten seconds passed, without an answer.
    """
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=bundle)
        asking: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=10, context=context
        )
    else:
        asking = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        asking.request(method, path, body, headers or {})
        answer = asking.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, answer.reason, found, answer.read())
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise Lost(str(error)) from error
    finally:
        asking.close()


def ask_json(
    method: str, url: str, token: str, value: object | None = None, bundle: Path | None = None
) -> Got:
    """Ask with a bearer token, and with a body in JSON if one is given."""
    headers = {"Accept": "application/vnd.github+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = None
    if value is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(value).encode()
    return ask(method, url, headers, body, bundle)


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of Basic authentication."""
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def upload(
    url: str,
    token: str,
    filename: str,
    contents: bytes,
    bundle: Path,
    *,
    version: str = "1.0",
    name: str = "sample",
    attestations: str = "",
    **more: str,
) -> Got:
    """Upload a file as the legacy upload API wants it."""
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.4",
        "name": name,
        "version": version,
        "filetype": "bdist_wheel" if filename.endswith(".whl") else "sdist",
        **more,
    }
    if attestations:
        fields["attestations"] = attestations
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--edge\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n'
    kind = "Content-Type: application/octet-stream\r\n\r\n"
    body = b"".join(parts) + (head + kind).encode() + contents + b"\r\n--edge--\r\n"
    headers = {**basic("__token__", token), "Content-Type": "multipart/form-data; boundary=edge"}
    return ask("POST", url, headers, body, bundle)
