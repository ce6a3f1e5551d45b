"""Pull requests, their checks and their merges behave as GitHub's."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import github_actions, github_pulls
from .client import Lost
from .github_sample import Api, change
from .outside import Outside
from .repository import run_git
from .tokens import Token


def test_a_pull_request_is_found_by_its_head(outside: Outside, api: Api) -> None:
    """It is listed by owner and branch, with the branch's commit, and made once."""
    made = api.pull(body="notes")
    again = api.pull()
    found = api("GET", "/pulls?head=octo-org:release/v1&state=all").json
    other = api("GET", "/pulls?head=octo-org:release/v2").json

    assert 201 == made.status
    assert [made.json["number"]] == [pull["number"] for pull in found]
    assert outside.repository.ref("refs/heads/release/v1") == found[0]["head"]["sha"]
    assert [] == other
    assert (422, "A pull request already exists for octo-org:release/v1.") == (
        again.status,
        again.json["errors"][0]["message"],
    )
    assert ("#1 release/v1",) == outside.effects.named("pull")


def test_pull_requests_of_a_commit_are_found(outside: Outside, api: Api) -> None:
    """The head of a pull request and its merge commit lead to it, other commits to none."""
    number = api.pull().json["number"]
    head = outside.repository.ref("refs/heads/release/v1")
    merged = github_pulls.merge(outside.github.state, number)
    found = [api("GET", f"/commits/{sha}/pulls").json for sha in (head, merged, f"{merged}~1")]

    assert [[number], [number], []] == [[pull["number"] for pull in each] for each in found]
    assert "release/v1" == found[0][0]["head"]["ref"]


def test_a_head_without_its_owner_filters_nothing(api: Api) -> None:
    """The trap of the list: a bare branch name is ignored."""
    api.pull()

    assert 1 == len(api("GET", "/pulls?head=release/v2").json)


@pytest.mark.parametrize(("head", "field"), [("missing", "head"), ("main", "")])
def test_pull_requests_need_a_branch_with_commits(api: Api, head: str, field: str) -> None:
    """A missing branch, and one without commits of its own, are 422."""
    answer = api.pull(head)

    assert (422, field) == (answer.status, answer.json["errors"][0]["field"])


def test_actions_may_be_kept_from_opening_pull_requests(outside: Outside, api: Api) -> None:
    """The setting is off: 403 for GITHUB_TOKEN, not for a person."""
    outside.github.state.settings.actions_open_pulls = False
    refused = api.pull()
    body = {"title": "x", "head": "release/v1", "base": "main"}

    assert 403 == refused.status
    assert "GitHub Actions is not permitted" in refused.json["message"]
    assert 201 == api("POST", "/pulls", body, outside.owner).status


def test_the_answer_to_a_new_pull_request_can_be_lost(outside: Outside, api: Api) -> None:
    """The connection is cut, the pull request is there."""
    outside.github.lose_answer("POST", "/pulls")
    with pytest.raises(Lost):
        api.pull()

    assert 1 == len(api("GET", "/pulls").json)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_pull_requests_are_merged_in_git(outside: Outside, api: Api, method: str) -> None:
    """Merging moves main to the branch's tree; the pull request is closed and merged."""
    api.pull()
    new = github_pulls.merge(outside.github.state, 1, method)
    found = api("GET", "/pulls/1").json
    git = outside.repository.git
    parents = git("show", "-s", "--format=%P", new).split()

    assert ("closed", True, new) == (found["state"], found["merged"], found["merge_commit_sha"])
    assert new == outside.repository.ref("refs/heads/main")
    assert git("rev-parse", "release/v1^{tree}") == git("rev-parse", f"{new}^{{tree}}")
    assert (2 if method == "merge" else 1) == len(parents)


def test_pull_requests_are_closed_by_people_and_by_a_lost_branch(
    outside: Outside, api: Api
) -> None:
    """A closed pull request is not merged; deleting the head closes it, and its commit stays."""
    api.pull()
    sha = outside.repository.ref("refs/heads/release/v1")
    github_pulls.close(outside.github.state, 1)
    api.pull()
    api("DELETE", "/git/refs/heads/release/v1")
    found = api("GET", "/pulls?state=closed").json

    assert [2, 1] == [pull["number"] for pull in found]
    assert [(None, sha)] * 2 == [(pull["merged_at"], pull["head"]["sha"]) for pull in found]


def test_conflicts_are_told_once_they_are_worked_out(
    outside: Outside, work: Path, api: Api
) -> None:
    """`mergeable` is null at first, then what git says."""
    outside.github.state.settings.mergeable_lags = 1
    api.pull()
    first = api("GET", "/pulls/1").json["mergeable"]
    clean = api("GET", "/pulls/1").json["mergeable"]
    run_git(work, "checkout", "--quiet", "main")
    change(work, "file", "three")
    outside.land(work)

    assert (None, True, False) == (first, clean, api("GET", "/pulls/1").json["mergeable"])


def test_labels_are_added_once(outside: Outside, api: Api) -> None:
    """Labels may be repeated; each is one effect."""
    api.pull()
    for _ in range(2):
        answer = api("POST", "/issues/1/labels", {"labels": ["release"]})

    assert ["release"] == [label["name"] for label in answer.json]
    assert ["release"] == [label["name"] for label in api("GET", "/pulls/1").json["labels"]]
    assert ("#1 release",) == outside.effects.named("label")


CI = "on:\n  pull_request:\n  workflow_dispatch:\n"


@pytest.fixture
def checked(outside: Outside, work: Path) -> Path:
    """The same work tree with a workflow for pull requests, on main and on the branch."""
    for branch in ("main", "release/v1"):
        run_git(work, "checkout", "--quiet", branch)
        change(work, ".github/workflows/ci.yml", CI)
        outside.land(work, branch)
    return work


def test_checks_of_the_bot_s_pull_request_wait(outside: Outside, checked: Path, api: Api) -> None:
    """A pull request of GITHUB_TOKEN has runs that wait; one of a person or an app has not.

    Source: GitHub's changelog of 2026-06-11; docs.github.com, "Approving workflow runs".
    """
    outside.token.permissions["actions"] = "read"
    app = outside.tokens.add(Token(login="an-app[bot]"))
    sha = api.pull().json["head"]["sha"]
    (waiting,) = api("GET", f"/actions/runs?head_sha={sha}").json["workflow_runs"]
    github_actions.approve(outside.github.state)
    (approved,) = api("GET", "/actions/runs?status=queued").json["workflow_runs"]
    api("PATCH", "/pulls/1", {"state": "closed"})
    again = {"title": "Release", "head": "release/v1", "base": "main"}
    api("POST", "/pulls", again, app)
    runs = api("GET", f"/actions/runs?head_sha={sha}").json["workflow_runs"]

    assert ("completed", "action_required") == (waiting["status"], waiting["conclusion"])
    assert waiting["id"] == approved["id"]
    assert [("queued", None)] * 2 == [(run["status"], run["conclusion"]) for run in runs]


def test_a_dispatch_starts_a_workflow_at_once(outside: Outside, checked: Path, api: Api) -> None:
    """With actions:write GITHUB_TOKEN starts a workflow that has the trigger, and no other.

    Source: docs.github.com, "Create a workflow dispatch event", and "Triggering a workflow from a
    workflow": workflow_dispatch is what GITHUB_TOKEN may trigger.
    """
    path = "/actions/workflows/{}/dispatches"
    refused = api("POST", path.format("ci.yml"), {"ref": "release/v1"}).status
    outside.token.permissions["actions"] = "write"
    started = api("POST", path.format("ci.yml"), {"ref": "release/v1"}).status
    missing = api("POST", path.format("other.yml"), {"ref": "release/v1"}).status
    nowhere = api("POST", path.format("ci.yml"), {"ref": "release/v2"}).status
    (run,) = api("GET", "/actions/runs?event=workflow_dispatch").json["workflow_runs"]

    assert (403, 204, 404, 422) == (refused, started, missing, nowhere)
    assert ("queued", "release/v1") == (run["status"], run["head_branch"])
    assert ("ci.yml release/v1",) == outside.effects.named("dispatch")


def test_merge_settings_are_shown_to_who_may_write(outside: Outside, api: Api) -> None:
    """Which ways of merging are allowed is shown with contents:write, and holds for people.

    Source: GitHub's description of `GET /repos/{owner}/{repo}`: "To view merge-related settings,
    you must have the contents:read and contents:write permissions."
    """
    outside.github.state.settings.merge_commit = False
    reader = outside.tokens.add(Token(permissions={"contents": "read", "metadata": "read"}))
    shown = [api("GET", "", token=token).json for token in (outside.token, reader)]
    number = api.pull().json["number"]

    assert [False, None] == [each.get("allow_merge_commit") for each in shown]
    assert [True, None] == [each.get("allow_squash_merge") for each in shown]
    with pytest.raises(AssertionError, match="allows no merge"):
        github_pulls.merge(outside.github.state, number, "merge")
    assert github_pulls.merge(outside.github.state, number, "squash")
