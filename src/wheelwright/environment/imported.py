"""What tests may import of all that is installed for them, by name (pure).

A group for developers brings programs that are called and never imported, with what these need. To
compile them takes longer than the tests of a small package. What is wrong here costs time alone:
what is not compiled is compiled by whoever imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.environment.test_dependencies import TestDependencies, requirements
from wheelwright.project.model import Project
from wheelwright.project.reading import requirement_or_none

APPLICATIONS: Final = frozenset(
    {
        *("auditwheel", "autopep8", "bandit", "basedpyright", "black", "bump-my-version"),
        *("bump2version", "check-manifest", "cibuildwheel", "codecov", "codecov-cli", "codespell"),
        *("commitizen", "coveralls", "deptry", "doc8", "flake8", "furo", "git-cliff", "hatch"),
        *("import-linter", "interrogate", "ipdb", "ipython", "isort", "jupyter", "jupyterlab"),
        *("mkdocs", "mkdocs-material", "mkdocstrings", "mkdocstrings-python", "mypy"),
        *("myst-parser", "nbsphinx", "notebook", "nox", "pdm", "pip-audit", "pip-tools"),
        *("pipdeptree", "poetry"),
        *("pre-commit", "pydocstyle", "pylint", "pyre-check", "pyrefly", "pyright", "pyroma"),
        *("python-semantic-release", "pyupgrade", "ruff", "scriv", "sphinx", "sphinx-autobuild"),
        *("sphinx-rtd-theme", "towncrier", "tox", "tox-uv", "twine", "ty", "vulture", "yapf"),
        *("zensical",),
    }
)
"""Programs that are called, of groups for developers. Most of them are also libraries: a package
that requires one imports it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Names of distributions, normalized, extras in brackets.

    Attributes:
        named: what the package and its tests require, and may import.
        applications: what they do not import, unless something in `named` requires it.
    """

    named: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()


def imported(project: Project, wanted: TestDependencies) -> Imported:
    """Return what a package and its tests name; `wanted` are all the groups that are installed."""
    own = [
        requirement
        for line in project.metadata.dependencies
        if (requirement := requirement_or_none(line)) is not None
    ]
    needed = {str(canonicalize_name(each.name)) for each in own}
    applications = APPLICATIONS - needed
    both = [*own, *requirements(project, wanted)]
    named = {
        f"{canonicalize_name(each.name)}[{','.join(sorted(each.extras))}]"
        for each in both
        if canonicalize_name(each.name) not in applications
    }
    return Imported(
        tuple(sorted(name.removesuffix("[]") for name in named)), tuple(sorted(applications))
    )
