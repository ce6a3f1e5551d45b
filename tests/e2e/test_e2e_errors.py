"""What cannot be done is said in one sentence, with the next act and a non-zero exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .bench import Bench
from .conftest import Sample


def broken(source: Path) -> None:
    """Cut pyproject.toml off in the middle of a line."""
    (source / "pyproject.toml").write_text("[project\n")


def emptied(source: Path) -> None:
    """Remove what makes the directory a package, and one of Python."""
    (source / "pyproject.toml").unlink()
    (source / "pebble.py").rename(source / "pebble.txt")


def unchanged(_: Path) -> None:
    """Leave the sample as it is."""


@pytest.mark.parametrize(
    ("name", "change", "words", "fact", "act"),
    [
        pytest.param(
            "hatchling-src",
            broken,
            ["test"],
            "pyproject.toml is not valid TOML: expected ']'",
            "correct that line",
            id="broken pyproject.toml",
        ),
        pytest.param(
            "tiny-plain",
            emptied,
            ["test"],
            "no pyproject.toml in the source (it has: pebble.txt)",
            "pass --source DIR with the package's directory",
            id="no pyproject.toml",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["test", "--groups=nope"],
            'pyproject.toml has no dependency group "nope" (it has: lint, tests, typing)',
            "name one of these",
            id="unknown group",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["test", "--extras=nope"],
            'pyproject.toml has no extra "nope" (it has: loud)',
            "name one of these",
            id="unknown extra",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["matrix", "--coverage-min=200"],
            "--coverage-min must be 0 to 100, not 200",
            "",
            id="coverage above 100 %",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["test", "--args=--lf"],
            "--args --lf: a step has no files of an earlier run",
            "name the tests, as the line `again:` of the run that failed does",
            id="tests that failed before",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["test", "--python=3.8"],
            'Python 3.8 is outside requires-python ">=3.9" of millrace',
            "choose one of 3.9, 3.10",
            id="Python outside requires-python",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["ci", "--python=3.8"],
            'Python 3.8 is outside requires-python ">=3.9" of millrace',
            "choose one of 3.9, 3.10",
            id="Python outside requires-python, for ci",
        ),
        pytest.param(
            "hatchling-src",
            unchanged,
            ["typecheck", "--python=three"],
            '--python "three" is not a Python version',
            "write it like 3.12",
            id="not a version",
        ),
        pytest.param(
            "workspace",
            unchanged,
            ["--package=nope", "test"],
            'the source has no package "nope" (it has: ',
            "pass --package with a name or path of these",
            id="unknown package",
        ),
        pytest.param(
            "tiny-plain",
            unchanged,
            ["build"],
            "pebble has no [build-system] and no setup.py, nothing to build",
            "add a [build-system] table",
            id="nothing to build",
        ),
        pytest.param(
            "tiny-plain",
            unchanged,
            ["test-run", "summary"],
            "pebble has no tests",
            "add tests",
            id="no tests to give the files of",
        ),
    ],
)
def test_request_that_cannot_be_met(
    engine: Bench, sample: Sample, name: str, change: object, words: list[str], fact: str, act: str
) -> None:
    """The error names the object and says what to do, and the exit code is 1."""
    source = sample(name)
    assert callable(change)
    change(source)
    ended = engine.fails(source, *words)

    assert fact in ended.said, str(ended)
    assert act in ended.said, str(ended)


@pytest.mark.parametrize(
    ("name", "function", "fact"),
    [
        (
            "setuptools-flat",
            "lock-check",
            "tidegauge has no uv.lock, poetry.lock or pdm.lock (`uv lock` makes one)",
        ),
        ("tiny-plain", "typecheck", "pebble configures no type checker (none of mypy, "),
        ("tiny-plain", "lint", "pebble uses no linter (ruff, flake8, isort: "),
        ("tiny-plain", "check-format", "pebble uses no formatter (ruff, black: "),
        ("tiny-plain", "test", "pebble has no tests (no runner, no tests/ or test/, "),
    ],
)
def test_gate_that_does_not_apply(
    engine: Bench, sample: Sample, name: str, function: str, fact: str
) -> None:
    """What is not configured is no failure; the result says what was looked for."""
    ended = engine.passes(sample(name), function)

    assert ended.out.startswith(f"not configured: {fact}"), str(ended)


def test_python_that_this_machine_cannot_provide(stiletto: Bench, sample: Sample) -> None:
    """A Python that is neither here nor to be had is named, with those that are here."""
    ended = stiletto.fails(sample("hatchling-src"), "test", "--python=3.99")

    assert "no Python 3.99 on this machine; found " in ended.error
    assert "choose one of those, such as --python 3." in ended.error


@pytest.mark.parametrize(
    ("words", "fact", "act"),
    [
        (["tset"], 'unknown command "tset" for "stiletto call"', 'did you mean "test"?'),
        (["test", "--pyton=3.12"], "unknown flag: --pyton", "did you mean --python?"),
        (["test", "--python"], "flag needs an argument: --python", ""),
        (["test", "--sandbox=none"], "--sandbox", ""),
    ],
)
def test_wrong_word(stiletto: Bench, sample: Sample, words: list[str], fact: str, act: str) -> None:
    """A wrong word is named, with the right one where it is close."""
    ended = stiletto.fails(sample("hatchling-src"), *words)

    assert fact in ended.error, str(ended)
    assert act in ended.error, str(ended)


def test_source_that_is_not_there(stiletto: Bench, tmp_path: Path) -> None:
    """A directory that does not exist is named by its whole path."""
    ended = stiletto.fails(tmp_path / "nowhere", "test")

    assert f"--source: no such file or directory: {tmp_path / 'nowhere'}" in ended.error


def test_module_that_is_not_there(stiletto: Bench, tmp_path: Path) -> None:
    """Without a module around the directory, the error says how to name one."""
    ended = stiletto.run("call", "test")

    assert 1 == ended.code
    assert "-m" in ended.error, str(ended)
    assert "dagger.json" in ended.error, str(ended)


def test_failed_step_says_what_its_tool_said(stiletto: Bench, sample: Sample) -> None:
    """A build that fails shows its command, its own last words, and a line to run it again."""
    source = sample("hatchling-src")
    text = (source / "pyproject.toml").read_text()
    (source / "pyproject.toml").write_text(text.replace('"hatchling.build"', '"hatchling.nothing"'))
    ended = stiletto.call(source, "build", "entries")

    assert ended.code not in (0, 70), str(ended)
    assert "step `uv build" in ended.error or 'step "uv build' in ended.error, str(ended)
    assert "hatchling.nothing" in ended.said
    line = ended.error.partition("replay: ")[2].partition("\n")[0]
    again = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert "hatchling.nothing" in again.stderr + again.stdout, line
    assert ended.code == again.returncode
