"""Arguments that several functions share: type, help and where they come from when omitted."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import dagger
from dagger import DefaultPath, Doc, Ignore

# What a working copy holds beside its sources. Each of these would change the key of every
# step without changing a result.
NOISE = [
    ".git",
    ".dagger",
    "**/.venv",
    "**/venv",
    "**/.tox",
    "**/.nox",
    "**/__pycache__",
    "**/*.pyc",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    "**/.hypothesis",
    "**/.coverage",
    "**/.coverage.*",
    "**/htmlcov",
    "**/*.egg-info",
    "**/node_modules",
    "**/.DS_Store",
    "**/.idea",
    "**/.vscode",
    "dist",
    "build",
]

# The repository alone, without the parts of it that say nothing about the version.
ONLY_GIT = [
    "**",
    "!.git",
    "!.git/**",
    ".git/hooks",
    ".git/logs",
    ".git/lfs",
    ".git/modules",
    ".git/worktrees",
    ".git/COMMIT_EDITMSG",
    ".git/FETCH_HEAD",
    ".git/ORIG_HEAD",
]

Source: TypeAlias = Annotated[
    dagger.Directory,
    Doc("The package's source: the directory with pyproject.toml. Default: this repository."),
    DefaultPath("/"),
    Ignore(NOISE),
]
Package: TypeAlias = Annotated[
    str,
    Doc("Which package, if the source has several: a workspace member's name, or a path."),
]
Python: TypeAlias = Annotated[
    str,
    Doc("Python version, such as 3.12. Default: .python-version, else a version it claims."),
]
AllPackages: TypeAlias = Annotated[
    bool, Doc("Do it for every package of the uv workspace, not for one.")
]
Git: TypeAlias = Annotated[
    dagger.Directory,
    Doc("A directory with .git, read only where the version comes from version control."),
    DefaultPath("/"),
    Ignore(ONLY_GIT),
]
Groups: TypeAlias = Annotated[
    list[str],
    Doc("Dependency groups to install instead of the place found in the package's files."),
]
Extras: TypeAlias = Annotated[
    list[str],
    Doc("Extras of the package to install beside its test dependencies."),
]
PytestArgs: TypeAlias = Annotated[
    list[str],
    Doc("Arguments for pytest; they replace pytest-args of [tool.wheelwright]."),
]
Severity: TypeAlias = Annotated[
    str,
    Doc("The lowest severity that counts: low, medium or high."),
]
Services: TypeAlias = Annotated[
    list[str],
    Doc("Servers for the tests, such as postgres:16,redis:7. Default: [tool.wheelwright]."),
]

# -- the matrix -----------------------------------------------------------------------------------

Pythons: TypeAlias = Annotated[
    list[str],
    Doc("Python versions, such as 3.11,3.12. Default: those that the package claims."),
]
Resolutions: TypeAlias = Annotated[
    list[str],
    Doc("locked, highest, lowest-direct. Default: locked, without uv.lock highest."),
]
GroupAxis: TypeAlias = Annotated[
    list[str],
    Doc("Dependency groups, one cell each; + joins those of one cell: tests,tests+docs."),
]
ExtraAxis: TypeAlias = Annotated[
    list[str],
    Doc("Extras of the package, one cell each; + joins those of one cell."),
]
ServiceAxis: TypeAlias = Annotated[
    list[str],
    Doc("Services, one cell each, such as postgres:15,postgres:16; + joins those of one cell."),
]
Cells: TypeAlias = Annotated[
    list[str],
    Doc("Only the cells of these names, such as 3.12-lowest-direct or 3.12*."),
]
Rerun: TypeAlias = Annotated[
    bool,
    Doc("Run again even if it passed. What did not pass runs again in any case."),
]
Limit: TypeAlias = Annotated[int, Doc("How many cells run at the same time.")]
FailFast: TypeAlias = Annotated[
    bool, Doc("Stop at the first cell that fails, instead of running them all.")
]
SkipUnavailable: TypeAlias = Annotated[
    bool,
    Doc("Leave out a Python that the engine cannot provide, instead of failing for it."),
]
Coverage: TypeAlias = Annotated[
    bool | None,
    Doc("Measure coverage. Default: where the package configures it or installs a tool for it."),
]
CoverageMin: TypeAlias = Annotated[
    float,
    Doc("Percent that all cells together must cover. Default: coverage's own fail_under."),
]

# -- limits ---------------------------------------------------------------------------------------

StepTimeout: TypeAlias = Annotated[
    str,
    Doc("How long one step may take, such as 90s or 1h; 0 is no limit. Default: 30m."),
]
Netrc: TypeAlias = Annotated[
    dagger.Secret | None,
    Doc("Credentials for private indexes and git hosts, in netrc's format: file://$HOME/.netrc."),
]
CallTimeout: TypeAlias = Annotated[
    str,
    Doc("How long the whole call may take, such as 45m. Default: no limit."),
]
