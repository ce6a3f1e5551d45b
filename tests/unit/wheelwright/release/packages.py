"""Packages as snapshots, one for each way that a back end has its version."""

from collections.abc import Mapping

from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

STATIC = """\
# Who changes this wants to know why.
[project]
name = 'demo'
version = '1.2.3'   # the release writes this
dependencies = [
  "anyio",  # for a reason
]

[tool.other]
version = "1.2.3"
"""
HATCH = """\
[project]
name = "demo"
dynamic = ["version"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.version]
path = "src/demo/__about__.py"
"""
HATCH_VCS = """\
[project]
name = "demo"
dynamic = ["version"]
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"
[tool.hatch.version]
source = "vcs"
"""
SETUPTOOLS = """\
[project]
name = "demo"
dynamic = ["version"]
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[tool.setuptools.dynamic]
version = { attr = "demo.__version__" }
"""
FLIT = """\
[project]
name = "my-demo"
dynamic = ["version", "description"]
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
"""
PDM = """\
[project]
name = "demo"
dynamic = ["version"]
[build-system]
requires = ["pdm-backend"]
build-backend = "pdm.backend"
[tool.pdm.version]
source = "file"
path = "demo/__init__.py"
"""
POETRY = '[tool.poetry]\nname = "demo"\nversion = "1.2.3"\n'


def project(pyproject: str, files: Mapping[str, str] | None = None) -> Project:
    """Describe a package from its pyproject.toml and further texts by path."""
    texts = {**(files or {}), "pyproject.toml": pyproject}
    return describe(Snapshot(texts, frozenset(texts)))


def locked(*versions: str) -> str:
    """Return a uv.lock that holds `name==version` entries from an index."""
    entries = (line.split("==") for line in versions)
    return "version = 1\n" + "".join(
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "x" }}\n'
        for name, version in entries
    )
