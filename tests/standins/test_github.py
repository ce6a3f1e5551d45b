"""The API behaves as GitHub's, traps included, and is held to GitHub's own description."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from . import github_actions, github_pulls
from .client import Got, Lost, ask, ask_json
from .description import Description
from .effects import cut
from .outside import Outside
from .repository import run_git
from .tokens import Token


class Api:
    """A client of one repository, with the release's token unless another is given."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.root = f"{outside.api_url}/repos/{outside.name}"

    def __call__(
        self, method: str, path: str, value: object | None = None, token: Token | None = None
    ) -> Got:
        """Ask for a path below the repository."""
        bearer = (token or self.outside.token).value
        return ask_json(method, self.root + path, bearer, value)

    def pull(self, head: str = "release/v1", **more: Any) -> Got:
        """Open a pull request."""
        return self("POST", "/pulls", {"title": "Release", "head": head, "base": "main", **more})

    def draft(self, tag: str = "v1", **more: Any) -> dict[str, Any]:
        """Make a draft release."""
        got = self("POST", "/releases", {"tag_name": tag, "draft": True, **more})
        assert got.status == 201
        made: dict[str, Any] = got.json
        return made

    def upload(self, release: dict[str, Any], name: str, contents: bytes = b"bytes") -> Got:
        """Upload an asset."""
        url = release["upload_url"].partition("{")[0] + f"?name={name}"
        headers = {
            "Authorization": f"Bearer {self.outside.token.value}",
            "Content-Type": "application/octet-stream",
        }
        return ask("POST", url, headers, contents)

    def publish(self, release: dict[str, Any]) -> Got:
        """Publish a draft."""
        return self("PATCH", f"/releases/{release['id']}", {"draft": False})


@pytest.fixture
def work(outside: Outside, tmp_path: Path) -> Path:
    """A work tree whose main is landed, and whose branch release/v1 is one commit ahead."""
    path = tmp_path / "work"
    path.mkdir()
    run_git(path, "init", "--quiet", "--initial-branch=main")
    change(path, "file", "one")
    outside.land(path)
    run_git(path, "checkout", "--quiet", "-b", "release/v1")
    change(path, "file", "two")
    outside.land(path, "release/v1")
    return path


def change(path: Path, name: str, contents: str) -> str:
    """Commit a file; return the commit."""
    (path / name).parent.mkdir(parents=True, exist_ok=True)
    (path / name).write_text(contents)
    run_git(path, "add", "--all")
    run_git(path, "commit", "--quiet", "-m", contents)
    return run_git(path, "rev-parse", "HEAD")


@pytest.fixture
def api(outside: Outside, work: Path) -> Api:
    """The API of a repository with something to release."""
    return Api(outside)


def test_a_wrong_request_is_refused_and_kept(outside: Outside, api: Api) -> None:
    """A request that the description does not know is 422, and fails the world at its end."""
    answers = [
        api("POST", "/pulls", {"title": "x", "head": 5, "base": "main"}),
        api("POST", "/pulls", {"title": "x", "base": "main"}),
        api("GET", "/pulls?state=merged"),
        api("POST", "/releases", {"draft": True}),
        api("PATCH", "/releases/abc", {"draft": False}),
    ]

    assert [422] * 5 == [answer.status for answer in answers]
    assert 5 == len(outside.github.violations)
    assert "head: 5 is not of type 'string'" in outside.github.violations[0]
    assert () == outside.effects.happened
    outside.github.violations.clear()


def test_violations_fail_the_world(
    tmp_path: Path, description: Description, outside: Outside
) -> None:
    """Leaving a world raises what GitHub's description refuses."""
    world = Outside(tmp_path / "w", description, outside.authority)
    with pytest.raises(AssertionError, match="tag_name"), world:
        Api(world)("POST", "/releases", {})


def test_a_wrong_answer_would_be_noticed(description: Description) -> None:
    """The description refuses an answer of ours that lacks a field or has a wrong one."""
    operation = description.operation("GET", "/repos/o/r/releases/tags/v1")
    assert operation
    good = description.filled("release", {"published_at": None})

    assert [] == description.answer_errors(operation, 200, good)
    assert description.answer_errors(operation, 200, {**good, "draft": "yes"})
    del good["tag_name"]
    assert description.answer_errors(operation, 200, good)
    assert description.answer_errors(operation, 418, good)


def test_tokens_are_needed(outside: Outside, api: Api) -> None:
    """An unknown token is bad credentials."""
    answer = ask_json("GET", api.root, "wrong")

    assert (401, "Bad credentials") == (answer.status, answer.json["message"])


@pytest.mark.parametrize(
    ("method", "path", "value", "lacking"),
    [
        ("POST", "/pulls", {"title": "x", "head": "release/v1", "base": "main"}, "pull_requests"),
        ("POST", "/releases", {"tag_name": "v1"}, "contents"),
        ("POST", "/git/refs", {"ref": "refs/tags/v1", "sha": "0" * 40}, "contents"),
        ("GET", "/actions/permissions/workflow", None, "administration"),
        ("GET", "/branches/main/protection", None, "administration"),
    ],
)
def test_a_missing_permission_is_named(
    outside: Outside, api: Api, method: str, path: str, value: object, lacking: str
) -> None:
    """What the token may not do is 403 in GitHub's words, and a header says what would do."""
    outside.token.permissions.pop(lacking, None)
    answer = api(method, path, value)

    assert (403, "Resource not accessible by integration") == (
        answer.status,
        answer.json["message"],
    )
    assert answer.headers["x-accepted-github-permissions"].startswith(f"{lacking}=")
    assert () == outside.effects.happened


def test_the_repository_tells_what_the_token_may(outside: Outside, api: Api) -> None:
    """Permissions are those of the person who asks; an app is none, and is told of none."""
    person = "personal access token"
    writer = outside.tokens.add(Token("ghp_1", "maintainer", person))
    reader = outside.tokens.add(Token("ghp_2", "reader", person, {"contents": "read"}))
    told = [api("GET", "", token=each).json["permissions"] for each in (writer, reader)]

    assert {"admin": False, "push": True, "pull": True} == told[0]
    assert {"admin": False, "push": False, "pull": True} == told[1]
    assert {False} == set(api("GET", "").json["permissions"].values())
    assert outside.git.url == api("GET", "").json["clone_url"]


def test_rules_of_git_are_told_as_rulesets(outside: Outside, api: Api) -> None:
    """What may not be created is a ruleset; a list leaves out what it says and who bypasses it."""
    outside.git.rules.no_create += ["refs/tags/v*", "refs/heads/release/*", "refs/other/*"]
    (listed,) = api("GET", "/rulesets?includes_parents=true&targets=tag").json
    shown = api("GET", f"/rulesets/{listed['id']}").json

    assert ("tag", "active") == (listed["target"], listed["enforcement"])
    assert not {"rules", "conditions", "current_user_can_bypass"} & set(listed)
    assert {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}} == shown["conditions"]
    assert ([{"type": "creation"}], "never") == (shown["rules"], shown["current_user_can_bypass"])
    (rule,) = api("GET", "/rules/branches/release%2Fv1").json
    assert "creation" == rule["type"]
    assert "branch" == api("GET", f"/rulesets/{rule['ruleset_id']}").json["target"]
    assert [] == api("GET", "/rules/branches/other").json
    assert 404 == api("GET", "/rulesets/99").status


def test_viewer_is_whom_the_token_acts_for(outside: Outside) -> None:
    """GraphQL knows one query, for every kind of token; any other is held against who asks."""
    url, query = f"{outside.api_url}/graphql", {"query": "{viewer{login}}"}
    answers = [ask_json("POST", url, each.value, query) for each in (outside.token, outside.owner)]

    logins = [answer.json["data"]["viewer"]["login"] for answer in answers]
    assert ["github-actions[bot]", "maintainer"] == logins
    assert 401 == ask_json("POST", url, "ghs_unknown", query).status
    assert "errors" in ask_json("POST", url, outside.token.value, {"query": "{rateLimit}"}).json
    assert 1 == len(outside.github.violations)
    outside.github.violations.clear()


def test_settings_and_protection_can_be_read(outside: Outside, api: Api) -> None:
    """A preflight with enough rights sees the protection, the rules and the settings."""
    outside.github.state.settings.rules.append({"type": "creation"})
    outside.github.state.settings.actions_open_pulls = False
    outside.github.state.settings.immutable_releases = True
    owner = outside.owner
    workflow = api("GET", "/actions/permissions/workflow", token=owner)

    assert api("GET", "/branches/main").json["protected"] is True
    assert api("GET", "/branches/release/v1").json["protected"] is False
    assert 200 == api("GET", "/branches/main/protection", token=owner).status
    assert 404 == api("GET", "/branches/release/v1/protection", token=owner).status
    assert "creation" == api("GET", "/rules/branches/main").json[0]["type"]
    assert workflow.json["can_approve_pull_request_reviews"] is False
    assert api("GET", "/immutable-releases", token=owner).json["enabled"] is True


def test_refs_are_those_of_git(outside: Outside, api: Api) -> None:
    """A ref made by the API is in the repository, once; a missing one is 422 to delete."""
    sha = outside.repository.ref("refs/heads/main")
    made = api("POST", "/git/refs", {"ref": "refs/tags/v1", "sha": sha})
    again = api("POST", "/git/refs", {"ref": "refs/tags/v1", "sha": sha})
    read = api("GET", "/git/ref/tags/v1")
    deleted = api("DELETE", "/git/refs/tags/v1")

    assert (201, 422, 200, 204) == (made.status, again.status, read.status, deleted.status)
    assert "Reference already exists" == again.json["message"]
    assert {"sha": sha, "type": "commit"}.items() <= read.json["object"].items()
    assert (422, 404) == (
        api("DELETE", "/git/refs/tags/v1").status,
        api("GET", "/git/ref/tags/v1").status,
    )
    assert (f"refs/tags/v1 {sha}", "refs/tags/v1") == outside.effects.named("ref")


def test_refs_move_forward_unless_forced(outside: Outside, api: Api) -> None:
    """A branch moves to a descendant; back only by force; main not at all."""
    old = outside.repository.ref("refs/heads/main")
    new = outside.repository.ref("refs/heads/release/v1")
    api("POST", "/git/refs", {"ref": "refs/heads/x", "sha": old})
    path = "/git/refs/heads/x"

    assert 200 == api("PATCH", path, {"sha": new}).status
    assert 422 == api("PATCH", path, {"sha": old}).status
    assert 200 == api("PATCH", path, {"sha": old, "force": True}).status
    assert 422 == api("PATCH", "/git/refs/heads/main", {"sha": new}).status
    assert ["refs/heads/x"] == [ref["ref"] for ref in api("GET", "/git/matching-refs/heads/x").json]


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


def test_a_release_is_drafted_filled_and_published(outside: Outside, api: Api) -> None:
    """A draft is found by listing alone; publishing makes the tag and the download."""
    sha = outside.repository.ref("refs/heads/release/v1")
    draft = api.draft(target_commitish=sha, body="notes")
    hidden = api("GET", "/releases/tags/v1").status
    asset = api.upload(draft, "a.whl").json
    published = api.publish(draft).json
    file = ask("GET", asset["browser_download_url"])
    seen = api("GET", "/releases/tags/v1").json

    assert (404, False, draft["id"]) == (hidden, published["draft"], seen["id"])
    assert "sha256:" + hashlib.sha256(b"bytes").hexdigest() == seen["assets"][0]["digest"]
    assert b"bytes" == file.body
    assert sha == outside.repository.ref("refs/tags/v1")
    assert ["release", "asset", "ref", "release edit"] == [
        effect.kind for effect in outside.effects.happened
    ]


def test_drafts_are_hidden_from_readers(outside: Outside, api: Api) -> None:
    """A token that cannot write sees no draft."""
    api.draft()
    reader = outside.tokens.add(Token(permissions={"contents": "read"}))

    assert 1 == len(api("GET", "/releases").json)
    assert [] == api("GET", "/releases", token=reader).json


def test_several_drafts_may_have_one_tag(api: Api) -> None:
    """The trap of drafts: nothing stops a second one; a second published one is 422."""
    first, second = api.draft(), api.draft()
    api.publish(first)
    answer = api.publish(second)

    assert (422, "already_exists") == (answer.status, answer.json["errors"][0]["code"])


def test_lists_have_pages(api: Api) -> None:
    """A list is cut to a page, and its Link header leads to the next."""
    for number in range(3):
        api.draft(f"v{number}")
    first = api("GET", "/releases?per_page=2")
    second = api("GET", "/releases?per_page=2&page=2")

    assert ["v2", "v1"] == [release["tag_name"] for release in first.json]
    assert 'page=2>; rel="next"' in first.headers["link"]
    assert (["v0"], None) == (
        [release["tag_name"] for release in second.json],
        second.headers.get("link"),
    )


def test_assets_of_one_name_are_refused(outside: Outside, api: Api) -> None:
    """The same name is 422 until the asset is deleted."""
    draft = api.draft()
    asset = api.upload(draft, "a.whl").json
    again = api.upload(draft, "a.whl")
    deleted = api("DELETE", f"/releases/assets/{asset['id']}")

    assert (422, "already_exists") == (again.status, again.json["errors"][0]["code"])
    assert (204, 201) == (deleted.status, api.upload(draft, "a.whl").status)
    assert ("v1/a.whl",) == outside.effects.named("asset deleted")


def test_assets_go_to_the_address_of_uploads(outside: Outside, api: Api) -> None:
    """The API's own address takes no assets: `upload_url` is to be used."""
    draft = api.draft()
    headers = {"Authorization": f"Bearer {outside.token.value}", "Content-Type": "text/plain"}
    answer = ask("POST", f"{api.root}/releases/{draft['id']}/assets?name=a", headers, b"a")

    assert 404 == answer.status


def test_a_broken_upload_leaves_a_starter(outside: Outside, api: Api) -> None:
    """502 leaves an asset without contents and digest, whose name is taken."""
    outside.github.state.leave_starter()
    draft = api.draft()
    broken = api.upload(draft, "a.whl")
    asset = api("GET", f"/releases/{draft['id']}").json["assets"][0]

    assert (502, "starter", None) == (broken.status, asset["state"], asset["digest"])
    assert 422 == api.upload(draft, "a.whl").status


def test_immutable_releases_burn_their_tag(outside: Outside, api: Api) -> None:
    """Published, nothing of it changes; deleted with its tag, the name is not to be had again."""
    outside.github.state.settings.immutable_releases = True
    draft = api.draft()
    api.upload(draft, "a.whl")
    published = api.publish(draft).json
    asset = published["assets"][0]["id"]

    assert published["immutable"] is True
    assert 422 == api.upload(draft, "b.whl").status
    assert 422 == api("DELETE", f"/releases/assets/{asset}").status
    assert 422 == api("DELETE", "/git/refs/tags/v1").status
    outside.repository.git("update-ref", "-d", "refs/tags/v1")
    api("DELETE", f"/releases/{draft['id']}")
    again = api("POST", "/releases", {"tag_name": "v1", "draft": True})
    assert (422, "tag_name") == (again.status, again.json["errors"][0]["field"])


def test_a_tag_on_changed_workflows_cannot_be_made_by_a_release(
    outside: Outside, work: Path, api: Api
) -> None:
    """GITHUB_TOKEN gets 403 where the target's workflows differ from main's, unless tagged."""
    sha = change(work, ".github/workflows/ci.yml", "on: push")
    outside.land(work, "release/v1")
    draft = api.draft(target_commitish=sha)
    refused = api.publish(draft)
    outside.repository.update("refs/tags/v1", sha)

    assert 403 == refused.status
    assert 200 == api.publish(draft).status


def test_rate_limits_say_when_to_come_back(outside: Outside, api: Api) -> None:
    """The secondary limit names seconds, the primary one a time; both pass."""
    outside.github.limit(7, creating=True)
    read = api("GET", "")
    limited = api.pull()
    outside.github.exhaust(1234567890)
    exhausted = api("GET", "")

    assert (200, 403, 403) == (read.status, limited.status, exhausted.status)
    assert ("7", "1234567890") == (
        limited.headers["retry-after"],
        exhausted.headers["x-ratelimit-reset"],
    )
    assert "secondary rate limit" in limited.json["message"]
    assert 201 == api.pull().status


def test_requests_can_fail_or_be_cut_at_an_effect(outside: Outside, api: Api) -> None:
    """A gateway's 502 has no effect; a hook cuts before an effect of a kind."""
    outside.github.unavailable("POST", "/pulls")
    failed = api.pull()
    outside.effects.before(cut, kind="pull")
    with pytest.raises(Lost):
        api.pull()

    assert 502 == failed.status
    assert () == outside.effects.happened


def test_unknown_paths_and_repositories_are_not_found(outside: Outside, api: Api) -> None:
    """What is not there is 404."""
    other = f"{outside.api_url}/repos/octo-org/other/pulls"

    assert 404 == api("GET", "/nothing").status
    assert 404 == ask_json("GET", other, outside.token.value).status
    assert 404 == api("GET", "/pulls/9").status


def test_long_texts_are_refused(outside: Outside, api: Api) -> None:
    """A body above 65,536 characters of a pull request, 125,000 of a release, is 422.

    Source: the messages that people met, in dependabot-core#3114 and action-gh-release#374.
    """
    fits, release = api.pull(body="x" * 65_536), api.draft(body="x" * 125_000)
    number = fits.json["number"]
    answers = [
        api.pull(body="x" * 65_537),
        api("PATCH", f"/pulls/{number}", {"body": "x" * 65_537}),
        api("POST", "/releases", {"tag_name": "v2", "draft": True, "body": "x" * 125_001}),
        api("PATCH", f"/releases/{release['id']}", {"body": "x" * 125_001}),
    ]

    assert [422] * 4 == [answer.status for answer in answers]
    said = [answer.json["errors"][0]["message"] for answer in answers]
    assert ["body is too long (maximum is 65536 characters)"] * 2 == said[:2]
    assert ["body is too long (maximum is 125000 characters)"] * 2 == said[2:]


def test_what_is_published_last_is_the_latest_unless_it_is_refused(
    outside: Outside, api: Api
) -> None:
    """make_latest is true by default; a draft or a pre-release cannot have it.

    Source: docs.github.com, "Create a release", make_latest: "Drafts and prereleases cannot be set
    as latest. Defaults to true for newly published releases."
    """
    assert 404 == api("GET", "/releases/latest").status
    api.publish(api.draft("v2"))
    by_default = api("GET", "/releases/latest").json["tag_name"]
    older = api.draft("v1")
    api("PATCH", f"/releases/{older['id']}", {"draft": False, "make_latest": "false"})
    early = api.draft("v3rc1", prerelease=True)
    refused = [
        api("PATCH", f"/releases/{early['id']}", {"draft": False, "make_latest": "true"}),
        api("PATCH", f"/releases/{early['id']}", {"make_latest": "true"}),
    ]
    api.publish(early)

    assert [422, 422] == [answer.status for answer in refused]
    assert ("v2", "v2") == (by_default, api("GET", "/releases/latest").json["tag_name"])


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


def test_generated_notes_list_the_merged_pull_requests_of_a_range(
    outside: Outside, api: Api
) -> None:
    """Each one is a line; without any only the link to all changes is there; nothing is kept.

    Source: docs.github.com, "Generate release notes content for a release".
    """
    outside.repository.git("tag", "v0", "main")
    asked = {"tag_name": "v1", "target_commitish": "main", "previous_tag_name": "v0"}
    nothing = api("POST", "/releases/generate-notes", asked)
    api.pull(title="feat: a thing")
    github_pulls.merge(outside.github.state, 1)
    listed = api("POST", "/releases/generate-notes", asked)
    everything = api("POST", "/releases/generate-notes", {"tag_name": "v1"})
    refused = api("POST", "/releases/generate-notes", {**asked, "previous_tag_name": "v9"})

    page = outside.github.state.html_url()
    assert {"name": "v1", "body": f"**Full Changelog**: {page}/compare/v0...v1"} == nothing.json
    line = f"* feat: a thing by @{outside.token.login} in {page}/pull/1"
    assert f"## What's Changed\n{line}\n\n\n**Full Changelog**" in listed.json["body"]
    assert everything.json["body"].endswith(f"**Full Changelog**: {page}/commits/v1")
    assert (422, {}) == (refused.status, outside.github.state.releases)
