"""Releases and their assets."""

from __future__ import annotations

from typing import Any

from .git_http import ref_subject
from .github_state import (
    LONGEST_RELEASE,
    Asset,
    Call,
    Refusal,
    Release,
    Route,
    State,
    check_length,
    invalid,
)
from .repository import ZERO

__all__ = ["RELEASES"]

ROOT = "/repos/{owner}/{repo}"
READ = (("contents", "read"),)
WRITE = (("contents", "write"),)


def _list(state: State, call: Call) -> tuple[int, Any]:
    sees_drafts = call.token.permits("contents", "write")
    with state.guard:
        found = [
            release
            for release in sorted(state.releases.values(), key=lambda release: -release.id)
            if sees_drafts or not release.draft
        ]
        return 200, [state.release(release) for release in state.page(call, found)]


def _get(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        release = _find(state, call)
        if release.draft and not call.token.permits("contents", "write"):
            raise Refusal(404, "Not Found")
        return 200, state.release(release)


def _latest(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        latest = state.releases.get(state.latest or 0)
        if latest is None:
            raise Refusal(404, "Not Found")
        return 200, state.release(latest)


def _by_tag(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        published = _published(state, call.values["tag"])
        if published is None:
            raise Refusal(404, "Not Found")
        return 200, state.release(published)


def _create(state: State, call: Call) -> tuple[int, Any]:
    body = call.body
    draft = body.get("draft", False)
    check_length("Release", body.get("body"), LONGEST_RELEASE)
    _check_latest(call, draft=draft, prerelease=body.get("prerelease", False))
    with state.guard:
        release = Release(
            next(state.ids),
            body["tag_name"],
            body.get("target_commitish", "main"),
            body.get("name"),
            body.get("body"),
            draft,
            body.get("prerelease", False),
            state.clock.now_s(),
        )
    _check_tag(state, release, call)
    if not draft:
        _make_tag(state, release)
    effect = state.effects.announce("release", release.tag)
    with state.guard:
        if not draft:
            _publish(state, release, call)
        state.releases[release.id] = release
    state.effects.confirm(effect)
    with state.guard:
        return 201, state.release(release)


def _edit(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        release = _find(state, call)
    body = call.body
    publishing = release.draft and body.get("draft") is False
    check_length("Release", body.get("body"), LONGEST_RELEASE)
    prerelease = body.get("prerelease", release.prerelease)
    _check_latest(call, draft=body.get("draft", release.draft), prerelease=prerelease)
    if publishing:
        _check_tag(state, release, call)
        _make_tag(state, release)
    effect = state.effects.announce("release edit", release.tag)
    with state.guard:
        release.name = body.get("name", release.name)
        release.body = body.get("body", release.body)
        release.prerelease = body.get("prerelease", release.prerelease)
        if not release.immutable:
            release.tag = body.get("tag_name", release.tag)
            release.target = body.get("target_commitish", release.target)
        if publishing:
            _publish(state, release, call)
        elif body.get("make_latest") == "true":
            state.latest = release.id
    state.effects.confirm(effect)
    with state.guard:
        return 200, state.release(release)


def _check_tag(state: State, release: Release, call: Call) -> None:
    """Refuse a tag that is taken, burned, or would have to be made and may not be."""
    with state.guard:
        published = _published(state, release.tag)
    if published and published is not release and not call.body.get("draft"):
        raise invalid("Release", "already_exists", "tag_name")
    name = f"refs/tags/{release.tag}"
    if name in state.repository.refs("refs/tags/"):
        return
    if objection := state.git.rules.objection(name, ZERO, release.target):
        raise invalid("Release", "custom", "tag_name", objection)
    if call.body.get("draft"):
        return
    target = state.repository.commit(release.target)
    if not target:
        raise invalid("Release", "invalid", "target_commitish")
    changed = state.repository.git(
        *("diff", "--name-only", "refs/heads/main", target, "--", ".github/workflows")
    )
    if changed and not call.token.permits("workflows", "write"):
        raise Refusal(403, call.token.refusal)


def _make_tag(state: State, release: Release) -> None:
    """Make the tag of a release that is about to be public, where it is missing."""
    name = f"refs/tags/{release.tag}"
    if name in state.repository.refs("refs/tags/"):
        return
    target = state.repository.commit(release.target)
    with state.effects.taking("ref", ref_subject(name, target)):
        state.repository.update(name, target, ZERO)


def _check_latest(call: Call, *, draft: bool, prerelease: bool) -> None:
    """Refuse to make a draft or a pre-release the latest."""
    if call.body.get("make_latest") == "true" and (draft or prerelease):
        message = "Latest release cannot be draft or prerelease"
        raise invalid("Release", "custom", "make_latest", message)


def _publish(state: State, release: Release, call: Call) -> None:
    """Make a release public, and immutable where that is set: its tag name is used up."""
    release.draft = False
    release.published_s = state.clock.now_s()
    # docs.github.com, "Create a release": it "defaults to true for newly published releases".
    if not release.prerelease and call.body.get("make_latest", "true") == "true":
        state.latest = release.id
    if state.settings.immutable_releases:
        name = f"refs/tags/{release.tag}"
        release.immutable = True
        state.git.rules.burned.add(name)
        state.git.rules.no_update.append(name)


def _delete(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        release = _find(state, call)
    with state.effects.taking("release deleted", release.tag), state.guard:
        state.releases.pop(release.id, None)
    return 204, None


def _assets(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        release = _find(state, call)
        return 200, [state.asset(release, asset) for asset in state.page(call, release.assets)]


def _upload(state: State, call: Call) -> tuple[int, Any]:
    name = call.query["name"]
    with state.guard:
        release = _find(state, call)
        broken = state.broken_uploads > 0
        state.broken_uploads -= broken
        kind = call.request.headers.get("Content-Type", "application/octet-stream")
        asset = Asset(next(state.ids), name, kind, call.request.body, state.clock.now_s())
    _refuse_asset(release, name)
    effect = state.effects.announce("asset", f"{release.tag}/{name}")
    with state.guard:
        _refuse_asset(release, name)
        if broken:
            asset.state, asset.contents = "starter", b""
        release.assets.append(asset)
    state.effects.confirm(effect)
    if broken:
        raise Refusal(502, "Server Error")
    with state.guard:
        return 201, state.asset(release, asset)


def _refuse_asset(release: Release, name: str) -> None:
    if release.immutable:
        raise Refusal(422, "Cannot upload assets to an immutable release.")
    if any(asset.name == name for asset in release.assets):
        raise invalid("ReleaseAsset", "already_exists", "name")


def _asset(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        release, asset = _find_asset(state, call)
        if call.request.headers.get("Accept") == "application/octet-stream":
            return 200, asset.contents
        return 200, state.asset(release, asset)


def _delete_asset(state: State, call: Call) -> tuple[int, Any]:
    with state.guard:
        release, asset = _find_asset(state, call)
        if release.immutable:
            raise Refusal(422, "Cannot delete assets from an immutable release.")
    with state.effects.taking("asset deleted", f"{release.tag}/{asset.name}"), state.guard:
        if asset in release.assets:
            release.assets.remove(asset)
    return 204, None


def _generate_notes(state: State, call: Call) -> tuple[int, Any]:
    """Return the merged pull requests of a range, as GitHub lists them; nothing is kept.

    docs.github.com, "Generate release notes content for a release", and the texts of public
    releases that were made by it: without a pull request only the link to all changes is there.
    """
    body, repository = call.body, state.repository
    tag, before = body["tag_name"], body.get("previous_tag_name", "")
    if before and not repository.ref(f"refs/tags/{before}"):
        raise Refusal(422, "Invalid previous_tag parameter")
    until = repository.commit(f"refs/tags/{tag}") or repository.commit(
        body.get("target_commitish", "main")
    )
    if not until:
        raise Refusal(422, "Invalid target_commitish parameter")
    revisions = [until, *([f"^refs/tags/{before}"] if before else [])]
    commits = set(repository.git("rev-list", *revisions).split())
    with state.guard:
        listed = [
            f"* {pull.title} by @{pull.login} in {state.html_url('pull', str(pull.number))}"
            for pull in state.pulls.values()
            if pull.merge_commit in commits
        ]
    changed = ["## What's Changed", *listed, "", ""] if listed else []
    compared = f"compare/{before}...{tag}" if before else f"commits/{tag}"
    lines = [*changed, f"**Full Changelog**: {state.html_url(compared)}"]
    return 200, {"name": tag, "body": "\n".join(lines)}


def _find(state: State, call: Call) -> Release:
    release = state.releases.get(int(call.values["release_id"]))
    if release is None:
        raise Refusal(404, "Not Found")
    return release


def _find_asset(state: State, call: Call) -> tuple[Release, Asset]:
    for release in state.releases.values():
        for asset in release.assets:
            if asset.id == int(call.values["asset_id"]):
                return release, asset
    raise Refusal(404, "Not Found")


def _published(state: State, tag: str) -> Release | None:
    releases = state.releases.values()
    return next((one for one in releases if one.tag == tag and not one.draft), None)


RELEASES: dict[tuple[str, str], Route] = {
    ("GET", f"{ROOT}/releases"): (READ, _list),
    ("POST", f"{ROOT}/releases"): (WRITE, _create),
    ("POST", f"{ROOT}/releases/generate-notes"): (WRITE, _generate_notes),
    ("GET", f"{ROOT}/releases/latest"): (READ, _latest),
    ("GET", f"{ROOT}/releases/tags/{{tag}}"): (READ, _by_tag),
    ("GET", f"{ROOT}/releases/{{release_id}}"): (READ, _get),
    ("PATCH", f"{ROOT}/releases/{{release_id}}"): (WRITE, _edit),
    ("DELETE", f"{ROOT}/releases/{{release_id}}"): (WRITE, _delete),
    ("GET", f"{ROOT}/releases/{{release_id}}/assets"): (READ, _assets),
    ("POST", f"{ROOT}/releases/{{release_id}}/assets"): (WRITE, _upload),
    ("GET", f"{ROOT}/releases/assets/{{asset_id}}"): (READ, _asset),
    ("DELETE", f"{ROOT}/releases/assets/{{asset_id}}"): (WRITE, _delete_asset),
}
