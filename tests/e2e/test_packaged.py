"""A package that is the same for every Python is built once for all cells of a matrix."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench, Ended
from .repositories import HATCHLING, PYTEST, repository

PYTHONS = "--python=3.11,3.12"
APART = "uv pip install --no-deps --editable"
"""What a build apart runs without a lock; a cell that builds for itself runs the same."""

INSTALLED = """\
import importlib.metadata
import json
import os
import pathlib
import subprocess

import demo


def test_installed() -> None:
    found = importlib.metadata.distribution("demo")
    assert "{version}" == found.version
    assert {{"url": "file:///src", "dir_info": {{"editable": True}}}} == json.loads(
        found.read_text("direct_url.json")
    )
    assert "/src/src/demo/__init__.py" == demo.__file__
    for file in found.files:
        assert file.locate().is_file(), file
        assert os.getuid() == file.locate().stat().st_uid
    assert os.getuid() == pathlib.Path(demo.__file__).stat().st_uid


def test_program() -> None:
    printed = subprocess.run(["demo"], capture_output=True, text=True, check=True).stdout
    assert "hello\\n" == printed
"""
MODULE = 'def main() -> None:\n    print("hello")\n'
SCRIPT = '\n[project.scripts]\ndemo = "demo:main"\n'


def builds(ended: Ended) -> list[str]:
    """Return the steps that built the package, whether apart or in a cell."""
    return [name for name in ended.ran if APART in name or "--only-install-local" in name]


def files(pyproject: str, version: str = "1.0", **more: str) -> dict[str, str]:
    """Return the files of a package with a program, and a test of how it is installed."""
    tests = INSTALLED.format(version=version)
    return {
        "pyproject.toml": pyproject + SCRIPT + PYTEST,
        "src/demo/__init__.py": MODULE,
        "tests/test_installed.py": tests,
        **more,
    }


def test_a_pure_package_is_built_once_and_installed_as_ever(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Both cells import the checkout, have the program, and own all of it."""
    at = repository(tmp_path / "demo", files(HATCHLING.format(name="demo")))
    ended = stiletto.passes(at, "matrix", PYTHONS)
    assert 1 == len(builds(ended)), str(ended)
    # Whichever Python has built it: the cell of the matrix is the run of that Python.
    again = stiletto.passes(at, "test", "--python=3.12")
    assert not [name for name in again.ran if "pytest" in name], str(again)
    # What no build sees builds nothing.
    (at / "tests" / "test_more.py").write_text("def test_more() -> None:\n    assert True\n")
    edited = stiletto.passes(at, "matrix", PYTHONS)
    assert [] == builds(edited), str(edited)
    assert 2 == len([name for name in edited.ran if "pytest" in name]), str(edited)


VCS = """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "demo"
dynamic = ["version"]
requires-python = ">=3.10"

[tool.hatch.version]
source = "vcs"

[tool.hatch.build.hooks.vcs]
version-file = "src/demo/_version.py"
"""


def test_a_version_from_git_and_its_file_are_in_each_cell(stiletto: Bench, tmp_path: Path) -> None:
    """The file that the build writes is in the source of each cell, beside its repository."""
    wanted = """
def test_version_file() -> None:
    from demo._version import version

    assert "1.4.2" == version
    command = ["git", "describe", "--tags"]
    assert "v1.4.2\\n" == subprocess.run(command, capture_output=True, text=True).stdout
"""
    texts = files(VCS, "1.4.2", **{".gitignore": "_version.py\n"})
    texts["tests/test_installed.py"] += wanted
    at = repository(tmp_path / "demo", texts, "v1.4.2")
    ended = stiletto.passes(at, "matrix", PYTHONS)
    assert 1 == len(builds(ended)), str(ended)


SETUP = """\
import sys
from setuptools import setup
setup(
    name="demo",
    version="1." + str(sys.version_info[1]),
    package_dir={"": "src"},
    packages=["demo"],
    entry_points={"console_scripts": ["demo=demo:main"]},
)
"""
SETUPTOOLS = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""
EXTENSION = """
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.10"

[[tool.setuptools.ext-modules]]
name = "demo._fast"
sources = ["src/demo/_fast.c"]
"""
C = """\
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&definition); }
"""
BY_PYTHON = """\
import importlib.metadata, sys

def test_version() -> None:
    assert f"1.{sys.version_info[1]}" == importlib.metadata.version("demo")
"""


@pytest.mark.parametrize("kind", ["metadata", "extension", "module"])
def test_a_package_that_differs_is_built_by_each_cell(
    stiletto: Bench, tmp_path: Path, kind: str
) -> None:
    """Metadata by Python, a compiled module, and a version that the package computes."""
    if kind == "metadata":
        texts = {
            "pyproject.toml": SETUPTOOLS + PYTEST,
            "setup.py": SETUP,
            "src/demo/__init__.py": MODULE,
            "tests/test_version.py": BY_PYTHON,
        }
    elif kind == "extension":
        texts = files(SETUPTOOLS + EXTENSION, **{"src/demo/_fast.c": C})
        texts["tests/test_fast.py"] = "def test_fast() -> None:\n    import demo._fast\n"
    else:
        project = '\n[project]\nname = "demo"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
        dynamic = '\n[tool.setuptools.dynamic]\nversion = {attr = "demo.__version__"}\n'
        module = 'import sys\n\n__version__ = "1." + str(sys.version_info[1])\n'
        texts = {
            "pyproject.toml": SETUPTOOLS + project + PYTEST + dynamic,
            "src/demo/__init__.py": module,
            "tests/test_version.py": BY_PYTHON,
        }
    at = repository(tmp_path / "demo", texts)
    ended = stiletto.passes(at, "matrix", PYTHONS)
    own = [name for name in ended.ran if "uv pip install" in name and "--editable" in name]
    # One of them was the build apart, where only its facts are against it.
    assert 2 + (kind == "module") == len(own), str(ended)


def test_a_release_of_the_package_that_a_dependency_brings_is_replaced(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Tests see the checkout, although what they need requires a release from the index."""
    pyproject = HATCHLING.format(name="iniconfig").replace("1.0", "99.0") + PYTEST
    test = """\
import importlib.metadata

def test_own() -> None:
    import iniconfig

    assert "/src/src/iniconfig/__init__.py" == iniconfig.__file__
    found = [each.version for each in importlib.metadata.distributions(name="iniconfig")]
    assert ["99.0"] == found
"""
    # What pytest takes from it.
    module = "class IniConfig:\n    pass\n\n\nSectionWrapper = ParseError = IniConfig\n"
    at = repository(
        tmp_path / "iniconfig",
        {
            "pyproject.toml": pyproject,
            "src/iniconfig/__init__.py": module,
            "tests/test_own.py": test,
        },
    )
    ended = stiletto.call(at, "matrix", PYTHONS)
    assert 1 == len(builds(ended)), str(ended)
    assert 2 == len([name for name in ended.ran if name.startswith("uv pip uninstall")])
    assert 0 == ended.code, str(ended)
