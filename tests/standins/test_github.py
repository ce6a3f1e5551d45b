"""The API behaves as GitHub's, traps included, and is held to GitHub's own description."""

from __future__ import annotations

from pathlib import Path

import pytest

from .client import Lost, ask_json
from .description import Description
from .effects import cut
from .github_sample import Api
from .outside import Outside
from .tokens import Token


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
