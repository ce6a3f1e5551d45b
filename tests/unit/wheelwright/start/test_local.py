"""What `doctor` reports without a server: package, git, files."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.description import Subject
from wheelwright.repository.checkout import Submodule
from wheelwright.repository.existing import read
from wheelwright.repository.facts import Found, Repository
from wheelwright.start import local
from wheelwright.start.dagger_json import Toolchain
from wheelwright.start.findings import Finding, State

PACKAGE = project('[project]\nname = "demo"\nversion = "1"\n')
UPLOADS = "on:\n  push:\n    tags: ['*']\njobs:\n  up:\n    steps:\n      - run: uv publish\n"
OURS = "# >>> wheelwright\non: push\njobs: {}\n# <<< wheelwright\n"
PINNED = Toolchain("h.example/o/wheelwright@v1", "0" * 40)


def states(found: Iterable[Finding]) -> dict[str, str]:
    """Return each state by its subject."""
    return {each.subject: each.state.value for each in found}


def of_git(**given: Any) -> dict[str, str]:
    """Return the states of a repository on trunk with some facts changed."""
    usual = {"branch": Found("trunk", "HEAD"), "remote": "https://h.example/o/d", "has_git": True}
    repository = Repository(**{**usual, **given})
    return states(local.git(repository, repository.tags(PACKAGE)))


def of_files(
    texts: dict[str, str], toolchain: Toolchain | None = PINNED, changelog: str | None = "NEWS"
) -> dict[str, Finding]:
    """Return the findings of a repository with these workflows, by subject."""
    listed = tuple(read(f".github/workflows/{name}", text) for name, text in texts.items())
    found = local.files(Repository(workflows=listed), toolchain, changelog, "stiletto call w")
    return {each.subject: each for each in found}


def test_complete_clone_is_found() -> None:
    """Remote, branch and tags of an ordinary clone are there, and nothing else is listed."""
    assert {"remote": "found", "default branch": "found", "version tags": "found"} == of_git()


@pytest.mark.parametrize(
    ("given", "subject", "state"),
    [
        ({"remote": ""}, "remote", "missing"),
        ({"branch": Found("", "HEAD is not on a branch")}, "default branch", "missing"),
        ({"shallow": True}, "history", "missing"),
        ({"submodules": (Submodule("data", "git@h:o/d"),)}, "submodule data", "found"),
        ({"submodules": (Submodule("data", "../d", there=False),)}, "submodule data", "missing"),
        ({"lfs": ("*.npz",)}, "git-lfs", "found"),
        ({"has_git": False}, "repository", "missing"),
    ],
)
def test_each_fact_of_git_has_its_line(given: dict[str, Any], subject: str, state: str) -> None:
    """What is special about a repository is listed with its state."""
    assert state == of_git(**given)[subject]


def test_first_tag_is_named() -> None:
    """Without a tag the form of the first is shown; with some, the newest."""
    tagged = Repository(has_git=True, refs={"refs/tags/1.2.0": "", "refs/tags/1.10.0": ""})
    first, later = (
        {found.subject: found.seen for found in local.git(each, each.tags(PACKAGE))}
        for each in (Repository(has_git=True), tagged)
    )

    assert "none yet; the first is of the form v0.1.0" == first["version tags"]
    assert "[0-9]*, newest 1.10.0" == later["version tags"]


def test_bare_repository_has_a_command_for_each_file() -> None:
    """Module, workflows and changelog are missing, each with what makes it."""
    found = of_files({}, None, "")

    assert ("stiletto call w init -y",) == found["module"].next
    assert ("stiletto call w workflows -y",) == found["workflows"].next
    assert ("stiletto call w init -y",) == found["changelog"].next
    assert "changelog" not in of_files({}, changelog=None)


def test_toolchain_without_a_pin_is_missing_one() -> None:
    """A version can be moved, so the entry needs a pin; a directory of the repository does not."""
    unpinned = Toolchain("h.example/o/wheelwright@v1")

    assert State.MISSING is of_files({}, unpinned)["module"].state
    assert State.FOUND is of_files({}, Toolchain("tools/wheelwright"))["module"].state


def test_two_publishers_are_one_too_many() -> None:
    """With ours and theirs each version is uploaded twice: the file to change is named."""
    both = of_files({"release.yml": OURS, "upload.yaml": UPLOADS})["who publishes"]
    theirs = of_files({"ci.yml": OURS, "upload.yaml": UPLOADS})["who publishes"]

    assert State.MISSING is both.state
    assert ".github/workflows/upload.yaml" in both.next[0]
    assert (State.FOUND, ".github/workflows/upload.yaml on push of tags * (uv publish)") == (
        theirs.state,
        theirs.seen,
    )


def test_workflow_that_cannot_be_read_is_named() -> None:
    """Broken YAML is missing its correction, and does not stop the rest."""
    found = of_files({"ci.yml": "a: [", "release.yml": OURS})

    assert State.MISSING is found[".github/workflows/ci.yml"].state
    assert State.FOUND is found["who publishes"].state


def test_package_without_tests_is_missing_them() -> None:
    """A gate that is not configured is no fault; a package without tests has one."""
    found = local.package(
        [
            Subject("package", ("demo 1",)),
            Subject("tests", ("no tests",)),
            Subject("lint", ("not configured",)),
            Subject("types", error="mypy.ini: broken"),
        ]
    )

    assert {"tests": "missing", "lint": "found", "types": "missing"} == states(found)
