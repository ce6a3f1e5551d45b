"""The program that finds the version in a commit, and the edits that come of it, with real git."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.wheelwright.release.imaginary import a_plan
from tests.unit.wheelwright.release.packages import STATIC, project
from tests.unit.wheelwright.release.programs import placed
from wheelwright.release.decide import commit, editing, form, places
from wheelwright.release.decide.places import Found, Hit
from wheelwright.release.inside import refs, search

LINK, PLAIN, EXECUTABLE = "120000", "100644", "100755"


@dataclass(frozen=True)
class Repository:
    """A bare repository whose commits are made without a work tree: with any modes and bytes."""

    root: Path

    def git(self, *args: str, stdin: bytes = b"") -> bytes:
        """Run git and return what it printed."""
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "GIT_INDEX_FILE": str(self.root / "index"),
            **dict.fromkeys(names, "a"),
        }
        command = ["git", f"--git-dir={self.root}", *args]
        done = subprocess.run(command, env=env, input=stdin, capture_output=True, check=True)
        return done.stdout

    def save(self, files: Mapping[str, tuple[str, bytes]]) -> str:
        """Commit files with their modes, and return the commit."""
        (self.root / "index").unlink(missing_ok=True)
        lines = []
        for path, (mode, contents) in files.items():
            blob = self.git("hash-object", "-w", "--stdin", stdin=contents).strip()
            lines.append(f"{mode} {blob.decode()}\t{path}\0".encode())
        self.git("update-index", "-z", "--add", "--index-info", stdin=b"".join(lines))
        tree = self.git("write-tree").decode().strip()
        return self.git("commit-tree", tree, "-m", "Files").decode().strip()

    def files(self, revision: str) -> dict[str, tuple[str, bytes]]:
        """Return mode and contents of every file."""
        listed = self.git("ls-tree", "-r", "-z", revision).split(b"\0")[:-1]
        found = {}
        for line in listed:
            about, _, path = line.partition(b"\t")
            mode, _, blob = about.decode().split()
            found[path.decode()] = (mode, self.git("cat-file", "blob", blob))
        return found

    def search(self, revision: str, *paths: str, tokens: tuple[str, ...] = ("1.2.3",)) -> Found:
        """Run the program, and return what it found."""
        file = self.root / "request.json"
        file.write_text(json.dumps({"tokens": tokens, "paths": paths}))
        command = [sys.executable, placed(search), f"--clone={self.root}", revision, str(file)]
        env = {"PATH": os.environ["PATH"]}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        return places.read(done.stdout)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Make an empty repository, which the programs work in."""
    root = tmp_path_factory.mktemp("search") / "clone.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(root)], check=True)
    before = {module: dict(module.options) for module in (refs, search)}
    for module in before:
        module.options.update(clone=str(root), path=os.environ["PATH"])
    yield Repository(root)
    for module, options in before.items():
        module.options.clear()
        module.options.update(options)


def test_lines_with_a_token_and_the_texts_of_their_files(repository: Repository) -> None:
    """Regular files count, executable or not; links, binary files and odd names do not."""
    revision = repository.save(
        {
            "a b/ä.py": (EXECUTABLE, b"# x\r\nv = '1.2.3'\r\n"),
            "latin.py": (PLAIN, b"# \xe9\n1.2.3"),
            "link": (LINK, b"1.2.3"),
            "binary": (PLAIN, b"1.2.3\0"),
            "new\nline": (PLAIN, b"1.2.3\n"),
            "other.md": (PLAIN, b"nothing\n"),
            "unread.md": (PLAIN, b"nothing\n"),
        }
    )
    outside = ("../x", "a b/../../x", "/etc/passwd", "a\0b", "")
    found = repository.search(revision, "other.md", "gone.md", "link", "a b", *outside)
    assert (Hit("a b/ä.py", 2, "v = '1.2.3'\r"), Hit("latin.py", 2, "1.2.3")) == found.hits
    assert {
        "a b/ä.py": ("# x\r\nv = '1.2.3'\r\n", "utf-8"),
        "latin.py": ("# \xe9\n1.2.3", "latin-1"),
        "other.md": ("nothing\n", "utf-8"),
    } == {path: (text.text, text.encoding) for path, text in found.texts.items()}
    assert not found.more


def test_many_hits_are_bounded(repository: Repository) -> None:
    """More lines than are listed are said to be there."""
    found = repository.search(repository.save({"a.txt": (PLAIN, b"1.2.3\n" * 3000)}))
    assert (2000, True) == (len(found.hits), found.more)


def test_texts_that_look_like_patterns_are_searched_as_they_are(repository: Repository) -> None:
    """A dot of a version is a dot, and a name that is a pattern of git is a name."""
    revision = repository.save({":(glob)**": (PLAIN, b"1x2y3\n"), "b": (PLAIN, b"1.2.3\n")})
    found = repository.search(revision, ":(glob)**")
    assert ["b"] == [hit.path for hit in found.hits]
    assert {":(glob)**", "b"} == set(found.texts)


# -- edits in place -------------------------------------------------------------------------------

LINES = st.lists(
    st.tuples(st.sampled_from(["", "a", "# é", "\x0c", "\x85"]), st.sampled_from(["\n", "\r\n"])),
    max_size=4,
)


@st.composite
def contents(draw: st.DrawFn, line: str) -> bytes:
    """Return a file with a line: any line ends, mark, encoding, with or without a last newline."""
    before, after = draw(LINES), draw(LINES)
    ends = [*before, (line, draw(st.sampled_from(["\n", "\r\n"]))), *after]
    text = "".join(text + end for text, end in ends)
    text = text[:-1] if draw(st.booleans()) and not text.endswith("\r\n") else text
    if draw(st.booleans()):
        return text.encode("latin-1")
    return (draw(st.sampled_from(["", "\ufeff"])) + text).encode()


MODES = st.sampled_from([PLAIN, EXECUTABLE])
FILES = st.fixed_dictionaries(
    {
        "src/demo/__init__.py": st.tuples(MODES, contents('__version__ = "1.2.3"')),
        "docs/conf.py": st.tuples(MODES, contents("release = '1.2.3'")),
        "README.md": st.tuples(MODES, contents("It is 1.2.3.")),
        "linked.py": st.just((LINK, b"src/demo/__init__.py")),
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=FILES, marked=st.booleans(), end=st.sampled_from(["\n", "\r\n"]))
def test_only_planned_lines_change(
    repository: Repository, files: dict[str, tuple[str, bytes]], marked: bool, end: str
) -> None:
    """Mode, line ends, mark, encoding, links and last newline stay, in any mixture (mode_kept)."""
    toml = ("\ufeff" if marked else "") + STATIC.replace("\n", end)
    before = {**files, "pyproject.toml": (EXECUTABLE, toml.encode())}
    revision = repository.save(before)
    package = project(toml)
    plan = a_plan(base_commit=revision)
    placed = editing.placed(package, plan, repository.search(revision), None)
    texts = {
        path: form.as_before(package.files.text(path) or "", text)
        for path, text in placed.texts.items()
    }
    edits = commit.edits(texts, [], placed.encodings)
    data = commit.ReleaseCommit(revision, 1_700_000_000, "Release\n", edits).json()
    made = refs.committed(json.loads(data))

    edited = ("src/demo/__init__.py", "docs/conf.py", "pyproject.toml")
    expected = {
        path: (mode, contents.replace(b"1.2.3", b"1.2.4", 1) if path in edited else contents)
        for path, (mode, contents) in before.items()
    }
    assert expected == repository.files(made)
    left = [place.partition(":")[0] for place in placed.places.left]
    assert ["README.md", "pyproject.toml"] == left


def test_edit_through_a_link_reaches_its_target(repository: Repository) -> None:
    """The link stays a link; two different edits of one file are refused."""
    before = {"a.py": (LINK, b"b/c.py"), "b/c.py": (EXECUTABLE, b"v\r\n")}
    revision = repository.save(before)

    def made(*edits: commit.Edit) -> str:
        described = commit.ReleaseCommit(revision, 1_700_000_000, "Release\n", edits)
        return refs.committed(json.loads(described.json()))

    through = commit.Edit("a.py", "w\r\n")
    assert {**before, "b/c.py": (EXECUTABLE, b"w\r\n")} == repository.files(made(through))
    made(through, commit.Edit("b/c.py", "w\r\n"))
    with pytest.raises(SystemExit):
        made(through, commit.Edit("b/c.py", "x\r\n"))


def test_encoding_that_is_not_known_is_refused(repository: Repository) -> None:
    """A description travels between jobs: what it names is checked where it is read."""
    edit = commit.Edit("a.py", "ä", "latin-1")
    assert edit == commit.Edit.of(json.loads(json.dumps(edit.data())))
    with pytest.raises(ValueError, match="has the encoding 'utf-16'"):
        commit.Edit.of({**edit.data(), "encoding": "utf-16"})
    revision = repository.save({"a.py": (PLAIN, b"\xe4")})
    with pytest.raises(SystemExit):
        refs.entry(revision, {**edit.data(), "encoding": "utf-16"})
