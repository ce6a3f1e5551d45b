"""A uv workspace: every package of it in one call."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .bench import Bench
from .conftest import Sample
from .repositories import git


@pytest.mark.slow
def test_every_member_has_its_table(stiletto: Bench, sample: Sample) -> None:
    """`ci --all-packages` runs the gates of each member, and counts them at the end."""
    ended = stiletto.passes(sample("workspace"), "ci", "--python=3.11", "--all-packages")
    assert "ci of quay-crane on Python 3.11" in ended.out
    assert "ci of quay-rope on Python 3.11" in ended.out
    assert ended.out.endswith("passed: 2 packages (quay-crane, quay-rope)")


@pytest.mark.slow
def test_a_failing_member_is_named_first(stiletto: Bench, sample: Sample) -> None:
    """The others still run, and their results are there."""
    workspace = sample("workspace")
    (workspace / "packages" / "rope" / "tests").mkdir(exist_ok=True)
    (workspace / "packages" / "rope" / "tests" / "test_torn.py").write_text(
        "def test_torn():\n    assert 1 == 2\n"
    )
    ended = stiletto.fails(workspace, "ci", "--python=3.11", "--all-packages")
    assert ended.error.startswith("1 of 2 packages failed: quay-rope")
    assert "ci of quay-crane on Python 3.11" in ended.error


def test_all_distributions_are_in_one_directory(
    stiletto: Bench, sample: Sample, tmp_path: Path
) -> None:
    """`build --all-packages` builds every member."""
    stiletto.passes(
        sample("workspace"), "build", "--python=3.11", "--all-packages", "-o", tmp_path / "dist"
    )
    built = {path.name.partition("-")[0] for path in (tmp_path / "dist").iterdir()}
    assert {"quay_crane", "quay_rope"} == built


def test_the_matrix_of_every_member(stiletto: Bench, sample: Sample) -> None:
    """`matrix --all-packages` runs each member's cells."""
    ended = stiletto.passes(sample("workspace"), "matrix", "--python=3.11", "--all-packages")
    assert "matrix of quay-crane" in ended.out
    assert "matrix of quay-rope\nnot configured: quay-rope has no tests" in ended.out
    assert "passed: 2 packages" in ended.out


def test_a_workspace_without_any_test_fails_its_matrix(stiletto: Bench, sample: Sample) -> None:
    """Where no package has tests, no matrix passed."""
    workspace = sample("workspace")
    crane = workspace / "packages" / "crane"
    shutil.rmtree(crane / "tests")
    written = (crane / "pyproject.toml").read_text(encoding="utf-8")
    (crane / "pyproject.toml").write_text(written.replace('test = ["pytest>=8"]', "test = []"))
    ended = stiletto.fails(workspace, "matrix", "--python=3.11", "--all-packages")
    assert "no test ran in 2 packages" in ended.error


def test_what_is_no_workspace_is_told(stiletto: Bench, sample: Sample) -> None:
    """One package has no members to do anything for."""
    ended = stiletto.fails(sample("hatchling-src"), "ci", "--all-packages")
    assert "is not a workspace" in ended.error
    assert "leave --all-packages out" in ended.error


def test_only_what_a_change_affects_runs(stiletto: Bench, sample: Sample) -> None:
    """`--since` names why each package runs, and each that does not; what needs it runs, too."""
    workspace = _committed(sample("workspace"))
    (workspace / "README.md").write_text("# Quay\n")
    ended = stiletto.passes(workspace, "ci", "--since=base")
    assert ended.out == (
        "1 file changed since base: no package is affected\n\n"
        "quay-crane: not affected\nquay-rope: not affected\n\nnothing ran"
    )
    (workspace / "packages" / "crane" / "tests" / "test_new.py").write_text(
        "def test_new() -> None:\n    assert True\n"
    )
    ended = stiletto.passes(workspace, "test", "--python=3.11", "--since=base")
    assert ended.out.startswith(
        "2 files changed since base; affected:\n"
        "  quay-crane: packages/crane/tests/test_new.py changed\n\n"
        "quay-crane: passed on Python 3.11"
    )
    assert ended.out.endswith("quay-rope: not affected\n\npassed: 1 package (quay-crane)")
    rope = stiletto.passes(workspace, "--package=quay-rope", "test", "--since=base")
    assert rope.out.endswith("quay-rope: not affected\n\nnothing ran")


@pytest.mark.slow
def test_the_matrix_of_what_a_change_affects(stiletto: Bench, sample: Sample) -> None:
    """A changed package runs with what needs it."""
    workspace = _committed(sample("workspace"))
    code = workspace / "packages" / "rope" / "src" / "quay_rope" / "__init__.py"
    code.write_text(code.read_text() + "\n# longer\n")
    ended = stiletto.passes(workspace, "matrix", "--python=3.11", "--since=base")
    assert "  quay-crane: it needs quay-rope\n" in ended.out
    assert "matrix of quay-crane" in ended.out
    assert ended.out.endswith("passed: 2 packages (quay-crane, quay-rope)")


def test_an_unknown_revision_runs_nothing(stiletto: Bench, sample: Sample, tmp_path: Path) -> None:
    """The error says what a shallow clone needs; without .git it says how to give one."""
    workspace = _committed(sample("workspace"))
    ended = stiletto.fails(workspace, "ci", "--since=nope")
    assert 'the repository has no revision "nope"' in ended.error
    assert "fetch-depth: 0" in ended.error
    plain = shutil.copytree(workspace, tmp_path / "plain", ignore=shutil.ignore_patterns(".git"))
    # Else it would be a package of this repository, whose .git would be taken.
    root = plain / "pyproject.toml"
    root.write_text(root.read_text().replace('name = "quay"', 'name = "other-quay"'))
    ended = stiletto.fails(plain, "ci", "--since=base")
    assert "--since base needs the history of the source, and it has no .git" in ended.error


def _committed(workspace: Path) -> Path:
    if not (workspace / ".git").exists():
        git(workspace, "init", "-q", "-b", "main")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "base", "--allow-empty")
    git(workspace, "tag", "base")
    return workspace
