"""Repositories for the tests of git: made by the git program, always with the same commits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHEN = "2020-01-01T00:00:00Z"
ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.invalid",
    "GIT_AUTHOR_DATE": WHEN,
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.invalid",
    "GIT_COMMITTER_DATE": WHEN,
}

FIRST = "c2960e2a87a477d67b659a2202e62ff3d742296a"
"""The commit of `sample` that v1.0.0 and the branch feature name."""
SECOND = "5e5fcd63fd07731ad232cd5a53a225269b754dca"
"""The commit of `sample` that main names."""


def git(where: Path, *args: str, **environ: str) -> str:
    """Run git."""
    done = subprocess.run(
        ["git", *args], cwd=where, env={**ENVIRON, **environ}, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def commit(where: Path, message: str, **files: str) -> str:
    """Write files, a double underscore for a slash, commit everything; return the commit."""
    for name, text in files.items():
        path = where / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", message)
    return git(where, "rev-parse", "HEAD")


def started(where: Path) -> Path:
    """Make an empty repository."""
    where.mkdir(parents=True)
    git(where, "init", "-q", "-b", "main")
    return where


def sample(where: Path) -> Path:
    """Make a repository with two commits, a branch, three tags, and changes not committed."""
    started(where)
    (where / "one.txt").write_text("one\n")
    (where / "dir").mkdir()
    (where / "dir" / "two.txt").write_text("two\n")
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "first")
    git(where, "tag", "v1.0.0")
    git(where, "branch", "feature")
    (where / "three.txt").write_text("three\n")
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "second")
    git(where, "tag", "v1.1.0")
    git(where, "tag", "not-a-version")
    git(where, "clone", "-q", "--bare", ".", f"{where}.git")
    (where / "one.txt").write_text("one changed\n")
    (where / "new.txt").write_text("new\n")
    return where
