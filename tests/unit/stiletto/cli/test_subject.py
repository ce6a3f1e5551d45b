"""A call that works on a module's own repository says so, where another one was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.cli.options import Options
from stiletto.cli.subject import repository_notice
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
        notice = repository_notice(Options(mod=mod), CONSTRUCTOR, {}, here)
        assert f"works on the repository of the module {mod} itself" in notice
        assert notice.startswith("--source is not given: ")
        assert "pass --source . for the directory here" in notice


def test_nothing_is_told_where_the_subject_is_clear(tmp_path: Path, module: Path) -> None:
    """With the argument, without `-m`, and in the module's own repository there is no doubt."""
    assert "" == repository_notice(Options(mod=str(module)), CONSTRUCTOR, {"source"}, tmp_path)
    assert "" == repository_notice(Options(), CONSTRUCTOR, {}, tmp_path)
    assert "" == repository_notice(Options(mod=str(module)), None, {}, tmp_path)
    for inside in (module, module.parent):
        assert "" == repository_notice(Options(mod=str(module)), CONSTRUCTOR, {}, inside)
