"""A call that works on a module's own repository says so, where another one was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.cli.options import Options
from stiletto.cli.subject import whose
from tests.unit.stiletto.cli.cli_fake import CONSTRUCTOR


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """Return a module in a directory of its own repository."""
    at = tmp_path / "tools" / "ci"
    at.mkdir(parents=True)
    (tmp_path / "tools" / ".git").mkdir()
    return at


def test_module_elsewhere_is_named_with_the_way_out(tmp_path: Path, module: Path) -> None:
    """Without the argument the line names it, the module, and what to pass."""
    here = tmp_path / "quay"
    here.mkdir()
    for mod in (str(module), "../tools/ci", "github.com/o/r@v1", "git@host:o/r"):
        told = whose(Options(mod=mod), CONSTRUCTOR, {}, here)
        assert f"works on the repository of the module {mod} itself" in told
        assert told.startswith("--source is not given: ")
        assert "pass --source . for the directory here" in told


def test_nothing_is_told_where_the_subject_is_clear(tmp_path: Path, module: Path) -> None:
    """With the argument, without `-m`, and in the module's own repository there is no doubt."""
    assert "" == whose(Options(mod=str(module)), CONSTRUCTOR, {"source"}, tmp_path)
    assert "" == whose(Options(), CONSTRUCTOR, {}, tmp_path)
    assert "" == whose(Options(mod=str(module)), None, {}, tmp_path)
    for inside in (module, module.parent):
        assert "" == whose(Options(mod=str(module)), CONSTRUCTOR, {}, inside)
