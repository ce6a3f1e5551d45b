"""Reading the members of a workspace."""

import pytest

from tests.unit.wheelwright.samples import fixture
from wheelwright.errors import RequestError
from wheelwright.project.pyproject import parse
from wheelwright.project.workspace import below, locate, members, only


def test_workspace_members_follow_the_globs() -> None:
    """A member is a directory with pyproject.toml that a pattern names and none excludes."""
    root = parse("p", '[tool.uv.workspace]\nmembers = ["libs/*", "app"]\nexclude = ["libs/old"]\n')
    paths = ["pyproject.toml", "app/pyproject.toml", "libs/a/pyproject.toml"]
    paths += ["libs/old/pyproject.toml", "libs/a/deep/pyproject.toml", "docs/pyproject.toml"]
    assert ["app", "libs/a"] == members(root, paths)


def test_package_is_found_by_name_or_path() -> None:
    """--package takes a normalized name or a path, with or without slashes around it."""
    names = {"": "root", "libs/a": "my-lib"}
    found = [locate(word, names) for word in ("My_Lib", "libs/a", "./libs/a/", "root")]
    assert ["libs/a", "libs/a", "libs/a", ""] == found


def test_unknown_package_lists_what_is_there() -> None:
    """A package that is not there is answered with names and paths of those that are."""
    with pytest.raises(RequestError, match=r'no package "b" \(it has: my-lib \(libs/a\), root'):
        locate("b", {"": "root", "libs/a": "my-lib", "broken": ""})


def test_fixture_workspace_member_is_described_with_its_root() -> None:
    """A member's project has its own pyproject.toml and the workspace's lock."""
    crane = fixture("workspace", "packages/crane")
    assert ("quay-crane", "quay", True) == (crane.name, crane.root.name, crane.lock is not None)
    assert {"packages/crane", "packages/rope"} == set(crane.members)


def test_packages_below_the_root_are_found() -> None:
    """Samples, what lies in another package, and tables of tools alone are none."""
    texts = {
        "python/pyproject.toml": '[project]\nname = "awl"\n',
        "python/plugins/a/setup.py": "",
        "libs/b/setup.cfg": "",
        "tools/pyproject.toml": "[tool.ruff]\n",
        "tests/fixtures/c/pyproject.toml": "[project]\n",
        "d/pyproject.toml": "[tool.poetry]\n",
    }
    assert ["d", "libs/b", "python"] == below(texts)


def test_only_package_is_taken() -> None:
    """One is taken, none is left to the reader of the root, and several are named."""
    assert ("python", "") == (only(["python"]), only([]))
    with pytest.raises(RequestError, match=r"several packages: a, b; pass --package"):
        only(["a", "b"])
