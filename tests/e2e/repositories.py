"""Makes repositories of other people's kinds: files, commits, tags, and what git ignores."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

HATCHLING = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0"
requires-python = ">=3.10"
"""
PYTEST = '\n[dependency-groups]\ntest = ["pytest"]\n'

ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(at: Path, *args: str) -> None:
    """Run git, which may take submodules from this machine."""
    command = ["git", "-c", "protocol.file.allow=always", *args]
    subprocess.run(command, cwd=at, env=ENVIRON, check=True, capture_output=True)


def write(at: Path, files: Mapping[str, str]) -> Path:
    """Write files by path; return where."""
    for path, text in files.items():
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        (at / path).write_text(text, encoding="utf-8")
    return at


def commit(at: Path, tag: str = "") -> Path:
    """Commit everything that is not ignored, in a new repository where there is none."""
    if not (at / ".git").exists():
        git(at, "init", "-q", "-b", "main")
    git(at, "add", "-A")
    git(at, "commit", "-qm", "all")
    if tag:
        git(at, "tag", tag)
    return at


def repository(at: Path, files: Mapping[str, str], tag: str = "") -> Path:
    """Return a repository with one commit of these files."""
    return commit(write(at, files), tag)
