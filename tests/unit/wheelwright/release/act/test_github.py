"""GitHub's API, spoken to a server on loopback."""

import pytest

from tests.unit.wheelwright.release.act.serving import Server
from tests.unit.wheelwright.release.imaginary import a_plan
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.http import Http
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.rules import RefToCreate
from wheelwright.release.decide.stops import Reason
from wheelwright.release.decide.urls import Hub
from wheelwright.release.decide.world import (
    Asset,
    Checks,
    FailureKind,
    GitHubRelease,
    Pull,
    PullState,
)

REPOSITORY = "/repos/o/demo"


@pytest.fixture
def github(server: Server) -> GitHubRest:
    """Return the adapter."""
    return adapter(server, "token-of-mine")


def adapter(server: Server, token: str) -> GitHubRest:
    """Return the adapter with a token; git is asked at the page for people."""
    return GitHubRest(Http(), Hub(server.url, "o", "demo", f"{server.url}/o/demo"), token)


def pull(number: int, state: str, ref: str = "release/v1.2.4", **more: object) -> dict[str, object]:
    """Return a pull request as GitHub shows it."""
    return {
        "number": number,
        "state": state,
        "merged_at": None,
        "user": {"login": "maintainer"},
        "html_url": f"https://page/pull/{number}",
        "head": {"ref": ref, "sha": f"sha{number}"},
        **more,
    }


async def test_pull_requests_are_found_by_head_in_every_state(
    server: Server, github: GitHubRest
) -> None:
    """Open, merged and closed ones are told apart; only an open one is asked about conflicts."""
    found = [
        pull(4, "open"),
        pull(3, "closed", merged_at="2026-01-01T00:00:00Z"),
        pull(2, "closed"),
        pull(1, "open", ref="release/v1.2.40"),
    ]
    path = f"{REPOSITORY}/pulls?head=o%3Arelease%2Fv1.2.4&state=all&per_page=100"
    server.answers[f"GET {path}"] = (200, found)
    server.answers[f"GET {REPOSITORY}/pulls/4"] = (200, pull(4, "open", mergeable=False))
    assert (
        Pull(4, PullState.OPEN, "sha4", "https://page/pull/4", conflicts=True),
        Pull(3, PullState.MERGED, "sha3", "https://page/pull/3"),
        Pull(2, PullState.CLOSED, "sha2", "https://page/pull/2"),
    ) == await github.pulls("release/v1.2.4")
    assert "Bearer token-of-mine" == server.asked[0][1]["Authorization"]


async def test_branch_of_the_last_release_is_the_head_of_a_merged_pull_request(
    server: Server, github: GitHubRest
) -> None:
    """Pull requests of the release commit that were merged count; what is unseen is none."""
    found = [pull(4, "open"), pull(3, "closed", "prepare-1.2.3", merged_at="2026-01-01T00:00:00Z")]
    server.answers[f"GET {REPOSITORY}/commits/c0ffee/pulls?per_page=20"] = (200, found)
    assert ("prepare-1.2.3",) == await github.heads("c0ffee")
    assert () == await github.heads("unknown")


async def test_name_of_the_last_github_release(server: Server, github: GitHubRest) -> None:
    """The release of a tag has a name, or none."""
    server.answers[f"GET {REPOSITORY}/releases/tags/teasel%3D%3D1.2.3"] = (200, {"name": "x"})
    server.answers[f"GET {REPOSITORY}/releases/tags/v1"] = (200, {"name": None})
    names = [await github.released_name(tag) for tag in ("teasel==1.2.3", "v1", "v2")]
    assert ["x", "", ""] == names


async def test_pull_request_has_the_title_of_the_release_commit(
    server: Server, github: GitHubRest
) -> None:
    """A project's own title, and its own name of the GitHub release, are what is sent."""
    server.answers[f"POST {REPOSITORY}/pulls"] = (201, pull(1, "open"))
    server.answers[f"POST {REPOSITORY}/releases"] = (201, {})
    plan = a_plan(title="chore(release): 1.2.4", release_name="v1.2.4")
    await github.open_pull(plan, "- A thing.")
    await github.draft(plan, "c0ffee", "- A thing.")
    assert ("chore(release): 1.2.4", "v1.2.4") == (server.json(0)["title"], server.json(1)["name"])


async def test_pull_request_says_what_it_brings(server: Server, github: GitHubRest) -> None:
    """It goes from the release branch to the base, with the text that was made for it."""
    server.answers[f"POST {REPOSITORY}/pulls"] = (201, pull(1, "open"))
    await github.open_pull(a_plan(), "- A thing.")
    sent = server.json()
    assert ("release/v1.2.4", "main") == (sent["head"], sent["base"])
    assert "Release demo 1.2.4" == sent["title"]
    assert "- A thing." == sent["body"]


async def test_fault_29_drafts_are_found_by_listing(server: Server, github: GitHubRest) -> None:
    """A draft is found, a published release is preferred, assets have digest and state."""
    asset = {"id": 5, "name": "a.whl", "state": "uploaded", "digest": "sha256:ab"}
    starter = {"id": 6, "name": "b", "state": "starter", "digest": None}
    draft = {"id": 1, "tag_name": "v1", "draft": True, "html_url": "u", "assets": [asset, starter]}
    path = f"GET {REPOSITORY}/releases?per_page=100&page=1"
    server.answers[path] = (200, [{**draft, "id": 9, "tag_name": "v2"}, draft])
    assets = (Asset(5, "a.whl", "ab"), Asset(6, "b", "", uploaded=False))
    assert GitHubRelease(1, draft=True, assets=assets, url="u") == await github.release("v1")
    server.answers[path] = (200, [draft, {**draft, "id": 2, "draft": False, "assets": []}])
    assert GitHubRelease(2, draft=False, url="u") == await github.release("v1")
    assert None is await github.release("v3")


async def test_release_is_drafted_filled_and_published(server: Server, github: GitHubRest) -> None:
    """A draft names tag, commit and notes; a file goes to its upload address; then it is public."""
    server.answers[f"POST {REPOSITORY}/releases"] = (201, {})
    await github.draft(a_plan(version="1.2.4rc1"), "commit", "- A thing.")
    sent = server.json()
    assert (True, True, "commit") == (sent["draft"], sent["prerelease"], sent["target_commitish"])
    upload_url = f"{server.url}/uploads/1/assets{{?name,label}}"
    server.answers[f"GET {REPOSITORY}/releases/1"] = (200, {"upload_url": upload_url})
    server.answers["POST /uploads/1/assets?name=a%2Bb.whl"] = (201, {})
    draft = GitHubRelease(1, draft=True)
    await github.upload(draft, "a+b.whl", b"bytes")
    assert (b"bytes", "application/octet-stream") == (
        server.asked[-1][2],
        server.asked[-1][1]["Content-Type"],
    )
    server.answers[f"PATCH {REPOSITORY}/releases/1"] = (200, {})
    await github.publish(draft, latest=True)
    assert {"draft": False, "make_latest": "true"} == server.json()
    await github.publish(draft, latest=False)
    assert {"draft": False, "make_latest": "false"} == server.json()


async def test_asset_that_is_gone_is_as_good_as_deleted(server: Server, github: GitHubRest) -> None:
    """Deleting twice is no error; a refusal is."""
    await github.delete_asset(5)
    server.answers[f"DELETE {REPOSITORY}/releases/assets/6"] = (403, {"message": "no"})
    with pytest.raises(ActFailed) as caught:
        await github.delete_asset(6)
    assert FailureKind.REFUSED is caught.value.kind
    assert "token-of-mine" not in str(caught.value)


PUSH = "GET /o/demo.git/info/refs?service=git-receive-pack"
# As GitHub tells it to an app, whatever that may do.
SHOWN = {"full_name": "o/demo", "permissions": {"push": False, "pull": False}}


@pytest.mark.parametrize(
    ("status", "body", "push", "says"),
    [
        (200, SHOWN, 200, []),
        (200, SHOWN, 403, ["--github-token may not write to o/demo"]),
        # Nothing is known of a server that answers otherwise.
        (200, SHOWN, 503, []),
        (200, {**SHOWN, "archived": True}, 200, ["o/demo is archived"]),
        (401, {"message": "Bad credentials"}, 401, ["does not see o/demo: Bad credentials"]),
        (404, {"message": "Not Found"}, 404, ["does not see o/demo: Not Found"]),
    ],
)
async def test_missing_permissions_are_seen_beforehand(
    server: Server, github: GitHubRest, status: int, body: object, push: int, says: list[str]
) -> None:
    """What the repository tells about the token, and git of a push, is known before it is one."""
    server.answers[f"GET {REPOSITORY}"] = (status, body)
    server.answers[PUSH] = (push, None)
    problems = await github.problems()
    assert len(says) == len(problems)
    assert all(words in problem.text() for words, problem in zip(says, problems, strict=True))
    assert all(problem.reason is Reason.NO_PERMISSION for problem in problems)


async def test_limit_of_the_rate_is_no_missing_permission(
    server: Server, github: GitHubRest
) -> None:
    """GitHub refuses with the same status; what it says tells them apart."""
    limited = {"message": "You have exceeded a secondary rate limit."}
    server.answers[f"GET {REPOSITORY}"] = (403, limited)
    with pytest.raises(ActFailed) as caught:
        await github.problems()
    assert FailureKind.BUSY is caught.value.kind


BASE = f"GET {REPOSITORY}/branches/main"
OF_BRANCH = f"GET {REPOSITORY}/rules/branches/release%2Fv1.2.4?per_page=100"
OF_TAGS = f"GET {REPOSITORY}/rulesets?includes_parents=true&targets=tag&per_page=100"
WORKFLOW = f"GET {REPOSITORY}/actions/permissions/workflow"
MAKINGS = (RefToCreate("refs/heads/release/v1.2.4", "Release"), RefToCreate("refs/tags/v1.2.4"))
OWN_TOKEN = (
    "--github-token is the workflow's own: the checks of its pull request wait for an approval "
    "unless it may start them (actions: write)"
)


def ruleset(number: int, include: str, bypass: str = "never", **more: object) -> dict[str, object]:
    """Return a ruleset that restricts creations, as GitHub shows it alone."""
    return {
        "id": number,
        "name": f"rules {number}",
        "target": "tag",
        "source_type": "Repository",
        "source": "o/demo",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [include], "exclude": []}},
        "rules": [{"type": "creation"}],
        "current_user_can_bypass": bypass,
        **more,
    }


async def test_nothing_is_said_of_what_the_token_does_not_see(
    server: Server, github: GitHubRest
) -> None:
    """Rules, settings and protection that are hidden are unknown: no problem and no note."""
    assert ((), ()) == await github.foresee("main", MAKINGS)
    assert [BASE, OF_BRANCH, OF_TAGS] == sorted(words for words, _, _ in server.asked)


async def test_fault_28_rules_against_the_refs_are_seen_beforehand(
    server: Server, github: GitHubRest
) -> None:
    """The rulesets that apply, and may not be bypassed, are named with the ref they refuse."""
    found = [
        ruleset(2, "refs/tags/v*"),
        ruleset(3, "refs/tags/w*"),
        ruleset(4, "~ALL", "always"),
        ruleset(5, "~ALL", enforcement="evaluate"),
        ruleset(6, "~ALL", target="branch"),
        ruleset(7, "~ALL", rules=[{"type": "deletion"}]),
    ]
    for each in found:
        server.answers[f"GET {REPOSITORY}/rulesets/{each['id']}?includes_parents=true"] = 200, each
    server.answers[OF_TAGS] = (200, found)
    rule = {"type": "creation", "ruleset_id": 6}
    server.answers[OF_BRANCH] = (200, [rule, {"type": "deletion", "ruleset_id": 2}])
    problems, notes = await github.foresee("main", MAKINGS)
    assert (
        'refs/heads/release/v1.2.4: the ruleset "rules 6" restricts creations',
        'refs/tags/v1.2.4: the ruleset "rules 2" restricts creations',
    ) == tuple(problem.seen for problem in problems)
    assert {Reason.FORBIDDEN} == {problem.reason for problem in problems}
    assert () == notes
    assert ((), ()) == await github.foresee("main", ())


async def test_rules_that_an_app_may_bypass_are_notes(server: Server) -> None:
    """GitHub does not tell an app what it may bypass; so it is said, and not a stop."""
    server.answers[OF_TAGS] = (200, [ruleset(2, "~ALL")])
    server.answers[f"GET {REPOSITORY}/rulesets/2?includes_parents=true"] = 200, ruleset(2, "~ALL")
    problems, (note,) = await adapter(server, "ghs_1").foresee("main", MAKINGS)
    assert () == problems
    assert note.startswith('refs/tags/v1.2.4: the ruleset "rules 2" restricts creations, so ')


@pytest.mark.parametrize(
    ("allowed", "needed", "noted"),
    [(False, True, True), (False, False, False), (True, True, False), (None, True, False)],
)
async def test_squashed_a_setting_that_allows_no_merge_commit_is_a_note(
    server: Server, github: GitHubRest, allowed: bool | None, needed: bool, noted: bool
) -> None:
    """Where the version comes from tags, a repository that only squashes is reported before."""
    server.answers[f"GET {REPOSITORY}"] = (200, {**SHOWN, "allow_merge_commit": allowed})
    problems, notes = await github.foresee("main", (), merge_commit=needed)

    assert () == problems
    assert noted == any("the repository allows no merge commits" in note for note in notes)


@pytest.mark.parametrize(
    ("token", "login", "approve", "problems", "notes"),
    [
        ("ghs_1", "github-actions[bot]", None, [], [OWN_TOKEN]),
        ("ghs_1", "github-actions[bot]", True, [], [OWN_TOKEN]),
        (
            "ghs_1",
            "github-actions[bot]",
            False,
            ['the setting "Allow GitHub Actions to create and approve pull requests" is off'],
            [],
        ),
        # It is about Actions alone.
        ("ghs_1", "some-app[bot]", False, [], []),
        ("ghs_1", None, False, [], []),
        ("ghp_1", "github-actions[bot]", False, [], []),
    ],
)
async def test_workflows_own_token_is_told_from_an_apps(
    server: Server,
    token: str,
    login: str | None,
    approve: bool | None,
    problems: list[str],
    notes: list[str],
) -> None:
    """Whom it acts for decides, not what it looks like; the setting stops it if it is seen."""
    if login:
        server.answers["POST /graphql"] = (200, {"data": {"viewer": {"login": login}}})
    if approve is not None:
        server.answers[WORKFLOW] = (200, {"can_approve_pull_request_reviews": approve})
    found, said = await adapter(server, token).foresee("main", ())
    assert problems == [each.seen for each in found]
    assert notes == list(said)


async def test_graphql_of_an_own_server_stands_beside_its_api(server: Server) -> None:
    """GitHub Enterprise has REST at /api/v3 and GraphQL at /api/graphql."""
    hub = Hub(f"{server.url}/api/v3", "o", "demo", "page")
    await GitHubRest(Http(), hub, "ghs_1").foresee("main", ())
    assert "POST /api/graphql" in [words for words, _, _ in server.asked]


async def test_base_that_anybody_may_change_is_a_note(server: Server, github: GitHubRest) -> None:
    """The pull request promises a protected base; without one it is said."""
    server.answers[BASE] = (200, {"name": "main", "protected": True})
    assert ((), ()) == await github.foresee("main", ())
    server.answers[BASE] = (200, {"name": "main", "protected": False})
    note = "main is not protected: it can be changed without a pull request"
    assert ((), (note,)) == await github.foresee("main", ())


RUNS = "GET /repos/o/demo/actions/runs?head_sha=sha4&per_page=100"
BOT = "github-actions[bot]"


def run(event: str, status: str, conclusion: str | None = None) -> dict[str, object]:
    """Return a run of a workflow as GitHub shows it."""
    url = f"https://page/runs/{event}"
    return {"event": event, "status": status, "conclusion": conclusion, "html_url": url}


@pytest.mark.parametrize(
    ("login", "runs", "checks", "waiting"),
    [
        ("app[bot]", [run("pull_request", "queued")], Checks.BY_THEMSELVES, ""),
        (BOT, [], Checks.WAITING, ""),
        (BOT, None, Checks.WAITING, ""),
        (
            BOT,
            [run("pull_request", "completed", "action_required")],
            Checks.WAITING,
            "https://page/runs/pull_request",
        ),
        (BOT, [run("push", "queued")], Checks.WAITING, ""),
        (BOT, [run("pull_request", "in_progress")], Checks.STARTED, ""),
        (
            BOT,
            [run("pull_request", "waiting"), run("workflow_dispatch", "completed", "success")],
            Checks.STARTED,
            "",
        ),
    ],
)
async def test_bot_waiting_checks_are_seen(
    server: Server,
    github: GitHubRest,
    login: str,
    runs: list[object] | None,
    checks: Checks,
    waiting: str,
) -> None:
    """The checks of a pull request that Actions opened wait, unless somebody started them."""
    found = pull(4, "open", mergeable=True, user={"login": login})
    path = f"{REPOSITORY}/pulls?head=o%3Arelease%2Fv1.2.4&state=all&per_page=100"
    server.answers[f"GET {path}"] = (200, [found])
    server.answers[f"GET {REPOSITORY}/pulls/4"] = (200, found)
    if runs is None:
        server.answers[RUNS] = (403, {"message": "Resource not accessible by integration"})
    else:
        server.answers[RUNS] = (200, {"total_count": len(runs), "workflow_runs": runs})
    (seen,) = await github.pulls("release/v1.2.4")

    assert (checks, waiting) == (seen.checks, seen.waiting)


@pytest.mark.parametrize("name", ["ci.yml", "wheelwright-ci.yml"])
async def test_bot_checks_are_started_on_the_branch(
    server: Server, github: GitHubRest, name: str
) -> None:
    """Our ci.yml is dispatched on the release branch, whichever of its names it has."""
    others = {"ci.yml", "wheelwright-ci.yml"} - {name}
    for each in others:
        path = f"POST {REPOSITORY}/actions/workflows/{each}/dispatches"
        server.answers[path] = (404, {"message": "Not Found"})
    path = f"POST {REPOSITORY}/actions/workflows/{name}/dispatches"
    server.answers[path] = (204, None)
    await github.start_checks(a_plan())

    assert {"ref": "release/v1.2.4"} == server.json()
