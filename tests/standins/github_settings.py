"""Settings of the repository: rulesets, environments, what Actions may do."""

from __future__ import annotations

import fnmatch
from typing import Any

from .github_state import Call, Refusal, Route, State, invalid

__all__ = ["SETTINGS"]

ROOT = "/repos/{owner}/{repo}"
METADATA = (("metadata", "read"), ("contents", "read"))
ADMINISTRATION = (("administration", "read"),)
ADMINISTER = (("administration", "write"),)
ENVIRONMENTS = (("actions", "read"), ("administration", "read"))
ENVIRONMENT = f"{ROOT}/environments/{{environment_name}}"
DEFAULT_BRANCH = "~DEFAULT_BRANCH"


def _rules(state: State, call: Call) -> tuple[int, Any]:
    about = {"ruleset_source_type": "Repository", "ruleset_source": state.name}
    branch = call.values["branch"]
    found = [{**rule, **about, "ruleset_id": 1} for rule in state.settings.rules]
    found = found if branch == "main" else []
    for ruleset in _all_rulesets(state, "branch"):
        pattern = ruleset["conditions"]["ref_name"]["include"][0]
        of_main = pattern == DEFAULT_BRANCH and branch == "main"
        if ruleset["enforcement"] == "active" and (
            of_main or fnmatch.fnmatchcase(f"refs/heads/{branch}", pattern)
        ):
            found += [{**rule, **about, "ruleset_id": ruleset["id"]} for rule in ruleset["rules"]]
    return 200, found


def _all_rulesets(state: State, target: str = "") -> list[dict[str, Any]]:
    """Return git's own rules as rulesets, those of branches and tags; and those that were made."""
    targets = {"refs/heads/": "branch", "refs/tags/": "tag"}
    made = [
        {
            "id": number,
            "name": f"no {pattern}",
            "target": targets[prefix],
            "source_type": "Repository",
            "source": state.name,
            "enforcement": "active",
            "conditions": {"ref_name": {"include": [pattern], "exclude": []}},
            "rules": [{"type": "creation"}],
            "current_user_can_bypass": state.settings.bypass,
        }
        for number, pattern in enumerate(state.git.rules.no_create, 2)
        for prefix in targets
        if pattern.startswith(prefix)
    ]
    made += state.settings.rulesets
    return [ruleset for ruleset in made if target in ("", ruleset["target"])]


def _rulesets(state: State, call: Call) -> tuple[int, Any]:
    shown = ("id", "name", "target", "source_type", "source", "enforcement")
    wanted = call.query.get("targets", "branch,tag,push").split(",")
    listed = [each for each in _all_rulesets(state) if each["target"] in wanted]
    return 200, [{name: each[name] for name in shown} for each in listed]


def _ruleset(state: State, call: Call) -> tuple[int, Any]:
    for ruleset in _all_rulesets(state):
        if str(ruleset["id"]) == call.values["ruleset_id"]:
            return 200, ruleset
    raise Refusal(404, "Not Found")


def _create_ruleset(state: State, call: Call) -> tuple[int, Any]:
    with state.effects.taking("ruleset", call.body["name"]), state.guard:
        if any(each["name"] == call.body["name"] for each in _all_rulesets(state)):
            raise invalid("Ruleset", "custom", "name", "Name must be unique")
        known = {
            "bypass_actors": [],
            "rules": [],
            **call.body,
            "id": next(state.ids),
            "source_type": "Repository",
            "source": state.name,
            "current_user_can_bypass": "never",
        }
        state.settings.rulesets.append(known)
    return 201, known


def _environments(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        found = [_environment_json(state, name) for name in state.settings.environments]
        return 200, {"total_count": len(found), "environments": state.page(call, found)}


def _environment_json(state: State, name: str) -> dict[str, Any]:
    own = state.settings.environments[name]
    rules = [
        {"id": number, "node_id": "", **rule} for number, rule in enumerate(own["protection_rules"])
    ]
    policy = own["deployment_branch_policy"]
    known = {"name": name, "protection_rules": rules, "deployment_branch_policy": policy}
    return state.filled("environment", known)


def _put_environment(state: State, call: Call) -> tuple[int, Any]:
    name, given = call.values["environment_name"], call.body or {}
    # What is left out is removed.
    rules: list[dict[str, Any]] = []
    if given.get("wait_timer"):
        rules.append({"type": "wait_timer", "wait_timer": given["wait_timer"]})
    if given.get("reviewers"):
        listed = [
            {"type": each["type"], "reviewer": {**state.user("reviewer"), "id": each["id"]}}
            for each in given["reviewers"]
        ]
        stopped = bool(given.get("prevent_self_review"))
        rules.append(
            {"type": "required_reviewers", "prevent_self_review": stopped, "reviewers": listed}
        )
    with state.effects.taking("environment", name), state.guard:
        own = state.settings.environments.setdefault(name, {"policies": []})
        own["protection_rules"] = rules
        own["deployment_branch_policy"] = given.get("deployment_branch_policy")
        return 200, _environment_json(state, name)


def _policies(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        own = _environment_of(state, call)["policies"]
        return 200, {"total_count": len(own), "branch_policies": state.page(call, own)}


def _add_policy(state: State, call: Call) -> tuple[int, Any]:
    name, kind = call.body["name"], call.body.get("type", "branch")
    subject = f"{call.values['environment_name']} {kind} {name}"
    with state.effects.taking("policy", subject), state.guard:
        own = _environment_of(state, call)
        if not (own["deployment_branch_policy"] or {}).get("custom_branch_policies"):
            raise Refusal(404, "Not Found")
        policy = {"id": next(state.ids), "node_id": "", "name": name, "type": kind}
        own["policies"].append(policy)
    return 200, policy


def _environment_of(state: State, call: Call) -> dict[str, Any]:
    name = call.values["environment_name"]
    if name not in state.settings.environments:
        raise Refusal(404, "Not Found")
    return state.settings.environments[name]


def _permissions(state: State, call: Call) -> tuple[int, Any]:
    return 200, {"enabled": True, "sha_pinning_required": state.settings.sha_pinning}


def _set_workflow_permissions(state: State, call: Call) -> tuple[int, Any]:
    value = call.body.get("can_approve_pull_request_reviews")
    if value is not None:
        with state.effects.taking("setting", f"actions open pulls {value}"), state.guard:
            state.settings.actions_open_pulls = value
    return 204, None


def _workflow_permissions(state: State, call: Call) -> tuple[int, Any]:
    return 200, {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": state.settings.actions_open_pulls,
    }


def _immutable(state: State, call: Call) -> tuple[int, Any]:
    if not state.settings.immutable_releases:
        raise Refusal(404, "Not Found")
    return 200, {"enabled": True, "enforced_by_owner": False}


SETTINGS: dict[tuple[str, str], Route] = {
    ("GET", f"{ROOT}/rules/branches/{{branch}}"): (METADATA, _rules),
    ("GET", f"{ROOT}/rulesets"): (METADATA, _rulesets),
    ("POST", f"{ROOT}/rulesets"): (ADMINISTER, _create_ruleset),
    ("GET", f"{ROOT}/rulesets/{{ruleset_id}}"): (METADATA, _ruleset),
    ("GET", f"{ROOT}/environments"): (ENVIRONMENTS, _environments),
    ("PUT", ENVIRONMENT): (ADMINISTER, _put_environment),
    ("GET", f"{ENVIRONMENT}/deployment-branch-policies"): (ENVIRONMENTS, _policies),
    ("POST", f"{ENVIRONMENT}/deployment-branch-policies"): (ADMINISTER, _add_policy),
    ("GET", f"{ROOT}/actions/permissions"): (ADMINISTRATION, _permissions),
    ("GET", f"{ROOT}/actions/permissions/workflow"): (ADMINISTRATION, _workflow_permissions),
    ("PUT", f"{ROOT}/actions/permissions/workflow"): (ADMINISTER, _set_workflow_permissions),
    ("GET", f"{ROOT}/immutable-releases"): (ADMINISTRATION, _immutable),
}
