"""What is on GitHub beside git: pull requests, releases, assets, settings; and their JSON."""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .description import Description
from .effects import Effects
from .git_http import GitServer
from .serving import Request
from .tokens import Token

__all__ = [
    "Asset",
    "Call",
    "Needs",
    "Pull",
    "Refusal",
    "Release",
    "Route",
    "Settings",
    "State",
    "error_body",
]

LONGEST_PULL = 65_536
"""Of the text of a pull request. Met by dependabot-core#3114 and renovate#6357: "body is too long
(maximum is 65536 characters)"."""

LONGEST_RELEASE = 125_000
"""Of the text of a release. softprops/action-gh-release#374, ncipollo/release-action#493: 422 with
"body is too long (maximum is 125000 characters)"."""

DOCUMENTATION = "https://docs.github.com/rest"

Needs = tuple[tuple[str, str], ...]
"""Permissions, any of which is enough: name and level."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed the door."""

    token: Token
    values: dict[str, str]
    query: dict[str, str]
    body: Any
    request: Request


Route = tuple[Needs, Callable[["State", Call], tuple[int, Any]]]


def error_body(
    status: int, message: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """Return the JSON of a refusal."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return {**body, "errors": errors} if errors else body


class Refusal(Exception):
    """A request is refused, in GitHub's words."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[dict[str, str]] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(status, message, errors)
        self.headers = headers


def check_length(resource: str, body: str | None, longest: int) -> None:
    """Refuse a text that is too long.

    Raises:
        Refusal: in GitHub's words.
    """
    if len(body or "") > longest:
        message = f"body is too long (maximum is {longest} characters)"
        raise invalid(resource, "custom", "body", message)


def invalid(resource: str, code: str, field_name: str, message: str = "") -> Refusal:
    """Return the refusal of a value."""
    error = {"resource": resource, "code": code, "field": field_name}
    return Refusal(422, "Validation Failed", [{**error, "message": message} if message else error])


@dataclass
class Settings:
    """What the owner has set.

    Attributes:
        actions_open_pulls: "Allow GitHub Actions to create and approve pull requests".
        mergeable_lags: how many readings of a pull request still say that it is worked out.
        rules: of the default branch, as the API tells them: {"type": "pull_request", ...}.
        bypass: what is said of who asks, for rulesets made of `no_create` in git's rules.
        required_checks: those of main's classic protection.
        rulesets: those made through the API, whole.
        environments: by name, with `policies`: the branches and tags that may deploy.
    """

    actions_open_pulls: bool = True
    immutable_releases: bool = False
    mergeable_lags: int = 0
    squash: bool = True
    merge_commit: bool = True
    rebase: bool = True
    rules: list[dict[str, Any]] = field(default_factory=list)
    bypass: str = "never"
    sha_pinning: bool = False
    required_checks: list[str] = field(default_factory=list)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Pull:
    """A pull request. `sha` is the head as last seen, kept when the branch is gone."""

    number: int
    title: str
    body: str | None
    head: str
    base: str
    sha: str
    at_s: float
    login: str
    open: bool = True
    draft: bool = False
    labels: list[str] = field(default_factory=list)
    merge_commit: str = ""


@dataclass
class Asset:
    """A file of a release; `starter` is one whose upload broke off."""

    id: int
    name: str
    kind: str
    contents: bytes
    at_s: float
    state: str = "uploaded"


@dataclass
class Release:
    """A release."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    at_s: float
    published_s: float | None = None
    immutable: bool = False
    assets: list[Asset] = field(default_factory=list)


class State:
    """Everything, under one lock: `guard` is held while state is read or changed, not by hooks."""

    def __init__(
        self,
        effects: Effects,
        clock: Clock,
        git: GitServer,
        name: str,
        description: Description,
        url: Callable[[], str],
    ) -> None:
        self.effects = effects
        self.clock = clock
        self.git = git
        self.repository = git.repository
        self.name = name
        self.owner = name.partition("/")[0]
        self.settings = Settings()
        self.pulls: dict[int, Pull] = {}
        self.releases: dict[int, Release] = {}
        self.latest: int | None = None
        self.runs: list[Any] = []
        self.broken_uploads = 0
        self.guard = threading.RLock()
        self.numbers = itertools.count(1)
        self.ids = itertools.count(1001)
        self._description = description
        self._server_url = url
        self._links: dict[int, tuple[tuple[str, str], ...]] = {}

    def leave_starter(self, times: int = 1) -> None:
        """Let the next uploads of assets break off: 502, and an asset that is a `starter`."""
        self.broken_uploads += times

    def url(self, *path: str) -> str:
        """Return an address of the API below the repository."""
        return "/".join([self._server_url(), "repos", self.name, *path])

    def html_url(self, *path: str) -> str:
        """Return an address for people."""
        return "/".join([self._server_url(), self.name, *path])

    def download(self, path: str) -> bytes | None:
        """Return the asset of a published release at its address for people."""
        found = re.fullmatch(f"/{re.escape(self.name)}/releases/download/(.+)/([^/]+)", path)
        with self.guard:
            for release in self.releases.values():
                for asset in release.assets:
                    if found and not release.draft and (release.tag, asset.name) == found.groups():
                        return asset.contents
        return None

    def page(self, call: Call, items: list[Any]) -> list[Any]:
        """Return the page that was asked for, and remember the Link header of it."""
        size = min(int(call.query.get("per_page", "30")), 100)
        number = int(call.query.get("page", "1"))
        if number * size < len(items):
            query = urllib.parse.urlencode({**call.query, "page": number + 1})
            link = f'<{self._server_url()}{call.request.raw_path}?{query}>; rel="next"'
            with self.guard:
                self._links[id(call.request)] = (("Link", link),)
        return items[(number - 1) * size : number * size]

    def take_link(self, request: Request) -> tuple[tuple[str, str], ...]:
        """Return the Link header of an answer that has more pages."""
        with self.guard:
            return self._links.pop(id(request), ())

    def filled(self, schema: str, known: dict[str, Any]) -> dict[str, Any]:
        """Return JSON of one of GitHub's schemas."""
        return self._description.filled(schema, known)

    def user(self, login: str) -> dict[str, Any]:
        """Return an account."""
        kind = "Bot" if login.endswith("[bot]") else "User"
        return self.filled("simple-user", {"login": login, "id": 1, "type": kind})

    def label(self, name: str) -> dict[str, Any]:
        """Return a label."""
        known = {"id": 1, "name": name, "color": "ededed", "default": False, "description": ""}
        return self.filled("label", {**known, "url": self.url("labels", name)})

    def asset(self, release: Release, asset: Asset) -> dict[str, Any]:
        """Return an asset."""
        digest = "sha256:" + hashlib.sha256(asset.contents).hexdigest()
        return self.filled(
            "release-asset",
            {
                "id": asset.id,
                "name": asset.name,
                "state": asset.state,
                "content_type": asset.kind,
                "size": len(asset.contents),
                "digest": digest if asset.state == "uploaded" else None,
                "url": self.url("releases", "assets", str(asset.id)),
                "browser_download_url": self.html_url(
                    "releases", "download", release.tag, asset.name
                ),
                "created_at": self.clock.stamp(asset.at_s),
                "updated_at": self.clock.stamp(asset.at_s),
            },
        )

    def release(self, release: Release) -> dict[str, Any]:
        """Return a release."""
        identity = str(release.id)
        shown = f"untagged-{release.id:x}" if release.draft else release.tag
        published = release.published_s
        return self.filled(
            "release",
            {
                "id": release.id,
                "url": self.url("releases", identity),
                "assets_url": self.url("releases", identity, "assets"),
                "upload_url": self.url("releases", identity, "assets").replace(
                    "/repos/", "/uploads/repos/", 1
                )
                + "{?name,label}",
                "html_url": self.html_url("releases", "tag", shown),
                "tag_name": release.tag,
                "target_commitish": release.target,
                "name": release.name,
                "body": release.body,
                "draft": release.draft,
                "prerelease": release.prerelease,
                "immutable": release.immutable,
                "created_at": self.clock.stamp(release.at_s),
                "published_at": None if published is None else self.clock.stamp(published),
                "author": self.user("github-actions[bot]"),
                "assets": [self.asset(release, asset) for asset in release.assets],
            },
        )
