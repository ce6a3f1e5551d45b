"""A call that works on a module's own repository says so, where another one was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.cli.options import Options
from stiletto.cli.subject import nothing_to_call, repository_notice
from stiletto.errors import UsageError
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
    (here / "setup.py").touch()
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


def test_a_directory_of_no_project_is_an_error(tmp_path: Path, module: Path) -> None:
    """There the module's own repository would be tested in place of nothing."""
    here = tmp_path / "other"
    here.mkdir()
    (here / "notes.txt").touch()
    with pytest.raises(UsageError) as caught:
        repository_notice(Options(mod=str(module)), CONSTRUCTOR, {}, here)
    files = "pyproject.toml, setup.py, setup.cfg, dagger.json"
    assert f"--source is not given: {here} has none of {files}" == caught.value.message
    hint = "change to the package's directory and pass --source ., or pass --source DIRECTORY"
    assert hint == caught.value.hint
    (tmp_path / "setup.cfg").touch()
    assert repository_notice(Options(mod=str(module)), CONSTRUCTOR, {}, here)


def test_an_empty_directory_is_that_of_a_job_without_a_checkout(
    tmp_path: Path, module: Path
) -> None:
    """What a job of a release calls there has no source; a line names what it works on."""
    here = tmp_path / "empty"
    here.mkdir()

    assert "this works on the repository of the module" in repository_notice(
        Options(mod=str(module)), CONSTRUCTOR, {}, here
    )


def test_a_module_file_with_nothing_in_it_is_named(tmp_path: Path) -> None:
    """The error has the path of dagger.json and the command that gives it a toolchain."""
    (tmp_path / "dagger.json").write_text('{"name": "x"}')
    error = nothing_to_call(None, tmp_path)
    fact = f"{tmp_path}/dagger.json has neither a module with functions nor toolchains"
    assert fact == error.message
    hint = "add a toolchain with `stiletto init` or `stiletto toolchain install ADDRESS`"
    assert hint == error.hint
    remote = nothing_to_call("github.com/o/r@v1", tmp_path).message
    assert (
        "dagger.json of github.com/o/r@v1 has neither a module with functions nor toolchains"
        == (remote)
    )
