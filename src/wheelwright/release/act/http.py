"""The HTTP client of two adapters: one client, one kind of failure."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import anyio
import dagger
import httpx

from wheelwright.container.trusting import checked
from wheelwright.errors import RequestError
from wheelwright.project.addresses import without_credentials
from wheelwright.project.untrusted import origin, untrusted
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.responses import refused_certificate
from wheelwright.release.decide.world import FailureKind

_TIMEOUT_S: Final = 60.0

# What a server may take to answer, and how much it may answer: the longest listing of PyPI has a
# tenth of that.
_ANSWER_S: Final = 300.0
_ANSWER_BYTES: Final = 256 * 1024 * 1024


async def token_of(secret: dagger.Secret) -> str:
    """Return a token for a header.

    Raises:
        RequestError: it cannot be one. No message shows it.
    """
    token = (await secret.plaintext()).strip()
    if not token or not all("!" <= char <= "~" for char in token):
        lines = len(token.splitlines())
        raise RequestError(
            f"--github-token is not one word of ASCII: it has {len(token)} characters in"
            f" {lines} lines",
            "pass only the token, such as env://GITHUB_TOKEN",
        )
    return token


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turn a response of another shape than the API's into `ActFailed`.

    A proxy's page comes with any status, and goes away: it is worth another try.

    Raises:
        ActFailed: BUSY.
    """
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        how = f"{type(error).__name__} {error}"[:200]
        raise ActFailed(FailureKind.BUSY, f"{what}: not a response of this API ({how})") from error


class Http:
    """Sends requests; without a response it raises `ActFailed`.

    `ca` is the text of further certificates to trust, in PEM.
    """

    def __init__(self, ca: str = "") -> None:
        context = ssl.create_default_context()
        if ca:
            context.load_verify_locations(cadata=checked(ca))
        self._context = context

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        json: Any = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send one request, redirects followed.

        Raises:
            ActFailed: BUSY, without a response, or with one without end.
        """
        what = f"{method} {without_credentials(url)}"
        # The time that a body takes to send is the caller's own.
        limit_s = _ANSWER_S if content is None else None
        try:
            # A client for each request: nothing is left open between looks minutes apart.
            with anyio.fail_after(limit_s):
                async with (
                    httpx.AsyncClient(
                        verify=self._context, timeout=_TIMEOUT_S, follow_redirects=True
                    ) as client,
                    client.stream(
                        method, url, headers=dict(headers), json=json, content=content
                    ) as answer,
                ):
                    return await _whole(answer, what)
        except TimeoutError as error:
            raise ActFailed(
                FailureKind.BUSY, f"{what}: no response within {limit_s:.0f} s"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unanswered(what, url, error) from error

    async def sha256(self, url: str) -> str:
        """Download a file and return its SHA-256 in hex; its contents are not kept.

        Raises:
            ActFailed: BUSY, without the whole file; REFUSED where there is no such file.
        """
        what = f"GET {without_credentials(url)}"
        digest = hashlib.sha256()
        try:
            async with (
                httpx.AsyncClient(
                    verify=self._context, timeout=_TIMEOUT_S, follow_redirects=True
                ) as client,
                client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer,
            ):
                if answer.status_code != 200:
                    busy = answer.status_code >= 500 or answer.status_code == 429
                    kind = FailureKind.BUSY if busy else FailureKind.REFUSED
                    raise ActFailed(kind, f"{what}: {answer.status_code}")
                # As it was sent: a file that is packed for the way is another file.
                async for part in answer.aiter_raw():
                    digest.update(part)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unanswered(what, url, error) from error
        return digest.hexdigest()


def _unanswered(what: str, url: str, error: Exception) -> ActFailed:
    """Return what it means that there is no response."""
    if untrusted(str(error)):
        return refused_certificate(origin(url))
    return ActFailed(FailureKind.BUSY, f"{what}: {type(error).__name__} {error}".rstrip())


async def _whole(answer: httpx.Response, what: str) -> httpx.Response:
    """Return a response with its body, bounded."""
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > _ANSWER_BYTES:
            message = f"{what}: a response of more than {_ANSWER_BYTES} bytes"
            raise ActFailed(FailureKind.REFUSED, message)
    # What was packed for the way is unpacked by now.
    kept = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name.lower() not in ("content-encoding", "content-length", "transfer-encoding")
    ]
    return httpx.Response(
        answer.status_code, headers=kept, content=bytes(body), request=answer.request
    )
