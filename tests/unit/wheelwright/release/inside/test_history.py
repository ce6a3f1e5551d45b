"""The program that tells how a version was released, on real repositories."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.wheelwright.release.programs import placed
from wheelwright.release.decide import last_release
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.inside import history as program


class History:
    """A repository on main, and the program in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        self.save("First", {"src/demo.py": "A = 1\n"})

    def git(self, *args: str) -> str:
        """Run git and return what it printed."""
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root), **dict.fromkeys(names, "a")}
        done = subprocess.run(
            ["git", *args], cwd=self.root, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def save(self, message: str, files: Mapping[str, str | bytes | None]) -> str:
        """Commit files, None to remove one, and return the commit."""
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def last(self, tag: str = "1.2.3", before: str = "", spelled: str = "1.2.3") -> LastRelease:
        """Return what the program tells of a version."""
        commit = self.git("rev-parse", f"{before}^{{commit}}") if before else ""
        args = [f"refs/tags/{tag}", commit, "refs/heads/main", "1.2.3", spelled]
        return last_release.read(self.printed(*args), "1.2.3", before, tag)

    def told(self, *args: str) -> dict[str, Any]:
        """Return what the program prints, as data."""
        found: dict[str, Any] = json.loads(self.printed(*args))
        return found

    def printed(self, *args: str) -> str:
        """Return what the program prints."""
        command = [sys.executable, placed(program), f"--clone={self.root / '.git'}", *args]
        env = {"PATH": os.environ["PATH"]}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        return done.stdout


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Make the repository."""
    return History(tmp_path)


def test_release_commit_with_its_texts(history: History) -> None:
    """The tag's own commit is the release commit if it changes the version."""
    parent = history.save("Work", {"pyproject.toml": 'version = "1.2.2"\n', "old.md": "x\n"})
    commit = history.save(
        "Release 1.2.3",
        {"pyproject.toml": 'version = "1.2.3"\n', "old.md": None, "new.md": "ä\r\n"},
    )
    history.git("tag", "1.2.3")
    found = history.last()
    assert (commit, parent, "Release 1.2.3") == (found.commit, found.parent, found.message)
    assert {
        "pyproject.toml": ('version = "1.2.2"\n', 'version = "1.2.3"\n'),
        "old.md": ("x\n", None),
        "new.md": (None, "ä\r\n"),
    } == found.changes
    assert not found.annotated


def test_annotated_tag(history: History) -> None:
    """A tag with a message of its own is told apart from one that is only a name."""
    history.git("tag", "--annotate", "-m", "1.2.3", "1.2.3")
    assert history.last().annotated


def test_release_commit_by_its_changelog(history: History) -> None:
    """A commit that changes the changelog counts, though the version is from tags."""
    commit = history.save("Prepare", {"docs/CHANGES.rst": "News\n"})
    history.git("tag", "1.2.3")
    assert commit == history.last().commit


def test_release_commit_before_the_tag(history: History) -> None:
    """A tag on a later commit: the newest commit with the version since the tag before it."""
    history.save("Release 1.2.2", {"v.py": "1.2.2\n"})
    history.git("tag", "1.2.2")
    commit = history.save("Release 1.2.3", {"v.py": "1.2.3\n"})
    history.save("Work", {"w.py": "W = 1.2.30\n"})
    history.save("Locked", {"uv.lock": "1.2.3\n"})
    history.git("tag", "1.2.3")
    assert commit == history.last(before="1.2.2").commit


def test_no_release_commit(history: History) -> None:
    """A tag on ordinary work is a version without a release commit."""
    history.git("tag", "1.2.2")
    history.save("Work", {"w.py": "W = 1\n"})
    history.git("tag", "1.2.3")
    found = history.last(before="1.2.2")
    assert ("", "", {}) == (found.commit, found.message, found.changes)


def test_empty_commit_of_a_version(history: History) -> None:
    """A commit that only says the version is its release commit."""
    commit = history.save("chore: release 1.2.3", {})
    history.git("tag", "1.2.3")
    assert commit == history.last().commit


def test_version_in_another_spelling(history: History) -> None:
    """The version is found as the tag spells it."""
    history.git("tag", "before")
    commit = history.save("Release", {"v.py": "1.2.3-rc.1\n"})
    history.save("Work", {})
    history.git("tag", "v1.2.3-rc.1")
    assert commit == history.last("v1.2.3-rc.1", "before", "1.2.3-rc.1").commit


def test_merge_is_its_change_against_the_first_parent(history: History) -> None:
    """A tagged merge is the release commit, with what it brought."""
    history.git("switch", "--quiet", "-c", "release/1.2.3")
    history.save("Bump", {"v.py": "1.2.3\n"})
    history.git("switch", "--quiet", "main")
    parent = history.save("Work", {"w.py": "W = 1\n"})
    history.git(
        "merge", "--quiet", "--no-ff", "-m", "Merge branch 'release/1.2.3'", "release/1.2.3"
    )
    history.git("tag", "1.2.3")
    found = history.last()
    assert (parent, {"v.py": (None, "1.2.3\n")}) == (found.parent, found.changes)
    assert "Merge branch 'release/1.2.3'" == found.message.strip()


def test_merge_of_the_release_commit(history: History) -> None:
    """The merge that brought a release commit into the base is told, whatever came later."""
    history.git("switch", "--quiet", "-c", "release/1.2.3")
    commit = history.save("Release 1.2.3", {"v.py": "1.2.3\n"})
    history.git("tag", "1.2.3")
    history.git("switch", "--quiet", "main")
    history.save("Work", {"w.py": "W = 1\n"})
    message = "Merge pull request #7 from teasel/release/1.2.3\n\nRelease 1.2.3"
    history.git("merge", "--quiet", "--no-ff", "-m", message, "release/1.2.3")
    history.save("Later", {"w.py": "W = 2\n"})
    found = history.last()
    assert (commit, message) == (found.commit, found.merge.strip())


def test_release_commit_made_on_the_base_has_no_merge(history: History) -> None:
    """A later merge of something else is not its merge."""
    history.save("Release 1.2.3", {"v.py": "1.2.3\n"})
    history.git("tag", "1.2.3")
    history.git("switch", "--quiet", "-c", "other")
    history.save("Other", {"o.py": "O = 1\n"})
    history.git("switch", "--quiet", "main")
    history.git("merge", "--quiet", "--no-ff", "-m", "Merge branch 'other'", "other")
    assert "" == history.last().merge


def test_texts_are_bounded(history: History) -> None:
    """What is no text, a lock, or too large, is left out."""
    large = b"x" * (program.FILE_MAX_BYTES + 1)
    files: dict[str, str | bytes | None] = {
        "v.py": "1.2.3\n",
        "a.bin": b"\0",
        "b.txt": b"\xff\n",
        "c.txt": large,
        "uv.lock": "x\n",
    }
    history.save("Release 1.2.3", files)
    (history.root / "link").symlink_to("v.py")
    history.git("add", "--all")
    history.git("commit", "--quiet", "--amend", "-m", "Release 1.2.3")
    history.git("tag", "1.2.3")
    assert {"v.py": (None, "1.2.3\n")} == history.last().changes


def test_configuration_of_the_repository_runs_nothing(history: History) -> None:
    """A text conversion that attributes ask for is not run."""
    witness = history.root / "witness"
    history.git("config", "diff.evil.textconv", f"touch {witness};cat")
    history.git("config", "diff.evil.command", f"touch {witness};true")
    (history.root / ".git/info").mkdir(exist_ok=True)
    (history.root / ".git/info/attributes").write_text("* diff=evil\n")
    history.save("Release 1.2.3", {".gitattributes": "* diff=evil\n", "v.py": "1.2.3\n"})
    history.git("tag", "1.2.3")
    found = history.last()
    assert "Release 1.2.3" == found.message.strip()
    assert not witness.exists()


def test_commit_is_told_as_people_read_it(history: History) -> None:
    """Message, paths and diff of one commit, with modes and locks, whatever attributes say."""
    history.save("Work", {"uv.lock": "a\n", "tool": "x\n", ".gitattributes": "* -diff\n"})
    (history.root / "tool").chmod(0o755)
    commit = history.save("Release 1.2.3\n\nMore.", {"uv.lock": "b", "ä\n.txt": "new\n"})
    told = history.told(f"--commit={commit}")
    assert "Release 1.2.3\n\nMore." == told["message"]
    assert ["tool", "uv.lock", '"\\303\\244\\n.txt"'] == told["paths"]
    assert {"-a", "+b", "\\ No newline at end of file", "new mode 100755", "+new"} <= {
        *told["diff"].splitlines()
    }


def test_first_commit_is_told_as_well(history: History) -> None:
    """Everything in it is new."""
    told = history.told(f"--commit={history.git('rev-list', '--max-parents=0', 'HEAD')}")
    assert ["src/demo.py"] == told["paths"]
    assert "+A = 1" in told["diff"].splitlines()
