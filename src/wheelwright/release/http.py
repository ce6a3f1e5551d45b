"""HTTP for the two adapters that speak it themselves: one client, one way of failing."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from wheelwright.release.ports import ActFailed
from wheelwright.release.world import Trouble

__all__ = ["Http"]

_TIMEOUT_S = 60.0


class Http:
    """Asks, and turns what never became an answer into `ActFailed`.

    `ca` is the text of further certificates to trust, in PEM.
    """

    def __init__(self, ca: str = "") -> None:
        context = ssl.create_default_context()
        if ca:
            context.load_verify_locations(cadata=ca)
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
            ActFailed: BUSY, when no answer came.
        """
        try:
            # A client for each request: nothing is left open between looks minutes apart.
            async with httpx.AsyncClient(
                verify=self._context, timeout=_TIMEOUT_S, follow_redirects=True
            ) as client:
                return await client.request(
                    method, url, headers=dict(headers), json=json, content=content
                )
        except httpx.HTTPError as error:
            what = f"{method} {httpx.URL(url).copy_with(userinfo=b'')}"
            said = f"{what}: {type(error).__name__} {error}".rstrip()
            raise ActFailed(Trouble.BUSY, said) from error
