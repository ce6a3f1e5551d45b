"""The program that asks git what it ignores, with the real git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

import wheelwright.inside
from wheelwright.project.worktree import CACHES, GIT_FILES

PROGRAM = Path(wheelwright.inside.__file__).parent / "worktree.py"
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
    """Run git."""
    command = ["git", "-c", "protocol.file.allow=always", *args]
    subprocess.run(command, cwd=at, env=ENVIRON, check=True, capture_output=True)


def write(at: Path, *paths: str, text: str = "") -> None:
    """Write files."""
    for path in paths:
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        (at / path).write_text(text, encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a working copy without a commit."""
    at = tmp_path / "copy"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    return at


def commit(at: Path) -> None:
    """Commit everything that is not ignored."""
    git(at, "add", "-A")
    git(at, "commit", "-qm", "all")


def _is_wanted(name: str) -> bool:
    """Whether a file of .git is one of the patterns'; objects never are."""
    if name.endswith("/.git"):
        return True
    fits = any(
        name.startswith(one.removesuffix("**")) if one.endswith("**") else fnmatchcase(name, one)
        for one in GIT_FILES
    )
    return fits and "objects" not in name.split("/")


def asked(at: Path, tmp_path: Path) -> Any:
    """Return the answer, from what the container would have: no contents, no objects."""
    root = tmp_path / "root"
    names = []
    for path in sorted(at.rglob("*")):
        name = path.relative_to(at).as_posix()
        parts = set(name.split("/"))
        if name.endswith(".gitignore") or (".git" in parts and _is_wanted(name) and path.is_file()):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / name)
        if ".git" not in parts and not {one.removeprefix("**/") for one in CACHES} & parts:
            names.append(name + "/" * path.is_dir())
    (tmp_path / "names.json").write_text(json.dumps(names), encoding="utf-8")
    command = [sys.executable, str(PROGRAM), str(root), str(tmp_path / "names.json")]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, encoding="utf-8", check=False)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def test_ignored_files_are_named(copy: Path, tmp_path: Path) -> None:
    """Rules of the root, of a directory and of .git/info count; a tracked file is never ignored."""
    write(copy, "target/kept.py", "a.py")
    commit(copy)
    write(copy, ".gitignore", text="target/\n*.o\n")
    write(copy, "sub/.gitignore", text="!keep.o\n/own\n")
    write(copy, ".git/info/exclude", text="secret.env\n")
    write(copy, "target/blob.bin", "a.o", "sub/keep.o", "sub/own", "own", "secret.env", "new.py")

    answer = asked(copy, tmp_path)

    expected = ["a.o", "secret.env", "sub/own", "target/blob.bin"]
    assert expected == sorted(answer["ignored"])
    assert [] == answer["missing"]


def test_names_may_have_any_character(copy: Path, tmp_path: Path) -> None:
    """Line breaks, quotes, blanks, and characters of other alphabets."""
    odd = ["a\nb.tmp", 'say "x".tmp', " lead.tmp", "größe.tmp", "-n.tmp", ":(glob)x.tmp"]
    write(copy, ".gitignore", text="*.tmp\n")
    write(copy, *odd, "kept\n.py")
    assert sorted(odd) == sorted(asked(copy, tmp_path)["ignored"])


def test_an_empty_directory_is_asked_about_as_one(copy: Path, tmp_path: Path) -> None:
    """A rule for directories fits it; a file of that name is kept."""
    write(copy, ".gitignore", text="out/\n")
    (copy / "out").mkdir()
    write(copy, "lib/out")
    assert ["out/"] == asked(copy, tmp_path)["ignored"]


def test_a_tracked_file_that_was_left_out_is_missing(copy: Path, tmp_path: Path) -> None:
    """The tracked file of a cache, and a deleted one."""
    write(copy, "docs/node_modules/a.js", "gone.py")
    commit(copy)
    (copy / "gone.py").unlink()
    assert ["docs/node_modules/a.js", "gone.py"] == asked(copy, tmp_path)["missing"]


def test_a_submodule_has_rules_of_its_own(copy: Path, tmp_path: Path) -> None:
    """They end at its border; an empty one is told apart."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "main")
    write(other, ".gitignore", text="*.log\n")
    write(other, "data.txt")
    commit(other)
    write(copy, ".gitignore", text="*.txt\n")
    git(copy, "submodule", "--quiet", "add", str(other), "inner")
    git(copy, "submodule", "--quiet", "add", str(other), "empty")
    commit(copy)
    git(copy, "submodule", "--quiet", "deinit", "-f", "empty")
    write(copy, "inner/a.log", "inner/new.txt", "b.log", "c.txt")

    answer = asked(copy, tmp_path)

    assert ["c.txt", "inner/a.log"] == sorted(answer["ignored"])
    assert {"empty": False, "inner": True} == answer["submodules"]


def test_a_repository_of_one_commit_of_many_is_shallow(copy: Path, tmp_path: Path) -> None:
    """Its history has no tags to count from."""
    write(copy, "a.py")
    commit(copy)
    write(copy, "b.py")
    commit(copy)
    (tmp_path / "x").mkdir()
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{copy}", "shallow")
    assert asked(tmp_path / "shallow", tmp_path / "x")["shallow"] is True


def test_the_repository_starts_no_program(copy: Path, tmp_path: Path) -> None:
    """A monitor that its configuration names is not run."""
    write(copy, "a.py")
    commit(copy)
    git(copy, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    asked(copy, tmp_path)
    assert not (tmp_path / "ran").exists()


def test_without_a_repository_the_error_is_gits(tmp_path: Path) -> None:
    """It is one line, and the program fails."""
    (tmp_path / "root").mkdir()
    (tmp_path / "names.json").write_text("[]", encoding="utf-8")
    command = [sys.executable, str(PROGRAM), str(tmp_path / "root"), str(tmp_path / "names.json")]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, encoding="utf-8", check=False)
    assert 1 == done.returncode
    assert "not a git repository" in done.stderr
