"""Asks git which paths of a working copy it ignores, from its .git and the names of its entries.

    python worktree.py ROOT NAMES

ROOT has .git and every ignore file at its place. NAMES is JSON: the paths of all other entries,
directories with a slash at the end. Prints JSON:

    {"ignored": [...], "missing": [...], "submodules": {PATH: BOOLEAN}, "shallow": BOOLEAN}

`ignored` are entries that git neither tracks nor would add; `missing` are paths that it tracks and
NAMES has not. A submodule is true if its files are there.

The contents of files are never asked for, so a changed file changes nothing here. The rules are
git's own: also those of `.git/info/exclude` and of each submodule.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# What a repository's own configuration could start.
QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.bare=false")


def git(root: Path, *args: str, stdin: bytes = b"", codes: tuple[int, ...] = (0,)) -> list[str]:
    """Run git in a repository and return its answer, split at NUL.

    Raises:
        SystemExit: it ended with another code.
    """
    command = ["git", *QUIET, f"--git-dir={git_dir(root)}", f"--work-tree={root}", *args]
    done = subprocess.run(command, cwd=root, input=stdin, capture_output=True, check=False)
    if done.returncode not in codes:
        raise SystemExit(done.stderr.decode(errors="replace").strip())
    return [os.fsdecode(part) for part in done.stdout.split(b"\0") if part]


def git_dir(root: Path) -> Path:
    """Return the directory of a repository's own files; a submodule has a file that names it."""
    pointer = root / ".git"
    if not pointer.is_file():
        return pointer
    return root / pointer.read_text(encoding="utf-8").partition("gitdir:")[2].strip()


def looked_into(root: Path, names: Iterable[str]) -> dict[str, Any]:
    """Return what git says of a repository and of its submodules."""
    names = list(names)
    # git looks for these two before it takes a directory for a repository.
    for needed in ("objects", "refs"):
        (git_dir(root) / needed).mkdir(parents=True, exist_ok=True)
    tracked: set[str] = set()
    modules: list[str] = []
    for line in git(root, "ls-files", "-z", "--cached", "--stage"):
        facts, _, path = line.partition("\t")
        (modules.append(path) if facts.startswith("160000 ") else tracked.add(path))
    answer: dict[str, Any] = {
        "ignored": [],
        "missing": [],
        "submodules": {},
        "shallow": (git_dir(root) / "shallow").is_file(),
    }
    for module in dict.fromkeys(modules):
        inner = [name[len(module) + 1 :] for name in names if name.startswith(f"{module}/")]
        inner = [name for name in inner if name]
        names = [name for name in names if not name.startswith(f"{module}/")]
        answer["submodules"][module] = bool(inner)
        if inner and git_dir(root / module).is_dir():
            below = looked_into(root / module, inner)
            for key in ("ignored", "missing"):
                answer[key] += [f"{module}/{path}" for path in below[key]]
            for path, present in below["submodules"].items():
                answer["submodules"][f"{module}/{path}"] = present
    untracked = [name for name in names if name not in tracked]
    answer["ignored"] += ignored(root, untracked)
    answer["missing"] += sorted(tracked - set(names))
    return answer


def ignored(root: Path, names: list[str]) -> list[str]:
    """Return those of a repository's untracked entries that git ignores.

    A rule such as `build/` is about directories, and git looks whether a path is one.
    """
    for name in names:
        if name.endswith("/"):
            (root / name).mkdir(parents=True, exist_ok=True)
    # The two characters keep git from reading `:(glob)x` as more than a name.
    paths = {f"./{name.rstrip('/')}": name for name in names}
    if not paths:
        return []
    lines = b"\0".join(map(os.fsencode, paths))
    # 1: none of them is.
    return [
        paths[path]
        for path in git(root, "check-ignore", "-z", "--stdin", stdin=lines, codes=(0, 1))
    ]


def main() -> None:
    """Answer the command line."""
    root, names = sys.argv[1:]
    listed = json.loads(Path(names).read_text(encoding="utf-8"))
    answer = looked_into(Path(root).absolute(), listed)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
