"""How the project says that it is tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.wheelwright.project.runners.printing import with_tox
from tests.unit.wheelwright.samples import project
from wheelwright.environment.test_setup import find, needs_modules
from wheelwright.errors import RequestError
from wheelwright.project.model import Project

BARE = '[project]\nname = "demo"\nversion = "1"\n'
GROUP = '[dependency-groups]\ntest = ["pytest"]\n'
UNITTEST = ("python", "-m", "unittest")
CASE = "import unittest\n\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"
TOX = """\
[tox]
env_list = py3{11,12}-dj{42,52}, lint
[testenv]
deps = pytest
set_env =
    MODE = tox
    dj42: DJANGO = 4.2
commands = pytest {posargs:tests}
[testenv:lint]
commands = ruff check
"""


def with_modules(modules: Mapping[str, str], text: str = BARE, *names: str) -> Project:
    """Return a package with modules of tests."""
    return replace(project(text, names=names), test_modules=modules)


def test_tox_names_command_and_variables(tmp_path: Path) -> None:
    """The first environment of this Python counts; `runner` picks another."""
    described = with_tox(tmp_path, project(BARE + GROUP, {"tox.ini": TOX}))
    found = find(described, "3.12")
    assert ((("pytest", "tests"),), {"MODE": "tox", "DJANGO": "4.2"}) == (
        found.commands,
        found.variables,
    )
    assert "tox.ini:3 [testenv]" == found.place
    assert (
        "py312-dj42 is one of 2 environments of tox for Python 3.12; not run: py312-dj52 (choose "
        "with `runner`)",
    ) == found.notes
    chosen = replace(described, settings=replace(described.settings, runner="tox:py312-dj52"))
    assert {"MODE": "tox"} == find(chosen, "3.12").variables
    wrong = replace(described, settings=replace(described.settings, runner="nox"))
    with pytest.raises(RequestError, match=r'runner = "nox" in .*: nox has no job that tests'):
        find(wrong, "3.12")


def test_command_of_the_settings_wins(tmp_path: Path) -> None:
    """`test` of [tool.wheelwright] is the command; tox still says what is installed."""
    text = BARE + '[tool.wheelwright]\ntest = ["python", "-m", "pytest", "-q"]\n'
    found = find(with_tox(tmp_path, project(text, {"tox.ini": TOX})), "3.12")
    assert (("python", "-m", "pytest", "-q"),) == found.commands
    assert ("test in [tool.wheelwright]", ("pytest",)) == (found.place, found.dependencies.lines)


def test_commands_run_without_the_programs_that_install(tmp_path: Path) -> None:
    """`uv run --group x pytest` is pytest with that group, and `poetry install` a Poetry group."""
    tox = "[testenv]\ncommands =\n    uv run --group test pytest\n"
    found = find(with_tox(tmp_path, project(BARE + GROUP, {"tox.ini": tox})), "3.12")
    assert ((("pytest",),), ("test",)) == (found.commands, found.dependencies.groups)


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        ({"tests.py": CASE}, ("python", "-m", "unittest")),
        ({"tests.py": f"class TestConfig(Config):\n    TESTING = True\n\n{CASE}"}, UNITTEST),
        ({"tests.py": f"class TestConfig(Config):\n    TESTING = True\n{CASE}"}, UNITTEST),
        ({"tests.py": CASE.replace("(unit", "(\n    unit").replace("A", "TestA")}, ("pytest",)),
        ({"tests.py": f"class TestA:\n\n    def test_a(self): pass\n{CASE}"}, ("pytest",)),
        ({"tests/test_a.py": CASE}, ("python", "-m", "unittest", "discover", "-s", "tests")),
        ({"src/demo/tests.py": CASE}, ("python", "-m", "unittest", "demo.tests")),
        (
            {"tests/a_test.py": CASE},
            ("python", "-m", "unittest", "discover", "-s", "tests", "-p", "*test*.py"),
        ),
        ({"tests/test_a.py": CASE, "tests/test_b.py": "import pytest\n"}, ("pytest",)),
        ({"tests/test_a.py": "def test_a(): pass\n"}, ("pytest",)),
        ({}, ("pytest",)),
    ],
)
def test_unittest_runs_where_nothing_names_pytest(
    modules: Mapping[str, str], expected: tuple[str, ...]
) -> None:
    """Modules of unittest are run by it, from where it finds them."""
    found = find(with_modules(modules), "3.12")
    assert (expected,) == found.commands
    assert bool(found.dependencies.added) is (expected == ("pytest",))


def test_a_package_of_tests_is_found_from_the_root() -> None:
    """Unittest finds modules in a package of tests by itself."""
    found = find(with_modules({"tests/test_a.py": CASE}, BARE, "tests/__init__.py"), "3.12")
    assert (("python", "-m", "unittest"),) == found.commands


@pytest.mark.parametrize(
    "text",
    [
        BARE + GROUP,
        BARE + "[tool.pytest.ini_options]\n",
        BARE + '[tool.wheelwright]\nrunner = "pytest"\n',
        BARE + '[tool.wheelwright]\npytest-args = ["-q"]\n',
    ],
)
def test_pytest_runs_where_it_is_named(text: str) -> None:
    """A group, a configuration or a setting names pytest, which runs unittest's tests, too."""
    assert "pytest" == find(with_modules({"tests/test_a.py": CASE}, text), "3.12").commands[0][0]


def test_modules_are_read_only_where_they_decide(tmp_path: Path) -> None:
    """What is configured needs no look at the tests."""
    assert needs_modules(project(BARE))
    assert not needs_modules(project(BARE + GROUP))
    assert not needs_modules(with_tox(tmp_path, project(BARE, {"tox.ini": TOX})))
