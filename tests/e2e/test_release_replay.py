"""What is answered from a clone alone, without its remote."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench, Ended
from .release_bench import Sample, make_package, run_git


def call(bench: Bench, clone: Path, function: str, *words: str) -> Ended:
    """Call a function over a clone."""
    return bench.call(clone, function, "--git", str(clone), *words)


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
