"""Clones of repositories: whole, alike, and without anybody's password."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stiletto.engine.repositories import Repositories
from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import Dir
from stiletto.module.remote import GitReference
from stiletto.store.store import Store

ENVIRON = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "origin"
    root.mkdir()
    (root / "file").write_text("text")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=root, env=ENVIRON, check=True)
    return root


async def test_same_commit_is_the_same_content(origin: Path, tmp_path: Path) -> None:
    """Two clones of a commit, in different stores, hold the same bytes.

    But for git's index, which keeps what it saw of the files: their times and inodes.
    """
    reference = GitReference(((f"file://{origin}", ""),), "main")
    digests = []
    for name in ("one", "two"):
        with Store(tmp_path / name) as store:
            cloned = await Repositories(store, ENVIRON).clone(reference)
            tree = store.ingest(cloned.path, keep=lambda path, _: not path.startswith(".git/index"))
            assert isinstance(tree, Dir)
            digests.append(tree.digest)

    assert digests[0] == digests[1]


async def test_password_is_not_told(tmp_path: Path) -> None:
    """An address with a password is shown without it."""
    url = "http://me:hidden@127.0.0.1:9/r.git"
    with Store(tmp_path / "store") as store, pytest.raises(UsageError) as caught:
        await Repositories(store, ENVIRON).clone(GitReference(((url, ""),)))

    assert "hidden" not in str(caught.value)
    assert "http://me:***@127.0.0.1:9/r.git" in str(caught.value)


async def test_without_git(tmp_path: Path) -> None:
    """A machine without git is told what it lacks."""
    with Store(tmp_path / "store") as store, pytest.raises(EnvironmentFailed, match="git is not"):
        await Repositories(store, {"PATH": str(tmp_path)}).clone(GitReference((("file:///r", ""),)))
