"""A module named by `-m` over another repository: what is read is that of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench, Ended
from .repositories import HATCHLING, git, repository, write

FILES = {"pyproject.toml": HATCHLING.format(name="demo"), "src/demo/__init__.py": ""}
ORIGIN = "https://127.0.0.1:9/o/demo.git"


def plan(bench: Bench, at: Path, *words: str) -> Ended:
    """Plan a release of the package in a directory, called from there."""
    return bench.call(Path(), "release-plan", "--bump=patch", *words, cwd=at)


def test_release_has_the_origin_of_the_source(stiletto: Bench, tmp_path: Path) -> None:
    """Not that of the clone in which the module lies."""
    at = repository(tmp_path / "demo", FILES)
    git(at, "remote", "add", "origin", ORIGIN)

    assert f"{ORIGIN} cannot be read" in plan(stiletto, at).error


def test_source_without_an_origin_has_no_remote(stiletto: Bench, tmp_path: Path) -> None:
    """Its .git counts although the module's clone has an origin."""
    at = repository(tmp_path / "demo", FILES)
    ended = plan(stiletto, at)

    assert "no remote is known" in ended.error
    assert "--remote" in ended.error


def test_source_without_git_has_no_remote(stiletto: Bench, tmp_path: Path) -> None:
    """A repository that does not track the package is not its own."""
    assert "no remote is known" in plan(stiletto, write(tmp_path / "demo", FILES)).error


@pytest.mark.parametrize("words", [[], ["--git", ".."]], ids=["default", "named"])
def test_repository_around_the_source_counts(
    stiletto: Bench, tmp_path: Path, words: list[str]
) -> None:
    """A package below the root has the origin of what tracks it, where --git names that."""
    root = repository(tmp_path / "all", {f"back/{path}": text for path, text in FILES.items()})
    git(root, "remote", "add", "origin", ORIGIN)
    expected = f"{ORIGIN} cannot be read" if words else "no remote is known"

    assert expected in plan(stiletto, root / "back", *words).error


def test_named_clone_of_the_same_package_counts(stiletto: Bench, tmp_path: Path) -> None:
    """--git decides where both have a .git that tracks the package."""
    at = repository(tmp_path / "demo", FILES)
    git(tmp_path, "clone", "-q", str(at), "other")
    git(tmp_path / "other", "remote", "set-url", "origin", ORIGIN)

    assert f"{ORIGIN} cannot be read" in plan(stiletto, at, "--git", "../other").error
