"""What is measured: sdists with their tests in them, pinned, and prepared alike for all columns.

Prepared means: without coverage and without configuration of other runners, with the dependencies
of the tests in one group, and as a git repository. Tests that fail on a Python of some
machines are left out by name.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from stiletto.sandbox.archives import unpack
from tests.e2e.bench import FIXTURES
from tests.e2e.repositories import commit

GROUP = "tests"
LEFT_OUT = ("tox.ini", "noxfile.py", "requirements", ".python-version")
"""Of other runners: each column has a configuration of its own."""


@dataclass(frozen=True)
class Package:
    """One that is measured.

    Attributes:
        requirement: `NAME==VERSION --hash=sha256:...` of its sdist; empty for a directory.
        source: the file that a row edits, from the package's directory.
        test: the module of tests that a row edits.
        tests: what its tests need, where no dependency group has it.
        deselected: tests that are left out.
        directory: where it is, if it is not downloaded.
    """

    name: str
    requirement: str
    source: str
    test: str
    tests: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    directory: Path | None = None


PACKAGES = (
    Package(
        "attrs",
        "attrs==26.1.0 --hash=sha256:"
        "d03ceb89cb322a8fd706d4fb91940737b6642aa36998fe130a9bc96c985eff32",
        "src/attr/_cmp.py",
        "tests/test_abc.py",
        # Fails with early releases of 3.11 and 3.12.
        deselected=("tests/test_converters.py::TestPipe::test_wrapped_annotation",),
    ),
    Package(
        "click",
        "click==8.5.1 --hash=sha256:"
        "9bbfada76703fd1d784b83eea012e3e8c6a001a876543ef104fa56aaaeb072b4",
        "src/click/globals.py",
        "tests/test_compat.py",
    ),
    Package(
        "itsdangerous",
        "itsdangerous==2.2.0 --hash=sha256:"
        "e0050c0b7da1eea53ffaf149c0cfbb5c6e2e2b69c4bef22c81fa6eb73e5f6173",
        "src/itsdangerous/encoding.py",
        "tests/test_itsdangerous/test_encoding.py",
        tests=("pytest", "freezegun"),
    ),
    Package(
        "millrace",
        "",
        "src/millrace/__init__.py",
        "tests/test_count.py",
        directory=FIXTURES / "hatchling-src",
    ),
)


def own(directory: Path) -> Package:
    """Return a package of one's own; its tests need a dependency group `tests`.

    Raises:
        SystemExit: there is no package, or no module of tests.
    """
    names = sorted(str(path.relative_to(directory)) for path in directory.rglob("*.py"))
    tests = [name for name in names if re.search(r"(^|/)(test_[^/]+|[^/]+_test)\.py$", name)]
    sources = [name for name in names if re.match(r"(src/)?(?!tests/)\w+/__init__\.py$", name)]
    if not tests or not sources:
        raise SystemExit(f"{directory} has no package with tests")
    return Package(directory.name, "", sources[0], tests[0], directory=directory)


def downloaded(at: Path, environ: Mapping[str, str], requirement: str) -> Path:
    """Download and unpack an sdist; `NAME==VERSION`, with its hash where that is pinned.

    Raises:
        subprocess.CalledProcessError: the index has not this file.
    """
    name = requirement.partition(" ")[0].partition("==")[0]
    at.mkdir(parents=True, exist_ok=True)
    (at / "requirements.txt").write_text(f"{requirement}\n", encoding="utf-8")
    pip = (
        "uv",
        "run",
        "--quiet",
        "--isolated",
        "--no-project",
        "--with=pip",
        "python",
        "-m",
        "pip",
    )
    words = ("download", "--quiet", "--no-deps", f"--no-binary={name}", f"--dest={at}")
    subprocess.run(
        [*pip, *words, "-r", str(at / "requirements.txt")],
        cwd=at,
        env=dict(environ),
        check=True,
        capture_output=True,
    )
    # `more-itertools` is the file more_itertools-11.2.1.tar.gz, of some tools with a hyphen.
    (sdist,) = at.glob("*.tar.gz")
    unpack(sdist, at)
    return at / sdist.name.removesuffix(".tar.gz")


def prepared(package: Package, at: Path, environ: Mapping[str, str]) -> Path:
    """Return a package's directory as every column gets it."""
    found = package.directory or downloaded(at / "sdist", environ, package.requirement)
    made = Path(shutil.copytree(found, at / "prepared"))
    for name in LEFT_OUT:
        gone = made / name
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink(missing_ok=True)
    if package.tests:
        # It has not the group that is added.
        (made / "uv.lock").unlink(missing_ok=True)
    project = made / "pyproject.toml"
    project.write_text(alike(project.read_text(encoding="utf-8"), package), encoding="utf-8")
    # A repository, as people have: git is part of what is read.
    return commit(made, package.requirement.partition(" ")[0].partition("==")[2])


def alike(text: str, package: Package) -> str:
    """Return a pyproject.toml with what all columns share, and without what only some read."""
    document = tomlkit.parse(text).unwrap()
    tool = document.setdefault("tool", {})
    for name in ("coverage", "tox", "nox", "hatch-test"):
        tool.pop(name, None)
    if package.tests:
        document.setdefault("dependency-groups", {})[GROUP] = list(package.tests)
    if package.deselected:
        options = tool.setdefault("pytest", {}).setdefault("ini_options", {})
        options["addopts"] = [
            *_list(options.get("addopts", [])),
            *(f"--deselect={test}" for test in package.deselected),
        ]
    return tomlkit.dumps(document)


def _list(options: str | list[str]) -> list[str]:
    """Return pytest's `addopts` as a list."""
    return [*options] if isinstance(options, list) else shlex.split(options)


def with_requirement(text: str, requirement: str) -> str:
    """Return a pyproject.toml whose tests need one package more."""
    document = tomlkit.parse(text).unwrap()
    document["dependency-groups"][GROUP].append(requirement)
    return tomlkit.dumps(document)
