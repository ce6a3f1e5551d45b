"""The repository through the API: itself, its refs, what protects its branches, labels."""

from __future__ import annotations

import fnmatch
from typing import Any

from .git_http import ref_subject
from .github_state import Call, Refusal, Route, State, invalid
from .repository import ZERO

__all__ = ["REPOSITORY", "repository_json"]

ROOT = "/repos/{owner}/{repo}"
READ = (("contents", "read"),)
WRITE = (("contents", "write"),)
METADATA = (("metadata", "read"), ("contents", "read"))
ADMINISTRATION = (("administration", "read"),)
LABELS = (("issues", "write"), ("pull_requests", "write"))


def repository_json(state: State, schema: str, call: Call | None = None) -> dict[str, Any]:
    """Return the repository, with what the caller's token may do in it."""
    known: dict[str, Any] = {
        "id": 1,
        "name": state.name.partition("/")[2],
        "full_name": state.name,
        "owner": state.user(state.owner),
        "private": False,
        "url": state.url(),
        "html_url": state.html_url(),
        "clone_url": state.git.url,
        "default_branch": "main",
        "visibility": "public",
    }
    if call and call.token.permits("contents", "write"):
        known |= {
            "allow_squash_merge": state.settings.squash,
            "allow_merge_commit": state.settings.merge_commit,
            "allow_rebase_merge": state.settings.rebase,
        }
    if call:
        # Of a person: an app's token has none behind it, and all of them are false.
        person = call.token.kind != "integration"
        known["permissions"] = {
            "admin": person and call.token.permits("administration", "write"),
            "push": person and call.token.permits("contents", "write"),
            "pull": person and call.token.permits("contents", "read"),
        }
    return state.filled(schema, known)


def _repository(state: State, call: Call) -> tuple[int, Any]:
    return 200, repository_json(state, "full-repository", call)


def _ref_json(state: State, name: str, sha: str) -> dict[str, Any]:
    target = {
        "sha": sha,
        "type": state.repository.kind(sha),
        "url": state.url("git", "commits", sha),
    }
    known = {"ref": name, "url": state.url("git", name), "node_id": "", "object": target}
    return state.filled("git-ref", known)


def _ref(state: State, call: Call) -> tuple[int, Any]:
    name = f"refs/{call.values['ref']}"
    sha = state.repository.refs().get(name)
    if sha is None:
        raise Refusal(404, "Not Found")
    return 200, _ref_json(state, name, sha)


def _matching(state: State, call: Call) -> tuple[int, Any]:
    found = state.repository.refs(f"refs/{call.values['ref']}")
    return 200, [_ref_json(state, name, sha) for name, sha in sorted(found.items())]


def _create_ref(state: State, call: Call) -> tuple[int, Any]:
    name, sha = call.body["ref"], call.body["sha"]
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/' and contain two slashes.")
    if not state.repository.kind(sha):
        raise Refusal(422, "Object does not exist")
    _judge(state, name, ZERO, sha)
    with state.effects.taking("ref", ref_subject(name, sha)):
        if not state.repository.update(name, sha, ZERO):
            raise Refusal(422, "Reference already exists")
    return 201, _ref_json(state, name, sha)


def _update_ref(state: State, call: Call) -> tuple[int, Any]:
    name, sha = f"refs/{call.values['ref']}", call.body["sha"]
    old = state.repository.refs().get(name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    if not state.repository.kind(sha):
        raise Refusal(422, "Object does not exist")
    ahead = state.repository.git("merge-base", old, sha, check=False) == old
    if not ahead and not call.body.get("force"):
        raise Refusal(422, "Update is not a fast forward")
    _judge(state, name, old, sha)
    with state.effects.taking("ref", ref_subject(name, sha)):
        if not state.repository.update(name, sha, old):
            raise Refusal(422, "Reference cannot be updated")
    return 200, _ref_json(state, name, sha)


def _delete_ref(state: State, call: Call) -> tuple[int, Any]:
    name = f"refs/{call.values['ref']}"
    old = state.repository.refs().get(name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    _judge(state, name, old, ZERO)
    with state.effects.taking("ref", ref_subject(name, ZERO)):
        state.repository.git("update-ref", "-d", name, old)
    return 204, None


def _judge(state: State, name: str, old: str, new: str) -> None:
    if objection := state.git.rules.objection(name, old, new):
        raise Refusal(422, f"Repository rule violations found\n\n{objection}")


def _is_protected(state: State, branch: str) -> bool:
    return any(
        fnmatch.fnmatchcase(f"refs/heads/{branch}", pattern)
        for pattern in state.git.rules.protected
    )


def _branch(state: State, call: Call) -> tuple[int, Any]:
    branch = call.values["branch"]
    sha = state.repository.refs().get(f"refs/heads/{branch}")
    if sha is None:
        raise Refusal(404, "Branch not found")
    people = {"author": state.user(state.owner), "committer": state.user(state.owner)}
    commit = state.filled("commit", {"sha": sha, "url": state.url("commits", sha), **people})
    checks = state.settings.required_checks
    known = {"name": branch, "commit": commit, "protected": _is_protected(state, branch)}
    if checks:
        required = state.filled(
            "protected-branch-required-status-check", {"contexts": checks, "checks": []}
        )
        known |= {"protected": True, "protection": {"required_status_checks": required}}
    return 200, state.filled("branch-with-protection", known)


def _protection(state: State, call: Call) -> tuple[int, Any]:
    if not _is_protected(state, call.values["branch"]):
        raise Refusal(404, "Branch not protected")
    reviews = state.filled(
        "protected-branch-pull-request-review", {"required_approving_review_count": 1}
    )
    return 200, {
        "url": state.url("branches", call.values["branch"], "protection"),
        "required_pull_request_reviews": reviews,
    }


def _add_labels(state: State, call: Call) -> tuple[int, Any]:
    number = int(call.values["issue_number"])
    names = call.body.get("labels", []) if isinstance(call.body, dict) else call.body
    for name in [name["name"] if isinstance(name, dict) else name for name in names]:
        with state.guard:
            pull = state.pulls.get(number)
        if pull is None:
            raise Refusal(404, "Not Found")
        if not name:
            raise invalid("Label", "missing_field", "name")
        if name not in pull.labels:
            with state.effects.taking("label", f"#{number} {name}"), state.guard:
                pull.labels.append(name)
    return _labels(state, call)


def _labels(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        pull = state.pulls.get(int(call.values["issue_number"]))
        if pull is None:
            raise Refusal(404, "Not Found")
        return 200, [state.label(name) for name in pull.labels]


REPOSITORY: dict[tuple[str, str], Route] = {
    ("GET", ROOT): (METADATA, _repository),
    ("GET", f"{ROOT}/git/ref/{{ref}}"): (READ, _ref),
    ("GET", f"{ROOT}/git/matching-refs/{{ref}}"): (READ, _matching),
    ("POST", f"{ROOT}/git/refs"): (WRITE, _create_ref),
    ("PATCH", f"{ROOT}/git/refs/{{ref}}"): (WRITE, _update_ref),
    ("DELETE", f"{ROOT}/git/refs/{{ref}}"): (WRITE, _delete_ref),
    ("GET", f"{ROOT}/branches/{{branch}}"): (READ, _branch),
    ("GET", f"{ROOT}/branches/{{branch}}/protection"): (ADMINISTRATION, _protection),
    ("GET", f"{ROOT}/issues/{{issue_number}}/labels"): (
        (("issues", "read"), ("pull_requests", "read")),
        _labels,
    ),
    ("POST", f"{ROOT}/issues/{{issue_number}}/labels"): (LABELS, _add_labels),
}
