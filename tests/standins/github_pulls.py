"""Pull requests: made, listed, closed by the API; merged by a person, by `merge`."""

from __future__ import annotations

from typing import Any

from .github_actions import begin_pull
from .github_repo import repository_json
from .github_state import (
    LONGEST_PULL,
    Call,
    Pull,
    Refusal,
    Route,
    State,
    check_length,
    invalid,
)
from .tokens import ACTIONS_BOT

__all__ = ["PULLS", "close", "merge"]

ROOT = "/repos/{owner}/{repo}"
READ = (("pull_requests", "read"),)
WRITE = (("pull_requests", "write"),)


def _list(state: State, call: Call) -> tuple[int, Any]:
    wanted = call.query.get("state", "open")
    head, base = call.query.get("head", ""), call.query.get("base", "")
    with state.guard:
        _refresh(state)
        found = [
            pull
            for pull in sorted(state.pulls.values(), key=lambda pull: -pull.number)
            if wanted in ("all", "open" if pull.open else "closed")
            # A head without its owner filters nothing on GitHub, either.
            and (":" not in head or head == f"{state.owner}:{pull.head}")
            and base in ("", pull.base)
        ]
        if call.query.get("direction") == "asc":
            found.reverse()
        return 200, [_json(state, pull, "pull-request-simple") for pull in state.page(call, found)]


def _of_commit(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        _refresh(state)
        sha = state.repository.commit(call.values["commit_sha"])
        if not sha:
            raise invalid("Commit", "invalid", "sha", f"No commit found for SHA: {sha}")
        found = [
            pull
            for pull in sorted(state.pulls.values(), key=lambda pull: -pull.number)
            if sha in (pull.sha, pull.merge_commit)
        ]
        return 200, [_json(state, pull, "pull-request-simple") for pull in state.page(call, found)]


def _get(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        _refresh(state)
        pull = _find(state, call)
        known: dict[str, Any] = {"mergeable": None, "mergeable_state": "unknown"}
        if state.settings.mergeable_lags > 0:
            state.settings.mergeable_lags -= 1
        elif pull.open:
            clean = bool(state.repository.merges(f"refs/heads/{pull.base}", pull.sha))
            known = {"mergeable": clean, "mergeable_state": "clean" if clean else "dirty"}
        return 200, {**_json(state, pull, "pull-request"), **known}


def _create(state: State, call: Call) -> tuple[int, Any]:
    if call.token.login == ACTIONS_BOT and not state.settings.actions_open_pulls:
        raise Refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")
    if not call.body.get("title"):
        raise invalid("PullRequest", "missing_field", "title")
    check_length("PullRequest", call.body.get("body"), LONGEST_PULL)
    head = call.body["head"].removeprefix(f"{state.owner}:")
    base = call.body["base"]
    refs = state.repository.refs("refs/heads/")
    for name, field in ((head, "head"), (base, "base")):
        if f"refs/heads/{name}" not in refs:
            raise invalid("PullRequest", "invalid", field)
    sha = refs[f"refs/heads/{head}"]
    if not state.repository.git("rev-list", "-1", sha, f"^refs/heads/{base}"):
        message = f"No commits between {base} and {head}"
        raise invalid("PullRequest", "custom", "", message)
    _refuse_second(state, head, base)
    with state.guard:
        number = next(state.numbers)
    effect = state.effects.announce("pull", f"#{number} {head}")
    with state.guard:
        _refuse_second(state, head, base)
        pull = state.pulls[number] = Pull(
            number,
            call.body["title"],
            call.body.get("body"),
            head,
            base,
            sha,
            state.clock.now_s(),
            call.token.login,
            draft=call.body.get("draft", False),
        )
        begin_pull(state, head, sha, call.token.login)
    state.effects.confirm(effect)
    with state.guard:
        return 201, _json(state, pull, "pull-request")


def _refuse_second(state: State, head: str, base: str) -> None:
    with state.guard:
        _refresh(state)
        if any(p.open and (p.head, p.base) == (head, base) for p in state.pulls.values()):
            message = f"A pull request already exists for {state.owner}:{head}."
            raise invalid("PullRequest", "custom", "", message)


def _edit(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        pull = _find(state, call)
    check_length("PullRequest", call.body.get("body"), LONGEST_PULL)
    with state.effects.taking("pull edit", f"#{pull.number} {pull.head}"), state.guard:
        pull.title = call.body.get("title", pull.title)
        pull.body = call.body.get("body", pull.body)
        if "state" in call.body:
            pull.open = call.body["state"] == "open"
    return _get(state, call)


def _find(state: State, call: Call) -> Pull:
    pull = state.pulls.get(int(call.values["pull_number"]))
    if pull is None:
        raise Refusal(404, "Not Found")
    return pull


def _refresh(state: State) -> None:
    """Let open pull requests follow their branches; one whose branch is gone is closed."""
    refs = state.repository.refs("refs/heads/")
    for pull in state.pulls.values():
        if pull.open:
            pull.sha = refs.get(f"refs/heads/{pull.head}", pull.sha)
            pull.open = f"refs/heads/{pull.head}" in refs


def close(state: State, number: int) -> None:
    """Close a pull request without merging, as a person does."""
    with state.guard:
        state.pulls[number].open = False


def merge(state: State, number: int, method: str = "squash") -> str:
    """Merge a pull request, as a person does; return the base branch's new commit.

    Raises:
        AssertionError: it conflicts, or the method is none of merge, squash and rebase, or one that
            the repository does not allow.
    """
    settings = state.settings
    allowed = {
        "merge": settings.merge_commit,
        "squash": settings.squash,
        "rebase": settings.rebase,
    }
    assert allowed.get(method, True), f"the repository allows no {method}"
    git = state.repository.git
    with state.guard:
        _refresh(state)
        pull = state.pulls[number]
        base = state.repository.ref(f"refs/heads/{pull.base}")
        tree = state.repository.merges(base, pull.sha)
        assert pull.open, f"#{number} is closed"
        assert tree, f"#{number} conflicts"
        title = f"{pull.title} (#{number})"
        match method:
            case "merge":
                new = git("commit-tree", tree, "-p", base, "-p", pull.sha, "-m", f"Merge {title}")
            case "squash":
                new = git("commit-tree", tree, "-p", base, "-m", title)
            case "rebase":
                assert len(git("rev-list", f"{base}..{pull.sha}").splitlines()) == 1
                message = git("show", "-s", "--format=%B", pull.sha)
                new = git("commit-tree", tree, "-p", base, "-m", message)
            case _:
                raise AssertionError(f"there is no way of merging called {method}")
        assert state.repository.update(f"refs/heads/{pull.base}", new, base)
        pull.open, pull.merge_commit = False, new
    return new


def _json(state: State, pull: Pull, schema: str) -> dict[str, Any]:
    number = str(pull.number)
    at = state.clock.stamp(pull.at_s)
    base_sha = state.repository.ref(f"refs/heads/{pull.base}")
    merged = state.clock.stamp() if pull.merge_commit else None
    known: dict[str, Any] = {
        "id": pull.number,
        "number": pull.number,
        "state": "open" if pull.open else "closed",
        "title": pull.title,
        "body": pull.body,
        "draft": pull.draft,
        "locked": False,
        "url": state.url("pulls", number),
        "html_url": state.html_url("pull", number),
        "issue_url": state.url("issues", number),
        "user": state.user(pull.login),
        "labels": [state.label(name) for name in pull.labels],
        "head": _side(state, pull.head, pull.sha),
        "base": _side(state, pull.base, base_sha),
        "created_at": at,
        "updated_at": at,
        "closed_at": None if pull.open else state.clock.stamp(),
        "merged_at": merged,
        "merge_commit_sha": pull.merge_commit or None,
        "author_association": "CONTRIBUTOR",
        "assignee": None,
        "milestone": None,
        "auto_merge": None,
    }
    if schema == "pull-request":
        known |= {"merged": bool(merged), "merged_by": None, "mergeable": None}
        known["mergeable_state"] = "unknown"
    return state.filled(schema, known)


def _side(state: State, branch: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{state.owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": state.user(state.owner),
        "repo": repository_json(state, "repository"),
    }


PULLS: dict[tuple[str, str], Route] = {
    ("GET", f"{ROOT}/pulls"): (READ, _list),
    ("POST", f"{ROOT}/pulls"): (WRITE, _create),
    ("GET", f"{ROOT}/pulls/{{pull_number}}"): (READ, _get),
    ("GET", f"{ROOT}/commits/{{commit_sha}}/pulls"): (READ, _of_commit),
    ("PATCH", f"{ROOT}/pulls/{{pull_number}}"): (WRITE, _edit),
}
