"""Repositories as arguments of a module: by flags, by default paths, and in its own code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from git_bench import FIRST, git, sample
from reuse_bench import Cli, module, served
from wire_bench import write

CODE = '''\
"""Shows repositories."""

from typing import Annotated

import dagger
from dagger import DefaultPath, dag, function, object_type

Around = Annotated[dagger.GitRepository, DefaultPath(".git")]
Here = Annotated[dagger.GitRef, DefaultPath(".")]


@object_type
class Show:
    """Shows."""

    @function
    async def branches(self, repo: dagger.GitRepository) -> list[str]:
        """List branches."""
        return await repo.branches()

    @function
    async def at(self, ref: dagger.GitRef) -> list[str]:
        """Show a ref."""
        return [await ref.ref(), *await ref.tree(discard_git_dir=True).entries()]

    @function
    async def listed(self, source: dagger.Directory) -> list[str]:
        """List a directory."""
        return await source.entries()

    @function
    async def text(self, file: dagger.File) -> str:
        """Read a file."""
        return await file.contents()

    @function
    async def around(self, repo: Around, ref: Here) -> list[str]:
        """Show the repository around the module."""
        return [*await repo.branches(), await ref.ref(), *await repo.uncommitted().added_paths()]

    @function
    async def own(self, url: str) -> list[str]:
        """Read a repository by its address."""
        return await dag.git(url).head().tree(discard_git_dir=True).entries()

    @function
    async def by_address(self, text: str) -> list[str]:
        """Read a directory by an address."""
        return await dag.address(text).directory().entries()

    @function
    def head(self, url: str) -> dagger.GitRef:
        """Return a ref."""
        return dag.git(url).head()
'''


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sample, its bare clone, and a project with the module."""
    root = tmp_path_factory.mktemp("git-modules")
    repo = sample(root / "repo")
    write(repo, module("show", CODE))
    return root


@pytest.fixture(scope="module")
def address(repositories: Path) -> Iterator[str]:
    """The address of a server with the repositories."""
    with served(repositories) as found:
        yield f"{found}/repo.git"


@pytest.fixture
def cli(repositories: Path, cache: Path) -> Cli:
    """`stiletto` in the module."""
    return Cli(repositories / "repo" / "show", cache)


@pytest.mark.slow
def test_repositories_by_flags(cli: Cli, address: str) -> None:
    """A repository, a ref, a directory and a file are given by a repository's address."""
    entries = ["dir/", "one.txt"]

    assert ["feature", "main"] == cli("call", "branches", "--repo", address).lines
    assert ["refs/tags/v1.0.0", *entries] == cli("call", "at", "--ref", f"{address}#v1.0.0").lines
    assert [".git/", *entries] == cli("call", "listed", "--source", f"{address}#{FIRST}").lines
    assert ["two.txt"] == cli("call", "listed", "--source", f"{address}#main:dir").lines
    assert "one\n" == cli("call", "text", "--file", f"{address}#feature:one.txt").out


@pytest.mark.slow
def test_repositories_by_paths(cli: Cli) -> None:
    """A repository and a ref are given by a path of this machine."""
    assert ["feature", "main"] == cli("call", "branches", "--repo", "..").lines
    assert ["feature", "main"] == cli("call", "branches", "--repo", "../../repo.git").lines
    assert ["refs/heads/feature", "dir/", "one.txt"] == cli(
        "call", "at", "--ref", "../../repo.git#feature"
    ).lines


@pytest.mark.slow
def test_repository_around_a_module(cli: Cli) -> None:
    """The default paths `.` and `.git` of a repository mean the one around the module."""
    shown = cli("call", "around").lines

    assert ["feature", "main", "refs/heads/main"] == shown[:3]
    assert "new.txt" in shown[3:]


@pytest.mark.slow
def test_repositories_in_a_modules_code(cli: Cli, address: str) -> None:
    """A module reads a repository by its address, and returns refs of it."""
    assert ["dir/", "one.txt", "three.txt"] == cli("call", "own", "--url", address).lines
    assert [".git/", "dir/", "one.txt"] == cli(
        "call", "by-address", "--text", f"{address}#feature"
    ).lines
    assert "refs/heads/main" == cli("call", "head", "--url", address, "ref").out.strip()


@pytest.mark.slow
def test_a_moved_branch_runs_a_function_again(cli: Cli, repositories: Path) -> None:
    """A function that was given a repository is not answered from before its refs moved."""
    work = sample(repositories.parent / "moving" / "work")
    bare = Path(f"{work}.git")
    with served(bare.parent) as found:
        given = ("call", "branches", "--repo", f"{found}/{bare.name}")
        before = cli(*given).lines
        git(bare, "branch", "another", "main")
        after = cli(*given).lines

    assert (["feature", "main"], ["another", "feature", "main"]) == (before, after)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("branches", "--repo", "https://h/r#main"), "--repo: https://h/r#main: the address of a"),
        (("at", "--ref", "https://h/r#main:x"), "--ref: https://h/r#main:x: the address of a git"),
        (("text", "--file", "https://h/r#main"), "no file path within the repository"),
        (("branches", "--repo", "nowhere"), "no such file or directory"),
        (("branches", "--repo", "../dir"), "not a git repository"),
        (("listed", "--source", "http://127.0.0.1:9/r"), "cannot read the repository http://127"),
        (("own", "--url", "git@h.invalid:r"), "a module's code cannot use the agent of ssh"),
        (("own", "--url", "/srv/r"), "is not the address of a repository"),
    ],
)
def test_repositories_that_cannot_be(cli: Cli, words: tuple[str, ...], message: str) -> None:
    """What cannot be a repository is an error of one line with the next act."""
    done = replace(cli, environ={"SSH_AUTH_SOCK": "/x"})("-s", "call", *words)

    assert (1, "") == (done.code, done.out)
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_repository_in_an_env_default(cli: Cli, address: str, tmp_path: Path) -> None:
    """A default of `.env` may be the address of a repository."""
    (cli.cwd / ".env").write_text(f"SHOW_LISTED_SOURCE={address}#main:dir\n")
    try:
        assert ["two.txt"] == cli("call", "listed").lines
    finally:
        (cli.cwd / ".env").unlink()
