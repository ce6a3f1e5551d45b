"""Where the package's version comes from, and what a build needs for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project import setup_py
from wheelwright.project.built_metadata import PLACE
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject

# The version of a package that is tested without its history; never of one that is built.
PRETEND = "0.0.0"

# These ask git only where their tables set that.
_PDM: Final = "pdm-backend"
_POETRY: Final = "poetry-dynamic-versioning"
# The general form works for every tool of this family: hatch-vcs ignores the one with a name.
_GENERAL: Final = "SETUPTOOLS_SCM_PRETEND_VERSION"
# Build requirements that ask git, and the variable that replaces git's answer. Sources: the
# manuals of setuptools-scm, pdm-backend, poetry-dynamic-versioning, uv-dynamic-versioning, pbr.
# The manuals of the last three name none: without a history their tests get no version. A release
# needs none of these: its commit has its tag.
_ASKS_GIT: Final[Mapping[str, str | None]] = {
    "setuptools-scm": _GENERAL,
    "hatch-vcs": _GENERAL,
    "flit-scm": _GENERAL,
    "vcs-versioning": _GENERAL,
    _PDM: "PDM_BUILD_SCM_VERSION",
    _POETRY: "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "uv-dynamic-versioning": "UV_DYNAMIC_VERSIONING_BYPASS",
    "pbr": "PBR_VERSION",
    "versioningit": None,
    "setuptools-git-versioning": None,
    "versioneer": None,
}


class VersionSource(Enum):
    """Where the version is set."""

    STATIC = "the package's files"
    BACKEND = "the build backend"
    VCS = "version control"


def version_source(project: Project) -> VersionSource:
    """Return where the version comes from."""
    if "version" not in project.package.dynamic:
        return VersionSource.STATIC
    return VersionSource.VCS if scm(project) else VersionSource.BACKEND


def pretend_variables(project: Project) -> Mapping[str, str] | None:
    """Return the variables that replace the history; None where the tool has none."""
    variable = _ASKS_GIT.get(scm(project))
    return {variable: PRETEND} if variable else None


def scm(project: Project) -> str:
    """Return the tool that asks git for the version; empty for none."""
    if project.metadata.places.get("version", PLACE) != PLACE:
        # Such as an `attr:` of setup.cfg: a tool that asks git only lists files then.
        return ""
    path = join(project.where, setup_py.PATH)
    text = project.files.text(path)
    if (found := _scm(project.package)) or text is None:
        return found
    try:
        return setup_py.version_tool(path, text)
    except ProjectError:
        # The build says it, with all that setuptools knows of it.
        return ""


def _scm(pyproject: Pyproject) -> str:
    """Return the build requirement that asks git for the version; empty for none."""
    # A build requirement is not enough: setuptools-scm also serves to list files, and
    # hatch-vcs may be there for a build hook.
    if pyproject.has("tool", "setuptools", "dynamic", "version"):
        return ""
    hatch = pyproject.table("tool", "hatch", "version")
    if hatch and hatch.get("source", "regex") in ("regex", "code", "env"):
        return ""
    pdm = pyproject.table("tool", "pdm", "version")
    asks_pdm = pyproject.backend.startswith("pdm.") and pdm.get("source") == "scm"
    not_asked = {_PDM}
    if (
        pyproject.has("tool", "poetry", "version")
        and pyproject.table("tool", _POETRY).get("enable") is not True
    ):
        not_asked.add(_POETRY)
    asking = (name for name in _ASKS_GIT if name not in not_asked)
    plugins = (name for name in asking if name in pyproject.build_requires)
    return next(plugins, _PDM if asks_pdm else "")
