"""What is answered from a clone alone, without its remote."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.standins.github_pulls import merge

from .bench import Bench, Ended
from .release_bench import ReleaseBench, Sample, commit, make_package, run_git


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


READS = {
    "next-version": (("--bump", "patch"), "1.2.4"),
    "changelog": (("--bump", "patch"), "- Something changed.\n"),
    "release-plan": (("--bump", "patch", "--until", "edits"), '+version = "1.2.4"'),
    "release-replay": (("--last", "1"), "sample-package 1.2.3"),
}
AS_FETCHED = "the clone is read, as it was fetched last"


@pytest.mark.slow
def test_remote_that_cannot_be_read(stiletto: Bench, clone: Path) -> None:
    """With a path as origin what reads answers from the clone, and says so; a release stops."""
    ended = {each: call(stiletto, clone, each, *words) for each, (words, _) in READS.items()}
    stopped = call(stiletto, clone, "release-plan", "--bump", "patch")

    for function, (_, expected) in READS.items():
        assert 0 == ended[function].code, str(ended[function])
        assert expected in ended[function].out
        assert AS_FETCHED in " ".join(ended[function].said.split()), function
    assert 1 == stopped.code
    assert "which no step can read; pass --remote with its address by https" in " ".join(
        stopped.err.split()
    )


@pytest.mark.slow
def test_private_remote_that_cannot_be_read(stiletto: Bench, clone: Path, tmp_path: Path) -> None:
    """Where nothing answers at the remote's address it is the same, with the address."""
    run_git(tmp_path, "clone", "--quiet", str(clone), "clone")
    there = tmp_path / "clone"
    run_git(there, "remote", "set-url", "origin", "http://127.0.0.1:9/o/private.git")
    for function, (words, expected) in READS.items():
        ended = call(stiletto, there, function, *words)
        assert 0 == ended.code, str(ended)
        assert expected in ended.out
        said = " ".join(ended.said.split())
        assert AS_FETCHED in said
        assert function == "release-replay" or "http://127.0.0.1:9/o/private.git" in said


@pytest.mark.slow
def test_a_release_is_built_again_and_compared_with_the_index(at: ReleaseBench) -> None:
    """What was released is the same, member by member; what was exchanged is named."""
    # Not at the fixed time, which is before that of the sample's own commits.
    released = at.run("release", "--bump", "patch")
    assert released.code == 0, str(released)
    outside = at.outside
    for number in outside.github.state.pulls:
        merge(outside.github.state, number)
    address = outside.git.url_for(outside.owner)
    run_git(at.clone, "fetch", "--quiet", "--tags", address, "+main:refs/remotes/origin/main")
    run_git(at.clone, "reset", "--quiet", "--hard", "origin/main")
    same = replayed(at)
    wheel = next(name for name in outside.index.files if name.endswith(".whl"))
    with outside.index._guard:
        files = outside.index.shelf.files
        contents = exchanged(files[wheel].contents)
        files[wheel] = replace(files[wheel], contents=contents)
    differs = {each["name"]: each for each in replayed(at)}

    assert dict.fromkeys(outside.index.files, "same") == {
        each["name"]: each["verdict"] for each in same
    }
    assert "differs" == differs[wheel]["verdict"]
    assert ["-Summary: Another.", "+Summary: A sample to release"] == differs[wheel]["metadata"]
    assert {
        "sample_package-1.2.4.dist-info/METADATA": "differs",
        "sample_package/more.py": "only theirs",
    } == differs[wheel]["members"]


def replayed(at: ReleaseBench) -> list[dict[str, Any]]:
    """Build the last release again, and return how its files compare."""
    index = at.outside.index
    where = ("--publish-url", index.publish_url, "--check-url", index.simple_url)
    words = ("--last", "1", "--until", "build", "--format", "json", *where)
    ca = ("--ca", str(at.outside.authority.bundle))
    ended = at.call("release-replay", "--git", str(at.clone), *words, *ca)
    assert 0 == ended.code, str(ended)
    (found,) = json.loads(ended.out)
    assert "1.2.4" == found["version"]
    built: list[dict[str, Any]] = found["built"]
    return built


def exchanged(wheel: bytes) -> bytes:
    """Return a wheel with another summary and one more module."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as old, zipfile.ZipFile(written, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.endswith("/METADATA"):
                lines = data.decode().splitlines(keepends=True)
                data = "".join(
                    "Summary: Another.\n" if line.startswith("Summary:") else line for line in lines
                ).encode()
            new.writestr(info, data)
        new.writestr("sample_package/more.py", "MORE = 1\n")
    return written.getvalue()


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


@pytest.mark.slow
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
