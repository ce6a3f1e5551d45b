"""A commit as a directory with its working tree and `.git`: the same bytes each time.

The same commands as in Dagger (core/git.go of v0.21.8, doGitCheckout), so that the checked-out
branch, the depth of the history and the tags are the same. What differs from one run to the next is
removed: logs, hooks, and what the index saw of the files.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from stiletto.engine.git.program import Program
from stiletto.errors import EnvironmentFailed

Reaching: TypeAlias = Callable[[Sequence[str], Path, str], Awaitable[str]]
"""Runs a git command that reads from the repository: its arguments, where, allowed protocols."""

TIME_S = 1
"""The modification time of all that is checked out, as in Dagger."""

_FETCHED = "refs/stiletto/fetched"
_NO_SHALLOW = re.compile(r"does not support shallow", re.IGNORECASE)
_NOT_BY_ID = re.compile(r"unadvertised object|not our ref|couldn't find remote ref", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to check out.

    Attributes:
        address: the repository, as git takes it.
        commit: its id.
        name: the full name of the ref; empty for a detached commit.
        depth: how many commits of history; 0 or less for all.
        tags: whether tags on that history come, too.
        origin: what the remote `origin` is set to; empty for none.
        git_dir: whether `.git` stays.
    """

    address: str
    commit: str
    name: str = ""
    depth: int = 1
    tags: bool = False
    origin: str = ""
    git_dir: bool = True


async def check_out(wanted: Wanted, tree: Path, program: Program, reach: Reaching) -> None:
    """Fill an empty directory.

    Raises:
        EnvironmentFailed: git ended with an error.
    """

    async def git(*args: str) -> None:
        await program.on_files(args, tree)

    await git("init", "-q", "--template=")
    await _fetch(wanted, tree, reach)
    if wanted.name:
        await git("update-ref", wanted.name, wanted.commit)
        await git("checkout", "-q", wanted.name.removeprefix("refs/heads/"), "--")
        await git("reset", "-q", "--hard", wanted.commit)
    else:
        await git("checkout", "-q", wanted.commit, "--")
    if wanted.origin:
        await git("remote", "add", "--", "origin", wanted.origin)
    await git("update-ref", "-d", _FETCHED)
    if (tree / ".gitmodules").is_file():
        await _submodules(tree, reach)
    if wanted.git_dir:
        await git("read-tree", "HEAD")
        _tidy(tree / ".git")
    else:
        shutil.rmtree(tree / ".git")
    _date(tree)


async def _fetch(wanted: Wanted, tree: Path, reach: Reaching) -> None:
    args = ["fetch", "-q", "-u", "--no-recurse-submodules"]
    args += [] if wanted.tags else ["--no-tags"]
    depth = [f"--depth={wanted.depth}"] if wanted.depth > 0 else []

    async def fetch(*what: str) -> None:
        try:
            await reach([*args, *depth, "--", wanted.address, *what], tree, "")
        except EnvironmentFailed as error:
            if not depth or not _NO_SHALLOW.search(error.message):
                raise
            await reach([*args, "--", wanted.address, *what], tree, "")

    try:
        await fetch(f"{wanted.commit}:{_FETCHED}")
    except EnvironmentFailed as error:
        if not _NOT_BY_ID.search(error.message):
            raise
        # Old servers give out only what a ref names.
        everything = "+refs/heads/*:refs/stiletto/heads/*"
        named = f"+{wanted.name}:{_FETCHED}" if wanted.name else everything
        depth = depth if wanted.name else []
        await fetch(named)


async def _submodules(tree: Path, reach: Reaching) -> None:
    args = ["submodule", "--quiet", "update", "--init", "--recursive"]
    try:
        await reach([*args, "--depth=1"], tree, "remote")
    except EnvironmentFailed as error:
        if not _NO_SHALLOW.search(error.message):
            raise
        await reach(args, tree, "remote")


def _tidy(git: Path) -> None:
    for path in git.rglob("*"):
        if path.name in ("FETCH_HEAD", "ORIG_HEAD") and path.is_file():
            path.unlink()
    shutil.rmtree(git / "refs" / "stiletto", ignore_errors=True)
    # Tools write into them, and expect them.
    for name in ("hooks", "info"):
        (git / name).mkdir(exist_ok=True)


def _date(tree: Path) -> None:
    for path, directories, files in os.walk(tree):
        for name in (*directories, *files):
            os.utime(Path(path, name), (TIME_S, TIME_S), follow_symlinks=False)
    os.utime(tree, (TIME_S, TIME_S))
