"""What the command was installed from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from stiletto import distribution

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(url: str, **others: str) -> dict[str, Any]:
    """Return a direct_url.json of a git repository."""
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}, **others}


@pytest.mark.parametrize(
    ("direct_url", "module"),
    [
        (git("https://h.example/o/w.git"), f"h.example/o/w.git@{COMMIT}"),
        (git("https://h.example/o/w/"), f"h.example/o/w@{COMMIT}"),
        (git("https://user:word@h.example/o/w"), f"h.example/o/w@{COMMIT}"),
        (git("https://h.example/o/w", subdirectory="a"), f"h.example/o/w.git/a@{COMMIT}"),
        (git("https://github.com/o/w", subdirectory="a"), f"github.com/o/w/a@{COMMIT}"),
        (git("https://h.example:8443/o/w"), f"h.example:8443/o/w@{COMMIT}"),
        (git("ssh://git@h.example/o/w.git"), f"ssh://git@h.example/o/w.git@{COMMIT}"),
        (git("file:///srv/w.git"), f"file:///srv/w.git@{COMMIT}"),
        ({"url": "file:///srv/my%20w", "dir_info": {"editable": True}}, "/srv/my w"),
        ({"url": "file:///srv/w", "dir_info": {}, "subdirectory": "a"}, "/srv/w/a"),
        ({"url": "https://h.example/w.whl", "archive_info": {}}, ""),
        ({"url": "https://h.example/w", "vcs_info": {"vcs": "hg", "commit_id": "1"}}, ""),
        ({}, ""),
    ],
)
def test_module_is_that_of_the_installation(direct_url: dict[str, Any], module: str) -> None:
    """A repository at the commit that was installed, without a password; or the directory."""
    assert module == distribution.installed_from(direct_url)


def test_address_stands_in_pyproject_toml() -> None:
    """Name, version and address are those of `[project]`, read from the installed metadata."""
    address = PROJECT["urls"]["Repository"]

    assert PROJECT["name"] == distribution.NAME
    assert (PROJECT["version"], address) == (distribution.version(), distribution.repository())
    assert f"{PROJECT['name']}[stiletto] @ git+{address}@v{PROJECT['version']}" == (
        distribution.requirement()
    )
    assert distribution.requirement(COMMIT).endswith(f" @ git+{address}@{COMMIT}")


def test_checkout_is_the_module_of_a_command_that_runs_from_it() -> None:
    """An editable installation is the module itself."""
    assert str(Path(__file__).parents[3]) == distribution.module()
