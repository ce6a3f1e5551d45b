"""Tests that are there and did not run, and tools that no gate runs, are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.gates import types
from wheelwright.gates.format import Format
from wheelwright.gates.lint import Lint
from wheelwright.gates.lock import Lock
from wheelwright.project.model import Project
from wheelwright.testing.unrun import found, hint_for

BARE = '[project]\nname = "bell"\nversion = "1"\n'
CASES = "import unittest\n\n\nclass Ringing(unittest.TestCase):\n    pass\n"


def with_modules(modules: Mapping[str, str], files: Mapping[str, str] | None = None) -> Project:
    """Return a package with modules of tests."""
    return replace(project(BARE, files), test_modules=modules)


def test_recipes_that_run_tests_are_named() -> None:
    """The recipe `test` of a Makefile counts where it calls another runner than pytest."""
    make = {"Makefile": "all:\n\tcc\ntest: all\n\t@python runtests.py\n\ndocs:\n\ttrial x\n"}
    assert ["Makefile has `python runtests.py`"] == found(with_modules({}, make))
    assert [] == found(with_modules({}, {"Makefile": "test:\n\tpytest\n"}))


def test_modules_of_unittest_are_named() -> None:
    """A module that defines test cases of unittest is named, one that only mentions them is not."""
    described = with_modules(
        {"src/bell/tests.py": CASES, "tests/test_a.py": "def test_a(): pass\n"}
    )
    assert ["tests of unittest are in src/bell/tests.py"] == found(described)
    act = hint_for(described)
    assert 'python_files = ["tests.py"]' in act
    assert 'skip = ["tests"] there leaves them out' in act


def test_modules_that_pytest_does_not_collect_are_named() -> None:
    """A module in a directory of tests, with assertions and another name, is a near miss."""
    described = with_modules(
        {"tests/checks.py": "def check_x():\n    assert 0\n", "tests/helper.py": "X = 1\n"}
    )
    assert [
        "tests/checks.py looks like tests by the directory, and not like test_*.py by name"
    ] == found(described)


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
        (Lint().configured, BARE, (".pylintrc",), "; pylint is present but not checked"),
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
