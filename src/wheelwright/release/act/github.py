"""Pull requests and releases over GitHub's REST API."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

from packaging.version import Version

from wheelwright.release.act.http import understood
from wheelwright.release.act.rest import Rest
from wheelwright.release.decide import rules
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.rules import RefToCreate
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.world import (
    Asset,
    Checks,
    FailureKind,
    GitHubRelease,
    Plan,
    Pull,
    PullState,
)

VIEWER: Final = "{viewer{login}}"
"""Which account a token acts for; REST has that only for tokens of people."""

# GitHub lists at most a hundred a page, and what a release looks for is among the newest.
_PAGES: Final = 10
# docs.github.com, "GitHub's token formats", and the account that workflows act as.
_INSTALLATION: Final = "ghs_"
_ACTIONS: Final = "github-actions[bot]"
# The workflow that `workflows` generates; another one may do more than check when it is started.
# Where a person's file has the usual name, ours has the other; then theirs is not started.
_CI: Final = ("wheelwright-ci.yml", "ci.yml")
_NO_MERGE_COMMIT: Final = (
    "the version comes from tags, and the repository allows no merge commits: after a squash or a "
    "rebase a build of {base} has a lower version than the release (Settings, General, Pull "
    "Requests: allow merge commits)"
)


class GitHubRest(Rest):
    """One repository, with one token; without it, what everybody sees."""

    # -- before -----------------------------------------------------------------------------------

    async def problems(self) -> tuple[Problem, ...]:
        """Return what can be seen beforehand of missing permissions.

        Raises:
            ActFailed: BUSY, when GitHub cannot say.
        """
        name = f"{self.hub.owner}/{self.hub.name}"
        answer = await self.ask("GET", "", fine=(200, 401, 403, 404))
        if not isinstance(answer, dict) or "full_name" not in answer:
            message = answer.get("message", "") if isinstance(answer, dict) else ""
            seen = f"--github-token does not see {name}: {message}".rstrip(": ")
            return (Problem(Reason.NO_PERMISSION, seen),)
        if answer.get("archived"):
            return (Problem(Reason.NO_PERMISSION, f"{name} is archived", "unarchive it"),)
        if not await self._may_push():
            return (Problem(Reason.NO_PERMISSION, f"--github-token may not write to {name}"),)
        return ()

    async def _may_push(self) -> bool:
        """Whether git would let this token begin a push.

        `permissions` of the repository do not show it: they are the role of a person, whatever a
        fine-grained token is limited to, and all false for an app's token.
        """
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        answer = await self.http.ask(
            "GET",
            f"{self.hub.page}.git/info/refs?service=git-receive-pack",
            headers={"Authorization": f"Basic {basic}", "User-Agent": "git/wheelwright"},
        )
        return answer.status_code not in (401, 403)

    async def foresee(
        self, base: str, refs_to_create: Iterable[RefToCreate], *, merge_commit: bool = False
    ) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """Return the problems of rules and settings, and notes about them.

        What the token may not see is unknown, and not reported. `merge_commit` is whether the pull
        request needs one.

        Raises:
            ActFailed: BUSY, when GitHub cannot say.
        """
        found: list[Problem | str] = []
        with understood("rules and settings of GitHub"):
            for ref_to_create in refs_to_create:
                forbidden = (
                    self._forbidden_branch if ref_to_create.is_branch else self._forbidden_tag
                )
                found += await forbidden(ref_to_create)
            if self._is_app and await self._is_actions():
                found.append(await self._actions_pulls())
            shown = await self.seen("GET", f"/branches/{quote(base, safe='')}")
            if shown and shown.get("protected") is False:
                found.append(f"{base} is not protected: it can be changed without a pull request")
            if merge_commit:
                shown = await self.seen("GET", "")
                if shown and shown.get("allow_merge_commit") is False:
                    found.append(_NO_MERGE_COMMIT.format(base=base))
        problems = tuple(each for each in found if isinstance(each, Problem))
        return problems, tuple(each for each in found if isinstance(each, str) and each)

    async def _forbidden_branch(self, branch: RefToCreate) -> list[Problem | str]:
        path = f"/rules/branches/{quote(branch.name, safe='')}?per_page=100"
        by_ruleset: dict[int, list[Any]] = {}
        for rule in await self.seen("GET", path) or ():
            by_ruleset.setdefault(rule.get("ruleset_id", 0), []).append(rule)
        return [
            rules.judged(await self._ruleset(number), demands, branch, app=self._is_app)
            for number, own in by_ruleset.items()
            if (demands := rules.objections(own, branch))
        ]

    async def _forbidden_tag(self, tag: RefToCreate) -> list[Problem | str]:
        path = "/rulesets?includes_parents=true&targets=tag&per_page=100"
        found: list[Problem | str] = []
        for each in await self.seen("GET", path) or ():
            if each.get("target") != "tag" or each["enforcement"] != "active":
                continue
            ruleset = await self._ruleset(each["id"])
            demands = rules.objections(ruleset.get("rules", ()), tag)
            if demands and rules.applies(ruleset, tag.ref):
                found.append(rules.judged(ruleset, demands, tag, app=self._is_app))
        return found

    async def _ruleset(self, number: int) -> Any:
        shown = await self.seen("GET", f"/rulesets/{number}?includes_parents=true")
        return shown or {"name": number, "source_type": "Repository"}

    @property
    def _is_app(self) -> bool:
        """Whether the token is an app's; GITHUB_TOKEN of a workflow is one, too."""
        return self.token.startswith(_INSTALLATION)

    async def _is_actions(self) -> bool:
        """Whether it is a workflow's own token: by the app that it acts for."""
        url = f"{self.hub.api.removesuffix('/v3')}/graphql"
        shown = await self.seen("POST", url, {"query": VIEWER})
        data = (shown or {}).get("data") or {}
        return bool((data.get("viewer") or {}).get("login") == _ACTIONS)

    async def _actions_pulls(self) -> Problem | str:
        shown = await self.seen("GET", "/actions/permissions/workflow")
        if shown and shown.get("can_approve_pull_request_reviews") is False:
            seen = 'the setting "Allow GitHub Actions to create and approve pull requests" is off'
            hint = "turn it on (Settings, Actions, General), or pass the token of an app"
            return Problem(Reason.NO_PERMISSION, seen, hint)
        return (
            "--github-token is the workflow's own: the checks of its pull request wait for an "
            "approval unless it may start them (actions: write)"
        )

    # -- the last release -------------------------------------------------------------------------

    async def heads(self, commit: str) -> tuple[str, ...]:
        """Return the branches of merged pull requests that brought a commit; none if unseen."""
        shown = await self.seen("GET", f"/commits/{commit}/pulls?per_page=20")
        with understood("GET /commits/COMMIT/pulls"):
            return tuple(
                str(each["head"]["ref"]) for each in shown or () if each["merged_at"] is not None
            )

    async def released_name(self, tag: str) -> str:
        """Return the name of the published release of a tag; empty where it has none."""
        shown = await self.seen("GET", f"/releases/tags/{quote(tag, safe='')}")
        return str((shown or {}).get("name") or "")

    # -- pull requests ----------------------------------------------------------------------------

    async def pulls(self, branch: str) -> tuple[Pull, ...]:
        """Return the pull requests with that head, newest first."""
        head = quote(f"{self.hub.owner}:{branch}", safe="")
        found = await self.ask("GET", f"/pulls?head={head}&state=all&per_page=100")
        pulls = []
        with understood("GET /pulls"):
            for each in found:
                if each["head"]["ref"] == branch:
                    # A list lacks whether one can be merged.
                    is_open = each["state"] == "open"
                    number = int(each["number"])
                    shown = await self.ask("GET", f"/pulls/{number}") if is_open else each
                    pull = _pull(shown)
                    if is_open and shown["user"]["login"] == _ACTIONS:
                        pull = await self._with_checks(pull)
                    pulls.append(pull)
        return tuple(pulls)

    async def open_pull(self, plan: Plan, body: str) -> None:
        """Open the pull request from the release branch to the base."""
        data = {"title": plan.subject, "head": plan.branch, "base": plan.base, "body": body}
        await self.ask("POST", "/pulls", data, fine=(201,))

    async def _with_checks(self, pull: Pull) -> Pull:
        """Return a pull request that Actions opened with the state of its checks."""
        shown = await self.seen("GET", f"/actions/runs?head_sha={pull.head}&per_page=100")
        runs = (shown or {}).get("workflow_runs", ())
        waiting = [each for each in runs if _is_waiting(each)]
        running = [each for each in runs if each not in waiting]
        if any(each["event"] in ("pull_request", "workflow_dispatch") for each in running):
            return replace(pull, checks=Checks.STARTED)
        # GitHub makes runs some seconds after the pull request.
        url = str(waiting[0]["html_url"]) if waiting else ""
        return replace(pull, checks=Checks.WAITING, waiting=url)

    async def start_checks(self, plan: Plan) -> None:
        """Start our ci.yml on the release branch: its result counts for the same commit."""
        *first, last = (f"/actions/workflows/{name}/dispatches" for name in _CI)
        for path in first:
            status, _ = await self.answer("POST", path, {"ref": plan.branch}, fine=(200, 204, 404))
            if status != 404:
                return
        path = last
        await self.ask("POST", path, {"ref": plan.branch}, fine=(200, 204))

    # -- releases ---------------------------------------------------------------------------------

    async def release(self, tag: str) -> GitHubRelease | None:
        """Return the release of a tag; a published one before a draft.

        Drafts are only in the list; the address by tag has published ones only.
        """
        found: list[GitHubRelease] = []
        with understood("GET /releases"):
            for page in range(1, _PAGES + 1):
                listed = await self.ask("GET", f"/releases?per_page=100&page={page}")
                found += [_release(each) for each in listed if each["tag_name"] == tag]
                if len(listed) < 100:
                    break
        return min(found, key=lambda each: (each.draft, each.id), default=None)

    async def has_notes(self) -> bool:
        """Whether one of the last releases has a text."""
        listed = await self.ask("GET", "/releases?per_page=10")
        with understood("GET /releases"):
            return any(each["body"] and not each["draft"] for each in listed)

    async def generated_notes(self, tag: str, commit: str, before: str) -> str:
        """Return the notes that GitHub makes of the pull requests since a tag; empty: all."""
        data = {"tag_name": tag, "target_commitish": commit}
        data |= {"previous_tag_name": before} if before else {}
        shown = await self.ask("POST", "/releases/generate-notes", data)
        with understood("POST /releases/generate-notes"):
            return str(shown["body"])

    async def draft(self, plan: Plan, commit: str, body: str) -> None:
        """Make the draft."""
        data = {
            "tag_name": plan.tag,
            "target_commitish": commit,
            "name": plan.shown_name,
            "body": body,
            "draft": True,
            "prerelease": Version(plan.version).is_prerelease,
        }
        await self.ask("POST", "/releases", data, fine=(201,))

    async def upload(self, release: GitHubRelease, name: str, contents: bytes) -> None:
        """Add a file to a draft."""
        shown = await self.ask("GET", f"/releases/{release.id}")
        with understood(f"GET /releases/{release.id}"):
            url = _uploads(self.hub.api, shown["upload_url"].partition("{")[0])
        address = f"{url}?name={quote(name, safe='')}"
        await self.ask("POST", address, fine=(201,), content=contents)

    async def delete_asset(self, asset_id: int) -> None:
        """Remove a file from a draft; a missing one is not an error."""
        await self.ask("DELETE", f"/releases/assets/{asset_id}", fine=(204, 404))

    async def publish(self, release: GitHubRelease, *, latest: bool) -> None:
        """Make a draft public, and what GitHub shows as "Latest" where that is wanted.

        Without a word GitHub makes what is published last the latest, whatever its version.
        """
        data = {"draft": False, "make_latest": "true" if latest else "false"}
        await self.ask("PATCH", f"/releases/{release.id}", data)


def _uploads(api: str, url: str) -> str:
    """Return where files go to: the API's host, or the one that GitHub has beside it.

    Raises:
        ActFailed: another place, which must not get the token.
    """
    known, given = urlsplit(api), urlsplit(url)
    hosts = (known.netloc, f"uploads.{known.netloc.removeprefix('api.')}")
    if given.scheme != known.scheme or given.netloc not in hosts:
        message = (
            f"{api} sends files to {given.scheme}://{given.netloc}, and the token is not for that"
        )
        raise ActFailed(FailureKind.REFUSED, message)
    return url


def _pull(found: Any) -> Pull:
    merged = found.get("merged_at") is not None
    state = PullState.MERGED if merged else PullState(found["state"])
    # It is null while GitHub works it out, and left out of lists.
    mergeable = found.get("mergeable")
    conflicts = None if mergeable is None else not mergeable
    head, url = str(found["head"]["sha"]), str(found["html_url"])
    return Pull(int(found["number"]), state, head, url, conflicts)


def _is_waiting(run: Any) -> bool:
    """Whether a run waits for an approval (docs.github.com, "Approving workflow runs")."""
    return "action_required" in (run["status"], run["conclusion"]) or run["status"] == "waiting"


def _release(found: Any) -> GitHubRelease:
    assets = tuple(
        Asset(
            int(each["id"]),
            str(each["name"]),
            str(each.get("digest") or "").removeprefix("sha256:"),
            each["state"] == "uploaded",
        )
        for each in found["assets"]
    )
    return GitHubRelease(int(found["id"]), bool(found["draft"]), assets, str(found["html_url"]))
