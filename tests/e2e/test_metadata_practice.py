"""Packages whose metadata is not in [project], and applications that have none."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .bench import Bench
from .repositories import repository, write

SETUP_PY = {
    "setup.py": "from setuptools import setup\n\n"
    'setup(name="lock-old", version="2.0", py_modules=["lock_old"], python_requires=">=3.10", '
    'extras_require={"tests": ["pytest"]})\n',
    "lock_old.py": "AGE = 20\n",
    "tests/test_old.py": "from lock_old import AGE\n\n\n"
    "def test_age() -> None:\n    assert AGE == 20\n",
}
SETUP_CFG = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools>=77"]\n'
    'build-backend = "setuptools.build_meta"\n',
    "setup.cfg": "[metadata]\nname = lock-middle\nversion = attr: lock_middle.__version__\n"
    "classifiers =\n    Programming Language :: Python :: 3.11\n"
    "    Programming Language :: Python :: 3.12\n"
    "[options]\npackages = find:\npython_requires = >=3.11\ninstall_requires =\n    iniconfig\n"
    "[options.extras_require]\ntests =\n    pytest\n",
    "lock_middle/__init__.py": '__version__ = "1.4.0"\n',
    "tests/test_middle.py": "import iniconfig\nimport lock_middle\n\n\n"
    'def test_version() -> None:\n    assert iniconfig and lock_middle.__version__ == "1.4.0"\n',
}
POETRY = {
    "pyproject.toml": '[build-system]\nrequires = ["poetry-core>=2"]\n'
    'build-backend = "poetry.core.masonry.api"\n\n'
    '[tool.poetry]\nname = "lock-verse"\nversion = "0.3.0"\ndescription = "a lock"\n'
    'authors = []\npackages = [{ include = "lock_verse" }]\n\n'
    '[tool.poetry.dependencies]\npython = "^3.11"\niniconfig = "^2.0"\n',
    "lock_verse/__init__.py": "",
    "test_verse.py": "import iniconfig\n\n\ndef test_there() -> None:\n    assert iniconfig\n",
}
APPLICATION = {"requirements.txt": "iniconfig==2.0.0\n", "app/__init__.py": "ANSWER = 41\n"}
KINDS = {"setup-py": SETUP_PY, "setup-cfg": SETUP_CFG, "poetry": POETRY}


def contents(dist: Path) -> dict[str, bytes]:
    """Return the files of both distributions, by their names; a hard link is none."""
    (sdist,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
    found: dict[str, bytes] = {}
    with tarfile.open(sdist) as archive:
        for member in archive:
            assert not member.islnk(), member.name
            inner = archive.extractfile(member)
            found[f"sdist {member.name}"] = inner.read() if inner else b""
    with zipfile.ZipFile(wheel) as wheels:
        return found | {f"wheel {name}": wheels.read(name) for name in wheels.namelist()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_distributions_are_those_of_uv(kind: str, stiletto: Bench, tmp_path: Path) -> None:
    """`build` makes what a bare `uv build` makes, member by member."""
    bare, source = write(tmp_path / "bare", KINDS[kind]), write(tmp_path / "given", KINDS[kind])
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "build", "--quiet", f"--out-dir={tmp_path / 'one'}"]
    subprocess.run(command, cwd=bare, env={**stiletto.env}, check=True)
    stiletto.passes(source, "build", "-o", tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("setup-py", "2.0"),
        ("setup-cfg", "1.4.0"),
        ("poetry", "0.3.0"),
    ],
)
@pytest.mark.slow
def test_ci(kind: str, expected: str, stiletto: Bench, tmp_path: Path) -> None:
    """The tests find what the package needs, the build has its version, the rest is not there."""
    ended = stiletto.passes(write(tmp_path / "lock", KINDS[kind]), "ci")
    assert f"-{expected}.tar.gz" in ended.out, str(ended)
    assert "1 passed" in ended.out, str(ended)
    assert "the package" not in ended.out
    last = "passed: 2 of 6 gates; not configured: lock, lint, format, types"
    assert last == ended.out.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("kind", "oldest", "gate"),
    [
        ("setup-py", "3.10", "lock-old 2.0 claims Python 3.10, 3.11,"),
        pytest.param(
            "setup-cfg",
            "3.11",
            "lock-middle 1.4.0 claims Python 3.11, 3.12",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "poetry", "3.11", "lock-verse 0.3.0 claims Python 3.11, 3.12,", marks=pytest.mark.slow
        ),
    ],
)
def test_versions(kind: str, oldest: str, gate: str, stiletto: Bench, tmp_path: Path) -> None:
    """The Pythons are those that its files claim, and no fault is made up."""
    source = write(tmp_path / "lock", KINDS[kind])
    assert oldest == stiletto.passes(source, "versions").out.split()[0]
    assert stiletto.passes(source, "check-versions").out.startswith(gate)


@pytest.mark.slow
def test_an_application(stiletto: Bench, tmp_path: Path) -> None:
    """There is nothing to build and no claim; its tests run."""
    test = "import app\n\n\ndef test_answer() -> None:\n    assert 42 == app.ANSWER\n"
    files = {**APPLICATION, "test_app.py": test, "requirements-dev.txt": "pytest\n"}
    source = write(tmp_path / "application", {**files, "ruff.toml": ""})
    ended = stiletto.fails(source, "ci")
    assert ended.error.startswith("1 of 6 gates failed: tests")
    assert "assert 42 == 41" in ended.error
    assert "an application, nothing to build" in ended.error
    assert "this application has no uv.lock" in ended.error
    assert "note: Python 3.13 is the default (" in ended.error
    assert "is the default" not in stiletto.fails(source, "ci", "--python=3.12").error
    (line,) = stiletto.passes(source, "versions").out.strip().splitlines()
    assert line.startswith("3.13 (the default: requires-python is not known: ")
    assert stiletto.passes(source, "check-versions").out.startswith("this application claims no")
    stiletto.passes(source, "lint")
    stiletto.passes(source, "check-format")


def test_a_release_of_an_application_is_refused(stiletto: Bench, tmp_path: Path) -> None:
    """With the reason: it has no name."""
    source = repository(tmp_path / "application", APPLICATION)
    ended = stiletto.fails(source, "release-plan", "--bump=patch")
    assert ended.error.startswith("the name of this application is not known: ")


def test_an_application_of_poetry(stiletto: Bench, tmp_path: Path) -> None:
    """`package-mode = false` is nothing to build."""
    pyproject = POETRY["pyproject.toml"].replace("authors", "package-mode = false\nauthors")
    source = write(tmp_path / "verse", {**POETRY, "pyproject.toml": pyproject})
    ended = stiletto.fails(source, "build")
    assert ended.error.startswith(
        "lock-verse is an application (package-mode = false in [tool.poetry]), nothing to build"
    )


@pytest.mark.slow
def test_a_package_below_that_has_no_pyproject(stiletto: Bench, tmp_path: Path) -> None:
    """`--package` names it by its path; the root has nothing of Python."""
    files = {f"old/{path}": text for path, text in SETUP_PY.items()}
    source = write(tmp_path / "harbour", {**files, "README.md": ""})
    ended = stiletto.passes(source, "--package=old", "check-versions")
    assert ended.out.startswith("lock-old 2.0 claims Python 3.10")


def test_a_directory_without_python(stiletto: Bench, tmp_path: Path) -> None:
    """The error names what is there."""
    source = write(tmp_path / "site", {"index.html": "", "site.css": ""})
    ended = stiletto.fails(source, "ci")
    assert ended.error.startswith("no pyproject.toml in the source (it has: index.html, site.css)")


@pytest.mark.slow
def test_a_version_that_setup_py_takes_from_git(stiletto: Bench, tmp_path: Path) -> None:
    """Build and tests have the tag's."""
    files = {
        "setup.py": "from setuptools import setup\n\n"
        'setup(name="lock-tag", use_scm_version=True, setup_requires=["setuptools_scm"], '
        'py_modules=["lock_tag"], extras_require={"tests": ["pytest"]})\n',
        "lock_tag.py": "",
        "test_tag.py": "from importlib.metadata import version\n\n\n"
        'def test_version() -> None:\n    assert "3.1.0" == version("lock-tag")\n',
    }
    source = repository(tmp_path / "tag", files, "v3.1.0")
    stiletto.passes(source, "build", "-o", tmp_path / "dist")
    assert ["lock_tag-3.1.0.tar.gz"] == [each.name for each in (tmp_path / "dist").glob("*.gz")]
    assert "1 passed" in stiletto.passes(source, "test").out


@pytest.mark.slow
def test_pythons_that_setup_py_computes(stiletto: Bench, tmp_path: Path) -> None:
    """The back end says them, in one step that is cached; where it fails, the file is named."""
    call = 'setup(name="lock-code", version="2.0", python_requires=OLDEST, py_modules=[])\n'
    text = f"from setuptools import setup\n\nOLDEST = f'>=3.{{11 + 1}}'\n{call}"
    source = write(tmp_path / "code", {"setup.py": text})
    assert ["3.12", "3.13"] == stiletto.passes(source, "versions").out.split()[:2]
    assert [] == stiletto.passes(source, "versions").ran

    write(source, {"setup.py": text.replace("11 + 1", "1 / 0")})
    (line,) = stiletto.passes(source, "versions").out.strip().splitlines()
    assert "requires-python is not known: setup.py:4 computes it" in line
