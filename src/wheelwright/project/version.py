"""Where the package's version comes from, and what a build needs for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from wheelwright.project.pyproject import Pyproject

# The version of a package that is tested without its history; never of one that is built.
PRETEND = "0.0.0"

# Build requirements that ask git, and the variable that answers in git's place. Sources: the
# manuals of setuptools-scm, pdm-backend, poetry-dynamic-versioning, uv-dynamic-versioning.
_ASKS_GIT: Mapping[str, str | None] = {
    "setuptools-scm": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "hatch-vcs": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "flit-scm": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "vcs-versioning": "SETUPTOOLS_SCM_PRETEND_VERSION",
    "poetry-dynamic-versioning": "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "uv-dynamic-versioning": "UV_DYNAMIC_VERSIONING_BYPASS",
    "versioningit": None,
    "setuptools-git-versioning": None,
    "versioneer": None,
}


class VersionSource(Enum):
    """Who knows the version."""

    STATIC = "pyproject.toml"
    BACKEND = "the build backend"
    VCS = "version control"


@dataclass(frozen=True, slots=True)
class _Scm:
    requirement: str
    variable: str | None


def version_source(pyproject: Pyproject) -> VersionSource:
    """Return where the version comes from."""
    if "version" not in pyproject.dynamic:
        return VersionSource.STATIC
    return VersionSource.VCS if _scm(pyproject) else VersionSource.BACKEND


def pretend_variables(pyproject: Pyproject) -> Mapping[str, str] | None:
    """Return the variables that stand in for the history; None where the tool has none."""
    scm = _scm(pyproject)
    return {scm.variable: PRETEND} if scm and scm.variable else None


def _scm(pyproject: Pyproject) -> _Scm | None:
    # A build requirement alone is no proof: setuptools-scm also serves to list files, and
    # hatch-vcs may be there for a build hook.
    if pyproject.has("tool", "setuptools", "dynamic", "version"):
        return None
    hatch = pyproject.table("tool", "hatch", "version")
    if hatch and hatch.get("source", "regex") in ("regex", "code", "env"):
        return None
    for name, variable in _ASKS_GIT.items():
        if name in pyproject.build_requires:
            return _Scm(name, variable)
    pdm = pyproject.table("tool", "pdm", "version")
    if pyproject.backend.startswith("pdm.") and pdm.get("source") == "scm":
        return _Scm("pdm-backend", "PDM_BUILD_SCM_VERSION")
    return None
