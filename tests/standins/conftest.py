"""The fixtures of the stand-ins; a suite elsewhere takes them by `from standins.conftest import *`.

devpi and GitHub's description are shared by all tests of a run; a world is made for each test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .certificates import Authority
from .description import Description, fetch_description
from .devpi import Devpi
from .github_sample import Api, change
from .outside import Outside
from .repository import run_git

__all__ = ["authority", "description", "devpi", "outside"]


@pytest.fixture(scope="session")
def description(pytestconfig: pytest.Config) -> Description:
    """GitHub's description, kept in pytest's own cache directory.

    It comes through npm; CI has that, and a machine without skips what needs GitHub.
    """
    if shutil.which("npm") is None and not os.environ.get("CI"):
        pytest.skip("no npm, by which GitHub's description of its API is fetched")
    return Description(fetch_description(pytestconfig.rootpath / ".pytest_cache/d/openapi"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def devpi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devpi]:
    """A running devpi-server."""
    with Devpi(tmp_path_factory.mktemp("devpi")) as server:
        yield server


@pytest.fixture
def outside(tmp_path: Path, description: Description, authority: Authority) -> Iterator[Outside]:
    """A world of its own, all servers started."""
    with Outside(tmp_path / "outside", description, authority) as started:
        yield started


@pytest.fixture
def work(outside: Outside, tmp_path: Path) -> Path:
    """A work tree whose main is landed, and whose branch release/v1 is one commit ahead."""
    path = tmp_path / "work"
    path.mkdir()
    run_git(path, "init", "--quiet", "--initial-branch=main")
    change(path, "file", "one")
    outside.land(path)
    run_git(path, "checkout", "--quiet", "-b", "release/v1")
    change(path, "file", "two")
    outside.land(path, "release/v1")
    return path


@pytest.fixture
def api(outside: Outside, work: Path) -> Api:
    """The API of a repository with something to release."""
    return Api(outside)
