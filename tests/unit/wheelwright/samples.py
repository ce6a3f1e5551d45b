"""Packages as snapshots: the shapes of real projects, small enough to read in a test."""

from collections.abc import Mapping
from pathlib import Path

from wheelwright.ci import skippable
from wheelwright.gates.gate import Gate, Ran
from wheelwright.gates.result import GateResult
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

FIXTURES = Path(__file__).parents[2] / "fixtures"

# Shaped like attrs 26.1: hatch-vcs, groups that include each other, several checkers' groups.
LIKE_ATTRS = """\
[build-system]
requires = ["hatchling", "hatch-vcs", "hatch-fancy-pypi-readme>=23.2.0"]
build-backend = "hatchling.build"

[project]
name = "likeattrs"
requires-python = ">=3.9"
classifiers = [
  "Programming Language :: Python :: 3.9",
  "Programming Language :: Python :: 3.10",
  "Programming Language :: Python :: 3.11",
  "Programming Language :: Python :: Implementation :: PyPy",
]
dependencies = []
dynamic = ["version", "readme"]

[dependency-groups]
mypy = [{ include-group = "tests" }, 'pytest-mypy-plugins; python_version >= "3.10"']
tests = ["hypothesis", "pytest", "pytest-xdist[psutil]"]
pyright = ["pyright", { include-group = "tests" }]
dev = [{ include-group = "tests" }, "ruff"]

[tool.hatch.version]
source = "vcs"
raw-options = { local_scheme = "no-local-version" }

[tool.mypy]
pretty = true
"""

# Shaped like click 8.5: no classifiers for versions, default groups, two checkers configured.
LIKE_CLICK = """\
[project]
name = "likeclick"
version = "8.5.1"
classifiers = ["Programming Language :: Python", "Typing :: Typed"]
requires-python = ">=3.10"

[dependency-groups]
dev = ["ruff", "tox", "tox-uv"]
tests = ["pytest"]
tests-random = ["pytest", "pytest-randomly"]
typing = ["mypy", "pyright", "pytest"]

[build-system]
requires = ["flit_core>=3.11,<4"]
build-backend = "flit_core.buildapi"

[tool.uv]
default-groups = ["dev", "tests", "typing"]

[tool.pytest.ini_options]
testpaths = ["tests"]

[tool.mypy]
python_version = "3.10"
files = ["src", "tests/typing"]

[tool.pyright]
pythonVersion = "3.10"

[tool.ruff]
fix = true
"""

# Shaped like itsdangerous 2.2: no groups, requirements in a directory, tox on top of them.
LIKE_ITSDANGEROUS = """\
[project]
name = "likeitsdangerous"
version = "2.2.0"
requires-python = ">=3.8"

[build-system]
requires = ["flit_core<4"]
build-backend = "flit_core.buildapi"

[tool.mypy]
files = ["src/likeitsdangerous"]
"""


def project(
    pyproject: str,
    files: Mapping[str, str] | None = None,
    *,
    names: tuple[str, ...] = (),
    members: Mapping[str, str] | None = None,
) -> Project:
    """Describe a package from its pyproject.toml, further texts by path, and further entries."""
    texts = {**(files or {}), "pyproject.toml": pyproject}
    return describe(Snapshot(texts, frozenset({*texts, *names})), "", members, skippable())


def described(texts: Mapping[str, str], *names: str) -> Project:
    """Describe a directory from its texts by path, and further entries."""
    return describe(Snapshot(texts, frozenset({*texts, *names})), "", None, skippable())


def moved(of: Project, base: str) -> Project:
    """Return a package as it is in a directory of a larger repository."""
    files = Snapshot(
        {f"{base}/{path}": text for path, text in of.files.texts.items()},
        frozenset(f"{base}/{name}" for name in of.files.names),
    )
    members = {f"{base}/{path}": each.text for path, each in of.members.items()}
    where = f"{base}/{of.where}" if of.where else base
    return describe(files, where, members, skippable(), base)


def judged(gate: Gate, *ran: Ran) -> GateResult:
    """Judge what the steps of a gate left, on a package that needs nothing."""
    return gate.judge(project('[project]\nname = "demo"\nversion = "1"\n'), "3.12", ran)


def fixture(name: str, where: str = "") -> Project:
    """Describe a sample package on disk, as the shell would have read it."""
    root = FIXTURES / name
    texts = {
        str(path.relative_to(root)): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and path.suffix in (".toml", ".lock", ".txt", ".ini", "")
    }
    names = {
        str(path.relative_to(root)) + ("/" if path.is_dir() else "") for path in root.rglob("*")
    }
    members = {
        path.rpartition("/")[0]: text
        for path, text in texts.items()
        if path.startswith("packages/") and path.endswith("/pyproject.toml")
    }
    return describe(Snapshot(texts, frozenset(names)), where, members)


def locked(*versions: str) -> str:
    """Return a uv.lock that holds `name==version` entries."""
    entries = (line.split("==") for line in versions)
    return "version = 1\n" + "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in entries
    )
