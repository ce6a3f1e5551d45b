"""Runs of workflows: those that a pull request starts or that wait, and those started by hand.

Since 2026-06-11 a pull request of GITHUB_TOKEN has runs that wait for the approval of a person, as
those of a first-time contributor have. A dispatch by the same token begins at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from .github_state import Call, Refusal, Route, State
from .tokens import ACTIONS_BOT

__all__ = ["ACTIONS", "Run", "approve", "begin_pull"]

ROOT = "/repos/{owner}/{repo}"
READ = (("actions", "read"),)
WRITE = (("actions", "write"),)
FOLDER = ".github/workflows"


@dataclass
class Run:
    """A run of a workflow; `conclusion` is action_required while it waits for an approval."""

    id: int
    path: str
    event: str
    branch: str
    sha: str
    status: str = "queued"
    conclusion: str | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has to approve it."""
        return self.conclusion == "action_required"


def begin_pull(state: State, branch: str, sha: str, login: str) -> None:
    """Make the runs of a pull request that was opened."""
    listed = state.repository.git("ls-tree", "--name-only", sha, f"{FOLDER}/", check=False)
    for path in listed.splitlines():
        if "pull_request" in _triggers(state, sha, path):
            run = Run(next(state.ids), path, "pull_request", branch, sha)
            if login == ACTIONS_BOT:
                run.status, run.conclusion = "completed", "action_required"
            state.runs.append(run)


def approve(state: State) -> None:
    """Approve every run that waits, as a person does."""
    with state.guard:
        for run in state.runs:
            if run.waits:
                run.status, run.conclusion = "queued", None


def _triggers(state: State, revision: str, path: str) -> set[str]:
    text = state.repository.git("show", f"{revision}:{path}", check=False)
    found = (YAML(typ="safe").load(text) or {}).get("on") or ()
    return {found} if isinstance(found, str) else set(found)


def _runs(state: State, call: Call) -> tuple[int, Any]:
    query = call.query
    with state.guard:
        found = [
            run
            for run in reversed(state.runs)
            if query.get("head_sha", run.sha) == run.sha
            and query.get("event", run.event) == run.event
            and query.get("branch", run.branch) == run.branch
            and query.get("status", run.status) in (run.status, run.conclusion)
        ]
        listed = [_json(state, run) for run in state.page(call, found)]
    return 200, {"total_count": len(found), "workflow_runs": listed}


def _dispatch(state: State, call: Call) -> tuple[int, Any]:
    path = f"{FOLDER}/{call.values['workflow_id']}"
    branch = call.body["ref"].removeprefix("refs/heads/")
    main, head = (state.repository.refs().get(f"refs/heads/{each}") for each in ("main", branch))
    if not main or not _triggers(state, main, path):
        raise Refusal(404, "Not Found")
    if not head:
        raise Refusal(422, f"No ref found for: {branch}")
    if "workflow_dispatch" not in _triggers(state, head, path):
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    with state.effects.taking("dispatch", f"{call.values['workflow_id']} {branch}"), state.guard:
        state.runs.append(Run(next(state.ids), path, "workflow_dispatch", branch, head))
    return 204, None


def _json(state: State, run: Run) -> dict[str, Any]:
    identity = str(run.id)
    known = {
        "id": run.id,
        "path": run.path,
        "event": run.event,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "status": run.status,
        "conclusion": run.conclusion,
        "url": state.url("actions", "runs", identity),
        "html_url": state.html_url("actions", "runs", identity),
    }
    return state.filled("workflow-run", known)


ACTIONS: dict[tuple[str, str], Route] = {
    ("GET", f"{ROOT}/actions/runs"): (READ, _runs),
    ("POST", f"{ROOT}/actions/workflows/{{workflow_id}}/dispatches"): (WRITE, _dispatch),
}
