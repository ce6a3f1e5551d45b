"""`stiletto explain`: why the steps of the last call ran."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from .bench import Bench, Ended
from .repositories import repository

FILES = {
    "pyproject.toml": (
        '[project]\nname = "larch"\nversion = "1"\nrequires-python = ">=3.11"\n\n'
        '[dependency-groups]\ntests = ["pytest"]\n'
    ),
    "src/larch/__init__.py": "def area(side):\n    return side * side\n",
    "tests/test_area.py": "def test_area():\n    assert 4 == 2 * 2\n",
    "tests/test_label.py": "def test_label():\n    assert 'a'\n",
}


@pytest.fixture
def larch(tmp_path: Path) -> Path:
    """Return a package with two modules of tests, nothing to build."""
    return repository(tmp_path / "larch", FILES)


def explained(bench: Bench, source: Path, *words: str) -> str:
    """Return what `explain` says in the directory of the calls."""
    ended = bench.run("explain", *words, cwd=source)
    assert 0 == ended.code, str(ended)
    return ended.out


def call(bench: Bench, source: Path, *words: str) -> Ended:
    """Run the tests from the package's directory."""
    at = ("-m", bench.module, "--source", ".")
    return bench.run("call", *at, *(words or ("test", "--python=3.11")), cwd=source)


def test_an_edited_test_is_named_and_an_unchanged_call_is_not(stiletto: Bench, larch: Path) -> None:
    """One path with two short digests; then when the result was made, and by which command."""
    call(stiletto, larch)
    assert "4 steps: the first run here" in explained(stiletto, larch)
    (larch / "tests" / "test_area.py").write_text("def test_area():\n    assert 9 == 3 * 3\n")
    call(stiletto, larch)
    said = explained(stiletto, larch)
    assert "1 of 4 steps ran, 3 from the store" in said
    assert "files of /src, the whole source: 1 of 4 changed\n      tests/test_area.py   " in said
    assert "test_label" not in said
    call(stiletto, larch)
    said = explained(stiletto, larch)
    assert "test: from the store, made " in said
    assert " by `stiletto call " in said
    data = json.loads(explained(stiletto, larch, "--call", "-2", "--json"))
    steps = [each for each in data["steps"] if each["kind"] == "step"]
    (ran,) = [each for each in steps if each["outcome"] == "done"]
    assert ran["name"].startswith("pytest ")


@pytest.mark.slow
def test_each_kind_of_change_is_named(stiletto: Bench, larch: Path) -> None:
    """Added, renamed, mode, link, a dependency, an argument, a limit, another Python."""
    tests = larch / "tests"
    call(stiletto, larch)

    (tests / "test_new.py").write_text("def test_new():\n    assert True\n")
    call(stiletto, larch)
    assert "tests/test_new.py   added" in explained(stiletto, larch)
    (tests / "test_new.py").rename(tests / "test_other.py")
    call(stiletto, larch)
    renamed = "tests/test_new.py   renamed to tests/test_other.py"
    assert renamed in explained(stiletto, larch)
    (tests / "test_other.py").chmod(0o755)
    call(stiletto, larch)
    assert "tests/test_other.py   mode 0644 -> 0755" in explained(stiletto, larch)
    (tests / "test_other.py").unlink()
    (tests / "test_other.py").symlink_to("test_area.py")
    call(stiletto, larch)
    linked = "tests/test_other.py   file -> link to test_area.py"
    assert linked in explained(stiletto, larch)

    text = (larch / "pyproject.toml").read_text()
    (larch / "pyproject.toml").write_text(text.replace('["pytest"]', '["pytest", "attrs"]'))
    call(stiletto, larch)
    said = explained(stiletto, larch)
    assert "3 of 4 steps ran" in said
    assert "pyproject.toml " in said
    assert "unchanged: image, environment, command\n" in said
    assert "site-packages" not in said
    call(stiletto, larch, "test", "--python=3.11", "--args=-x")
    said = explained(stiletto, larch)
    assert 'argument args: [] -> ["-x"]' in said
    assert "command: -x added" in said
    call(stiletto, larch, "--step-timeout=60s", "test", "--python=3.11", "--args=-x")
    said = explained(stiletto, larch)
    assert 'argument step-timeout: "" -> 60s' in said
    assert "command: 1800s -> 60s" in said
    call(stiletto, larch, "test", "--python=3.12")
    said = explained(stiletto, larch)
    assert "argument python: 3.11 -> 3.12" in said
    assert "the first run here" in said
    assert "site-packages" not in said


@pytest.mark.slow
def test_a_failure_runs_again_and_says_so(stiletto: Bench, larch: Path) -> None:
    """Unchanged, by the rule for what did not pass."""
    (larch / "tests" / "test_area.py").write_text("def test_area():\n    assert 4 == 5\n")
    call(stiletto, larch)
    call(stiletto, larch)
    assert "again, as it did not pass" in explained(stiletto, larch, "pytest")


@pytest.mark.slow
def test_one_cell_of_a_matrix(stiletto: Bench, larch: Path) -> None:
    """`--cell` takes a cell's steps; an unknown one names those that are there."""
    call(stiletto, larch, "matrix", "--python=3.11,3.12")
    (larch / "tests" / "test_area.py").write_text("def test_area():\n    assert 9 == 3 * 3\n")
    call(stiletto, larch, "matrix", "--python=3.11,3.12")
    said = explained(stiletto, larch, "--cell", "3.12")
    assert "[3.12] pytest " in said
    assert "tests/test_area.py" in said
    assert "[3.11]" not in said
    wrong = stiletto.run("explain", "--cell", "9.9", cwd=larch)
    assert 1 == wrong.code
    assert 'the call has no cell "9.9"\n  hint: its cells are 3.11, 3.12' in wrong.err


def test_wrong_words_are_answered_in_one_line(stiletto: Bench, tmp_path: Path) -> None:
    """A directory without a call, and a number that is none."""
    ended = stiletto.run("explain", cwd=tmp_path)
    assert 1 == ended.code
    assert "no call of this directory is recorded" in ended.err
    ended = stiletto.run("explain", "--call", "x", cwd=tmp_path)
    assert 'invalid argument "x" for "--call" flag: expected a number, as -2' in ended.err


@pytest.mark.slow
def test_a_pruned_result_names_the_prune(stiletto: Bench, larch: Path, tmp_path: Path) -> None:
    """And when it was."""
    own = replace(stiletto, env={**stiletto.env, "STILETTO_CACHE": str(tmp_path / "cache")})
    call(own, larch)
    own.run("prune", cwd=larch)
    call(own, larch)
    said = explained(own, larch, "--all")
    assert "its result was removed" in said
    assert "ago, by `stiletto prune`" in said
