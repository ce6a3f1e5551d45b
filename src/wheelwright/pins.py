"""Every version that Wheelwright chooses itself: the one place to update them.

A project's own lock always wins over a pin (`environment/tools.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

# This module's own distribution, as in its pyproject.toml.
PACKAGE: Final = "wheelwright-pipeline"

# uv in the containers and on GitHub's runners. The image's tag is the version on the index.
UV: Final = "0.13.9"
UV_IMAGE: Final = f"ghcr.io/astral-sh/uv:{UV}"

# What GitLab's jobs run Dagger's command line in, and the Docker that its engine runs on.
DOCKER_CLI_IMAGE: Final = "docker:28-cli"
DOCKER_IMAGE: Final = "docker:28-dind"

# git alone, for what only reads .git: a tenth of the image that has Python, too.
GIT_IMAGE: Final = "alpine/git:v2.52.0"

# The compiler of extension modules in Rust, where the engine has none of its own.
RUST_IMAGE: Final = "rust:1.95-slim"

# A Debian with git and a C compiler, and one without: what uv's own Pythons run on. Both have the
# certificates of authorities, which `debian:trixie-slim` lacks.
SYSTEM_IMAGE: Final = "buildpack-deps:trixie"
SLIM_SYSTEM_IMAGE: Final = "buildpack-deps:trixie-curl"

# Dagger's command line and engine: as in dagger.json of this module.
DAGGER: Final = "0.21.8"

# Minor releases that have an official image, oldest first. A package that claims ">=3.9" and
# lists no classifiers claims those of these inside.
KNOWN_PYTHONS: Final = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")

# Used where the package claims it and prefers nothing: old enough that every machine can
# provide it and every package on the index has wheels for it.
DEFAULT_PYTHON: Final = "3.13"

# What GitLab's jobs run the embedded engine in: uv, Python, git and a C compiler.
UV_PYTHON_IMAGE: Final = f"{UV_IMAGE}-python{DEFAULT_PYTHON}-trixie"

POETRY_1: Final = "1.8.5"
"""The last release of Poetry 1, for locks of that; it needs wheels that end with Python 3.12."""
POETRY_1_PYTHON: Final = "3.12"

# Newest first: (oldest Python it runs on, version), as the index's Requires-Python has it.
TOOLS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "abi3audit": (("3.8", "0.0.26"),),
        "bandit": (("3.10", "1.9.4"), ("3.9", "1.8.6"), ("3.8", "1.7.10")),
        "basedpyright": (("3.8", "1.40.2"),),
        "black": (("3.10", "26.10.1"), ("3.9", "25.11.0"), ("3.8", "24.8.0")),
        "build": (("3.10", "1.6.1"), ("3.9", "1.4.4"), ("3.8", "1.2.2.post1")),
        # What is in [tool.cibuildwheel] is read by the tool itself.
        "cibuildwheel": (("3.11", "4.3.5"),),
        "codecov-cli": (("3.9", "11.3.1"), ("3.8", "9.1.1")),
        "coverage": (("3.11", "7.17.3"), ("3.10", "7.16.2"), ("3.9", "7.10.7"), ("3.8", "7.6.1")),
        "flake8": (("3.11", "7.5.0"), ("3.10", "7.4.1"), ("3.9", "7.3.0"), ("3.8", "5.0.4")),
        "git-cliff": (("3.7", "2.14.2"),),
        "isort": (("3.10", "9.0.2"), ("3.9", "6.1.0"), ("3.8", "5.13.2")),
        "mypy": (("3.10", "2.4.1"), ("3.9", "1.19.1"), ("3.8", "1.14.1")),
        "pdm": (("3.10", "2.29.4"), ("3.9", "2.26.9"), ("3.8", "2.20.1")),
        "pip-audit": (("3.10", "2.10.1"), ("3.9", "2.9.0"), ("3.8", "2.7.3")),
        "poetry": (("3.10", "2.5.1"), ("3.9", "2.2.1"), ("3.8", POETRY_1)),
        "pyrefly": (("3.8", "1.4.1"),),
        "pyright": (("3.7", "1.1.414"),),
        "pytest": (("3.10", "9.2.0"), ("3.9", "8.4.2"), ("3.8", "8.3.5")),
        "pytest-cov": (("3.9", "7.1.0"), ("3.8", "5.0.0")),
        "ruff": (("3.7", "0.17.6"),),
        "towncrier": (("3.9", "26.9.0"),),
        # It reads a configuration for every Python; `tox config` prints JSON from 4.48 on.
        "tox": (("3.11", "4.67.15"),),
        "twine": (("3.10", "7.0.0"),),
        "ty": (("3.8", "0.0.105"),),
    }
)


@dataclass(frozen=True, slots=True)
class Action:
    """A GitHub action at the commit that the version's tag names in the action's repository."""

    name: str
    commit: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.commit} # {self.version}"


# By the name in the templates. Each was read from the tags of the action's repository.
ACTIONS: Final = {
    "checkout": Action("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "cache": Action("actions/cache", "27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "upload": Action(
        "actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"
    ),
    "download": Action(
        "actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"
    ),
    "app_token": Action(
        "actions/create-github-app-token", "1b10c78c7865c340bc4f6099eb2f838309f1e8c3", "v3.1.1"
    ),
    "attest": Action("actions/attest", "1e69f48acb82d1966a394da916b4c1698aa569d6", "v4.2.2"),
    "dagger": Action(
        "dagger/dagger-for-github", "27b130bf0f79a7f6fbbbe0fbca6760dc9bb40a77", "v8.4.1"
    ),
    "uv": Action("astral-sh/setup-uv", "20cfd1bf945f4377ade1205e4dbc17946fc9a30d", "v10.0.1"),
}


def slim_image(python: str) -> str:
    """Return the image for a Python such as `3.12`, `3.12.1` or `pypy3.11`."""
    return f"{full_image(python)}-slim"


def full_image(python: str) -> str:
    """Return the image that also has git and a C compiler."""
    if python.startswith("pypy"):
        return f"pypy:{python.removeprefix('pypy')}"
    return f"python:{python}"
