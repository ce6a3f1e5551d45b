"""`stiletto init` is one call of a function, on the repository around the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.cli.init import command, repository_of
from tests.unit.stiletto.cli.cli_fake import Shell

ADDRESS = "h.example/o/wheelwright.git@0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a package in a directory."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "python" / "src").mkdir(parents=True)
    (tmp_path / "python" / "pyproject.toml").touch()
    return tmp_path


def test_module_is_called_and_named(root: Path) -> None:
    """The module that the command came from runs, and is what dagger.json names."""
    expected = ["-m", ADDRESS, "--source", ".", "init", "--engine", "stiletto"]

    assert [*expected, "--module", ADDRESS] == command(ADDRESS, root, root, {})


def test_directory_of_this_machine_is_not_named(root: Path) -> None:
    """No runner reaches a directory, so dagger.json gets the module's own address."""
    here = root / "python"
    line = command(".", here, root, {"engine": "dagger"})

    assert [*("-m", str(here), "--source", "."), *("--package", "python")] == line[:6]
    assert ["init", "--engine", "dagger"] == line[6:]


def test_given_address_is_named(root: Path) -> None:
    """`--module` is what dagger.json names, whatever module runs."""
    assert ["--module", ADDRESS] == command(".", root, root, {"module": ADDRESS})[-2:]


@pytest.mark.parametrize(
    ("directory", "package"), [("", ""), ("python", "python"), ("python/src", "")]
)
def test_package_is_the_one_here(root: Path, directory: str, package: str) -> None:
    """In a package's directory that package is meant, and elsewhere the repository's own."""
    here = root / directory
    line = command(ADDRESS, here, repository_of(here), {})

    assert repository_of(here) == root
    assert (["--package", package] if package else []) == line[4 : line.index("init")]


def test_directory_without_a_repository_is_taken_as_it_is(tmp_path: Path) -> None:
    """Without a .git around it, the working directory is the root."""
    assert tmp_path == repository_of(tmp_path)


def test_other_arguments_are_refused(tmp_path: Path) -> None:
    """`init` takes options only."""
    ended = Shell(tmp_path)("init", "here")

    lines = [
        'Error: unknown command "here" for "stiletto init"',
        "  hint: see stiletto init --help",
    ]
    assert (1, lines) == (ended.code, ended.err.splitlines())
