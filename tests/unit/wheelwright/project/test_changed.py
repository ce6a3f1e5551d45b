"""The script that asks git what changed since a revision, with the real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.repositories import ENVIRON, git
from wheelwright.errors import RequestError
from wheelwright.project import changed


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a repository with one commit, tagged `base`."""
    at = tmp_path / "clone"
    (at / "a").mkdir(parents=True)
    for name in ("pyproject.toml", "a/one.py", "a/two.py"):
        (at / name).write_text(f"# {name}\n")
    git(at, "init", "-q", "-b", "main")
    git(at, "add", "-A")
    git(at, "commit", "-qm", "base")
    git(at, "tag", "base")
    return at


def asked(at: Path, since: str, place: str = ".") -> tuple[int, list[str], str | None]:
    """Return the exit code, the paths, and the root's pyproject.toml as it was."""
    answer = at.parent / "answer"
    answer.mkdir(exist_ok=True)
    script = at.parent / "changed.sh"
    script.write_text(changed.SCRIPT)
    command = ["sh", str(script), str(at), str(answer), since, place]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.returncode, [], None
    root = answer / "root"
    return 0, changed.paths((answer / "paths").read_text()), _text(root)


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def test_what_is_committed_staged_changed_or_new_differs(clone: Path) -> None:
    """And what was deleted, under each name; what is as it was does not."""
    assert (0, [], "# pyproject.toml\n") == asked(clone, "base")
    (clone / "a" / "one.py").write_text("x = 1\n")
    git(clone, "commit", "-qam", "one")
    (clone / "a" / "two.py").rename(clone / "a" / "três\tnew.py")
    (clone / "staged.py").write_text("")
    git(clone, "add", "staged.py")
    assert ["a/one.py", "a/três\tnew.py", "a/two.py", "staged.py"] == asked(clone, "base")[1]
    (clone / "a" / "one.py").write_text("# a/one.py\n")
    assert "a/one.py" not in asked(clone, "base")[1]


def test_what_the_other_branch_got_since_does_not_differ(clone: Path) -> None:
    """Compared is with where HEAD left it."""
    git(clone, "switch", "-qc", "work")
    (clone / "mine.py").write_text("")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "mine")
    git(clone, "switch", "-q", "main")
    (clone / "a" / "one.py").write_text("x = 2\n")
    (clone / "pyproject.toml").write_text("# later\n")
    git(clone, "commit", "-qam", "theirs")
    git(clone, "switch", "-q", "work")
    assert (0, ["mine.py"], "# pyproject.toml\n") == asked(clone, "main")


def test_a_source_deeper_down_is_compared_alone(clone: Path) -> None:
    """Files above it are not in the source."""
    (clone / "above.py").write_text("")
    (clone / "a" / "new.py").write_text("")
    assert (0, ["a/new.py"], None) == asked(clone, "base", "a")


def test_a_revision_that_is_not_there_has_its_exit_code(clone: Path) -> None:
    """So has one without a common commit; an option is no revision."""
    assert changed.UNKNOWN == asked(clone, "nope")[0]
    assert changed.UNKNOWN == asked(clone, "--all")[0]
    git(clone, "switch", "-q", "--orphan", "other")
    git(clone, "commit", "-qm", "other", "--allow-empty")
    assert changed.UNRELATED == asked(clone, "base")[0]


@pytest.mark.parametrize("revision", ["-x", "--all", "a\nb", " ", "\x1b[0m"])
def test_what_cannot_be_a_revision_is_refused(revision: str) -> None:
    """Before git sees it."""
    with pytest.raises(RequestError, match="is not a revision of git"):
        changed.check(revision)
    changed.check("origin/main")
    changed.check("HEAD~3^{commit}")
