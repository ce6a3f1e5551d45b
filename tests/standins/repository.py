"""A bare repository, by git's own commands: what git over HTTP and the GitHub stand-in share."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["ZERO", "Repository", "run_git"]

ZERO = "0" * 40

IDENTITY = {
    "GIT_AUTHOR_NAME": "A Maintainer",
    "GIT_AUTHOR_EMAIL": "maintainer@example.org",
    "GIT_COMMITTER_NAME": "A Maintainer",
    "GIT_COMMITTER_EMAIL": "maintainer@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


def run_git(
    directory: Path, *arguments: str, env: dict[str, str] | None = None, check: bool = True
) -> str:
    """Run git without the configuration of the machine; return its output without the end.

    Raises:
        AssertionError: it failed, and `check` is set.
    """
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env={**os.environ, **IDENTITY, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return done.stdout.rstrip("\n")


class Repository:
    """A bare repository whose default branch is main."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        run_git(path, "init", "--quiet", "--bare", "--initial-branch=main")
        # http.receivepack: the handler has checked the credentials. allowAnySHA1: as GitHub.
        with (path / "config").open("a", encoding="utf-8") as config:
            config.write(
                "[http]\n\treceivepack = true\n"
                "[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n"
                "[gc]\n\tauto = 0\n"
            )

    def git(self, *arguments: str, env: dict[str, str] | None = None, check: bool = True) -> str:
        """Run git in the repository."""
        return run_git(self.path, *arguments, env=env, check=check)

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return full ref names and what they point at."""
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)")
        pairs = (line.split(" ") for line in listed.splitlines())
        return {name: sha for name, sha in pairs if name.startswith(prefix)}

    def ref(self, name: str) -> str:
        """Return the object of a full ref name; empty where there is none."""
        return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name, check=False)

    def commit(self, revision: str) -> str:
        """Return the commit of a revision; empty where it names none."""
        return self.ref(revision + "^{commit}") if revision else ""

    def kind(self, sha: str) -> str:
        """Return the type of an object; empty where there is none."""
        return self.git("cat-file", "-t", sha, check=False)

    def update(self, name: str, new: str, old: str = "") -> bool:
        """Set a ref, if it is still `old` where that is given; whether it was."""
        done = subprocess.run(
            ["git", "update-ref", name, new, *([old] if old else [])],
            cwd=self.path,
            env={**os.environ, **IDENTITY},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def merges(self, base: str, head: str) -> str:
        """Return the tree of a merge; empty where it conflicts."""
        done = subprocess.run(
            ["git", "merge-tree", "--write-tree", "--no-messages", base, head],
            cwd=self.path,
            env={**os.environ, **IDENTITY},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.split("\n", 1)[0] if done.returncode == 0 else ""
