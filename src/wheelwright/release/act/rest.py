"""Requests to GitHub's REST API (2022-11-28) about one repository: headers, statuses, limits."""

from __future__ import annotations

import time
from typing import Any, Final

from wheelwright.release.act.http import Http
from wheelwright.release.decide import responses
from wheelwright.release.decide.urls import Hub
from wheelwright.release.decide.world import FailureKind

_VERSION: Final = "2022-11-28"


class Rest:
    """The API of one repository, with one token; without it, what everybody sees."""

    def __init__(self, http: Http, hub: Hub, token: str) -> None:
        self.http = http
        self.hub = hub
        self.token = token

    async def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        fine: tuple[int, ...] = (200,),
        content: bytes | None = None,
    ) -> Any:
        """Return the body of a response with one of the statuses that are fine.

        Raises:
            ActFailed: another status, or no response.
        """
        return (await self.answer(method, path, json, fine=fine, content=content))[1]

    async def seen(self, method: str, path: str, json: Any = None) -> Any:
        """Return the body of a response; None where the token does not see it.

        Raises:
            ActFailed: BUSY.
        """
        fine = (200, 400, 401, 403, 404, 422)
        status, body = await self.answer(method, path, json, fine=fine)
        return body if status == 200 else None

    async def answer(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        fine: tuple[int, ...],
        content: bytes | None = None,
    ) -> tuple[int, Any]:
        """Return status and body; `path` is below the repository, or a whole address.

        Raises:
            ActFailed: an error that is not fine, or no response.
        """
        hub = self.hub
        url = path if "://" in path else f"{hub.api}/repos/{hub.owner}/{hub.name}{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "User-Agent": "wheelwright",
            "X-GitHub-Api-Version": _VERSION,
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if content is not None:
            headers["Content-Type"] = "application/octet-stream"
        answer = await self.http.ask(method, url, headers=headers, json=json, content=content)
        try:
            body = answer.json() if answer.content else None
        except (ValueError, RecursionError):
            # A proxy's page; its status says enough.
            body = None
        if answer.status_code >= 400:
            what = f"{method} {path.partition('?')[0]}"
            failed = responses.github(what, answer.status_code, answer.headers, body, time.time())
            # A rate limit is a 403, too, and not about permissions.
            if answer.status_code not in fine or failed.kind is FailureKind.BUSY:
                raise failed
        return answer.status_code, body
