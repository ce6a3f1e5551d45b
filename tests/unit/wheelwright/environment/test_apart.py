"""Whether one build of a package serves every Python, by its files and by what a build left."""

import json
from typing import Any

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, fixture, locked, project
from wheelwright.environment import apart
from wheelwright.environment.plan import plan
from wheelwright.environment.system import System
from wheelwright.environment.test_dependencies import find
from wheelwright.project.model import Project

NAMED = '[project]\nname = "demo"\nversion = "1"\n'
FLAT = ("uv", "pip", "install", "--no-deps")


def built_with(requires: str, backend: str, more: str = "", named: str = NAMED) -> str:
    """Return a pyproject.toml with a build system."""
    return f"[build-system]\nrequires = {requires}\nbuild-backend = {backend!r}\n\n{named}{more}"


HATCH = built_with('["hatchling"]', "hatchling.build")
SETUPTOOLS = built_with('["setuptools>=61"]', "setuptools.build_meta")


def command(described: Project, resolution: str = "", groups: tuple[str, ...] = ()) -> str:
    """Return the command that the plan of the tests has for a build apart."""
    wanted = find(described, "3.12", groups)
    return " ".join(plan(described, "3.12", wanted, resolution=resolution).apart)


@pytest.mark.parametrize(
    "text",
    [
        HATCH,
        SETUPTOOLS,
        LIKE_ATTRS,
        LIKE_CLICK,
        built_with('["flit_core<4"]', "flit_core.buildapi"),
        built_with('["pdm-backend"]', "pdm.backend"),
        built_with('["poetry-core>=1"]', "poetry.core.masonry.api"),
        built_with('["uv_build>=0.9,<1"]', "uv_build"),
        built_with('["hatchling", "hatch-vcs"]', "hatchling.build")
        + '[tool.hatch.build.hooks.vcs]\nversion-file = "src/demo/_version.py"\n',
        built_with(
            '["setuptools", "tomli; python_version < \'3.11\'"]',
            "setuptools.build_meta",
            named='[project]\nname = "demo"\ndynamic = ["version"]\n',
        )
        + '[tool.setuptools.dynamic]\nversion = {attr = "demo.__version__"}\n',
    ],
)
def test_a_build_that_reads_tables_serves_every_python(text: str) -> None:
    """Known back ends with known plugins make the same for each Python."""
    assert "" == apart.why_not(project(text))


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        (NAMED, {}, "no [build-system]"),
        (SETUPTOOLS, {"setup.py": "import setuptools\n"}, "setup.py"),
        (SETUPTOOLS, {"setup.cfg": "[options]\ncmdclass = x\n"}, "setup.cfg"),
        (HATCH, {"hatch_build.py": ""}, "hatch_build.py"),
        (HATCH, {"hatch.toml": "[build.hooks.custom]\n"}, "hatch.toml"),
        (HATCH, {"uv.toml": "compile-bytecode = true\n"}, "uv.toml"),
        (HATCH + "[tool.uv]\nno-build-isolation = true\n", {}, "[tool.uv] of pyproject.toml"),
        (HATCH + "[tool.hatch.build.hooks.custom]\n", {}, "the hook custom"),
        (
            HATCH + '[tool.hatch.build.targets.wheel.hooks.vcs]\ndependencies = ["other"]\n',
            {},
            "the hook vcs",
        ),
        (HATCH + '[tool.hatch.build]\ndependencies = ["x"]\n', {}, "dependencies of [tool.hatch"),
        (HATCH + '[tool.hatch.version]\nsource = "code"\n', {}, "the version's source"),
        (HATCH + '[tool.hatch.version]\nscheme = "own"\n', {}, "the version's scheme"),
        (HATCH + "[tool.hatch.metadata.hooks.own]\n", {}, "the hook own"),
        (HATCH + "[tool.setuptools-rust]\n", {}, "it is compiled"),
        (built_with('["hatchling", "other"]', "hatchling.build"), {}, "the requirement other"),
        (
            built_with("[\"hatchling; python_version > '3.8'\"]", "hatchling.build"),
            {},
            "the requirement hatchling;",
        ),
        (built_with('["own @ file:///x"]', "own"), {}, "the back end own"),
        (
            built_with('["hatchling"]', "hatchling.build").replace(
                "\n\n", '\nbackend-path = ["x"]\n\n', 1
            ),
            {},
            "a back end in the tree",
        ),
        (
            built_with(
                '["setuptools"]',
                "setuptools.build_meta",
                named='[project]\nname = "demo"\ndynamic = ["version", "dependencies"]\n',
            ),
            {},
            "dynamic dependencies",
        ),
        (
            built_with('["pdm-backend"]', "pdm.backend") + '[tool.pdm.version]\nsource = "call"\n',
            {},
            "the version's source",
        ),
        (
            built_with('["pdm-backend"]', "pdm.backend") + '[tool.pdm.build]\ncustom-hook = "x"\n',
            {},
            "[tool.pdm.build]",
        ),
        (SETUPTOOLS + '[tool.setuptools.cmdclass]\nbuild = "x"\n', {}, "cmdclass"),
    ],
)
def test_a_build_that_may_differ_is_not_shared(
    text: str, files: dict[str, str], expected: str
) -> None:
    """Code of the project, plugins that are not known, and builds in the environment may differ."""
    assert expected in apart.why_not(project(text, files))


def test_a_package_alone_is_built_once_for_all_groups_and_extras() -> None:
    """The command names no group, so that the tests and the type checker share the build."""
    described = fixture("hatchling-src")
    sync = "uv sync --frozen --no-default-groups --inexact --only-install-local"
    assert sync == command(described) == command(described, groups=("typing",))


def test_without_a_lock_the_package_and_members_are_one_command() -> None:
    """What is installed from the source is installed at once."""
    assert " ".join((*FLAT, "--editable", ".")) == command(fixture("hatchling-src"), "highest")


def test_tools_beside_the_lock_are_put_right_by_the_cells_own_sync() -> None:
    """Where a sync may change what an unlocked file installed, it is not left out."""
    described = project(HATCH, {"uv.lock": locked()})
    (_, added) = plan(described, "3.12", find(described, "3.12")).dependencies
    assert ("uv", "pip", "install") == added[:3]
    assert "" == command(described)


def test_a_named_image_builds_for_itself() -> None:
    """What an image of others has is not known."""
    described = fixture("hatchling-src")
    found = plan(described, "3.12", find(described, "3.12"), named="own:1")
    assert () == found.apart


LOCK = """\
version = 1
[[package]]
name = "demo"
version = "1"
source = { editable = "." }
dependencies = [{ name = "inner" OF }]
[[package]]
name = "inner"
version = "1"
source = { editable = "WHERE" }
"""


@pytest.mark.parametrize(
    ("marker", "where", "expected"),
    [
        ("", "inner", ""),
        (", marker = \"python_full_version < '3.12'\"", "inner", "inner in uv.lock has a marker"),
        ("", "elsewhere", "inner in uv.lock"),
    ],
)
def test_members_are_built_together_where_every_python_has_all_of_them(
    marker: str, where: str, expected: str
) -> None:
    """A member that only some Pythons need is built by each cell; so is one that is not read."""
    lock = LOCK.replace(" OF", marker).replace("WHERE", where)
    member = HATCH.replace("demo", "inner")
    described = project(
        HATCH + '[tool.uv.workspace]\nmembers = ["inner"]\n',
        {"uv.lock": lock, "inner/pyproject.toml": member},
        members={"inner": member},
    )
    assert expected == apart.why_not(described)


# -- what a build left -----------------------------------------------------------------------------


def facts(**changed: Any) -> str:
    """Return the report of a build of one editable package, with something else in it."""
    package = {
        "name": "De.mo",
        "requires_python": ">=3.9",
        "tags": ["py3-none-any"],
        "purelib": "true",
    }
    package |= {key: changed.pop(key) for key in tuple(package) if key in changed}
    lists = {
        "site": ["_demo.pth", "demo-1.dist-info/METADATA"],
        "prefix": ["bin/demo"],
        "source": ["src/demo/_version.py"],
        "directories": ["build"],
    }
    empty: dict[str, list[str]] = {"removed": [], "special": [], "run": [], "code": []}
    return json.dumps({"packages": [package], **lists, **empty, **changed})


def test_a_pure_build_is_taken_with_all_its_files() -> None:
    """Packages, programs, and what the build wrote into the source belong to it."""
    left = apart.read(facts())
    assert isinstance(left, apart.Left)
    assert ("de-mo",) == left.packages
    expected = ("site/_demo.pth", "site/demo-1.dist-info/METADATA", "prefix/bin/demo")
    assert (*expected, "source/src/demo/_version.py", "source/build") == left.paths


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": ["cp312-cp312-linux_x86_64"]},
        {"tags": ["py312-none-any"]},
        {"tags": ["py3-none-any", "cp312-abi3-linux_x86_64"]},
        {"tags": []},
        {"purelib": "false"},
        {"site": ["demo/_fast.cpython-312-x86_64-linux-gnu.so"]},
        {"source": ["src/demo/_fast.so"]},
        {"source": ["../../etc/passwd"]},
        {"prefix": ["include/site/python3.12/demo.h"]},
        {"removed": ["src/demo/old.py"]},
        {"special": ["src/demo/link"]},
        {"run": ["demo/__init__.cpython-312.pyc"]},
        {"code": ["setup.py"]},
        {"packages": []},
        {"packages": None},
        {"site": [f"demo/{number}.py" for number in range(apart.FILES_MAX)]},
    ],
)
def test_a_build_that_is_of_one_python_is_not_shared(changed: dict[str, Any]) -> None:
    """Tags, compiled files, code that was run, and what cannot be copied are facts against it."""
    assert isinstance(apart.read(facts(**changed)), str)


def test_a_report_that_cannot_be_read_shares_nothing() -> None:
    """The report comes from where foreign code ran."""
    assert all(isinstance(apart.read(text), str) for text in ("", "[]", "{}", "null"))


@pytest.mark.parametrize(
    ("bound", "python", "expected"),
    [
        (">=3.9", "3.9", True),
        (">=3.9.7", "3.9", False),
        (">=3.9.7", "3.9.18", True),
        (">=3.9", "3.13t", True),
        ("<3.12", "3.12", False),
        (">=3.9", "pypy3.10", True),
        ("broken", "3.12", False),
        ("", "3.12", True),
    ],
)
def test_a_python_that_may_not_install_it_builds_for_itself(
    bound: str, python: str, expected: bool
) -> None:
    """`Requires-Python` has to allow every patch of a release: which one it is, is not known."""
    left = apart.read(facts(requires_python=bound))
    assert isinstance(left, apart.Left)
    assert expected == apart.fits(left, python)


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("3.12", "python3.12"),
        ("3.12.1", "python3.12"),
        ("3.13t", "python3.13t"),
        ("pypy3.10", "pypy3.10"),
    ],
)
def test_packages_have_a_directory_for_each_interpreter(python: str, expected: str) -> None:
    """It is where an environment that uv makes has it."""
    assert f"/opt/venv/lib/{expected}/site-packages" == apart.site_packages(python)


def test_a_release_of_the_package_itself_is_replaced() -> None:
    """A dependency may require the package, and bring one from the index."""
    left = apart.read(facts())
    assert isinstance(left, apart.Left)
    entries = ["de_mo-0.9.dist-info/", "demo_more-1.dist-info/", "pytest.py", "_virtualenv.pth"]
    assert ("de-mo",) == apart.replaced(left, entries)
    assert () == apart.replaced(left, entries[1:])


def test_another_python_builds_on_the_same_kind_of_image() -> None:
    """Where the version comes from .git, the image has git for each Python."""
    slim = System("python:3.12-slim", ("libpq-dev",))
    assert System("python:3.11-slim", ("libpq-dev",)) == apart.beneath(slim, "3.12", "3.11")
    assert System("python:3.11") == apart.beneath(System("python:3.12"), "3.12", "3.11")
