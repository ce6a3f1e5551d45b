"""A package with extension modules, whose wheels are built on other machines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .bench import Bench
from .release_bench import Description, Outside, ReleaseBench, commit, run_git

pytestmark = pytest.mark.slow

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cp{MINOR.replace('.', '')}"
WHEEL = f"fast_demo-1.2.4-{TAG}-{TAG}-manylinux_2_17_x86_64.whl"

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "fast-demo"
version = "1.2.3"
requires-python = ">=3.11"

[dependency-groups]
dev = ["pytest>=8"]

[tool.setuptools]
ext-modules = [{ name = "fast_demo._fast", sources = ["src/fast_demo/_fast.c"] }]

[tool.cibuildwheel]
build = "cp312-* cp313-*"
skip = "*-win32 *-manylinux_i686"

[tool.cibuildwheel.linux]
archs = ["x86_64", "aarch64"]
"""

C = """\
#include <Python.h>

static PyObject *one(PyObject *self, PyObject *args) { return PyLong_FromLong(1); }
static PyMethodDef methods[] = {{"one", one, METH_NOARGS, "One."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, methods};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"""


def make(directory: Path) -> Path:
    """Make the package's repository."""
    package = directory / "src/fast_demo"
    package.mkdir(parents=True)
    (directory / "tests").mkdir()
    (directory / "pyproject.toml").write_text(PYPROJECT)
    (directory / ".python-version").write_text(f"{MINOR}\n")
    (directory / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- Faster.\n")
    (package / "__init__.py").write_text("from fast_demo._fast import one as one\n")
    (package / "_fast.c").write_text(C)
    (directory / "tests/test_fast.py").write_text(
        "import fast_demo\n\n\ndef test_one():\n    assert fast_demo.one() == 1\n"
    )
    run_git(directory, "init", "--quiet", "--initial-branch=main")
    commit(directory, "A package in C")
    return directory


@pytest.fixture
def compiled(stiletto: Bench, tmp_path: Path, described: Description) -> Iterator[ReleaseBench]:
    """Return a world whose package has a table of cibuildwheel."""
    with Outside(tmp_path / "outside", described) as outside:
        yield ReleaseBench.start(stiletto, outside, make(tmp_path / "source"))


def test_compiled_stops_before_the_lock_and_lists_the_wheels(compiled: ReleaseBench) -> None:
    """The list is cibuildwheel's own, for each platform, and the next act is --dist."""
    ended = compiled.stops()

    for each in (
        "cp312-manylinux_x86_64, cp313-manylinux_x86_64, cp312-manylinux_aarch64",
        "macos: cp312-macosx",
        "windows: cp312-win_amd64, cp313-win_amd64",
        "--dist",
    ):
        assert each in ended.error, str(ended)
    assert [] == [ref for ref in compiled.outside.repository.refs() if "lock" in ref]
    assert {} == compiled.outside.index.files


def built_elsewhere(compiled: ReleaseBench, directory: Path, version: str) -> Path:
    """Build a wheel of the release's version, as a runner of cibuildwheel would."""
    source = make(directory / "elsewhere")
    pyproject = source / "pyproject.toml"
    pyproject.write_text(PYPROJECT.replace('"1.2.3"', f'"{version}"'))
    built = directory / "plain"
    uv = ["uv", "build", "--wheel", f"--python={sys.executable}", f"--out-dir={built}"]
    subprocess.run(uv, cwd=source, check=True, capture_output=True)
    (plain,) = built.glob("*.whl")
    tags = ["uvx", "wheel", "tags", "--platform-tag=manylinux_2_17_x86_64", str(plain)]
    subprocess.run(tags, check=True, capture_output=True)
    plain.unlink()
    return built


def test_given_wheels_are_published_with_the_sdist_of_here(
    compiled: ReleaseBench, tmp_path: Path
) -> None:
    """The wheel of another machine and the sdist that is built twice here go up in one release."""
    wheels = built_elsewhere(compiled, tmp_path, "1.2.4")
    ended = compiled.succeeds("--dist", str(wheels))

    assert {WHEEL, "fast_demo-1.2.4.tar.gz"} == set(compiled.outside.index.files), str(ended)


@pytest.mark.repeated
def test_a_given_wheel_of_another_commit_stops_before_the_lock(
    compiled: ReleaseBench, tmp_path: Path
) -> None:
    """A wheel of another version is named, and nothing is locked or uploaded."""
    ended = compiled.stops("--dist", str(built_elsewhere(compiled, tmp_path, "1.2.3")))

    assert f"{WHEEL.replace('1.2.4', '1.2.3')} is not version 1.2.4" in ended.error
    assert {} == compiled.outside.index.files
    assert [] == [ref for ref in compiled.outside.repository.refs() if "lock" in ref]
