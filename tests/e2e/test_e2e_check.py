"""`check` and `functions`, in a repository that carries the module in a directory of its own."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from .bench import REPOSITORY, Bench
from .conftest import Sample
from .documented_gate import add_documented_gate

CHECKS = ["check-format", "check-versions", "lint", "lock-check", "matrix", "typecheck"]
"""The gates of one Python; the module may have more."""


@pytest.fixture
def small(sample: Sample) -> Path:
    """Return a sample package with dagger.json, whose module lies in `ci/`."""
    at = sample("hatchling-src")
    (at / "ci" / "src").mkdir(parents=True)
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE", ".python-version"):
        shutil.copy(REPOSITORY / name, at / "ci")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "src" / "wheelwright", at / "ci/src/wheelwright", ignore=ignored)
    config = json.loads((REPOSITORY / "dagger.json").read_text())
    (at / "dagger.json").write_text(json.dumps({**config, "source": "ci"}))
    text = (at / "pyproject.toml").read_text()
    (at / "pyproject.toml").write_text(
        text.replace("line-length = 90", 'line-length = 90\nextend-exclude = ["ci"]')
    )
    return at


def verdicts(text: str) -> dict[str, str]:
    """Read the report: check -> OK or ERROR."""
    lines = (line.split() for line in text.splitlines() if line.startswith("wheelwright:"))
    return {words[0].removeprefix("wheelwright:"): words[1] for words in lines if len(words) > 1}


def test_checks_are_listed(stiletto: Bench, small: Path) -> None:
    """`check -l` lists every gate that needs no argument, with its first line of help."""
    ended = stiletto.run("check", "-l", cwd=small)
    names = [line.split()[0] for line in ended.out.splitlines()[1:]]

    assert 0 == ended.code, str(ended)
    assert {f"wheelwright:{name}" for name in CHECKS} <= set(names)
    assert sorted(names) == names
    assert "Run the linters the project uses: ruff, flake8, isort." in ended.out


def test_functions_are_listed(stiletto: Bench, small: Path) -> None:
    """`functions` lists what `call` can call, and what the result of one of them offers."""
    ended = stiletto.run("functions", cwd=small)
    inner = stiletto.run("functions", "test-run", cwd=small)

    assert (0, 0) == (ended.code, inner.code), f"{ended}{inner}"
    assert {*CHECKS, "build", "ci", "format", "test-run", "versions"} <= {
        line.split()[0] for line in ended.out.splitlines() if line
    }
    assert {"junit", "log", "reports", "summary"} <= {
        line.split()[0] for line in inner.out.splitlines() if line
    }


@pytest.mark.slow
def test_added_gate_runs_in_ci_and_alone(stiletto: Bench, small: Path) -> None:
    """The gate of CONTRIBUTING has its line in the table of `ci`, and is a check of its own."""
    add_documented_gate(small / "ci" / "src" / "wheelwright")
    table = stiletto.run("call", "ci", cwd=small)
    (small / "src" / "millrace" / "broken.py").write_text("def\n")
    alone = stiletto.run("check", "check-syntax", cwd=small)

    assert 0 == table.code, str(table)
    assert re.search(r"^syntax +passed +\d+\.\d  every file compiles$", table.out, re.MULTILINE)
    assert {"check-syntax": "ERROR"} == verdicts(alone.out)
    assert "src/millrace/broken.py" in alone.out


def test_patterns_choose_checks(stiletto: Bench, small: Path) -> None:
    """Only the checks that a pattern names run, each with its verdict."""
    ended = stiletto.run("check", "lock-check", "wheelwright:check-*", cwd=small)

    assert 0 == ended.code, str(ended)
    assert {"check-format": "OK", "check-versions": "OK", "lock-check": "OK"} == verdicts(ended.out)


@pytest.mark.slow
def test_all_checks_pass(stiletto: Bench, small: Path) -> None:
    """`check` runs every check of a clean package, and exits with 0; it does not use bandit."""
    ended = stiletto.run("check", cwd=small)
    found = verdicts(ended.out)

    assert 0 == ended.code, str(ended)
    assert set(CHECKS) <= set(found)
    assert ["SKIPPED"] == [verdict for name, verdict in found.items() if name == "security"]
    assert {"OK"} == {verdict for name, verdict in found.items() if name != "security"}


def test_failed_check_fails_the_command(stiletto: Bench, small: Path) -> None:
    """One check that fails gives exit code 1, its report, and the verdicts of the others."""
    (small / "src" / "millrace" / "__init__.py").write_text("import os\n")
    ended = stiletto.run("check", "lint", "check-versions", cwd=small)

    assert 1 == ended.code, str(ended)
    assert {"check-versions": "OK", "lint": "ERROR"} == verdicts(ended.out)
    assert "src/millrace/__init__.py" in ended.out
    assert "1 of 2 checks failed" in ended.error


def test_failfast_cancels_the_rest(stiletto: Bench, small: Path) -> None:
    """With --failfast the slow checks do not run to their end once one has failed."""
    (small / ".python-version").write_text("2.7\n")
    with (small / "tests" / "test_count.py").open("a") as file:
        file.write("\n\ndef test_slow() -> None:\n    import time\n\n    time.sleep(240)\n")
    ended = stiletto.run("check", "--failfast", "check-versions", "matrix", cwd=small)

    assert 1 == ended.code, str(ended)
    assert "check-versions" in ended.said
    assert ended.elapsed_s < 200
    assert "passed in" not in ended.said


def test_pattern_that_matches_nothing(stiletto: Bench, small: Path) -> None:
    """A pattern that names no check is an error: a typing mistake must not pass."""
    ended = stiletto.run("check", "nothing", cwd=small)

    assert 1 == ended.code, str(ended)
    assert ended.error.startswith('no check matches "nothing"')
