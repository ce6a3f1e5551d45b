"""The settings of a repository on GitHub: what releases need, what is there, what to write: pure.

    | setting                  | is there if                                        | else        |
    |--------------------------|----------------------------------------------------|-------------|
    | rules of the branch      | a rule or its protection requires the check        | a ruleset   |
    | rules of version tags    | a ruleset forbids to move and to remove them       | a ruleset   |
    | an environment           | it is limited to the branches and tags that deploy | limited     |
    | Actions may create pulls | the setting is on                                  | on          |

What a person made stays: nothing here replaces a rule, a reviewer, a waiting time or a limit.

Source: GitHub's REST description, of rulesets, environments and Actions permissions.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from wheelwright.github import ruleset
from wheelwright.github.plan import CHECK
from wheelwright.release.decide import rules
from wheelwright.release.decide.tags import TAGS, Form
from wheelwright.start.findings import Finding, State

AREA: Final = "GitHub"
_METHODS: Final = ("merge", "squash", "rebase")


@dataclass(frozen=True, slots=True)
class Deploys:
    """An environment, and the branch and the tags whose jobs use it; empty for none."""

    name: str
    branch: str
    tags: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the workflows of a repository need.

    Attributes:
        tags: the form of version tags.
        environments: those of release.yml and publish.yml; none without releases.
        merge_commits: the version comes from tags, so a release has to be merged as it is.
        tag_publishes: a tag starts an upload, so not everyone may make one.
    """

    tags: Form
    environments: tuple[Deploys, ...]
    merge_commits: bool = False
    tag_publishes: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What GitHub shows of a repository; None: the token does not see it.

    Attributes:
        methods: how pull requests may be merged.
        rules: those that apply to the default branch.
        required: the checks that the branch's classic protection requires.
        rulesets: each whole.
        environments: by name, each with its `policies`, where it has its own.
        opens_pulls: whether Actions may create pull requests.
        immutable: whether published releases cannot be changed.
        pinned: whether actions have to be pinned to a commit.
    """

    page: str
    branch: str
    methods: tuple[str, ...] | None = None
    rules: tuple[Mapping[str, Any], ...] | None = None
    required: tuple[str, ...] = ()
    rulesets: tuple[Mapping[str, Any], ...] | None = None
    environments: Mapping[str, Mapping[str, Any]] | None = None
    opens_pulls: bool | None = None
    immutable: bool | None = None
    pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One request that writes."""

    method: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it is, and the requests that make it as it should be; none where it stays."""

    finding: Finding
    writes: tuple[Write, ...] = field(default=())


def settings(wanted: Wanted, shown: Shown) -> tuple[Setting, ...]:
    """Return each setting that releases need, in the order in which it is written."""
    found = [_branch_rules(wanted, shown), _tag_rules(wanted, shown)]
    if wanted.environments:
        found += [_environment(each, shown) for each in wanted.environments]
        found.append(_pulls(shown))
    return tuple(found)


def others(shown: Shown) -> tuple[Finding, ...]:
    """Return what an owner may want, and what no release needs."""
    actions, general = f"{shown.page}/settings/actions", f"{shown.page}/settings"
    choices = (
        ("immutable releases", shown.immutable, general, "Releases: Enable release immutability"),
        (
            "actions by commit",
            shown.pinned,
            actions,
            "Require actions to be pinned to a full-length commit SHA",
        ),
    )
    found: list[Finding] = []
    for subject, value, page, box in choices:
        if value is None:
            found.append(_unseen(subject))
        elif value:
            found.append(Finding(AREA, subject, State.FOUND, "on"))
        else:
            found.append(Finding(AREA, subject, State.FOUND, f"off; to turn it on: {page}, {box}"))
    return tuple(found)


def _unseen(subject: str) -> Finding:
    seen = "the token does not see it; an owner's does (administration: read)"
    return Finding(AREA, subject, State.UNSEEN, seen)


# -- rules ----------------------------------------------------------------------------------------


def _branch_rules(wanted: Wanted, shown: Shown) -> Setting:
    subject = f"rules of {shown.branch}"
    checks = {
        check.get("context")
        for rule in shown.rules or ()
        if rule.get("type") == "required_status_checks"
        for check in (rule.get("parameters") or {}).get("required_status_checks", ())
    }
    if CHECK in checks | {*shown.required}:
        seen = f'the check "{CHECK}" is required'
        return Setting(Finding(AREA, subject, State.FOUND, seen))
    if shown.rules is None:
        return Setting(_unseen(subject))
    methods = _methods(wanted, shown)
    made = ruleset.branch(ruleset.Options(linear="merge" not in methods))
    _parameters(made, "pull_request")["allowed_merge_methods"] = list(methods)
    seen = (
        f'no rule requires the check "{CHECK}": a ruleset would, with pull requests only, no force'
        " push and no deletion"
    )
    return _ruleset_to_add(subject, made, seen, shown)


def _methods(wanted: Wanted, shown: Shown) -> tuple[str, ...]:
    """Return how a pull request may be merged: what settings and rules that are there leave."""
    allowed = {*(shown.methods or _METHODS)}
    linear = not wanted.merge_commits
    for rule in shown.rules or ():
        if rule.get("type") == "pull_request":
            listed = (rule.get("parameters") or {}).get("allowed_merge_methods")
            allowed &= {*(listed or _METHODS)}
        linear = linear or rule.get("type") == "required_linear_history"
    if linear and allowed & {"squash", "rebase"}:
        allowed -= {"merge"}
    return tuple(each for each in _METHODS if each in allowed) or _METHODS


def _parameters(made: Mapping[str, Any], kind: str) -> dict[str, Any]:
    (found,) = (each for each in made["rules"] if each["type"] == kind)
    parameters: dict[str, Any] = found["parameters"]
    return parameters


def _tag_rules(wanted: Wanted, shown: Shown) -> Setting:
    pattern = wanted.tags.pattern
    subject = f"rules of tags {pattern}"
    if shown.rulesets is None:
        return Setting(_unseen(subject))
    ref = f"{TAGS}{wanted.tags.name('1.2.3')}"
    of_tags = [
        each for each in shown.rulesets if each.get("target") == "tag" and rules.applies(each, ref)
    ]
    kinds = {rule.get("type") for each in of_tags for rule in each.get("rules") or ()}
    if "deletion" in kinds and kinds & {"update", "non_fast_forward"}:
        names = ", ".join(sorted(f'"{each.get("name")}"' for each in of_tags))
        seen = f"they cannot be moved or removed ({names})"
        return Setting(Finding(AREA, subject, State.FOUND, seen))
    # Who may make a tag matters where it starts an upload. Elsewhere the release has to make one
    # with a workflow's own token, which no ruleset can name.
    bypass = ["admin"] if wanted.tag_publishes else []
    made = ruleset.tags(bypass=bypass, pattern=pattern, creation=wanted.tag_publishes)
    only = "; only administrators could make one" if wanted.tag_publishes else ""
    seen = f"they can be moved and removed: a ruleset would forbid it{only}"
    return _ruleset_to_add(subject, made, seen, shown)


def _ruleset_to_add(subject: str, made: Mapping[str, Any], seen: str, shown: Shown) -> Setting:
    """Return a ruleset that is missing; one of its name is a person's, and stays."""
    for each in shown.rulesets or ():
        # Names of a repository's rulesets are unique.
        if each.get("name") == made["name"] and each.get("source_type") == "Repository":
            page = f"{shown.page}/settings/rules/{each.get('id')}"
            kept = f'{seen.partition(":")[0]}; the ruleset "{made["name"]}" is there, and is kept'
            step = f"open {page} and change it, or rename it and run this again"
            return Setting(Finding(AREA, subject, State.MISSING, kept, (step,)))
    return Setting(Finding(AREA, subject, State.MISSING, seen), (Write("POST", "/rulesets", made),))


# -- environments ---------------------------------------------------------------------------------


def _environment(wanted: Deploys, shown: Shown) -> Setting:
    subject = f"environment {wanted.name}"
    if shown.environments is None:
        return Setting(_unseen(subject))
    path = f"/environments/{quote(wanted.name, safe='')}"
    deploying = [("branch", wanted.branch), *([("tag", wanted.tags)] if wanted.tags else [])]
    listed = " and ".join(f"{kind} {name}" for kind, name in deploying)
    # GitHub's names of environments have no case.
    found = {name.lower(): each for name, each in shown.environments.items()}.get(
        wanted.name.lower()
    )
    policy = found.get("deployment_branch_policy") if found is not None else None
    if found is None or not policy:
        limits = {"protected_branches": False, "custom_branch_policies": True}
        writes = [Write("PUT", path, {**_kept(found or {}), "deployment_branch_policy": limits})]
        writes += [_policy(path, kind, name) for kind, name in deploying]
        there = "every branch may use it" if found is not None else "not there"
        seen = f"{there}: it would be for {listed} only"
        finding = Finding(AREA, subject, State.MISSING, seen)
        return Setting(finding, tuple(writes))
    if policy.get("protected_branches"):
        # No tag is a branch that is protected.
        lacking = [each for each in deploying if each[0] == "tag"]
    elif found.get("policies") is None:
        return Setting(_unseen(subject))
    else:
        own = found["policies"]
        lacking = [each for each in deploying if not any(_permits(rule, *each) for rule in own)]
        if not own:
            # A limit to nothing is one that was not finished.
            writes = [_policy(path, kind, name) for kind, name in deploying]
            seen = f"no branch may use it: it would be for {listed} only"
            finding = Finding(AREA, subject, State.MISSING, seen)
            return Setting(finding, tuple(writes))
    if not lacking:
        return Setting(Finding(AREA, subject, State.FOUND, f"limited, {listed} may use it"))
    seen = f"its limit leaves out {' and '.join(f'{kind} {name}' for kind, name in lacking)}"
    page = f"{shown.page}/settings/environments"
    steps = tuple(f"open {page}, {wanted.name}: add the {kind} {name}" for kind, name in lacking)
    return Setting(Finding(AREA, subject, State.MISSING, seen, steps))


def _policy(path: str, kind: str, name: str) -> Write:
    return Write("POST", f"{path}/deployment-branch-policies", {"name": name, "type": kind})


def _permits(policy: Mapping[str, Any], kind: str, name: str) -> bool:
    if policy.get("type", "branch") != kind:
        return False
    pattern = str(policy.get("name"))
    # A pattern of tags is compared as a whole; a branch has to match.
    return pattern == name or (kind == "branch" and fnmatch.fnmatchcase(name, pattern))


def _kept(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else an environment has, in the form in which it is written.

    What such a request leaves out, GitHub removes.
    """
    kept: dict[str, Any] = {}
    for rule in found.get("protection_rules") or ():
        match rule.get("type"):
            case "wait_timer":
                kept["wait_timer"] = rule.get("wait_timer", 0)
            case "required_reviewers":
                kept["prevent_self_review"] = bool(rule.get("prevent_self_review"))
                kept["reviewers"] = [*_reviewers(rule.get("reviewers") or ())]
    return kept


def _reviewers(listed: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for each in listed:
        yield {"type": each["type"], "id": each["reviewer"]["id"]}


# -- Actions --------------------------------------------------------------------------------------


def _pulls(shown: Shown) -> Setting:
    subject = "Actions may create pull requests"
    if shown.opens_pulls is None:
        return Setting(_unseen(subject))
    if shown.opens_pulls:
        return Setting(Finding(AREA, subject, State.FOUND, "on"))
    seen = "off: a release ends with a pull request, unless it has the token of an app"
    finding = Finding(AREA, subject, State.MISSING, seen)
    body = {"can_approve_pull_request_reviews": True}
    return Setting(finding, (Write("PUT", "/actions/permissions/workflow", body),))
