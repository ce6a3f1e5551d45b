"""Sample packages: real ones that build, in a repository that can be released."""

from __future__ import annotations

import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from .outside import Outside
from .packages import Backend, Changelog, Sample, Versioned, make_package
from .repository import run_git

POSSIBLE = [
    *((backend, Versioned.STATIC) for backend in Backend),
    (Backend.HATCHLING, Versioned.PATH),
    (Backend.HATCHLING, Versioned.VCS),
    (Backend.SETUPTOOLS, Versioned.PATH),
    (Backend.SETUPTOOLS, Versioned.VCS),
    (Backend.FLIT, Versioned.PATH),
    (Backend.PDM, Versioned.PATH),
    (Backend.PDM, Versioned.VCS),
]


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(("backend", "versioned"), POSSIBLE)
def test_every_sample_builds(tmp_path: Path, backend: Backend, versioned: Versioned) -> None:
    """`uv build` makes the wheel with the sample's version, at its tag."""
    sample = Sample(backend=backend, versioned=versioned)
    work = make_package(sample, tmp_path / "work", locked=False)
    subprocess.run([find_uv_bin(), "build", "--quiet", "--wheel"], cwd=work, check=True)
    wheels = list((work / "dist").glob("*.whl"))

    assert ["sample_package-1.2.3-py3-none-any.whl"] == [wheel.name for wheel in wheels]
    with zipfile.ZipFile(wheels[0]) as packed:
        assert "sample_package/__init__.py" in packed.namelist()


@pytest.mark.parametrize(("backend", "versioned"), POSSIBLE)
def test_every_sample_says_where_its_version_is(backend: Backend, versioned: Versioned) -> None:
    """The project table has the version, or names it as dynamic."""
    files = Sample(backend=backend, versioned=versioned).files()
    project = tomllib.loads(files["pyproject.toml"])["project"]
    in_package = "1.2.3" in files["src/sample_package/__init__.py"]

    static = versioned is Versioned.STATIC
    assert ("1.2.3" if static else None) == project.get("version")
    assert ([] if static else ["version"]) == project.get("dynamic", [])
    assert (versioned is Versioned.PATH) == in_package


def test_impossible_samples_are_refused() -> None:
    """uv_build has no dynamic versions: asking for them names both."""
    with pytest.raises(ValueError, match="uv_build takes no version from vcs"):
        Sample(backend=Backend.UV_BUILD, versioned=Versioned.VCS).files()


@pytest.mark.parametrize(
    ("changelog", "where"),
    [
        (Changelog.HAND, "CHANGELOG.md"),
        (Changelog.TOWNCRIER, "changes/1.feature.md"),
        (Changelog.GIT_CLIFF, None),
        (Changelog.NONE, None),
    ],
)
def test_what_changed_is_where_the_changelog_tool_looks(
    tmp_path: Path, changelog: Changelog, where: str | None
) -> None:
    """Entries are in the Unreleased section, in a fragment, or in a commit since the tag."""
    sample = Sample(changelog=changelog, entries=("a new door",))
    work = make_package(sample, tmp_path / "work", locked=False)
    since = run_git(work, "log", "--format=%s", "v1.2.3..HEAD")

    assert (changelog is Changelog.GIT_CLIFF) == ("feat: a new door" in since)
    if where:
        assert "a new door" in (work / where).read_text()
    assert (changelog is not Changelog.NONE) == (work / "CHANGELOG.md").exists()


def test_a_sample_without_entries_has_an_empty_section() -> None:
    """No entries leave the heading alone, for the gate to find."""
    text = Sample(entries=()).files()["CHANGELOG.md"]

    assert "## [Unreleased]\n\n## [1.2.3]" in text


@pytest.mark.network
def test_a_landed_sample_can_be_cloned(outside: Outside, tmp_path: Path) -> None:
    """A package with its lock, pushed to the served remote past its rules, tags included."""
    work = make_package(Sample(), tmp_path / "work")
    head = outside.land(work)
    clone = outside.clone("clone", outside.token)

    assert head == run_git(clone, "rev-parse", "origin/main")
    assert (clone / "uv.lock").is_file()
    assert "v1.2.3" == run_git(clone, "tag", "--list")
    assert () == outside.effects.happened
