"""A tag is published for what its commit is, not for its name: on the base branch, and checked.

The attacker may push tags, and may not merge.
"""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from release_attacks import written
from tests.e2e.release_bench import ReleaseBench, lock, run_git
from tests.e2e.test_release import SDIST, WHEEL

from wheelwright.github import ruleset

pytestmark = [pytest.mark.e2e, pytest.mark.network]


def tagged(at: ReleaseBench, files: dict[str, str], message: str = "x") -> str:
    """Push the tag of a commit on main, with version 1.2.4 and some files; return its commit."""
    work = at.outside.clone("tagging")
    text = (work / "pyproject.toml").read_text()
    (work / "pyproject.toml").write_text(text.replace('"1.2.3"', '"1.2.4"'))
    lock(work)
    written(work, files)
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "-m", message)
    run_git(work, "tag", "v1.2.4")
    run_git(work, "push", "--quiet", "origin", "v1.2.4")
    return at.outside.repository.commit("refs/tags/v1.2.4")


def on_tag(at: ReleaseBench) -> list[str]:
    """Return the command that publishes the tag."""
    index, ca = at.outside.index, str(at.outside.authority.bundle)
    where = ["--publish-url", index.publish_url, "--check-url", index.simple_url, "--ca", ca]
    return ["publish", "--tag=v1.2.4", *where, *reading(at), *at.token]


def reading(at: ReleaseBench) -> list[str]:
    """Return where the repository is, and the token to read it with."""
    return ["--git", str(at.clone), "--github-token", "env://GITHUB_TOKEN"]


@pytest.mark.slow
def test_a_tag_of_no_branch_is_not_published(at: ReleaseBench) -> None:
    """Neither `publish` nor `verify-tag` takes a commit that nobody merged, whatever it says."""
    message = "Release sample-package 1.2.4\n\nWheelwright-Release: sample-package 1.2.4\n"
    backdoor = "src/sample_package/backdoor.py"
    commit = tagged(
        at,
        {
            backdoor: '"""Never reviewed."""\n',
            "tests/test_sample.py": "def test_nothing() -> None:\n    pass\n",
        },
        message,
    )
    for words in (on_tag(at), ["verify-tag", "--tag=v1.2.4", *reading(at)]):
        ended = at.bench.fails(at.clone, *words)
        assert "v1.2.4 is not what release makes of main: " in ended.error
        assert f"{backdoor} (added)" in ended.error
        assert "tests/test_sample.py (changed)" in ended.error
        assert f"commit {commit[:12]} by A Maintainer" in ended.error
        assert "uv build" not in ended.err
    assert {} == at.outside.index.files


@pytest.mark.slow
def test_a_tag_on_a_commit_beside_the_branch_runs_no_code_of_it(at: ReleaseBench) -> None:
    """Two unmerged commits away from main, not even the changelog's tool is run."""
    work = at.outside.clone("first")
    run_git(work, "commit", "--quiet", "--allow-empty", "-m", "x")
    run_git(work, "push", "--quiet", "origin", "HEAD:refs/heads/side")
    run_git(work, "commit", "--quiet", "--allow-empty", "-m", "y")
    run_git(work, "tag", "v1.2.4")
    run_git(work, "push", "--quiet", "origin", "v1.2.4")
    ended = at.bench.fails(at.clone, *on_tag(at))

    assert "which is neither in the history of main nor a release commit of it" in ended.error
    assert {} == at.outside.index.files


@pytest.mark.slow
def test_the_checks_run_on_a_tag_of_main(at: ReleaseBench) -> None:
    """A tag on main is published if the checks of that commit pass, and not otherwise."""
    failing = "def test_fails() -> None:\n    raise AssertionError\n"
    tagged(at, {"tests/test_more.py": failing})
    at.outside.land(at.outside.directory / "tagging")
    ended = at.bench.fails(at.clone, *on_tag(at))

    assert "the checks failed" in ended.error
    assert {} == at.outside.index.files


@pytest.mark.slow
def test_a_verified_release_commit_is_published_by_its_tag(at: ReleaseBench) -> None:
    """What a release made is taken unmerged: its parent is on main, its tree is the edits'."""
    killed = at.killed("--run", "job-1", kind="ref", nth=2)
    assert -9 == killed.code, str(killed)
    repository = at.outside.repository
    repository.update("refs/tags/v1.2.4", repository.commit("refs/heads/release/v1.2.4"))
    verified = at.bench.passes(at.clone, "verify-tag", "--tag=v1.2.4", *reading(at))
    ended = at.bench.passes(at.clone, *on_tag(at))

    assert verified.out.endswith(", a release commit of main")
    assert f"sample-package 1.2.4: published: {WHEEL}, {SDIST}" == ended.out


@pytest.mark.slow
def test_an_older_back_end_in_the_message_of_a_tag_is_not_built_with(at: ReleaseBench) -> None:
    """With nothing on the index, what a commit's message says of its build is text of somebody."""
    message = (
        "Release sample-package 1.2.4\n\nWheelwright-Release: sample-package 1.2.4\n"
        "Wheelwright-Build-Requires: hatchling==1.27.0\n"
    )
    tagged(at, {}, message)
    at.outside.land(at.outside.directory / "tagging")
    at.bench.passes(at.clone, *on_tag(at))

    with zipfile.ZipFile(BytesIO(at.outside.index.files[WHEEL].contents)) as wheel:
        made_by = wheel.read("sample_package-1.2.4.dist-info/WHEEL").decode()
    assert "Generator: hatchling 1." in made_by
    assert "Generator: hatchling 1.27.0" not in made_by


def test_the_ruleset_of_tags_restricts_their_creation() -> None:
    """Only who is named may make what is published."""
    rules = ruleset.tags(bypass=())

    assert "creation" in [rule["type"] for rule in rules["rules"]]
    assert [7] == [actor["actor_id"] for actor in ruleset.tags(bypass=["app:7"])["bypass_actors"]]
