"""The plan of an environment: what each layer sees and runs."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, fixture, locked, project
from wheelwright.environment.plan import Environment, of_package, plan, system
from wheelwright.environment.test_dependencies import find
from wheelwright.project.model import Project, describe

BARE = '[project]\nname = "demo"\nversion = "1"\n'
_GROUP = '[dependency-groups]\ntest = ["pytest"]\n'
BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def planned(described: Project, python: str = "3.12", *, history: bool = False) -> Environment:
    """Plan the environment for the tests."""
    return plan(described, python, find(described, python), history=history)


def test_locked_dependencies_are_installed_frozen_without_the_package() -> None:
    """With uv.lock the dependency layer is one frozen sync that builds nothing."""
    environment = planned(fixture("hatchling-src"))
    sync = ("uv", "sync", "--frozen", "--no-default-groups", "--group=tests")
    assert ((*sync, "--no-install-local"),) == environment.dependencies
    assert ((*sync, "--inexact"),) == environment.install
    assert () == environment.notes


def test_package_without_tests_needs_no_group() -> None:
    """Where no test runs, a group whose requirements cannot be had stops nothing."""
    environment = of_package(fixture("hatchling-src"), "3.12")
    sync = ("uv", "sync", "--frozen", "--no-default-groups")
    assert ((*sync, "--no-install-local"),) == environment.dependencies
    unlocked = of_package(project(f'{BARE}dependencies = ["idna"]\n{_GROUP}'), "3.12")
    assert "idna" in str(unlocked.written) + str(unlocked.dependencies)
    assert "pytest" not in str(unlocked.written) + str(unlocked.dependencies)


def test_dependency_layer_sees_only_what_decides_it() -> None:
    """Of the source only pyproject.toml and uv.lock are inputs, so tests can change freely."""
    assert ("pyproject.toml", "uv.lock") == planned(fixture("hatchling-src")).inputs


def test_paths_that_uv_is_told_to_read_decide_what_is_installed() -> None:
    """All that is in such a directory is in the dependency layer."""
    described = project(BARE + '[tool.uv]\nfind-links = ["vendor"]\n', {"uv.lock": ""})
    assert ("pyproject.toml", "uv.lock", "vendor") == planned(described).inputs


def test_member_is_installed_by_name_and_run_in_its_directory() -> None:
    """A workspace member is synced with --package; every member's pyproject.toml is an input."""
    environment = planned(fixture("workspace", "packages/crane"))
    assert "--package=quay-crane" in environment.dependencies[0]
    assert "/src/packages/crane" == environment.workdir
    assert (
        "pyproject.toml",
        "uv.lock",
        "packages/crane/pyproject.toml",
        "packages/rope/pyproject.toml",
    ) == environment.inputs


def test_group_of_the_workspaces_root_comes_with_all_packages() -> None:
    """Uv offers a group of the root only with every package."""
    root = BARE + '[tool.uv.workspace]\nmembers = ["a"]\n[dependency-groups]\ntests = ["pytest"]\n'
    member = BARE.replace("demo", "inner") + BUILD
    described = project(
        root, {"uv.lock": locked(), "a/pyproject.toml": member}, members={"a": member}
    )
    described = describe(described.files, "a", {"a": member})
    environment = planned(described)
    assert ("--all-packages", "--group=tests") == environment.dependencies[0][4:6]
    assert not any(arg.startswith("--package") for arg in environment.dependencies[0])


@pytest.mark.parametrize(
    ("root", "everything"),
    [
        ("", True),
        ("[tool.uv]\npackage = false\n" + BUILD, True),
        (BUILD, False),
        ('dependencies = ["inner"]\n', False),
        ('[dependency-groups]\ntests = ["pytest", "Inner[fast]"]\n', False),
    ],
)
def test_root_that_is_no_package_stands_for_those_of_its_workspace(
    root: str, everything: bool
) -> None:
    """Unless it names those that it needs; a root that is a package is tested as one."""
    groups = "" if "groups" in root else '[dependency-groups]\ntests = ["pytest"]\n'
    text = BARE + root + groups + '[tool.uv.workspace]\nmembers = ["a"]\n'
    member = BARE.replace("demo", "inner") + BUILD
    described = project(
        text, {"uv.lock": locked(), "a/pyproject.toml": member}, members={"a": member}
    )
    environment = planned(described)

    assert everything == ("--all-packages" in environment.dependencies[0])
    assert everything == any("all packages of the workspace" in each for each in environment.notes)


def test_without_a_lock_requirements_are_written_out_and_it_is_said() -> None:
    """Without uv.lock the dependency layer installs a list made from pyproject.toml."""
    environment = planned(fixture("setuptools-flat"))
    assert {"/opt/wheelwright/requirements.txt": "packaging>=23\npytest>=7,<10\n"} == (
        environment.written
    )
    assert (
        ("uv", "venv", "/opt/venv"),
        ("uv", "pip", "install", "--requirements=/opt/wheelwright/requirements.txt"),
    ) == environment.dependencies
    assert (("uv", "pip", "install", "--no-deps", "--editable", "."),) == environment.install
    assert ("no uv.lock: resolved from the index on this run",) == environment.notes


def test_requirements_outside_the_lock_are_added_and_said() -> None:
    """A requirements file beside a lock is installed on top, and a note says it is not locked."""
    described = project(BARE + BUILD, {"uv.lock": locked(), "requirements-dev.txt": "pytest\n"})
    environment = planned(described)
    assert ("uv", "pip", "install", "--requirements=/opt/wheelwright/requirements.txt") == (
        environment.dependencies[1]
    )
    assert ("requirements-dev.txt: not in uv.lock, resolved from the index on this run",) == (
        environment.notes
    )


def test_constraints_are_passed_on() -> None:
    """Constraints of a requirements file constrain the install."""
    files = {
        "requirements-dev.txt": "-c constraints.txt\npytest\n",
        "constraints.txt": "pytest<9\n",
    }
    environment = planned(project(BARE, files))
    assert "--constraints=/opt/wheelwright/constraints.txt" in environment.dependencies[1]
    assert "pytest<9\n" == environment.written["/opt/wheelwright/constraints.txt"]


def test_dependencies_that_the_backend_fills_in_are_installed_with_the_package() -> None:
    """With dynamic dependencies the package brings its own, and the wanted extras."""
    text = (
        '[project]\nname = "demo"\ndynamic = ["dependencies", "optional-dependencies"]\n'
        'version = "1"\n[build-system]\nrequires = ["setuptools"]\n'
    )
    described = project(text)
    environment = plan(described, "3.12", find(described, "3.12", (), ["fast"]))
    assert (("uv", "pip", "install", "--editable", ".[fast]"),) == environment.install


def test_own_extras_are_replaced_by_what_they_need() -> None:
    """`demo[all]` in a group stands for the requirements of that extra, never for the index's."""
    text = (
        BARE
        + '[project.optional-dependencies]\nall = ["demo[fast]", "x"]\nfast = ["y"]\n'
        + '[dependency-groups]\ntests = ["pytest", "demo[all]"]\n'
    )
    written = planned(project(text)).written["/opt/wheelwright/requirements.txt"]
    assert "pytest\ny\nx\n" == written


def test_package_that_cannot_be_installed_is_said() -> None:
    """Without a build system nothing is installed, and a note says so."""
    environment = planned(project(BARE))
    assert () == environment.install
    assert "demo is not installed: it has no [build-system] and no setup.py" in environment.notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LIKE_CLICK, "python:3.12-slim"),
        (LIKE_ATTRS, "python:3.12"),
        (
            BARE + '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n',
            "python:3.12",
        ),
        (BARE + '[build-system]\nrequires = ["setuptools", "Cython"]\n', "python:3.12"),
    ],
)
def test_image_has_git_or_a_compiler_only_where_needed(text: str, expected: str) -> None:
    """The slim image serves, unless the version asks git or the build compiles."""
    assert expected == system(project(text), "3.12").image


def test_image_has_git_only_where_there_is_a_history() -> None:
    """Without .git nothing can be asked, so the slim image serves."""
    assert "python:3.12-slim" == system(project(LIKE_ATTRS), "3.12", history=False).image
    assert "python:3.12-slim" == planned(project(LIKE_ATTRS)).system.image
    assert "python:3.12" == planned(project(LIKE_ATTRS), history=True).system.image


def test_rust_is_wanted_where_the_package_is_compiled_from_it() -> None:
    """Maturin needs another compiler than the image has."""
    text = BARE + '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
    assert [True, False] == [planned(project(each)).rust for each in (text, LIKE_CLICK)]


def test_each_package_has_its_own_pretended_version() -> None:
    """A member without a history gets its variables, and nothing else gets them."""
    root = BARE + BUILD + '[tool.uv.workspace]\nmembers = ["a"]\n'
    environment = planned(project(root, members={"a": LIKE_ATTRS}))
    assert {"likeattrs": {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0"}} == environment.built_with
    assert {} == environment.variables
    assert {} == planned(project(root, members={"a": LIKE_ATTRS}), history=True).built_with


def test_variables_are_for_all_builds_where_uv_cannot_tell_them_apart() -> None:
    """The project's own table of such variables would hide ours."""
    text = LIKE_ATTRS + '[tool.uv.extra-build-variables]\nx = { A = "1" }\n'
    environment = planned(project(text))
    assert {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0"} == environment.variables
    assert {} == environment.built_with


def test_version_without_history_is_pretended_and_said() -> None:
    """A VCS version with neither .git nor PKG-INFO is tested as 0.0.0, and a note says so."""
    environment = planned(project(LIKE_ATTRS, {"uv.lock": locked()}))
    assert {"likeattrs": {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0"}} == environment.built_with
    assert {} == environment.variables
    assert ("no .git and no PKG-INFO: tested as version 0.0.0",) == environment.notes


def test_history_or_sdist_metadata_needs_no_pretence() -> None:
    """With .git, or in an unpacked sdist, the backend finds the version itself."""
    with_git = planned(project(LIKE_ATTRS, {"uv.lock": locked()}), history=True)
    assert ({}, ("version: from .git",)) == (with_git.variables, with_git.notes)
    sdist = planned(project(LIKE_ATTRS, {"uv.lock": locked()}, names=("PKG-INFO",)))
    assert ({}, ()) == (sdist.variables, sdist.notes)
