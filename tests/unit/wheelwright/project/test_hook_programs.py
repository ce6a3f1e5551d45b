"""Whose hooks are whose, and in which version."""

from __future__ import annotations

import pytest

from wheelwright.pins import TOOLS
from wheelwright.project.hook_programs import (
    PROGRAMS,
    of_entry,
    of_repository,
    pinned_in,
    tagged,
)

RUFF = "https://github.com/astral-sh/ruff-pre-commit"


@pytest.mark.parametrize(
    ("address", "hook", "name"),
    [
        (RUFF, "ruff", "ruff check"),
        (f"{RUFF}.git", "ruff-check", "ruff check"),
        ("git@github.com:charliermarsh/ruff-pre-commit", "ruff-format", "ruff format"),
        ("https://github.com/pre-commit/mirrors-mypy/", "mypy", "mypy"),
        ("https://github.com/RobertCraigie/pyright-python", "pyright", "pyright"),
        ("https://github.com/DetachHead/basedpyright-prek-mirror", "basedpyright", "basedpyright"),
        ("https://github.com/astral-sh/ty-pre-commit", "ty", "ty"),
        ("https://github.com/facebook/pyrefly-pre-commit", "pyrefly-check", "pyrefly"),
        ("https://github.com/PyCQA/flake8", "flake8", "flake8"),
        ("https://gitlab.com/pycqa/flake8.git", "flake8", "flake8"),
        ("https://github.com/PyCQA/isort", "isort", "isort"),
        ("https://github.com/psf/black-pre-commit-mirror", "black", "black"),
        (RUFF, "mypy", None),
        ("https://github.com/other/ty-pre-commit", "ty", None),
        ("https://github.com/henryiii/flake8-lazy", "flake8-lazy", None),
        ("", "mypy", None),
    ],
)
def test_a_repository_and_an_id_are_a_program(address: str, hook: str, name: str | None) -> None:
    """Forks and mirrors count by the name of the repository; an id of another tool does not."""
    assert (PROGRAMS[name] if name else None) == of_repository(address, hook)


@pytest.mark.parametrize(
    ("address", "rev", "comment", "version"),
    [
        (RUFF, "v0.16.3", "", "0.16.3"),
        (RUFF, "65dbdb59d2f2d9c3bdc343c566821ad3319ddaa3", "frozen: v0.16.3", "0.16.3"),
        (RUFF, "65dbdb59d2f2d9c3bdc343c566821ad3319ddaa3", "", ""),
        (RUFF, "65dbdb59d2f2d9c3bdc343c566821ad3319ddaa3", "frozen: main", ""),
        (RUFF, "4161655925655592565559256555925655592565", "v0.16.3", ""),
        (RUFF, "v0.16.3", "frozen: v0.1.0", "0.16.3"),
        (RUFF, "65", "", ""),
        (RUFF, "65dbdb5", "", ""),
        (RUFF, "main", "", ""),
        (RUFF, "", "", ""),
        (RUFF, f"v1.{'9' * 2000}", "", ""),
        ("https://github.com/PyCQA/flake8", "7.3.0", "", "7.3.0"),
        ("https://github.com/PyCQA/isort", "9.0.0b5", "", "9.0.0b5"),
        ("https://github.com/facebook/pyrefly-pre-commit", "1.3.0.dev1", "", "1.3.0.dev1"),
        ("https://github.com/facebook/pyrefly-pre-commit", "0.0.1", "", ""),
        ("https://github.com/astral-sh/uv-pre-commit", "0.9.1", "", ""),
    ],
)
def test_a_revision_is_a_version(address: str, rev: str, comment: str, version: str) -> None:
    """A tag is the version of the program, a commit that of its comment, all else is not known."""
    assert version == tagged(address, rev, comment)


@pytest.mark.parametrize(
    ("entry", "name", "command"),
    [
        ("mypy src", "mypy", ("mypy", "src")),
        ("uv run --group typing mypy src", "mypy", ("mypy", "src")),
        ("poetry run ruff format --check .", "ruff format", ("ruff", "format", "--check", ".")),
        ("python -m mypy -p quay", "mypy", ("mypy", "-p", "quay")),
        ("uvx ruff@0.9 check", "ruff check", ("ruff", "check")),
        (".venv/bin/pyright", "pyright", ("pyright",)),
        ("uv run ty check", "ty", ("ty", "check")),
        ("ruff clean", "", ()),
        ("ty", "", ()),
        ("bash -c 'mypy src'", "", ()),
        ("check-mypy mypy", "", ()),
        ("python tasks/mypy.py", "", ()),
        ("mypy 'src", "", ()),
        ("", "", ()),
    ],
)
def test_an_entry_is_a_program(entry: str, name: str, command: tuple[str, ...]) -> None:
    """A command line is read through what launches it; a script or a shell is not looked into."""
    assert ((PROGRAMS[name], command) if name else None) == of_entry(entry)


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("mypy==1.10.0", "1.10.0"),
        ("MyPy[d] == 1.10", "1.10"),
        ("mypy==1.*", ""),
        ("mypy>=1", ""),
        ("mypy==1,!=2", ""),
        ("types-mypy==1", ""),
        ("-r x", ""),
    ],
)
def test_a_hook_pins_a_program_itself(line: str, version: str) -> None:
    """One exact clause among the additional dependencies is a version."""
    assert version == pinned_in(["pytest", line], "mypy")


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("ruff check", "ruff check --force-exclude --fix --show-fixes --select E",
         "ruff check --force-exclude --select E"),
        ("ruff check", "ruff check --fix src", "ruff check src"),
        ("ruff format", "ruff format --force-exclude", "ruff format --force-exclude --check"),
        ("ruff format", "ruff format src", "ruff format --check src"),
        ("ruff format", "ruff format --check .", "ruff format --check ."),
        ("isort", "isort --profile black", "isort --check-only --profile black"),
        ("isort", "isort --check-only --diff", "isort --check-only --diff"),
        ("black", "black -l 79", "black --check -l 79"),
        ("mypy", "mypy --strict", "mypy --strict"),
    ],
)  # fmt: skip
def test_a_check_changes_nothing(name: str, line: str, found: str) -> None:
    """A command that repairs becomes one that reports; its other options stay as they are."""
    assert tuple(found.split()) == PROGRAMS[name].without_changes(line.split())


def test_every_program_that_has_a_pin_is_named_like_it() -> None:
    """The distributions of the table are names of the pins, but for the linters without one yet."""
    without = {"flake8", "isort", "black"}

    assert {program.distribution for program in PROGRAMS.values()} <= {*TOOLS, *without}
