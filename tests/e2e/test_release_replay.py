"""What is answered from a clone alone, without its remote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .bench import Bench, Ended
from .release_bench import Sample, commit, make_package, run_git


def call(bench: Bench, clone: Path, function: str, *words: str) -> Ended:
    """Call a function over a clone."""
    return bench.call(clone, function, "--git", str(clone), *words)


def edit(clone: Path, path: str, old: str, new: str) -> None:
    """Replace a text that a file has."""
    before = (clone / path).read_text(encoding="utf-8")
    assert old in before
    (clone / path).write_text(before.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the sample package whose origin is a path."""
    directory = tmp_path_factory.mktemp("replay")
    made = make_package(Sample(), directory / "made")
    run_git(directory, "clone", "--quiet", str(made), "clone")
    return directory / "clone"


def test_remote_that_cannot_be_read(stiletto: Bench, clone: Path) -> None:
    """With a path as origin `next-version` answers from the clone and says so; a release stops."""
    answered = call(stiletto, clone, "next-version", "--bump", "patch")
    stopped = call(stiletto, clone, "release-plan", "--bump", "patch")

    assert (0, "1.2.4") == (answered.code, answered.out.strip()), str(answered)
    assert "the clone is read, as it was fetched last" in answered.err
    assert 1 == stopped.code
    assert "which no step can read; pass --remote with its address by https" in " ".join(
        stopped.err.split()
    )


@pytest.mark.slow
def test_shallow_clone(stiletto: Bench, clone: Path, tmp_path: Path) -> None:
    """A clone without all of its history is refused with the command that completes it."""
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{clone}", "shallow")
    stopped = call(stiletto, tmp_path / "shallow", "next-version", "--bump", "patch")

    assert 1 == stopped.code
    assert "git fetch --unshallow --tags" in " ".join(stopped.err.split())


@pytest.mark.slow
def test_worktree(stiletto: Bench, clone: Path, tmp_path: Path) -> None:
    """A worktree has its history elsewhere: the message names the directory to pass."""
    run_git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    stopped = call(stiletto, tmp_path / "tree", "next-version", "--bump", "patch")

    assert 1 == stopped.code
    assert f"pass --git {clone} for its history" in " ".join(stopped.err.split())


def test_the_last_release_is_made_again(stiletto: Bench, clone: Path) -> None:
    """Without token and remote, a release by hand is compared with the same made again."""
    run_git(clone, "checkout", "--quiet", "-B", "main", "origin/main")
    edit(clone, "pyproject.toml", 'version = "1.2.3"', 'version = "1.2.4"')
    edit(clone, "CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [1.2.4] - 2026-02-03")
    (clone / "by-hand.txt").write_text("More.\n", encoding="utf-8")
    commit(clone, "Release sample-package 1.2.4")
    run_git(clone, "tag", "v1.2.4")
    run_git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")

    ended = call(stiletto, clone, "release-replay", "--last", "1", "--format", "json")

    assert 0 == ended.code, str(ended)
    (found,) = json.loads(ended.out)
    assert ("1.2.4", "--bump patch", "1.2.3") == (
        found["version"],
        found["request"],
        found["before"],
    )
    assert {"theirs": "v1.2.4", "ours": "v1.2.4"} == found["tag"]
    assert {"theirs": "2026-02-03", "ours": "2026-02-03"} == found["date"]
    verdicts = {each["path"]: each["verdict"] for each in found["files"]}
    assert "same" == verdicts["CHANGELOG.md"]
    assert "same" == verdicts["pyproject.toml"]
    assert "only theirs" == verdicts["by-hand.txt"]
