"""The script that asks git what it ignores, with the real git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.repositories import ENVIRON, git
from wheelwright.project import worktree


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


def asked(at: Path, tmp_path: Path) -> worktree.Kept:
    """Return the answer, from what the container would have: no contents, no objects."""
    root = tmp_path / "root"
    names = []
    for path in sorted(at.rglob("*")):
        name = path.relative_to(at).as_posix()
        if path.is_file() and (worktree.rules([name]) or worktree.git_files([name])):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / name)
        if not {one.removeprefix("**/") for one in worktree.CACHES} & set(name.split("/")):
            names.append(name + "/" * path.is_dir())
    return look(root, worktree.listed(names))


def look(root: Path, names: list[str]) -> worktree.Kept:
    """Ask git, and in each submodule again."""
    answer = root.parent / "answer"
    done = run(root, names, answer)
    if done.returncode:
        done = run(root, worktree.without_submodules(answer.read_text(), names), answer)
    assert 0 == done.returncode, done.stderr
    kept = worktree.answer(answer.read_text(), names)
    for module, present in kept.submodules.items():
        if present:
            kept = kept.beside(look(root / module, worktree.below(names, module)), module)
    return kept


def run(root: Path, names: list[str], answer: Path) -> subprocess.CompletedProcess[str]:
    """Run the step's script."""
    return subprocess.run(
        ["sh", "-c", worktree.SCRIPT, "sh", str(root), str(answer)],
        env=ENVIRON,
        input=worktree.question(names),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


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
    assert expected == sorted(answer.ignored)


def test_names_may_have_any_character(copy: Path, tmp_path: Path) -> None:
    """Line breaks, quotes, blanks, and characters of other alphabets."""
    odd = ["a\nb.tmp", 'say "x".tmp', " lead.tmp", "größe.tmp", "-n.tmp", ":(glob)x.tmp"]
    write(copy, ".gitignore", text="*.tmp\n")
    write(copy, *odd, "kept\n.py")
    assert sorted(odd) == sorted(asked(copy, tmp_path).ignored)


def test_an_empty_directory_is_asked_about_as_one(copy: Path, tmp_path: Path) -> None:
    """A rule for directories fits it; a file of that name is kept."""
    write(copy, ".gitignore", text="out/\n")
    (copy / "out").mkdir()
    write(copy, "lib/out")
    assert ("out/",) == asked(copy, tmp_path).ignored


def test_a_tracked_file_of_a_cache_is_named(copy: Path, tmp_path: Path) -> None:
    """It comes back from the index; a deleted one does not."""
    write(copy, "docs/node_modules/a.js", "gone.py")
    commit(copy)
    (copy / "gone.py").unlink()
    assert ("docs/node_modules/a.js",) == asked(copy, tmp_path).left_out


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

    assert ["c.txt", "inner/a.log"] == sorted(answer.ignored)
    assert {"empty": False, "inner": True} == answer.submodules


def test_the_repository_starts_no_program(copy: Path, tmp_path: Path) -> None:
    """A monitor that its configuration names is not run."""
    write(copy, "a.py")
    commit(copy)
    git(copy, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    asked(copy, tmp_path)
    assert not (tmp_path / "ran").exists()


def test_without_a_repository_the_error_is_gits(tmp_path: Path) -> None:
    """Nothing is taken for an answer."""
    done = run(tmp_path, ["a.py"], tmp_path / "answer")
    assert 1 == done.returncode
    assert "not a git repository" in done.stderr
