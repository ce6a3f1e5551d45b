"""A release branch, a lock or a tag of somebody else is believed for nothing that it says.

The attacker may push branches and tags, and may not merge.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from release_attacks import written
from tests.e2e.bench import Ended
from tests.e2e.release_bench import (
    EPOCH_S,
    Changelog,
    Description,
    Moment,
    Outside,
    ReleaseBench,
    Sample,
    alike,
    lock,
    make_package,
    run_git,
)
from tests.e2e.test_release import SDIST, WHEEL

BRANCH = "refs/heads/release/v1.2.4"
MESSAGE = "Release sample-package 1.2.4\n\nWheelwright-Release: sample-package 1.2.4\n"

pytestmark = [pytest.mark.e2e, pytest.mark.network]


def forged(at: ReleaseBench, files: dict[str, str], parent: str = "origin/main") -> str:
    """Push a release branch like an honest one, with some files more; return its commit."""
    work = at.outside.clone("attacker")
    run_git(work, "checkout", "--quiet", "-b", "release/v1.2.4", parent)
    for path, old, new in (
        ("pyproject.toml", 'version = "1.2.3"', 'version = "1.2.4"'),
        ("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n## [1.2.4] - 2026-01-01\n"),
    ):
        text = (work / path).read_text()
        (work / path).write_text(text.replace(old, new, 1))
    lock(work)
    written(work, files)
    run_git(work, "add", "--all")
    run_git(
        work, "commit", "--quiet", "-m", f"{MESSAGE}Wheelwright-Build-Requires: hatchling==1.27.0"
    )
    run_git(work, "push", "--quiet", "--force", "origin", "release/v1.2.4")
    return at.outside.repository.commit(BRANCH)


def honest(at: ReleaseBench) -> str:
    """Leave the branch of a run that was killed once it had pushed it; return its commit."""
    # The refs of a release in order: lock, branch, tag.
    killed = at.killed("--run", "job-1", kind="ref", nth=2)
    assert -9 == killed.code, str(killed)
    return at.outside.repository.commit(BRANCH)


def altered(at: ReleaseBench, files: dict[str, str], message: str = "") -> str:
    """Put a commit with some files changed in the place of the release branch's; return it."""
    repository = at.outside.repository
    work = at.outside.clone(f"altering-{len(list(at.outside.directory.iterdir()))}")
    run_git(work, "checkout", "--quiet", "--detach", "origin/release/v1.2.4")
    written(work, files)
    run_git(work, "add", "--all")
    message = message or repository.git("show", "--no-patch", "--format=%B", BRANCH)
    amend = ("--amend", "--allow-empty", "--reset-author")
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{EPOCH_S} +0000")
    run_git(work, "commit", "--quiet", *amend, "-m", message, env=dates)
    run_git(work, "push", "--quiet", "--force", "origin", "HEAD:release/v1.2.4")
    return repository.commit(BRANCH)


def stopped_at(at: ReleaseBench, ended: Ended, commit: str, *paths: str) -> None:
    """Hold that a release ended at a commit, naming what differs in it."""
    assert 1 == ended.code, str(ended)
    said = " ".join(ended.error.split())
    assert f"release/v1.2.4 is not what release makes of main: {', '.join(paths)}" in said, said
    assert f"commit {commit[:12]} by A Maintainer <maintainer@example.org>" in said
    assert "; delete the branch, or release another version" in said
    assert [] == [ref for ref in at.outside.repository.refs() if "lock" in ref or "v1.2.4^" in ref]


@pytest.mark.slow
def test_a_backdoor_beside_the_edits_stops(at: ReleaseBench) -> None:
    """A file that no reviewed commit has is named with commit and author, and nothing is out."""
    backdoor = "src/sample_package/backdoor.py"
    commit = forged(at, {backdoor: '"""Never reviewed."""\n'})
    plan = at.run("release-plan", "--bump", "patch")
    ended = at.release()

    stopped_at(at, ended, commit)
    assert f"{backdoor} (added)" in ended.error
    assert f"{backdoor} (added)" in plan.error
    assert "already done" not in plan.said
    assert {} == at.outside.index.files


@pytest.mark.slow
def test_a_change_of_an_edited_file_stops(at: ReleaseBench) -> None:
    """A file that the edits touch anyway may hold those edits alone."""
    made = honest(at)
    for path, old, new in (
        ("pyproject.toml", "dependencies = [", 'dependencies = ["sampleproject", '),
        ("CHANGELOG.md", "Something changed.", "Nothing of importance."),
        ("uv.lock", 'name = "idna"', 'name = "anid"'),
    ):
        text = at.outside.repository.git("show", f"{made}:{path}") + "\n"
        assert old in text
        commit = altered(at, {path: text.replace(old, new, 1)})
        stopped_at(at, at.release("--run", "job-1"), commit, f"{path} (changed)")
        assert at.outside.repository.update(BRANCH, made)
    assert {} == at.outside.index.files


@pytest.mark.slow
def test_an_older_back_end_in_the_message_is_not_built_with(
    released: tuple[ReleaseBench, Ended], at: ReleaseBench
) -> None:
    """With nothing published the requirements are made anew, and the commit with them."""
    undisturbed, _ = released
    made = honest(at)
    message = at.outside.repository.git("show", "--no-patch", "--format=%B", BRANCH)
    older, count = re.subn(r"hatchling==\S+", "hatchling==1.27.0", message)
    assert 1 == count, message
    altered(at, {}, older)
    ended = at.succeeds("--run", "job-1")

    assert made == at.outside.repository.commit("refs/tags/v1.2.4")
    assert alike(undisturbed.outside) == alike(at.outside)
    with zipfile.ZipFile(BytesIO(at.outside.index.files[WHEEL].contents)) as wheel:
        made_by = wheel.read("sample_package-1.2.4.dist-info/WHEEL").decode()
    assert "Generator: hatchling 1.27.0" not in made_by
    assert "released" in ended.out


@pytest.mark.slow
def test_a_branch_on_a_commit_of_no_base_stops(at: ReleaseBench) -> None:
    """A parent that is not in the base's history is named, and no code of it runs."""
    work = at.outside.clone("unmerged")
    written(work, {"src/sample_package/backdoor.py": '"""Never reviewed."""\n'})
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "-m", "Begin")
    run_git(work, "push", "--quiet", "origin", "HEAD:refs/heads/side")
    parent = at.outside.repository.commit("refs/heads/side")
    commit = forged(at, {}, "origin/side")
    ended = at.release()

    seen = f"its parent {parent[:12]} is not in the history of main"
    stopped_at(at, ended, commit, seen)
    assert "uv build" not in ended.err
    assert {} == at.outside.index.files


@pytest.mark.slow
def test_a_branch_replaced_between_two_uploads_stops(at: ReleaseBench) -> None:
    """With the wheel on the index, a commit that changes the sdist alone is no release commit."""
    killed = at.killed("--run", "job-1", kind="upload", nth=1)
    assert -9 == killed.code, str(killed)
    assert [WHEEL] == list(at.outside.index.files)
    commit = altered(at, {"tests/test_sample.py": "def test_nothing() -> None:\n    pass\n"})
    ended = at.release("--run", "job-1")

    stopped_at(at, ended, commit, "tests/test_sample.py (changed)")
    assert [WHEEL] == list(at.outside.index.files)


@pytest.mark.slow
def test_a_lock_that_names_an_unmerged_commit_stops(at: ReleaseBench) -> None:
    """A lock in this run's name makes it release nothing that is not on the base branch."""
    work = at.outside.clone("unmerged")
    written(work, {"src/sample_package/backdoor.py": '"""Never reviewed."""\n'})
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "-m", "Begin")
    head = run_git(work, "rev-parse", "HEAD")
    message = (
        "Release sample-package 1.2.4\n\nWheelwright-Lock: sample-package 1.2.4\n"
        f"Wheelwright-Run: job-1\nWheelwright-Base: {head}\nWheelwright-Epoch: {EPOCH_S}\n"
    )
    run_git(work, "commit", "--quiet", "--allow-empty", "-m", message)
    run_git(work, "push", "--quiet", "origin", "HEAD:refs/wheelwright/lock/sample-package")
    ended = at.stops("--run", "job-1")

    assert "the lock does not belong to this release" in ended.error
    assert f"names {head[:12]}, which is not in the history of main" in " ".join(
        ended.error.split()
    )
    assert {} == at.outside.index.files
    assert "" == at.outside.repository.commit(BRANCH)


# -- the honest branch ----------------------------------------------------------------------------


@pytest.fixture
def kept_by_git_cliff(
    at: ReleaseBench, tmp_path: Path, described: Description
) -> Iterator[ReleaseBench]:
    """Return a world of a package whose changelog git-cliff keeps."""
    sample = Sample(changelog=Changelog.GIT_CLIFF)
    source = make_package(sample, tmp_path / "cliff")
    with Outside(tmp_path / "cliff-outside", described) as outside:
        yield ReleaseBench.start(at.bench, outside, source, sample)


@pytest.mark.slow
def test_an_honest_branch_of_git_cliff_is_continued_days_later(
    kept_by_git_cliff: ReleaseBench,
) -> None:
    """The section is dated by the release, so that the same commit is made on any day."""
    at = kept_by_git_cliff
    killed = at.killed("--run", "job-1", kind="upload", nth=1, moment=Moment.AFTER)
    assert -9 == killed.code, str(killed)
    made = at.outside.repository.commit(BRANCH)
    changelog = at.outside.repository.git("show", f"{BRANCH}:CHANGELOG.md")
    at.succeeds("--run", "job-1")

    assert "## [1.2.4] - 2026-01-01" in changelog.splitlines()
    assert made == at.outside.repository.commit("refs/tags/v1.2.4")
    assert {WHEEL, SDIST} == set(at.outside.index.files)
