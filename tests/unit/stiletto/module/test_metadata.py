"""The metadata that a module's project has where it is not installed."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from stiletto.module.metadata import dist_info

PYPROJECT = """
[project]
name = "Elsewhere.named"
version = "1.2.0rc1"
description = "Two\\nlines"
requires-python = ">=3.11"
dependencies = ["dagger-io", "httpx[http2]>=0.27; python_version > '3'"]

[project.urls]
Repository = "https://example.org/o/gears"

[project.scripts]
gears = "gears.cli:main"

[project.entry-points."dagger.mod"]
main_object = "gears.main:Gears"
"""


ORIGIN = {"url": "https://example.org/o/gears", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}


def installed(at: Path, pyproject: str) -> metadata.Distribution:
    """Write the metadata to a directory of the path, and return it as the library reads it."""
    for name, text in dist_info(pyproject, ORIGIN).items():
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (found,) = metadata.distributions(path=[str(at)])
    return found


def test_metadata_is_that_of_an_installed_project(tmp_path: Path) -> None:
    """Name, version, addresses and requirements are read by the standard library."""
    found = installed(tmp_path, PYPROJECT)

    assert ("Elsewhere.named", "1.2.0rc1") == (found.metadata["Name"], found.version)
    assert "Two lines" == found.metadata["Summary"]
    assert ["Repository, https://example.org/o/gears"] == found.metadata.get_all("Project-URL")
    assert ["dagger-io", "httpx[http2]>=0.27; python_version > '3'"] == found.requires
    assert ["elsewhere_named-1.2.0rc1.dist-info"] == [
        path.name.lower() for path in tmp_path.iterdir()
    ]


def test_entry_points_are_found_by_their_group(tmp_path: Path) -> None:
    """The SDK's group is there, and so are those of the scripts."""
    points = installed(tmp_path, PYPROJECT).entry_points

    assert {
        ("dagger.mod", "main_object", "gears.main:Gears"),
        ("console_scripts", "gears", "gears.cli:main"),
    } == {(point.group, point.name, point.value) for point in points}


def test_origin_is_written_as_an_installer_writes_it(tmp_path: Path) -> None:
    """A module of a repository has its direct_url.json, another has none."""
    assert ORIGIN == json.loads(installed(tmp_path, PYPROJECT).read_text("direct_url.json") or "")
    assert not any("direct_url" in path for path in dist_info(PYPROJECT, {}))


@pytest.mark.parametrize(
    ("pyproject", "expected"),
    [
        ("", []),
        ("[project]\nname = 3", []),
        ('[project]\nname = "../x"', []),
        ('[project]\nname = "a"\ndynamic = ["version"]', ["a-0.dist-info/METADATA"]),
        ('[project]\nname = "a"\nversion = "../1"', ["a-0.dist-info/METADATA"]),
        (
            '[project]\nname = "a"\nversion = "1"\nurls = 3\nscripts = []',
            ["a-1.dist-info/METADATA"],
        ),
        (
            '[project]\nname = "a"\nversion = "1"\n[project.entry-points]\nx = 3',
            ["a-1.dist-info/METADATA"],
        ),
    ],
)
def test_other_projects(pyproject: str, expected: list[str]) -> None:
    """What has another form than the standard's is left out; the path stays in its directory."""
    assert expected == list(dist_info(pyproject, {}))
