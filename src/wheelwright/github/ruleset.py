"""Rules of a branch and of tags, as the JSON that GitHub's settings import: pure.

Settings, Rules, Rulesets, "Import a ruleset" takes one ruleset a file, so these are two.
No one bypasses them unless named, administrators included.

Source: GitHub's REST description, "Create a repository ruleset".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.errors import RequestError
from wheelwright.github.plan import CHECK
from wheelwright.project.arguments import argument

# The app that runs workflows: only its checks count, so that no other app can report one.
_GITHUB_ACTIONS: Final = 15368

# GitHub's numbers of the roles of a repository.
_ROLES: Final = {"maintain": 2, "write": 4, "admin": 5}
_ACTORS: Final = {"app": "Integration", "team": "Team"}


@dataclass(frozen=True)
class Options:
    """The arguments of `ruleset`."""

    tags: bool = argument(
        "Protect the tags of versions instead: made once, never moved or removed.", False
    )
    checks: list[str] = argument("Names of the checks that must pass.", [CHECK])
    approvals: int = argument("How many approvals a pull request needs.", 0)
    linear: bool = argument("No merge commits.", True)
    bypass: list[str] = argument("Who may bypass it: admin, maintain, write, app:ID, team:ID.", [])


def branch(options: Options) -> dict[str, Any]:
    """Return the rules of the default branch: pull requests with green checks, and nothing else.

    Raises:
        RequestError: no check, a number of approvals that GitHub refuses, an unknown bypass.
    """
    checks, approvals, linear = options.checks, options.approvals, options.linear
    if not checks or not all(checks):
        raise RequestError("a ruleset without a check protects nothing", "pass --checks NAME")
    if not 0 <= approvals <= 10:
        raise RequestError(f"invalid --approvals {approvals}", "pass 0 to 10")
    rules: list[dict[str, Any]] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    if linear:
        rules.append({"type": "required_linear_history"})
    rules += [
        {
            "type": "pull_request",
            "parameters": {
                "allowed_merge_methods": [*([] if linear else ["merge"]), "squash", "rebase"],
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": False,
                "require_last_push_approval": approvals > 0,
                "required_approving_review_count": approvals,
                "required_review_thread_resolution": True,
            },
        },
        {
            "type": "required_status_checks",
            "parameters": {
                "do_not_enforce_on_create": False,
                "required_status_checks": [
                    {"context": check, "integration_id": _GITHUB_ACTIONS} for check in checks
                ],
                "strict_required_status_checks_policy": True,
            },
        },
    ]
    return _ruleset("default branch", "branch", rules, options.bypass, "~DEFAULT_BRANCH")


def tags(
    *, bypass: Iterable[str], pattern: str | Sequence[str] = "v*", creation: bool = True
) -> dict[str, Any]:
    """Return the rules of version tags: made once, by those who bypass, never moved or removed.

    A tag is what `publish --tag` publishes, so not all who may push a branch may make one. Without
    `creation` they may: where a tag starts nothing.

    Raises:
        RequestError: an unknown bypass.
    """
    patterns = [pattern] if isinstance(pattern, str) else pattern
    kinds = [*(["creation"] if creation else []), "deletion", "non_fast_forward", "update"]
    rules = [{"type": kind} for kind in kinds]
    return _ruleset(
        "release tags", "tag", rules, bypass, *(f"refs/tags/{each}" for each in patterns)
    )


def text(ruleset: dict[str, Any]) -> str:
    """Return the file's text."""
    return json.dumps(ruleset, indent=2) + "\n"


def _ruleset(
    name: str, target: str, rules: list[dict[str, Any]], bypass: Iterable[str], *refs: str
) -> dict[str, Any]:
    return {
        "name": name,
        "target": target,
        "enforcement": "active",
        "conditions": {"ref_name": {"include": list(refs), "exclude": []}},
        "rules": rules,
        "bypass_actors": [_actor(actor) for actor in bypass],
    }


def _actor(name: str) -> dict[str, Any]:
    if name in _ROLES:
        return {"actor_id": _ROLES[name], "actor_type": "RepositoryRole", "bypass_mode": "always"}
    if found := re.fullmatch(r"(app|team):([0-9]+)", name):
        kind = _ACTORS[found[1]]
        return {"actor_id": int(found[2]), "actor_type": kind, "bypass_mode": "always"}
    raise RequestError(
        f'unknown --bypass actor "{name}"', f"choose from {', '.join(_ROLES)}, app:ID, team:ID"
    )
