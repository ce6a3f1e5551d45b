"""What `describe` shows: each decision with its place, its settings, and what was passed over."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.wheelwright.project.runners.printing import with_tox
from tests.unit.wheelwright.samples import project
from wheelwright.description import Subject, as_json, as_toml, subjects, text
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

TOX = """\
[tox]
env_list = py3{11,12}
[testenv]
dependency_groups = test
set_env =
    MODE = tox
    py312: OIL = whale
commands = pytest {posargs:tests}
[testenv:typing]
deps = mypy==1.19.1
commands = mypy src
"""
PACKAGE = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
[dependency-groups]
test = ["pytest"]
[tool.pyright]
"""


def package(at: Path) -> Project:
    """Return a package whose tox says how it is tested and typed."""
    return with_tox(at, project(PACKAGE, {"tox.ini": TOX}, names=("src/", "tests/")))


def by_name(found: tuple[Subject, ...]) -> dict[str, Subject]:
    """Return the subjects by their names."""
    return {subject.name: subject for subject in found}


def test_each_decision_has_its_place_and_settings(tmp_path: Path) -> None:
    """Command, dependencies, variables and checkers come from where the gates take them."""
    found = by_name(subjects(package(tmp_path), "3.12"))
    assert (("pytest tests",), "tox.ini:3 [testenv]") == (
        found["tests"].value,
        found["tests"].place,
    )
    assert ("MODE=tox", "OIL=whale") == tuple(sorted(found["variables"].value))
    assert ("group test",) == found["test dependencies"].value
    assert "tox.ini [testenv:typing]" == found["types"].place
    assert any("pyright is configured" in note for note in found["types"].notes)
    assert ("not configured",) == found["lint"].value
    assert ("typecheck",) == found["types"].settings
    assert ("MODE=tox",) == by_name(subjects(package(tmp_path), "3.11"))["variables"].value


@pytest.mark.parametrize(
    ("count", "expected"),
    [(2, "mypy --strict m0.py m1.py, "), (40, "mypy --strict over 40 files, ")],
)
def test_files_of_a_long_command_are_counted(tmp_path: Path, count: int, expected: str) -> None:
    """A checker that gets every file by its name is shown with their number."""
    files = " ".join(f"m{number}.py" for number in range(count))
    text = TOX.replace("mypy src", f"mypy --strict {files}")
    of = with_tox(tmp_path, project(PACKAGE, {"tox.ini": text}, names=("src/", "tests/")))

    assert by_name(subjects(of, "3.12"))["types"].value[0].startswith(expected)


def test_what_is_not_installed_is_not_shown() -> None:
    """Tests of unittest need no pytest; and what is not configured has its reason."""
    texts = {"requirements.txt": "flask\n"}
    module = "import unittest\n\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"
    described = describe(Snapshot(texts, frozenset(texts)), "")
    found = by_name(subjects(replace(described, test_modules={"tests.py": module}), "3.12"))
    assert ("python -m unittest",) == found["tests"].value
    assert ("flask",) == found["test dependencies"].value
    assert found["types"].notes[0].startswith("this application configures no type checker")


def test_toml_says_the_same(tmp_path: Path) -> None:
    """The table that is printed leads to the same command, groups and variables."""
    table = tomllib.loads(as_toml(subjects(package(tmp_path), "3.12")))["tool"]["wheelwright"]
    assert ["pytest", "tests"] == table["test"]
    assert {"MODE": "tox", "OIL": "whale"} == table["env"]
    assert (["test"], ["mypy", "src"], "3.12") == (
        table["groups"],
        table["typecheck"],
        table["python"],
    )
    again = project(PACKAGE + as_toml(subjects(package(tmp_path), "3.12")).replace("[tool]\n", ""))
    assert ("pytest tests",) == by_name(subjects(again, "3.12"))["tests"].value


def test_toml_has_what_is_beneath() -> None:
    """Image and Debian packages are settings like the others; without them nothing is shown."""
    named = 'image = "registry.example/demo:1"\nsystem-packages = ["git", "libpq-dev"]\n'
    found = subjects(project(f"{PACKAGE}\n[tool.wheelwright]\n{named}"), "3.12")
    table = tomllib.loads(as_toml(found))["tool"]["wheelwright"]

    assert ("registry.example/demo:1", ["git", "libpq-dev"]) == (
        table["image"],
        table["system-packages"],
    )
    assert ("image registry.example/demo:1", "package git", "package libpq-dev") == (
        by_name(found)["system"].value
    )
    assert "pyproject.toml [tool.wheelwright]" == by_name(found)["system"].place
    assert "system" not in by_name(subjects(project(PACKAGE), "3.12"))


def test_json_has_every_field(tmp_path: Path) -> None:
    """A program reads the subjects with all that is known of them."""
    data = json.loads(as_json(subjects(package(tmp_path), "3.12")))
    assert {"name", "value", "place", "settings", "same", "notes", "error"} == set(data[0])


def test_what_cannot_be_read_leaves_the_rest() -> None:
    """A broken noxfile is an error of the tests, and the package is described."""
    found = by_name(subjects(project(PACKAGE, {"noxfile.py": "def ("}), "3.12"))
    assert "noxfile.py" in found["tests"].error
    assert ("demo 1",) == found["package"].value
    assert "cannot be read: noxfile.py" in text(tuple(found.values()))


def test_each_place_is_the_one_that_says_it() -> None:
    """Classifiers may claim no Python; setup.py is what is built; unittest needs nothing."""
    text = PACKAGE.replace("requires-python", 'classifiers = ["Topic :: Games"]\nrequires-python')
    assert "pyproject.toml:8 [project]" == by_name(subjects(project(text), "3.12"))["pythons"].place

    case = "import unittest\nclass A(unittest.TestCase): pass\n"
    described = project("", {"setup.py": "from setuptools import setup\nsetup(name='demo')\n"})
    described = replace(described, test_modules={"tests/test_a.py": case})
    found = by_name(subjects(described, "3.12"))

    assert "setup.py" == found["build"].place
    assert () == found["test dependencies"].value
    assert "demo configures no type checker" in found["types"].notes[0]


def test_a_build_without_pyproject_is_said_by_setup_py() -> None:
    """A file that is not there is no place."""
    setup = "from setuptools import setup\nsetup(name='demo', version='1')\n"
    found = by_name(subjects(project("", {"setup.py": setup}), "3.12"))
    assert "setup.py" == found["build"].place
    assert "pyproject.toml" == by_name(subjects(project(PACKAGE), "3.12"))["build"].place


def test_what_is_to_be_known_of_the_source_is_shown_at_the_package() -> None:
    """Such as files above it that are not read."""
    found = by_name(subjects(project(PACKAGE), "3.12", ("ruff.toml is not read",)))
    assert "ruff.toml is not read" in found["package"].notes
