"""Releases, their assets and their notes behave as GitHub's."""

from __future__ import annotations

import hashlib
from pathlib import Path

from . import github_pulls
from .client import ask
from .github_sample import Api, change
from .outside import Outside
from .tokens import Token


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
