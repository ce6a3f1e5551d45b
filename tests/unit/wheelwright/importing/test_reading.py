"""`import` prints settings that lead to what the project's own runner does, and what it leaves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.unit.wheelwright.project.runners.printing import with_tox
from tests.unit.wheelwright.samples import project
from wheelwright.importing.carried import text
from wheelwright.importing.reading import carried
from wheelwright.project import settings
from wheelwright.project.model import Project
from wheelwright.project.pyproject import parse

PACKAGE = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
[project.optional-dependencies]
fast = []
"""
GROUP = '[dependency-groups]\ntests = ["pytest>=8"]\n'

TOX = """\
[tox]
env_list = py{311,312}, lowest, lint, docs

[testenv]
dependency_groups = tests
extras = fast
set_env =
    SPEED = slow
commands = pytest tests {posargs:-q}

[testenv:lowest]
base_python = py311
uv_resolution = lowest-direct

[testenv:lint]
skip_install = true
deps = ruff
commands = ruff check

[testenv:docs]
deps = sphinx
commands = sphinx-build docs out
"""
FROM_TOX = """\
[tool.wheelwright]
groups = ["tests"]
extras = ["fast"]
pytest-args = ["tests", "-q"]
env = { SPEED = "slow" }

[tool.wheelwright.matrix]
python = ["3.11", "3.12"]
include = [{ python = "3.11", resolution = "lowest-direct", name = "lowest" }]

# not carried over:
#   tox.ini, testenv:docs: no gate of this kind
# needs nothing:
#   tox.ini, testenv:lint: `lint` runs ruff by itself
"""
NOX = """\
import nox

@nox.session(python=["3.11", "3.12"])
@nox.parametrize("order", ["fixed", "random"])
def tests(session, order):
    session.install(".[fast]", "pytest")
    session.run("pytest", "tests", env={"ORDER": order})

@nox.session(python="3.12")
def docs(session):
    session.install("sphinx")
    session.run("sphinx-build", "docs", "out")
"""
FROM_NOX = """\
[tool.wheelwright.matrix]
python = ["3.11", "3.12"]

# not carried over:
#   noxfile.py, tests: parameter "order" (fixed, random)
#   noxfile.py, docs: no gate of this kind
# needs nothing:
#   noxfile.py, tests: `test` reads what the session installs and runs
"""
HATCH = """\
[tool.hatch.envs.hatch-test]
features = ["fast"]
dependencies = ["pytest>=8", "pytest-randomly"]
default-args = ["tests"]

[[tool.hatch.envs.hatch-test.matrix]]
python = ["3.11", "3.12"]
"""
FROM_HATCH = """\
[dependency-groups]
tests = ["pytest>=8", "pytest-randomly"]

[tool.wheelwright]
extras = ["fast"]
pytest-args = ["tests"]

[tool.wheelwright.matrix]
python = ["3.11", "3.12"]

# not carried over:
#   pyproject.toml, hatch-test: -p no:randomly, which hatch adds
"""
WORKFLOW = """\
on: [push]
jobs:
  test:
    strategy:
      matrix:
        python-version: ["3.11", "3.12"]
        os: [ubuntu-latest, macos-latest]
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
      - run: pip install . --group tests
      - run: pytest tests
        env:
          TOKEN: ${{ secrets.TOKEN }}
"""
FROM_WORKFLOW = """\
[tool.wheelwright]
pytest-args = ["tests"]

[tool.wheelwright.matrix]
python = ["3.11", "3.12"]
os = ["ubuntu-latest", "macos-latest"]

# not carried over:
#   .github/workflows/test.yml, job test: variable TOKEN (a secret)
"""


def printed(at: Path, own: Project, workflows: dict[str, str] | None = None) -> str:
    """Return what `import` prints; it is checked that this module takes it as it is."""
    own = with_tox(at, own) if own.files.text("tox.ini") else own
    result = text(carried(own, workflows or {}), own)
    settings.read(parse("pyproject.toml", result))
    tomllib.loads(result)
    return result


@pytest.mark.parametrize(
    ("package", "files", "expected"),
    [
        pytest.param(PACKAGE + GROUP, {"tox.ini": TOX}, FROM_TOX, id="tox"),
        pytest.param(PACKAGE + GROUP, {"noxfile.py": NOX}, FROM_NOX, id="nox"),
        pytest.param(PACKAGE + HATCH, {}, FROM_HATCH, id="hatch"),
    ],
)
def test_a_runner_becomes_settings(
    tmp_path: Path, package: str, files: dict[str, str], expected: str
) -> None:
    """The job that tests becomes settings, its Pythons the matrix, what is left a comment."""
    assert expected == printed(tmp_path, project(package, files, names=("tests/",)))


def test_a_workflow_becomes_the_matrix(tmp_path: Path) -> None:
    """Axes of Pythons and runners are carried over, arguments of pytest; a secret is not."""
    own = project(PACKAGE + GROUP, names=("tests/",))
    assert FROM_WORKFLOW == printed(tmp_path, own, {".github/workflows/test.yml": WORKFLOW})


def test_nothing_to_carry_over_is_said(tmp_path: Path) -> None:
    """A project without any of them gets a comment that names what was looked for."""
    expected = "# nothing to carry over: no tox, nox, hatch, PDM and no matrix of a workflow\n"
    assert expected == printed(tmp_path, project(PACKAGE))


FACTORS = """\
[tox]
env_list = py{311,312}-dj{42,52}, py313-dj52, py310-dj42
[testenv]
dependency_groups = tests
deps =
    dj42: django>=4.2,<5
    dj52: django>=5.2
commands = coverage run -m pytest
    coverage report
"""


def test_a_factor_with_dependencies_becomes_a_group_of_its_own(tmp_path: Path) -> None:
    """Environments that differ in what they install are cells with that group."""
    result = printed(tmp_path, project(PACKAGE + GROUP, {"tox.ini": FACTORS}))
    data = tomllib.loads(result)
    assert {"tox-tests": ["django>=4.2,<5"], "dj52": ["django>=5.2"]} == data["dependency-groups"]
    matrix = data["tool"]["wheelwright"]["matrix"]
    assert ["3.11", "3.12"] == matrix["python"]
    assert [
        {"python": python, "groups": ["tests", "dj52"], "name": f"py{python.replace('.', '')}-dj52"}
        for python in ("3.11", "3.12", "3.13")
    ] == matrix["include"]
    assert "#   tox.ini, testenv:py311-dj42: Python 3.10, outside requires-python\n" in result
    assert "`matrix` runs coverage by itself\n" in result


def test_tables_that_are_there_are_named(tmp_path: Path) -> None:
    """A table that pyproject.toml has already cannot be added a second time."""
    package = PACKAGE + '[dependency-groups]\ndocs = ["sphinx"]\n' + HATCH
    result = printed(tmp_path, project(package + '[tool.wheelwright]\nskip = ["lint"]\n'))
    expected = (
        "# add the keys to the tables that pyproject.toml has:\n"
        "#   [dependency-groups]\n"
        "#   [tool.wheelwright]\n"
    )
    assert expected in result


STRANGE = """\
on: [push]
env: {LEVEL: "3"}
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        py: [3.10, "3.12", pypy-3.11, 3.14-dev, 3.x, "${{ inputs.python }}"]
        django: ["4.2", "5.2"]
        include:
          - {py: "3.13", os: windows-latest}
          - {py: "3.13"}
          - {django: "5.1"}
        exclude:
          - {py: "3.12"}
    services:
      postgres: {image: "postgres:16"}
    steps:
      - uses: actions/setup-python@v5
        with: {python-version: "${{ matrix.py }}"}
      - run: |
          python -m pip install .
          uv run python -m pytest -q tests --durations=5
      - run: pytest $MORE
  docs:
    runs-on: ubuntu-latest
    steps:
      - run: sphinx-build docs out
"""
FROM_STRANGE = """\
[tool.wheelwright]
pytest-args = ["-q", "tests", "--durations=5"]
env = { LEVEL = "3" }

[tool.wheelwright.matrix]
python = ["3.12", "pypy3.11", "3.14"]
include = [{ python = "3.13" }]
exclude = [{ python = "3.12" }]

# not carried over:
#   .github/workflows/ci.yaml, job test: Python 3.10, outside requires-python
#   .github/workflows/ci.yaml, job test: Python 3.x
#   .github/workflows/ci.yaml, job test: Python ${{ inputs.python }}
#   .github/workflows/ci.yaml, job test: axis "django" (4.2, 5.2)
#   .github/workflows/ci.yaml, job test: include of {py: 3.13, os: windows-latest}
#   .github/workflows/ci.yaml, job test: include of {django: 5.1}
#   .github/workflows/ci.yaml, job test: command `pytest $MORE`
#   .github/workflows/ci.yaml, job test: services postgres; set `services`, such as ["postgres:16"]
"""


def test_of_a_strange_matrix_what_is_valid_is_carried_over(tmp_path: Path) -> None:
    """Expressions, other axes, other runners, forms of versions: each is carried over or named."""
    own = project(PACKAGE + GROUP, names=("tests/",))
    assert FROM_STRANGE == printed(tmp_path, own, {".github/workflows/ci.yaml": STRANGE})


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [
        ("jobs: [", "# not carried over:\n#   .github/workflows/a.yml:1: not valid YAML: "),
        ("jobs: 3\n", "# nothing to carry over"),
        ("", "# nothing to carry over"),
        (
            "jobs:\n  t:\n    strategy: {matrix: '${{ fromJSON(x) }}'}\n"
            "    steps: [{run: pytest}]\n",
            "# not carried over:\n"
            "#   .github/workflows/a.yml, job t: strategy.matrix, which an expression computes\n",
        ),
        (
            "jobs:\n  t:\n    steps: [{run: pytest, with: 3}, 4, {uses: 5}]\n    env: []\n",
            "# nothing to carry over",
        ),
    ],
)
def test_a_workflow_that_says_little_is_no_error(
    tmp_path: Path, workflow: str, expected: str
) -> None:
    """Broken YAML, other shapes and expressions are named, or have nothing to carry over."""
    result = printed(tmp_path, project(PACKAGE), {".github/workflows/a.yml": workflow})
    assert result.startswith(expected)


def test_a_broken_file_of_a_runner_is_named(tmp_path: Path) -> None:
    """The workflows are read all the same."""
    own = project(PACKAGE, {"noxfile.py": "def ("})
    result = printed(tmp_path, own, {".github/workflows/test.yml": WORKFLOW})
    assert 'os = ["ubuntu-latest", "macos-latest"]' in result
    assert "#   nox: noxfile.py:1" in result


def test_the_second_runner_is_named(tmp_path: Path) -> None:
    """As for the gates, the first runner that tests decides."""
    own = project(PACKAGE + GROUP, {"tox.ini": TOX, "noxfile.py": NOX})
    assert "#   nox: tox was read\n" in printed(tmp_path, own)
