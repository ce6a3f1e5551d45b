"""Tests that are there and did not run, and tools that no gate runs, are named."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.gates import types
from wheelwright.gates.format import Format
from wheelwright.gates.lint import Lint
from wheelwright.gates.lock import Lock
from wheelwright.testing.unrun import found, hint_for

BARE = '[project]\nname = "bell"\nversion = "1"\n'
TOX_TABLE = BARE + '[tool.tox.env_run_base]\ncommands = [["python", "-m", "nose2"]]\n'
CASES = "import unittest\n\n\nclass Ringing(unittest.TestCase):\n    pass\n"


@pytest.mark.parametrize(
    ("pyproject", "files", "expected"),
    [
        (BARE, {}, []),
        (
            BARE,
            {"tox.ini": "[testenv]\ncommands = python -m unittest bell.tests\n"},
            ["tox.ini has `python -m unittest bell.tests`"],
        ),
        (BARE, {"tox.ini": "[testenv]\ncommands =\n  pytest {posargs}\n  ruff check\n"}, []),
        (BARE, {"tox.ini": "[testenv:py]\ncommands = trial bell\n"}, ["tox.ini has `trial bell`"]),
        (BARE, {"tox.ini": "no section\n"}, []),
        (
            BARE,
            {"tox.toml": '[env.a]\ncommands = [["python", "tests/run.py"], ["stestr", "run"]]\n'},
            ["tox.toml has `stestr run`"],
        ),
        (TOX_TABLE, {}, ["[tool.tox] has `python -m nose2`"]),
        (
            BARE,
            {"noxfile.py": 'def tests(session):\n    session.run("python", "-m", "unittest")\n'},
            ["noxfile.py has `python -m unittest`"],
        ),
        (
            BARE,
            {"Makefile": "all:\n\tcc\ntest: all\n\t@python runtests.py\n\ndocs:\n\ttrial x\n"},
            ["Makefile has `python runtests.py`"],
        ),
    ],
)
def test_commands_that_run_tests_are_named(
    pyproject: str, files: Mapping[str, str], expected: list[str]
) -> None:
    """The test commands of tox, nox and make count where they are not pytest's."""
    assert expected == found(project(pyproject, dict(files)), {})


def test_modules_of_unittest_are_named() -> None:
    """A module that defines test cases of unittest is named, one that only mentions them is not."""
    modules = {"src/bell/tests.py": CASES, "tests/test_a.py": "def test_a(): pass\n"}
    assert ["tests of unittest are in src/bell/tests.py"] == found(project(BARE), modules)
    act = hint_for(modules)
    assert 'python_files = ["tests.py"]' in act
    assert 'skip = ["tests"] in [tool.wheelwright]' in act


@pytest.mark.parametrize(
    ("gate", "pyproject", "names", "expected"),
    [
        (Lock().configured, BARE, ("poetry.lock",), "; poetry.lock is present but not checked"),
        (
            Lock().configured,
            BARE,
            ("pdm.lock", "Pipfile.lock"),
            "; pdm.lock, Pipfile.lock are present but not checked",
        ),
        (Lint().configured, BARE, (".flake8",), "; flake8 is present but not checked"),
        (Lint().configured, BARE + "[tool.pylint]\n", (), "; pylint is present but not checked"),
        (
            Format().configured,
            BARE + '[dependency-groups]\ndev = ["black"]\n',
            (),
            "; black is present but not checked",
        ),
        (
            types.Types().configured,
            BARE,
            (".pyre_configuration",),
            "; pyre is present but not checked",
        ),
        (Lint().configured, BARE, (), ")"),
    ],
)
def test_what_is_there_and_unchecked_is_named(
    gate: object, pyproject: str, names: tuple[str, ...], expected: str
) -> None:
    """Beside "not configured" stands what the package uses instead, and nobody ran."""
    assert callable(gate)
    assert gate(project(pyproject, names=names)).endswith(expected)
