"""Small packages to release: each back end, version source and kind of changelog."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from uv import find_uv_bin

from .repository import run_git

__all__ = ["BACK_ENDS", "Backend", "Changelog", "Sample", "Versioned", "make_package"]


class Backend(Enum):
    """A build back end; the value is what `build-backend` names."""

    HATCHLING = "hatchling.build"
    UV_BUILD = "uv_build"
    FLIT = "flit_core.buildapi"
    SETUPTOOLS = "setuptools.build_meta"
    POETRY = "poetry.core.masonry.api"
    PDM = "pdm.backend"


BACK_ENDS = {
    Backend.HATCHLING: "hatchling>=1.27",
    Backend.UV_BUILD: "uv_build>=0.9,<1",
    Backend.FLIT: "flit_core>=3.11",
    Backend.SETUPTOOLS: "setuptools>=77",
    Backend.POETRY: "poetry-core>=2",
    Backend.PDM: "pdm-backend>=2.4",
}
"""What `requires` names for each."""


class Versioned(Enum):
    """Where the version is: in the table, in the package (`__version__`), or in git's tags."""

    STATIC = "static"
    PATH = "path"
    VCS = "vcs"


class Changelog(Enum):
    """Who writes the changelog."""

    HAND = "hand-written"
    TOWNCRIER = "towncrier"
    GIT_CLIFF = "git-cliff"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Sample:
    """A package.

    Attributes:
        entries: the lines of the changelog that wait for a release.
        dependencies: what `[project]` needs.
    """

    name: str = "sample-package"
    version: str = "1.2.3"
    backend: Backend = Backend.HATCHLING
    versioned: Versioned = Versioned.STATIC
    changelog: Changelog = Changelog.HAND
    entries: tuple[str, ...] = ("Something changed.",)
    dependencies: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The package's import name."""
        return self.name.replace("-", "_")

    def files(self) -> dict[str, str]:
        """Return paths and contents, uv.lock apart.

        Raises:
            ValueError: the back end has no such source of versions.
        """
        source = f"src/{self.module}/__init__.py"
        held = f'__version__ = "{self.version}"\n' if self.versioned is Versioned.PATH else ""
        return {
            "pyproject.toml": self._pyproject(),
            source: f'"""A sample to release."""\n{held}\nANSWER = 42\n',
            f"src/{self.module}/py.typed": "",
            "tests/test_sample.py": (
                f"from {self.module} import ANSWER\n\n\n"
                "def test_the_answer() -> None:\n    assert ANSWER == 42\n"
            ),
            "README.md": f"# {self.name}\n",
            ".python-version": f"{sys.version_info.major}.{sys.version_info.minor}\n",
            ".gitignore": ".venv/\ndist/\n__pycache__/\n*.egg-info/\n",
            **self._changelog(),
        }

    def _pyproject(self) -> str:
        requires, dynamic = [BACK_ENDS[self.backend]], ""
        version = f'version = "{self.version}"'
        if self.versioned is not Versioned.STATIC:
            version = 'dynamic = ["version"]'
            extra, dynamic = self._dynamic()
            requires += extra
        text = textwrap.dedent(
            f"""\
            # A comment that a release must keep.
            [project]
            name = "{self.name}"
            {version}
            description = "A sample to release"
            readme = "README.md"
            requires-python = ">=3.11"
            dependencies = {_toml(self.dependencies)}

            [build-system]
            requires = {_toml(requires)}
            build-backend = "{self.backend.value}"

            [dependency-groups]
            dev = ["pytest>=8"]
            """
        )
        if self.changelog is Changelog.TOWNCRIER:
            dynamic += (
                f'\n[tool.towncrier]\nname = "{self.name}"\ndirectory = "changes"\n'
                'filename = "CHANGELOG.md"\nstart_string = "<!-- towncrier -->\\n"\n'
            )
        return text + dynamic

    def _dynamic(self) -> tuple[list[str], str]:
        path = f"src/{self.module}/__init__.py"
        match self.backend, self.versioned:
            case Backend.HATCHLING, Versioned.PATH:
                return [], f'\n[tool.hatch.version]\npath = "{path}"\n'
            case Backend.HATCHLING, Versioned.VCS:
                return ["hatch-vcs>=0.5"], '\n[tool.hatch.version]\nsource = "vcs"\n'
            case Backend.SETUPTOOLS, Versioned.PATH:
                attribute = f'version = {{ attr = "{self.module}.__version__" }}'
                return [], f"\n[tool.setuptools.dynamic]\n{attribute}\n"
            case Backend.SETUPTOOLS, Versioned.VCS:
                return ["setuptools-scm>=8"], "\n[tool.setuptools_scm]\n"
            case Backend.FLIT, Versioned.PATH:
                return [], ""
            case Backend.PDM, Versioned.PATH:
                return [], f'\n[tool.pdm.version]\nsource = "file"\npath = "{path}"\n'
            case Backend.PDM, Versioned.VCS:
                return [], '\n[tool.pdm.version]\nsource = "scm"\n'
        raise ValueError(f"{self.backend.value} takes no version from {self.versioned.value}")

    def _changelog(self) -> dict[str, str]:
        past = f"## [{self.version}] - 2025-01-02\n\n### Added\n\n- Everything.\n"
        match self.changelog:
            case Changelog.HAND:
                waiting = "".join(f"- {entry}\n" for entry in self.entries)
                section = f"### Changed\n\n{waiting}\n" if waiting else ""
                return {"CHANGELOG.md": f"# Changelog\n\n## [Unreleased]\n\n{section}{past}"}
            case Changelog.TOWNCRIER:
                waiting_files = {
                    f"changes/{number}.feature.md": f"{entry}\n"
                    for number, entry in enumerate(self.entries, 1)
                }
                changelog = f"# Changelog\n\n<!-- towncrier -->\n\n{past}"
                return {"CHANGELOG.md": changelog, "changes/.gitignore": "!.gitignore\n"} | (
                    waiting_files
                )
            case Changelog.GIT_CLIFF:
                return {
                    "CHANGELOG.md": f"# Changelog\n\n{past}",
                    "cliff.toml": (
                        "[git]\nconventional_commits = true\nfilter_unconventional = true\n"
                    ),
                }
            case Changelog.NONE:
                return {}


def _toml(strings: Sequence[str]) -> str:
    """Return a list as TOML writes it, whose strings are JSON's."""
    return json.dumps([*strings])


def make_package(sample: Sample, directory: Path, *, locked: bool = True) -> Path:
    """Make a repository with the package: its last release, tagged, and what changed since.

    Raises:
        AssertionError: git fails.
        CalledProcessError: uv cannot lock it.
    """
    directory.mkdir(parents=True)
    run_git(directory, "init", "--quiet", "--initial-branch=main")
    for path, contents in sample.files().items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(contents, encoding="utf-8")
    _commit(directory, f"chore: release {sample.version}")
    run_git(directory, "tag", "-a", f"v{sample.version}", "-m", f"v{sample.version}")
    if locked:
        # After the tag: a version from git's tags is the release's.
        subprocess.run(
            [find_uv_bin(), "lock", "--quiet"],
            cwd=directory,
            check=True,
            capture_output=True,
            text=True,
        )
        _commit(directory, "chore: lock the dependencies")
    if sample.changelog is Changelog.GIT_CLIFF:
        for entry in sample.entries:
            run_git(directory, "commit", "--quiet", "--allow-empty", "-m", f"feat: {entry}")
    return directory


def _commit(directory: Path, message: str) -> None:
    run_git(directory, "add", "--all")
    run_git(directory, "commit", "--quiet", "-m", message)
