"""Releases of sample packages, end to end: the real command, servers, git and uv."""

from __future__ import annotations

import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from .bench import Bench, Ended, stiletto_program
from .release_bench import (
    Description,
    Outside,
    ReleaseBench,
    Sample,
    github_description,
    make_package,
    shown,
)

WHEEL = "sample_package-1.2.4-py3-none-any.whl"
SDIST = "sample_package-1.2.4.tar.gz"


@pytest.fixture(scope="module")
def described() -> Description:
    """Return GitHub's description, which every request is held against."""
    return github_description()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repository of a package: the same commits for every world of this file."""
    return make_package(Sample(), tmp_path_factory.mktemp("source") / "sample")


@pytest.fixture(scope="module")
def released(
    tmp_path_factory: pytest.TempPathFactory,
    environ: dict[str, str],
    described: Description,
    source: Path,
) -> Iterator[tuple[ReleaseBench, Ended]]:
    """Release the package undisturbed; the world stays up for all tests of this file."""
    directory = tmp_path_factory.mktemp("released")
    with Outside(directory / "outside", described) as outside:
        at = ReleaseBench.start(Bench(stiletto_program(), environ, directory), outside, source)
        ended = at.release()
        assert ended.code == 0, str(ended)
        yield at, ended


@pytest.fixture
def at(
    stiletto: Bench, tmp_path: Path, described: Description, source: Path
) -> Iterator[ReleaseBench]:
    """Return a world in which nothing has happened yet."""
    with Outside(tmp_path / "outside", described) as outside:
        yield ReleaseBench.start(stiletto, outside, source)


def files_with(*words: str, below: str) -> list[str]:
    """Return the files of a directory that hold one of some words."""
    patterns = [part for word in words for part in ("-e", word)]
    done = subprocess.run(
        ["grep", "--recursive", "--files-with-matches", "--fixed-strings", *patterns, below],
        capture_output=True,
        text=True,
        check=False,
    )
    # 1 is grep's word for "nowhere".
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def test_a_release_publishes_exactly_the_planned_files(
    released: tuple[ReleaseBench, Ended],
) -> None:
    """The index has one wheel and one sdist of the new version, and both say that version."""
    at, _ = released
    files = at.outside.index.files

    assert {WHEEL, SDIST} == set(files)
    with zipfile.ZipFile(BytesIO(files[WHEEL].contents)) as wheel:
        metadata = wheel.read("sample_package-1.2.4.dist-info/METADATA").decode()
    assert "Version: 1.2.4" in metadata.splitlines()
    with tarfile.open(fileobj=BytesIO(files[SDIST].contents)) as sdist:
        assert "sample_package-1.2.4/pyproject.toml" in sdist.getnames()


def test_the_pull_request_brings_the_edits(released: tuple[ReleaseBench, Ended]) -> None:
    """An open pull request to main has version, lock, changelog and requirements, comments kept."""
    at, _ = released
    repository = at.outside.repository
    changed = repository.git("diff", "--name-only", "main", "release/v1.2.4").splitlines()
    pyproject = repository.git("show", "release/v1.2.4:pyproject.toml")
    changelog = repository.git("show", "release/v1.2.4:CHANGELOG.md")

    assert [("release/v1.2.4", "main", True)] == [pull[:3] for pull in shown(at.outside).pulls]
    assert ["CHANGELOG.md", "pyproject.toml", "requirements.txt", "uv.lock"] == changed
    assert pyproject.startswith("# A comment that a release must keep.\n")
    assert 'version = "1.2.4"' in pyproject.splitlines()
    assert "## [1.2.4] - 2026-01-01" in changelog.splitlines()


def test_the_tag_is_on_the_commit_that_was_built(released: tuple[ReleaseBench, Ended]) -> None:
    """The tag and the release branch name one commit, made of main as it was; the lock is gone."""
    at, _ = released
    repository = at.outside.repository
    main = repository.ref("refs/heads/main")

    assert repository.commit("refs/tags/v1.2.4") == repository.commit("refs/heads/release/v1.2.4")
    assert main == repository.commit("refs/tags/v1.2.4~1")
    assert [] == [ref for ref in repository.refs() if "lock" in ref]


def test_the_github_release_has_the_same_files(released: tuple[ReleaseBench, Ended]) -> None:
    """One published release has the files of the index, byte for byte, and the changelog's text."""
    at, _ = released
    now = shown(at.outside)

    ((tag, draft, notes, assets),) = now.releases
    assert ("v1.2.4", False) == (tag, draft)
    assert now.index == assets
    assert "Something changed." in notes


def test_github_and_the_report_agree(released: tuple[ReleaseBench, Ended]) -> None:
    """Every request was one that GitHub's description knows, and every step is reported as done."""
    at, ended = released
    lines = [line.split("  ") for line in ended.out.strip().splitlines()[1:]]
    steps = [" ".join(line[1].split()) for line in lines]

    assert [] == at.outside.github.violations
    assert ended.out.startswith("sample-package 1.2.4: released\n")
    assert [
        "preflight",
        "lock",
        "edits",
        "checks",
        "build",
        "verify",
        "publish",
        "pull request",
        "tag",
        "release",
        "unlock",
    ] == steps
    assert "failed" not in ended.out
    assert f"{WHEEL}, {SDIST}" in ended.out


def test_a_second_run_writes_nothing(released: tuple[ReleaseBench, Ended]) -> None:
    """After success the same words change nothing outside, and say that all is done."""
    at, _ = released
    before, effects = shown(at.outside), at.outside.effects.happened
    ended = at.release("--format", "JSON")

    assert ended.code == 0, str(ended)
    report = json.loads(ended.out)
    assert ("1.2.4", "released") == (report["version"], report["end"])
    assert {"already done"} == {
        step["mark"] for step in report["steps"] if step["step"] != "preflight"
    }
    assert effects == at.outside.effects.happened
    assert before == shown(at.outside)


def test_credentials_are_seen_nowhere(released: tuple[ReleaseBench, Ended]) -> None:
    """No token is in what was printed, in a commit, in a text on GitHub, or in the store."""
    at, ended = released
    secrets = at.outside.secrets
    commits = at.outside.repository.git("log", "--all", "--patch", "--format=raw")
    store = at.bench.env["STILETTO_CACHE"]

    for secret in secrets:
        assert secret not in ended.said
        assert secret not in commits
        assert secret not in shown(at.outside).text()
    assert [] == files_with(*secrets, below=store)
    assert [] != files_with("Release sample-package 1.2.4", below=store)


def test_a_plan_touches_nothing(at: ReleaseBench) -> None:
    """`release-plan` reports the steps to come, and leaves the outside as it was."""
    before = shown(at.outside)
    ended = at.run("release-plan", "--bump", "minor")

    assert ended.code == 0, str(ended)
    assert ended.out.startswith("sample-package 1.3.0: planned\n")
    assert 10 == ended.out.count("to do")
    assert () == at.outside.effects.happened
    assert before == shown(at.outside)


def test_everything_that_is_wrong_is_named_at_once(
    stiletto: Bench, tmp_path: Path, described: Description
) -> None:
    """An empty changelog, a file on the index, a weak and a missing credential are one stop."""
    sample = Sample(entries=())
    source = make_package(sample, tmp_path / "source", locked=False)
    with Outside(tmp_path / "outside", described) as outside:
        outside.index.put(sample.name, "1.2.4", SDIST, b"of somebody else")
        outside.token.permissions["contents"] = "read"
        at = ReleaseBench.start(stiletto, outside, source, sample)
        before = shown(outside)
        ended = at.bench.fails(at.clone, "release", "--bump", "patch", *at.places)

        assert "the changelog has nothing to say" in ended.error
        assert f"the version is on the index already: sample-package 1.2.4: {SDIST}" in ended.error
        assert "a credential is missing: neither --index-token nor --oidc-url" in ended.error
        assert "a permission is missing" in ended.error
        assert () == outside.effects.happened
        assert before == shown(outside)
