"""`stiletto explain`: why the steps of the last call ran."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stiletto.store import sealed

from .bench import REPOSITORY, Bench, Ended, stiletto_program
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
DAY_S = 24 * 3600
TESTS = ("test", "--python=3.11")
MATRIX = ("matrix", "--python=3.11,3.12")
PYTEST = r"test: ran [^;]*; [12] of \d+ steps ran[^\n]*\n  pytest "
"""Only pytest ran, and in a git repository what lists the files."""


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
    """Return a package that all tests here change, and how it is called."""
    root = tmp_path_factory.mktemp("explain")
    at = repository(root / "larch", FILES)
    return Larch(Bench(stiletto_program(), environ, root), at)


@pytest.fixture
def larch(first: Larch) -> Larch:
    """Return the package as it was at its first call, which is its last one, too."""
    first.green()
    return first


def test_an_edited_test_is_named_and_an_unchanged_call_is_not(larch: Larch) -> None:
    """One path with two short digests; then when the result was made, and by which command."""
    larch.green()
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


def _both(at: Path) -> None:
    path = at / "pyproject.toml"
    path.write_text(path.read_text().replace('["pytest"]', '["pytest", "attrs"]'))
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
    "renamed": Row(
        lambda at: (at / "tests/test_label.py").rename(at / "tests/test_name.py"),
        (PYTEST, r"1 of 5 changed\n      tests/test_label.py   renamed to tests/test_name.py\n"),
    ),
    "readme": Row(
        lambda at: (at / "README.md").write_text("# Other\n"),
        (PYTEST, r"files of /src, the whole source: 1 of 5 changed\n      README.md   "),
    ),
    "dependency and test": Row(
        _both,
        (
            # `uv venv` is only counted where it was fast.
            *(r"\n  uv (?:venv|pip install) ", r"pyproject.toml ", r"\n  pytest "),
            *(r"tests/test_area.py ", r"unchanged: image, environment, command\n"),
        ),
        ("site-packages",),
    ),
    "argument": Row(
        _nothing,
        (r"1 of \d steps ran", r'argument args: \[\] -> \["-x"\]\n', r"command: -x added\n"),
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


OLDER = (
    "import sys; from stiletto.engine import keys; keys.FORMAT -= 1; keys.MODULE_FORMAT -= 1; "
    "from stiletto.cli.main import main; sys.exit(main())"
)
"""The command as it was when keys had another form."""


@pytest.mark.slow
def test_a_store_of_an_older_release(larch: Larch, tmp_path: Path) -> None:
    """Every step runs, since another version wrote what is there."""
    bench = replace(larch.bench, env={**larch.bench.env, "STILETTO_CACHE": str(tmp_path / "old")})
    older = replace(larch, bench=replace(bench, program=(sys.executable, "-c", OLDER)))
    older.green()
    newer = replace(larch, bench=bench)
    newer.green()
    said = newer.explained()
    assert re.search(r"; (\d+) of \1 steps ran, 0 from the store", said)
    assert "written by another version of Stiletto" in said
    assert "the first run here" not in said


@pytest.mark.slow
def test_an_answer_expires_and_its_steps_do_not(larch: Larch) -> None:
    """Eight days later the function runs, and all of its steps come from the store."""
    store = Path(larch.bench.env["STILETTO_CACHE"])
    for kind in ("records", "history"):
        for path in (store / kind).rglob("*.json"):
            data = sealed.read(path)
            if data is not None:
                data.pop("seal", None)
                path.write_bytes(sealed.seal(_earlier(data, 8 * DAY_S)))
    larch.call()
    said = larch.explained()
    assert re.search(r"; 0 of \d+ steps ran", said)
    assert "last passed 8 days ago" in said
    assert "its result expired after 7 days" in said


def _earlier(data: Any, seconds: float) -> Any:
    """Return what is noted as if it had been written before."""
    if isinstance(data, dict):
        return {
            name: value - seconds
            if name == "at_s" and isinstance(value, float)
            else _earlier(value, seconds)
            for name, value in data.items()
        }
    return [_earlier(each, seconds) for each in data] if isinstance(data, list) else data


@pytest.mark.slow
def test_a_prune_is_named_also_where_another_limit_was_used_since(larch: Larch) -> None:
    """What the store answered last is compared with, and not what ran last."""
    own = {"STILETTO_CACHE": str(larch.bench.cwd / "pruned")}
    apart = replace(larch, bench=replace(larch.bench, env={**larch.bench.env, **own}))
    apart.green()
    apart.call(flags=("--step-timeout=60s",))
    apart.green()
    assert 0 == apart.bench.run("prune", cwd=apart.at).code
    apart.call()
    said = apart.explained()
    assert "by `stiletto prune`" in said
    assert "60s" not in said


@pytest.mark.slow
def test_an_edit_of_the_module_names_its_file(larch: Larch, tmp_path: Path) -> None:
    """The function runs, and its steps come from the store."""
    module = tmp_path / "module"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "src", "pyproject.toml", "uv.lock", "dagger.json", "*.md"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    for name in filter(None, listed.stdout.split("\0")):
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, module / name)
    edited = replace(larch, bench=replace(larch.bench, module=module))
    edited.green()
    with (module / "src" / "wheelwright" / "ci.py").open("a") as file:
        file.write("# longer\n")
    assert 0 == (ended := edited.call()).code, str(ended)
    said = edited.explained()
    assert re.search(r"test: ran [^;]*; 0 of \d+ steps ran", said)
    assert re.search(
        r"the module's code: 1 of \d+ changed\n    src/wheelwright/ci.py   \w{6} ->", said
    )


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
