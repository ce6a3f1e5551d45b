"""Reads the settings of a repository on GitHub, and writes those that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from wheelwright.errors import RequestError
from wheelwright.release.act.http import understood
from wheelwright.release.act.loop import retry_while_busy
from wheelwright.release.act.rest import Rest
from wheelwright.release.decide.ports import ActFailed
from wheelwright.start.settings import Setting, Shown

_METHODS = ("merge", "squash", "rebase")
_FLAGS = ("allow_merge_commit", "allow_squash_merge", "allow_rebase_merge")


async def look(rest: Rest) -> Shown:
    """Return what the token sees of a repository.

    Raises:
        RequestError: it does not see the repository.
        ActFailed: GitHub does not answer.
    """
    name = f"{rest.hub.owner}/{rest.hub.name}"
    found = await _seen(rest, "")
    if not isinstance(found, dict) or "default_branch" not in found:
        raise RequestError(
            f"the token does not see {name} on {rest.hub.api}",
            "correct --remote or --github-token",
        )
    with understood(f"settings of {name}"):
        branch = str(found["default_branch"])
        place = quote(branch, safe="")
        flags = [found.get(flag) for flag in _FLAGS]
        allowed = [method for method, flag in zip(_METHODS, flags, strict=True) if flag]
        rules = await _seen(rest, f"/rules/branches/{place}?per_page=100")
        listed = await _seen(rest, "/rulesets?includes_parents=true&per_page=100")
        workflow = await _seen(rest, "/actions/permissions/workflow")
        actions = await _seen(rest, "/actions/permissions")
        immutable = await _seen(rest, "/immutable-releases")
        return Shown(
            page=rest.hub.page,
            branch=branch,
            methods=tuple(allowed) if any(flag is not None for flag in flags) else None,
            rules=None if rules is None else tuple(rules),
            required=_required(await _seen(rest, f"/branches/{place}")),
            rulesets=None
            if listed is None
            else tuple([await _whole(rest, each) for each in listed]),
            environments=await _environments(rest),
            opens_pulls=_flag(workflow, "can_approve_pull_request_reviews"),
            # It is not found where it is off; what only an owner sees shows that it could be seen.
            immutable=bool(immutable) if immutable or workflow is not None else None,
            pinned=_flag(actions, "sha_pinning_required"),
        )


async def write(rest: Rest, settings: Iterable[Setting]) -> list[str]:
    """Write what is missing; return why what could not be written was refused.

    What a setting consists of is one after the other; a refused one does not keep the next from
    being written.
    """
    refused: list[str] = []
    for setting in settings:
        try:
            for each in setting.writes:
                await rest.ask(each.method, each.path, each.body, fine=(200, 201, 204))
        except ActFailed as error:
            refused.append(f"{setting.finding.subject}: {error.message}")
    return refused


async def _seen(rest: Rest, path: str) -> Any:
    return await retry_while_busy(partial(rest.seen, "GET", path))


async def _whole(rest: Rest, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a ruleset with its conditions and rules, which the list leaves out."""
    found = await _seen(rest, f"/rulesets/{listed['id']}?includes_parents=true")
    return {**listed, **(found or {})}


def _required(branch: Any) -> tuple[str, ...]:
    """Return the checks that a branch's classic protection requires."""
    protection = (branch or {}).get("protection") or {}
    return tuple((protection.get("required_status_checks") or {}).get("contexts") or ())


async def _environments(rest: Rest) -> dict[str, dict[str, Any]] | None:
    listed = await _seen(rest, "/environments?per_page=100")
    if listed is None:
        return None
    found: dict[str, dict[str, Any]] = {}
    for each in listed.get("environments", ()):
        found[str(each["name"])] = each
        if (each.get("deployment_branch_policy") or {}).get("custom_branch_policies"):
            place = quote(str(each["name"]), safe="")
            own = await _seen(
                rest, f"/environments/{place}/deployment-branch-policies?per_page=100"
            )
            each["policies"] = None if own is None else own["branch_policies"]
    return found


def _flag(shown: Any, name: str) -> bool | None:
    value = (shown or {}).get(name)
    return value if isinstance(value, bool) else None
