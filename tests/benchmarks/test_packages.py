"""A package is prepared alike for all columns."""

from __future__ import annotations

import tomllib
from pathlib import Path

from .packages import PACKAGES, Package, alike, own, with_requirement

TEXT = """\
[project]
name = "a"

[tool.coverage.run]
branch = true

[tool.tox]
env_list = []

[tool.pytest.ini_options]
addopts = "-m 'not slow'"
"""


def test_coverage_and_other_runners_are_left_out() -> None:
    """The group of the tests has what the package lacks."""
    package = Package("a", "", "a.py", "test_a.py", tests=("pytest",))

    made = tomllib.loads(alike(TEXT, package))

    assert ["pytest"] == [*made["tool"]]
    assert {"tests": ["pytest"]} == made["dependency-groups"]


def test_deselected_tests_are_options_beside_those_of_the_package() -> None:
    """Options in one text become a list."""
    package = Package("a", "", "a.py", "test_a.py", deselected=("test_a.py::test_a",))

    made = tomllib.loads(alike(TEXT, package))

    assert ["-m", "not slow", "--deselect=test_a.py::test_a"] == made["tool"]["pytest"][
        "ini_options"
    ]["addopts"]


def test_requirement_is_added_to_the_tests() -> None:
    """A changed dependency is one of the tests."""
    text = '[dependency-groups]\ntests = ["pytest"]\n'

    assert {"dependency-groups": {"tests": ["pytest", "idna==3.1"]}} == tomllib.loads(
        with_requirement(text, "idna==3.1")
    )


def test_package_of_ones_own_names_the_files_to_edit(tmp_path: Path) -> None:
    """The first module of the package, and the first of its tests."""
    for name in ("src/a/__init__.py", "src/a/b.py", "tests/conftest.py", "tests/test_a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = own(tmp_path)

    assert ("src/a/__init__.py", "tests/test_a.py") == (found.source, found.test)
    assert tmp_path == found.directory


def test_downloaded_packages_are_pinned() -> None:
    """Each sdist has its hash; the others are directories."""
    assert [True] * len(PACKAGES) == [
        "--hash=sha256:" in each.requirement or each.directory is not None for each in PACKAGES
    ]
