"""Requirement lines for a resolution without the lock: the package itself, workspace, sources."""

import pytest

from tests.unit.wheelwright.samples import fixture, project
from wheelwright.environment.plan import inputs, plan
from wheelwright.environment.sources import Expanded, expand
from wheelwright.environment.test_dependencies import find
from wheelwright.errors import RequestError

BASE = """\
[project]
name = "demo"
version = "1"
dependencies = ["attrs>=22", "sib"]
[project.optional-dependencies]
fast = ["orjson"]
all = ["demo[fast]", "yarl"]
tests = ["pytest"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
SIBLING = '[project]\nname = "sib"\ndependencies = ["idna", "demo[fast]"]\n'


def test_own_extras_are_what_they_need() -> None:
    """The package's own name stands for what its extra needs, through other extras."""
    expected = Expanded(["orjson", "yarl", "pytest"])
    assert expected == expand(project(BASE), ["demo[all]", "Demo[fast]", "pytest"])


def test_workspace_member_stands_for_its_requirements() -> None:
    """A member is never looked up on the index; what it needs is, and it is installed itself."""
    described = project(BASE, members={"packages/sib": SIBLING})
    assert Expanded(["idna", "orjson"], ["packages/sib"]) == expand(described, ["sib>=1"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{ git = "https://example.org/x", tag = "v1" }', "x[a] @ git+https://example.org/x@v1"),
        (
            '{ git = "https://example.org/x", subdirectory = "py" }',
            "x[a] @ git+https://example.org/x#subdirectory=py",
        ),
        ('{ url = "https://example.org/x.whl" }', "x[a] @ https://example.org/x.whl"),
    ],
)
def test_source_becomes_a_direct_reference(source: str, expected: str) -> None:
    """A git or URL source is followed, extras and markers kept."""
    described = project(f"{BASE}[tool.uv.sources]\nx = {source}\n")
    line = 'x[a]>=1; python_version < "3.13"'
    assert [f'{expected} ; python_version < "3.13"'] == expand(described, [line]).lines


@pytest.mark.parametrize("source", ['{ path = "../x" }', '{ index = "own" }', "[]"])
def test_source_that_only_the_lock_resolves_is_refused(source: str) -> None:
    """A name that the table sends elsewhere is never taken from the index instead."""
    described = project(f"{BASE}[tool.uv.sources]\nx = {source}\n")
    with pytest.raises(RequestError, match="sets the source of x"):
        expand(described, ["x"])


def test_lowest_is_resolved_for_the_package_and_constrains_the_install() -> None:
    """lowest-direct lowers what the package needs, with its extras, and not the tests' tools."""
    described = project(BASE, members={"packages/sib": SIBLING})
    wanted = find(described, "3.12", extras=("fast",))
    environment = plan(described, "3.12", wanted, resolution="lowest-direct")
    assert "attrs>=22\nidna\norjson\n" == environment.written["/opt/wheelwright/own.in"]
    compiled, install = environment.dependencies[1:]
    assert "--resolution=lowest-direct" in compiled
    assert "--constraints=/opt/wheelwright/lowest.txt" in install
    assert "pytest" in environment.written["/opt/wheelwright/requirements.txt"].split()
    members = [command[-1] for command in environment.install]
    assert ["/src/packages/sib", "."] == members


def test_highest_ignores_the_lock() -> None:
    """Highest installs from the index although there is a lock, and says so."""
    described = fixture("hatchling-src")
    environment = plan(described, "3.12", find(described, "3.12"), resolution="highest")
    words = [word for command in environment.dependencies for word in command]
    assert "sync" not in words
    assert "--resolution=lowest-direct" not in words
    assert ("highest: resolved from the index on this run",) == environment.notes


def test_lowest_of_what_the_build_fills_in_is_asked_of_the_install() -> None:
    """Requirements that only the build knows are lowered when the package is installed."""
    said = BASE.replace('dependencies = ["attrs>=22", "sib"]\n', 'dynamic = ["dependencies"]\n')
    described = project(said)
    environment = plan(described, "3.12", find(described, "3.12"), resolution="lowest-direct")
    assert "--resolution=lowest-direct" in environment.install[-1]


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("vendor/x-1.0.tar.gz", "vendor/x-1.0.tar.gz"),
        ("./vendor/x y-1.0-py3-none-any.whl", "vendor/x%20y-1.0-py3-none-any.whl"),
    ],
)
def test_distribution_of_the_source_is_a_direct_reference(path: str, at: str) -> None:
    """A file in the source is named by its place there, and the dependency layer sees it."""
    described = project(BASE + f'[tool.uv.sources]\nx = {{ path = "{path}" }}\n')
    assert [f"x[a] @ file:///src/{at}"] == expand(described, ["x[a]>=1"]).lines
    assert path.removeprefix("./") in inputs(described)


@pytest.mark.parametrize("path", ["../x.tar.gz", "/x.whl", "libs/x"])
def test_other_paths_are_refused(path: str) -> None:
    """What is outside of the source, and a directory, only uv.lock resolves."""
    described = project(BASE + f'[tool.uv.sources]\nx = {{ path = "{path}" }}\n')
    with pytest.raises(RequestError, match="which only a locked resolution of demo uses"):
        expand(described, ["x"])
