"""Every job of a package's runners, with paths from the root of its repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.wheelwright.project.runners.printing import with_tox
from tests.unit.wheelwright.samples import project
from wheelwright.environment.runner_jobs import files_named, job_that_tests, jobs
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

BARE = '[project]\nname = "demo"\nversion = "1"\n'
NOX = """\
import nox

@nox.session
def tests(session):
    session.install("-r", "needs.txt", "-e", "./libs/quay")
    session.chdir("libs/quay")
    session.run("pytest")

@nox.session
def docs(session):
    session.install("sphinx")
    session.run("sphinx-build", "docs", "out")
"""


def member(files: dict[str, str]) -> Project:
    """Return the package below libs/quay of a repository with these files."""
    texts = {"libs/quay/pyproject.toml": BARE, **files}
    return describe(Snapshot(texts, frozenset(texts)), "libs/quay", base="libs/quay")


def test_runner_above_the_package_counts_where_it_concerns_it() -> None:
    """Of a noxfile in the root only the sessions count that install the package or run there."""
    found = jobs(member({"noxfile.py": NOX}), "nox", "3.12")
    assert ["tests"] == [job.name for job in found]


def test_paths_of_a_package_in_a_directory_are_from_the_root() -> None:
    """What its own noxfile names is where the repository has it."""
    own = NOX.replace("./libs/quay", ".").replace("libs/quay", "src")
    (found, _) = jobs(member({"libs/quay/noxfile.py": own}), "nox", "3.12")
    assert ("-r libs/quay/needs.txt", "libs/quay/src", "libs/quay/noxfile.py") == (
        found.requirements[0],
        found.workdir,
        found.place.path,
    )


def test_tox_is_asked_first(tmp_path: Path) -> None:
    """Where several runners test, tox decides, then nox."""
    files = {"tox.ini": "[testenv]\ncommands = pytest a\n", "noxfile.py": NOX}
    described = project(BARE, files)
    choice = job_that_tests(described, "3.12")
    assert choice is not None
    assert "nox" == choice.job.runner
    choice = job_that_tests(with_tox(tmp_path, described), "3.12")
    assert choice is not None
    assert ("tox", (("pytest", "a"),)) == (choice.job.runner, choice.job.commands)


@pytest.mark.parametrize("wanted", ["pytest", "unittest"])
def test_runner_pytest_asks_no_other(wanted: str) -> None:
    """`runner = "pytest"` leaves every runner's file unread."""
    text = f'{BARE}[tool.wheelwright]\nrunner = "{wanted}"\n'
    assert job_that_tests(project(text, {"noxfile.py": "not python"}), "3.12") is None


def test_files_that_jobs_and_files_name_are_known(tmp_path: Path) -> None:
    """Requirements files are found through tox, nox, settings and each other."""
    tox = "[testenv]\ndeps = -r ci/a.txt\ncommands = pytest\n"
    text = f'{BARE}[tool.wheelwright]\nrequirements = ["b.txt"]\n'
    files = {"tox.ini": tox, "dev-requirements.txt": "-c c.txt\n-r ../outside.txt\n"}
    found = files_named(with_tox(tmp_path, project(text, files)))
    assert {"ci/a.txt", "b.txt", "c.txt"} == found


def test_broken_runner_names_no_files() -> None:
    """What is wrong with a noxfile is an error of whatever needs it, not of the reading."""
    assert set() == files_named(project(BARE, {"noxfile.py": "def ("}))
