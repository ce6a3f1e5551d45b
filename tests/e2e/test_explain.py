"""`stiletto explain`: why the steps of the last call ran."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from .bench import Bench, Ended, stiletto_program
from .repositories import repository

FILES = {
    "README.md": "# Larch\n",
    "pyproject.toml": (
        '[project]\nname = "larch"\nversion = "1"\nrequires-python = ">=3.11"\n\n'
        '[dependency-groups]\ntests = ["pytest"]\n\n'
        '[tool.pytest.ini_options]\npythonpath = ["src"]\n'
    ),
    "src/larch/__init__.py": "def area(side):\n    return side * side\n",
    "tests/test_area.py": "def test_area():\n    assert 4 == 2 * 2\n",
    "tests/test_label.py": "def test_label():\n    assert 'a'\n",
}
TESTS = ("test", "--python=3.11")
MATRIX = ("matrix", "--python=3.11,3.12")
PYTEST = r"test: ran [^;]*; 1 of \d+ steps ran"
"""Only pytest ran."""


def git(directory: Path, *words: str) -> None:
    """Run git in a repository."""
    subprocess.run(["git", *words], cwd=directory, check=True, capture_output=True)


@dataclass(frozen=True)
class Larch:
    """A package in the directory of its calls, and how they are made."""

    bench: Bench
    at: Path

    def call(self, *words: str, flags: tuple[str, ...] = ()) -> Ended:
        """Run functions from the package's directory."""
        given = ("-m", str(self.bench.module), "--source", ".", *flags)
        return self.bench.run("call", *given, *(words or TESTS), cwd=self.at)

    def explained(self, *words: str) -> str:
        """Return what `explain` answers here."""
        ended = self.bench.run("explain", *words, cwd=self.at)
        assert 0 == ended.code, str(ended)
        return ended.out

    def green(self, *words: str) -> None:
        """Bring back the files of the first call, and its result."""
        git(self.at, "checkout", "--quiet", "--", ".")
        git(self.at, "clean", "-fdq")
        assert 0 == (ended := self.call(*words)).code, str(ended)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file."""
        path = self.at / name
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture(scope="module")
def first(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Larch:
    """Return a package with a first green call, for all tests here."""
    root = tmp_path_factory.mktemp("explain")
    at = repository(root / "larch", FILES)
    larch = Larch(Bench(stiletto_program(), environ, root), at)
    larch.green()
    return larch


@pytest.fixture
def larch(first: Larch) -> Iterator[Larch]:
    """Return the package as it was at its last green call."""
    first.green()
    yield first
    first.green()


def test_an_edited_test_is_named_and_an_unchanged_call_is_not(larch: Larch) -> None:
    """One path with two short digests; then when the result was made, and by which command."""
    assert "test: from the store, made " in larch.explained()
    assert " by `stiletto call " in larch.explained()
    path = larch.at / "tests" / "test_area.py"
    times = path.stat()
    larch.edit("tests/test_area.py", "4 == 2 * 2", "9 == 3 * 3")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    larch.call()
    said = larch.explained()
    assert re.search(PYTEST, said)
    changed = "    files of /src, the whole source: 1 of 5 changed\n      tests/test_area.py   "
    assert changed in said
    assert "test_label" not in said
    assert "unchanged: image, environment, command, dependencies\n" in said
    for each in larch.at.rglob("*.py"):
        each.touch()
    larch.call()
    assert "test: from the store, made " in larch.explained()
    data = json.loads(larch.explained("--call", "-2", "--json"))
    steps = [each for each in data["steps"] if each["kind"] == "step"]
    (ran,) = [each for each in steps if each["outcome"] == "done"]
    assert ran["name"].startswith("pytest ")


# -- rows -----------------------------------------------------------------------------------------


def _many(at: Path) -> None:
    for number in range(1000):
        (at / "tests" / f"data_{number:04}.txt").write_text(f"{number}\n")


def _linked(at: Path) -> None:
    (at / "tests" / "test_area.py").unlink()
    (at / "tests" / "test_area.py").symlink_to("test_label.py")


def _dependency(at: Path) -> None:
    path = at / "pyproject.toml"
    path.write_text(path.read_text().replace('["pytest"]', '["pytest", "attrs"]'))


def _both(at: Path) -> None:
    _dependency(at)
    (at / "tests" / "test_area.py").write_text("def test_area():\n    assert 9 == 3 * 3\n")


def _nothing(at: Path) -> None:
    del at


@dataclass(frozen=True)
class Row:
    """A change after a green call, and what the answer has in this order, or not at all."""

    change: Callable[[Path], object]
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    words: tuple[str, ...] = TESTS
    flags: tuple[str, ...] = ()


ROWS: Mapping[str, Row] = {
    "added": Row(
        lambda at: (at / "tests" / "test_new.py").write_text("def test_new(): pass\n"),
        (PYTEST, r"      tests/test_new.py   added\n"),
    ),
    "removed": Row(
        lambda at: (at / "tests" / "test_label.py").unlink(),
        (PYTEST, r"      tests/test_label.py   removed\n"),
    ),
    "renamed": Row(
        lambda at: (at / "tests/test_label.py").rename(at / "tests/test_name.py"),
        (PYTEST, r"1 of 5 changed\n      tests/test_label.py   renamed to tests/test_name.py\n"),
    ),
    "mode": Row(
        lambda at: (at / "tests" / "test_area.py").chmod(0o755),
        (PYTEST, r"      tests/test_area.py   mode 0644 -> 0755\n"),
    ),
    "link": Row(_linked, (PYTEST, r"      tests/test_area.py   file -> link to test_label.py\n")),
    "source": Row(
        lambda at: (at / "src/larch/__init__.py").write_text("def area(n):\n    return n**2\n"),
        (PYTEST, r"      src/larch/__init__.py   \w{6} -> \w{6}\n"),
    ),
    "readme": Row(
        lambda at: (at / "README.md").write_text("# Other\n"),
        (PYTEST, r"files of /src, the whole source: 1 of 5 changed\n      README.md   "),
    ),
    "dependency": Row(
        _dependency,
        (r"uv pip install", r"pyproject.toml ", r"\n  pytest ", r"unchanged: image, environment"),
        ("site-packages", "dependencies\n"),
    ),
    "dependency and test": Row(
        _both, (r"uv pip install", r"pyproject.toml ", r"\n  pytest ", r"tests/test_area.py ")
    ),
    "many": Row(_many, (PYTEST, r"1000 of 1005 changed\n", r"data_0004.txt   added\n", "995 more")),
    "argument": Row(
        _nothing,
        (PYTEST, r'argument args: \[\] -> \["-x"\]\n', r"command: -x added\n"),
        words=(*TESTS, "--args=-x"),
    ),
    "limit": Row(
        _nothing,
        (r'argument step-timeout: "" -> 60s\n', r"command: 1800s -> 60s\n"),
        flags=("--step-timeout=60s",),
    ),
    "another Python": Row(
        _nothing,
        (r"\n  pytest ", r"the first run here with python:3.12-slim"),
        ("3.11", "site-packages"),
        words=("test", "--python=3.12"),
    ),
    "never kept": Row(
        _nothing,
        (r"audit: ran ", r"its result is never kept: it runs in each call"),
        words=("audit",),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_each_kind_of_change_is_named(larch: Larch, row: Row) -> None:
    """After a green call: the root cause, and no comparison with what is another step."""
    row.change(larch.at)
    ended = larch.call(*row.words, flags=row.flags)
    assert 0 == ended.code, str(ended)
    said = larch.explained()
    assert re.search(".*".join(row.has), said, re.DOTALL), said
    assert [] == [each for each in row.lacks if each in said]
    assert 10 >= len(re.findall(r"\n      ", said))


@pytest.mark.slow
def test_a_secret_has_another_value_and_nothing_of_it_is_shown(larch: Larch) -> None:
    """The step that sees it is named with it."""
    for value in ("machine a login b password one", "machine a login b password two"):
        bench = replace(larch.bench, env={**larch.bench.env, "NETRC_TEXT": value})
        replace(larch, bench=bench).call(flags=("--netrc", "env://NETRC_TEXT"))
    said = larch.explained()
    assert "  secret netrc: has another value\n" in said
    assert "secret at /root/.netrc: has another value" in said
    assert "password" not in f"{said}{larch.explained('--json')}"


@pytest.mark.slow
def test_a_failure_runs_again_and_says_so(larch: Larch) -> None:
    """Unchanged, by the rule for what did not pass."""
    larch.edit("tests/test_area.py", "assert 4", "assert 5")
    larch.call()
    larch.call()
    said = larch.explained()
    assert re.search(r"test: failed after [^;]*; 1 of \d+ steps ran", said) or "1 of" in said
    assert re.search(r"the last run, .*, failed with exit code 1\n", said)
    assert "again, as it did not pass" in said


@pytest.mark.slow
def test_an_interrupted_step_left_no_result(larch: Larch) -> None:
    """By Ctrl-C; the next run gives it as the reason."""
    slow = "import time\n\n\ndef test_area():\n    time.sleep(6)\n"
    (larch.at / "tests" / "test_area.py").write_text(slow)
    words = [*larch.bench.program, "call", "--progress=plain", "-m", str(larch.bench.module)]
    process = subprocess.Popen(
        [*words, "--source", ".", *TESTS],
        cwd=larch.at,
        env=dict(larch.bench.env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "test session starts" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    assert 2 == process.wait()
    assert re.search(r"\n  pytest .*   interrupted after ", larch.explained())
    (larch.at / "tests" / "test_area.py").write_text(slow)
    larch.call()
    assert re.search(r"the last run, .*, was interrupted and left no result", larch.explained())


@pytest.mark.slow
def test_two_calls_share_a_step(larch: Larch) -> None:
    """One runs it, the other waits for it, and says so."""
    slow = "import time\n\n\ndef test_area():\n    time.sleep(4)\n"
    (larch.at / "tests" / "test_area.py").write_text(slow)
    other = larch.at.parent / "other"
    shutil.copytree(larch.at, other)
    words = [*larch.bench.program, "call", "-m", str(larch.bench.module), "--source", ".", *TESTS]
    both = [
        subprocess.Popen(
            words,
            cwd=at,
            env=dict(larch.bench.env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for at in (larch.at, other)
    ]
    assert [0, 0] == [each.wait() for each in both]
    said = [larch.explained(), replace(larch, at=other).explained()]
    shutil.rmtree(other)
    assert [False, True] == sorted("it waited for another call" in each for each in said)


@pytest.mark.slow
def test_cells_of_a_matrix(larch: Larch) -> None:
    """`--cell` takes a cell's steps; each cell has a line; unknown cells and steps are refused."""
    larch.call(*MATRIX)
    text = "import sys\n\n\ndef test_area():\n    assert sys.version_info[1] == 11\n"
    (larch.at / "tests" / "test_area.py").write_text(text)
    larch.call(*MATRIX)
    said = larch.explained("--cell", "3.12")
    assert "[3.12] pytest " in said
    assert "tests/test_area.py" in said
    assert "[3.11]" not in said
    larch.call(*MATRIX)
    said = larch.explained()
    assert "[3.12] pytest " in said
    assert "failed with exit code 1" in said
    assert "  from the store: 3.11\n" in said
    wrong = larch.bench.run("explain", "--cell", "9.9", cwd=larch.at)
    assert 1 == wrong.code
    assert 'the call has no cell "9.9"\n  hint: its cells are 3.11, 3.12' in wrong.err
    wrong = larch.bench.run("explain", "pytets", cwd=larch.at)
    assert 1 == wrong.code
    assert 'the call has no step "pytets"\n  hint: did you mean "pytest"?' in wrong.err


@pytest.mark.slow
def test_a_pruned_result_names_the_prune(larch: Larch, tmp_path: Path) -> None:
    """And when it was; where damaged, what is recorded counts as absent."""
    env = {**larch.bench.env, "STILETTO_CACHE": str(tmp_path / "cache")}
    own = replace(larch, bench=replace(larch.bench, env=env))
    own.call()
    assert re.search(r"  \d steps: the first run here with python:3.11-slim\n", own.explained())
    own.bench.run("prune", cwd=larch.at)
    own.call()
    said = own.explained("--all")
    assert "its result was removed" in said
    assert "ago, by `stiletto prune`" in said
    for text in ("", "{}", '{"half'):
        for path in (tmp_path / "cache" / "history").rglob("*.json"):
            path.write_text(text)
        wrong = own.bench.run("explain", cwd=larch.at)
        assert (1, "") == (wrong.code, wrong.out)
        assert "no call of this directory is recorded" in wrong.err


def test_wrong_words_are_answered_in_one_line(stiletto: Bench, tmp_path: Path) -> None:
    """A directory without a call, and a number that is none."""
    ended = stiletto.run("explain", cwd=tmp_path)
    assert 1 == ended.code
    assert "no call of this directory is recorded" in ended.err
    ended = stiletto.run("explain", "--call", "x", cwd=tmp_path)
    assert 'invalid argument "x" for "--call" flag: expected a number, as -2' in ended.err
