"""What is built, and what a build needs."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, described, fixture, project
from wheelwright.distribution import build
from wheelwright.errors import ProjectError, ToolFailed

BARE = '[project]\nname = "demo"\nversion = "1"\n'


def test_build_is_one_sdist_and_its_wheel() -> None:
    """What came out is listed sdist first; anything else than both is the build's failure."""
    described = fixture("hatchling-src")
    names = ["a-1-py3-none-any.whl", "a-1.tar.gz", ".gitignore"]
    assert ["a-1.tar.gz", "a-1-py3-none-any.whl"] == build.verify(described, names)
    with pytest.raises(ToolFailed, match=r"made a-1\.tar\.gz instead of one sdist and a wheel"):
        build.verify(described, ["a-1.tar.gz"])


def test_member_is_built_by_name() -> None:
    """A workspace member is built with --package, a whole source without."""
    assert "--package=quay-crane" == build.command(fixture("workspace", "packages/crane"))[-1]
    assert ("uv", "build", "--out-dir=/dist") == build.command(fixture("hatchling-src"))


def test_build_without_a_known_version_stops_before_any_step() -> None:
    """A VCS version needs .git or PKG-INFO; without, the error names the next act."""
    build.require_version(project(LIKE_ATTRS), history=True)
    build.require_version(project(LIKE_ATTRS, names=("PKG-INFO",)), history=False)
    build.require_version(project(LIKE_CLICK), history=False)
    with pytest.raises(ProjectError, match="pass --git DIR with the directory"):
        build.require_version(project(LIKE_ATTRS), history=False)


def test_nothing_to_build_is_not_configured() -> None:
    """A package without a build system is listed as such."""
    assert "" == build.configured(fixture("hatchling-src"))
    assert build.configured(project(BARE)).startswith("not configured: demo has no [build-system]")
    assert "" == build.configured(project(BARE, {"setup.cfg": "[options]\n"}))
    assert (
        "not configured: an application, nothing to build: it has no [build-system] and no setup.py"
    ) == build.configured(described({"requirements.txt": ""}))
    poetry = '[build-system]\n[tool.poetry]\nname = "quay"\npackage-mode = false\n'
    assert (
        "not configured: quay is an application (package-mode = false in [tool.poetry]), "
        "nothing to build"
    ) == build.configured(project(poetry))
