"""What is beneath an environment: packages of the system, and an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench
from .repositories import repository

PYPROJECT = """\
[project]
name = "cellar"
version = "1.0"
requires-python = ">=3.11"

[dependency-groups]
test = ["pytest"]

[tool.wheelwright]
python = "3.11"
"""
CALLS_A_PROGRAM = """\
import subprocess


def test_it():
    subprocess.run(["pg_config-that-is-not-here", "--version"], check=True)


def test_git():
    subprocess.run(["git", "--version"], check=True, env={"PATH": "/nowhere"})
"""


@pytest.mark.slow
def test_packages_that_the_machine_has_change_nothing(stiletto: Bench, tmp_path: Path) -> None:
    """On stiletto the machine's programs are those of the image; what is missing is named."""
    files = {"pyproject.toml": PYPROJECT, "test_cellar.py": "def test_it():\n    assert True\n"}
    source = repository(tmp_path / "cellar", files)

    passed = stiletto.passes(source, "--system-packages=git,sh", "test")
    assert "1 passed" in passed.out

    ended = stiletto.call(source, "--system-packages=git,frob-dev", "test")
    assert 'step "sh /opt/wheelwright/system-packages.sh git frob-dev" failed' in ended.error
    assert (
        "this machine lacks frob-dev: install it here, or run the same command with" in ended.error
    )


def test_a_failed_run_names_the_program_that_is_not_there(stiletto: Bench, tmp_path: Path) -> None:
    """And the setting that installs it; a program that has no known package may be a file."""
    files = {"pyproject.toml": PYPROJECT, "test_cellar.py": CALLS_A_PROGRAM}
    source = repository(tmp_path / "cellar", files)

    ended = stiletto.fails(source, "test")
    lacking = (
        'the program git is not in the image: add "git" to system-packages in [tool.wheelwright]'
    )
    assert lacking in ended.error.splitlines()


@pytest.mark.slow
def test_an_image_has_the_python_that_is_used(stiletto: Bench, tmp_path: Path) -> None:
    """One with another is refused, also where that is on PATH; so is one that nothing provides."""
    files = {"pyproject.toml": PYPROJECT, "test_cellar.py": "def test_it():\n    assert True\n"}
    source = repository(tmp_path / "cellar", files)

    passed = stiletto.passes(source, "--image=python:3.11-bookworm", "test")
    assert "1 passed" in passed.out
    other = stiletto.fails(source, "--image=python:3.13-slim", "test")
    assert other.error.startswith("image python:3.13-slim has Python 3.13.")
    unknown = stiletto.fails(source, "--image=registry.example/cellar:1", "test")
    assert "cannot provide the image registry.example/cellar:1" in unknown.error
    assert "run the same command with `dagger`" in unknown.error
