"""The module's own client of GitHub against the stand-in, which has GitHub's limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.wheelwright.release.imaginary import a_plan
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.http import Http
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.texts import LONGEST_PULL, LONGEST_RELEASE
from wheelwright.release.decide.urls import Hub
from wheelwright.release.decide.world import Checks

from .outside import Outside
from .repository import run_git

CI = "on:\n  pull_request:\n  workflow_dispatch:\njobs: {}\n"


@pytest.fixture
def client(outside: Outside, tmp_path: Path) -> GitHubRest:
    """The client of a repository with a release branch, and a workflow for pull requests."""
    work = tmp_path / "work"
    (work / ".github/workflows").mkdir(parents=True)
    (work / ".github/workflows/ci.yml").write_text(CI)
    run_git(work, "init", "--quiet", "--initial-branch=main")
    for branch in ("main", "release/v1.2.4"):
        (work / "file").write_text(branch)
        run_git(work, "add", "--all")
        run_git(work, "commit", "--quiet", "-m", branch)
        outside.land(work, branch)
    owner, _, name = outside.name.partition("/")
    page = f"{outside.git.server.url}/{outside.name}"
    return GitHubRest(Http(), Hub(outside.api_url, owner, name, page), outside.token.value)


async def refused(client: GitHubRest) -> str:
    """Start the checks; return why they could not be."""
    try:
        await client.start_checks(a_plan())
    except ActFailed as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("actions", "after"),
    [("", Checks.WAITING), ("read", Checks.WAITING), ("write", Checks.STARTED)],
)
async def test_bot_pull_request_waits_or_its_checks_are_started(
    outside: Outside, client: GitHubRest, actions: str, after: Checks
) -> None:
    """A workflow's own token sees what waits with actions:read, and starts it with write."""
    outside.token.permissions |= {"actions": actions} if actions else {}
    await client.open_pull(a_plan(), "text")
    (before,) = await client.pulls("release/v1.2.4")
    failed = await refused(client)
    (seen,) = await client.pulls("release/v1.2.4")

    assert (Checks.WAITING, after) == (before.checks, seen.checks)
    assert bool(actions) == before.waiting.endswith("/actions/runs/1001")
    assert (actions == "write") == (failed == "")
    assert ("403 Resource not accessible" in failed) == (actions != "write")


async def test_longest_texts_are_taken_and_the_latest_is_as_requested(
    outside: Outside, client: GitHubRest
) -> None:
    """What stays below both limits is stored whole; an older line is not the latest."""
    plan, state = a_plan(), outside.github.state
    outside.repository.update("refs/tags/v1.2.4", outside.repository.ref("refs/heads/main"))
    await client.open_pull(plan, "x" * (LONGEST_PULL - 1))
    await client.draft(plan, "refs/heads/main", "y" * (LONGEST_RELEASE - 1))
    found = await client.release("v1.2.4")
    assert found
    await client.publish(found, latest=False)
    older = state.latest
    await client.publish(found, latest=True)

    assert (None, found.id) == (older, state.latest)
