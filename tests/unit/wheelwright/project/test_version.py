"""Where a version comes from, and the variables that replace it."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, described, project
from wheelwright.project.version import (
    VersionSource,
    pretend_variables,
    version_source,
)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (LIKE_ATTRS, VersionSource.VCS),
        (LIKE_CLICK, VersionSource.STATIC),
        (LIKE_ATTRS.replace('source = "vcs"', 'path = "a.py"'), VersionSource.BACKEND),
        (
            '[project]\nname = "x"\ndynamic = ["version"]\n'
            '[build-system]\nrequires = ["setuptools", "setuptools_scm>=8"]\n'
            '[tool.setuptools.dynamic]\nversion = { attr = "x.v" }\n',
            VersionSource.BACKEND,
        ),
        (
            '[project]\nname = "x"\ndynamic = ["version"]\n'
            '[build-system]\nrequires = ["setuptools", "setuptools_scm>=8"]\n',
            VersionSource.VCS,
        ),
        (
            '[project]\nname = "x"\ndynamic = ["version"]\n[build-system]\n'
            'requires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n'
            '[tool.pdm.version]\nsource = "scm"\n',
            VersionSource.VCS,
        ),
    ],
)
def test_version_source(text: str, source: VersionSource) -> None:
    """Who knows the version follows from the backend and its tables."""
    assert source is version_source(project(text))


def test_version_can_be_pretended_where_the_tool_has_a_variable() -> None:
    """hatch-vcs has a variable that stands in for the history, versioningit has none."""
    attrs = project(LIKE_ATTRS)
    assert {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0"} == pretend_variables(attrs)
    other = LIKE_ATTRS.replace("hatch-vcs", "versioningit")
    assert pretend_variables(project(other)) is None


@pytest.mark.parametrize(
    ("tool", "tested"),
    [
        ("setuptools-scm", "SETUPTOOLS_SCM_PRETEND_VERSION"),
        ("poetry-dynamic-versioning", "POETRY_DYNAMIC_VERSIONING_BYPASS"),
        ("uv-dynamic-versioning", "UV_DYNAMIC_VERSIONING_BYPASS"),
        ("versioningit", ""),
        ("setuptools-git-versioning", ""),
        ("versioneer", ""),
    ],
)
def test_variable_of_each_tool(tool: str, tested: str) -> None:
    """A test without a history sets the variable of the tool that asks git for the version."""
    package = project(LIKE_ATTRS.replace("hatch-vcs", tool))
    assert ({tested: "0.0.0"} if tested else None) == pretend_variables(package)


CONFIGURED = "[metadata]\nname = demo\nversion = 1.0\n"
SCM = '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\n'


@pytest.mark.parametrize(
    ("texts", "source"),
    [
        ({"setup.py": "setup(version='1.0')\n"}, VersionSource.BACKEND),
        ({"setup.py": "setup(use_scm_version=True)\n"}, VersionSource.VCS),
        ({"setup.py": "setup(use_scm_version=False, version=v)\n"}, VersionSource.BACKEND),
        ({"setup.py": "setup(pbr=True)\n"}, VersionSource.VCS),
        (
            {"setup.py": "import versioneer\nsetup(version=versioneer.get_version())\n"},
            VersionSource.VCS,
        ),
        (
            {"setup.py": "from setuptools_scm import get_version\nsetup(version=get_version())\n"},
            VersionSource.VCS,
        ),
        ({"setup.py": "import versioneer\nsetup(version='1')\n"}, VersionSource.BACKEND),
        ({"setup.py": "setup(\n"}, VersionSource.BACKEND),
        ({"setup.cfg": CONFIGURED, "pyproject.toml": SCM}, VersionSource.BACKEND),
        (
            {"setup.cfg": "[metadata]\nname = demo\n", "pyproject.toml": SCM},
            VersionSource.VCS,
        ),
        ({"requirements.txt": ""}, VersionSource.BACKEND),
    ],
)
def test_version_source_without_project(texts: dict[str, str], source: VersionSource) -> None:
    """setup.py may have a tool ask git; a written version is that, whatever else is required."""
    assert source is version_source(described(texts))


def test_a_version_of_setup_py_can_be_pretended() -> None:
    """By the variable of the tool that setup.py names."""
    of = described({"setup.py": "setup(use_scm_version=True)\n"})
    assert {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0"} == pretend_variables(of)
    other = described({"setup.py": "setup(pbr=True)\n"})
    assert {"PBR_VERSION": "0.0.0"} == pretend_variables(other)
