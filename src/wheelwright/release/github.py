"""Pull requests and releases over GitHub's REST API (2022-11-28)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from packaging.version import Version

from wheelwright.release import answers
from wheelwright.release.http import Http
from wheelwright.release.stops import Problem, Reason
from wheelwright.release.where import Hub
from wheelwright.release.world import Asset, GitHubRelease, Plan, Pull, PullState

__all__ = ["GitHubRest"]

_VERSION: Final = "2022-11-28"
# GitHub lists at most a hundred a page, and what a release looks for is among the newest.
_PAGES: Final = 10


class GitHubRest:
    """One repository, with one token."""

    def __init__(self, http: Http, hub: Hub, token: str) -> None:
        self._http = http
        self._hub = hub
        self._token = token

    async def _ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        fine: tuple[int, ...] = (200,),
        content: bytes | None = None,
    ) -> Any:
        """Return the body of an answer with one of the statuses that are fine."""
        hub = self._hub
        url = path if "://" in path else f"{hub.api}/repos/{hub.owner}/{hub.name}{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token}",
            "User-Agent": "wheelwright",
            "X-GitHub-Api-Version": _VERSION,
        }
        if content is not None:
            headers["Content-Type"] = "application/octet-stream"
        answer = await self._http.ask(method, url, headers=headers, json=json, content=content)
        try:
            body = answer.json() if answer.content else None
        except ValueError:
            # A proxy's page; its status says enough.
            body = None
        if answer.status_code not in fine:
            what = f"{method} {path.partition('?')[0]}"
            raise answers.github(what, answer.status_code, answer.headers, body, time.time())
        return body

    # -- before -----------------------------------------------------------------------------------

    async def problems(self) -> tuple[Problem, ...]:
        """Return what can be seen beforehand of missing permissions."""
        answer = await self._ask("GET", "", fine=(200, 401, 403, 404))
        return tuple(self._missing(answer))

    def _missing(self, answer: Any) -> Iterator[Problem]:
        name = f"{self._hub.owner}/{self._hub.name}"
        if not isinstance(answer, dict) or "full_name" not in answer:
            said = answer.get("message", "") if isinstance(answer, dict) else ""
            seen = f"--github-token does not see {name}: {said}".rstrip(": ")
            yield Problem(Reason.NO_PERMISSION, seen)
        elif answer.get("permissions", {}).get("push") is False:
            yield Problem(Reason.NO_PERMISSION, f"--github-token may not write to {name}")
        elif answer.get("archived"):
            yield Problem(Reason.NO_PERMISSION, f"{name} is archived", "unarchive it")

    # -- pull requests ----------------------------------------------------------------------------

    async def pulls(self, branch: str) -> tuple[Pull, ...]:
        """Return the pull requests with that head, newest first."""
        head = quote(f"{self._hub.owner}:{branch}", safe="")
        found = await self._ask("GET", f"/pulls?head={head}&state=all&per_page=100")
        pulls = []
        for each in found:
            if each["head"]["ref"] == branch:
                # A list does not say whether one can be merged.
                is_open = each["state"] == "open"
                shown = await self._ask("GET", f"/pulls/{each['number']}") if is_open else each
                pulls.append(_pull(shown))
        return tuple(pulls)

    async def open_pull(self, plan: Plan, notes: str) -> None:
        """Open the pull request from the release branch to the base."""
        body = (
            f"{plan.package} {plan.version} is on the index; this brings its version and changelog "
            f"to `{plan.base}`.\n\n{notes}\n"
        )
        title = f"Release {plan.package} {plan.version}"
        data = {"title": title, "head": plan.branch, "base": plan.base, "body": body}
        await self._ask("POST", "/pulls", data, fine=(201,))

    # -- releases ---------------------------------------------------------------------------------

    async def release(self, tag: str) -> GitHubRelease | None:
        """Return the release of a tag; a published one before a draft.

        Drafts are found by listing alone; the address by tag knows published ones only.
        """
        found: list[Any] = []
        for page in range(1, _PAGES + 1):
            listed = await self._ask("GET", f"/releases?per_page=100&page={page}")
            found += [each for each in listed if each["tag_name"] == tag]
            if len(listed) < 100:
                break
        found.sort(key=lambda each: (each["draft"], each["id"]))
        return _release(found[0]) if found else None

    async def draft(self, plan: Plan, commit: str, notes: str) -> None:
        """Make the draft."""
        data = {
            "tag_name": plan.tag,
            "target_commitish": commit,
            "name": f"{plan.package} {plan.version}",
            "body": notes,
            "draft": True,
            "prerelease": Version(plan.version).is_prerelease,
        }
        await self._ask("POST", "/releases", data, fine=(201,))

    async def upload(self, release: GitHubRelease, name: str, contents: bytes) -> None:
        """Add a file to a draft."""
        shown = await self._ask("GET", f"/releases/{release.id}")
        url = shown["upload_url"].partition("{")[0]
        address = f"{url}?name={quote(name, safe='')}"
        await self._ask("POST", address, fine=(201,), content=contents)

    async def delete_asset(self, asset_id: int) -> None:
        """Take a file out of a draft; absent is no error."""
        await self._ask("DELETE", f"/releases/assets/{asset_id}", fine=(204, 404))

    async def publish(self, release: GitHubRelease) -> None:
        """Make a draft public."""
        await self._ask("PATCH", f"/releases/{release.id}", {"draft": False})


def _pull(found: Any) -> Pull:
    merged = found.get("merged_at") is not None
    state = PullState.MERGED if merged else PullState(found["state"])
    # It is null while GitHub works it out, and left out of lists.
    mergeable = found.get("mergeable")
    conflicts = None if mergeable is None else not mergeable
    return Pull(found["number"], state, found["head"]["sha"], found["html_url"], conflicts)


def _release(found: Any) -> GitHubRelease:
    assets = tuple(
        Asset(
            each["id"],
            each["name"],
            (each.get("digest") or "").removeprefix("sha256:"),
            each["state"] == "uploaded",
        )
        for each in found["assets"]
    )
    return GitHubRelease(found["id"], found["draft"], assets, found["html_url"])
