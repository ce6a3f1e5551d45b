"""Reading pyproject.toml, settings, the lock and the workspace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, fixture, locked, project
from wheelwright.environment.tools import declared_in, tool
from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.files import Snapshot, join, wanted
from wheelwright.project.model import describe
from wheelwright.project.pyproject import Pyproject, parse
from wheelwright.project.settings import Settings
from wheelwright.project.version import (
    VersionSource,
    pretend_variables,
    release_variables,
    version_source,
)
from wheelwright.project.workspace import locate, members

HOOKS = "- repo: https://x.org/a/ruff-pre-commit\n  rev: v0.13.1\n"


def attrs() -> Pyproject:
    """Return the package shaped like attrs."""
    return parse("pyproject.toml", LIKE_ATTRS)


def test_included_groups_are_expanded_in_place_and_once() -> None:
    """A group is its own requirements with those of included groups where they stand."""
    expected = ["hypothesis", "pytest", "pytest-xdist[psutil]", "ruff"]
    assert expected == attrs().group("dev")


def test_group_names_are_normalized() -> None:
    """`Tests_Random` and `tests-random` are one group (PEP 503, as PEP 735 says)."""
    assert ["pytest", "pytest-randomly"] == parse("p", LIKE_CLICK).group("Tests_Random")


def test_unknown_group_lists_the_known_ones() -> None:
    """A group that is not there is answered with those that are."""
    with pytest.raises(RequestError) as raised:
        attrs().group("unit")
    expected = (
        'pyproject.toml has no dependency group "unit" (it has: dev, mypy, pyright, tests); '
        "name one of these, or add it to [dependency-groups]"
    )
    assert expected == str(raised.value)


def test_groups_that_include_each_other_are_named() -> None:
    """A cycle of groups is an error that shows the cycle."""
    text = '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n'
    with pytest.raises(ProjectError, match="a -> b -> a"):
        parse("pyproject.toml", text).group("a")


def test_group_entry_of_another_kind_is_refused() -> None:
    """An entry that is no requirement is named, not passed on to the installer."""
    with pytest.raises(ProjectError, match="neither a requirement nor an include-group: 7"):
        parse("pyproject.toml", "[dependency-groups]\na = [7]\n").group("a")


def test_inclusion_of_a_missing_group_names_both() -> None:
    """A dangling include-group says which group includes which name."""
    text = '[dependency-groups]\na = [{include-group = "gone"}]\n'
    with pytest.raises(ProjectError, match='group "a" includes the group "gone"'):
        parse("pyproject.toml", text).group("a")


def test_broken_requirement_is_found_with_its_line() -> None:
    """A requirement that PEP 508 cannot read is shown with file and line."""
    with pytest.raises(ProjectError, match=r"pyproject\.toml:2: 'not a one' is not a requirement"):
        parse("pyproject.toml", '[dependency-groups]\na = ["not a one"]\n').group("a")


def test_broken_toml_says_line_and_column() -> None:
    """A syntax error in pyproject.toml is one sentence with its position."""
    with pytest.raises(ProjectError) as raised:
        parse("pyproject.toml", '[project]\nname = "x\n')
    assert str(raised.value).startswith("pyproject.toml is not valid TOML: ")
    assert "(at line 2, column 10); correct that line" in str(raised.value)


def test_broken_requires_python_is_an_error_of_the_file() -> None:
    """requires-python that is no specifier is shown with its line."""
    text = '[project]\nname = "x"\nrequires-python = "3.9 or so"\n'
    with pytest.raises(ProjectError, match=r"pyproject\.toml:3: requires-python '3\.9 or so'"):
        _ = parse("pyproject.toml", text).requires_python


def test_missing_requires_python_is_none() -> None:
    """A package that says nothing allows everything."""
    assert parse("p", '[project]\nname = "x"\n').requires_python is None
    assert SpecifierSet(">=3.9") == attrs().requires_python


def test_dependencies_of_another_type_are_refused() -> None:
    """`dependencies` that is no list of strings is an error, not an iteration over letters."""
    with pytest.raises(ProjectError, match=r"project\.dependencies is not a list of strings"):
        _ = parse("pyproject.toml", '[project]\ndependencies = "requests"\n').dependencies


def test_no_pyproject_says_what_the_source_holds() -> None:
    """A source without pyproject.toml is answered with its entries and the next act."""
    with pytest.raises(ProjectError) as raised:
        describe(Snapshot({}, frozenset({"README.md", "docs/", "docs/index.md"})))
    expected = (
        "no pyproject.toml in the source (it has: README.md, docs/); "
        "pass --source DIR with the package's directory, or --package PATH if it lies deeper"
    )
    assert expected == str(raised.value)


def test_settings_are_read() -> None:
    """Every key of [tool.wheelwright] arrives."""
    text = LIKE_CLICK + (
        '[tool.wheelwright]\npython = "3.11"\ngroups = ["tests"]\nextras = []\n'
        'pytest-args = ["-x"]\ntypecheck = ["mypy", "src"]\nskip = ["build"]\n'
    )
    expected = Settings("3.11", ("tests",), (), ("-x",), ("mypy", "src"), ("build",))
    assert expected == project(text).settings


def test_unknown_setting_suggests_the_near_one() -> None:
    """A misspelt key and a misspelt gate are both reported, each with what was meant."""
    text = LIKE_CLICK + '[tool.wheelwright]\npytest_arg = ["-x"]\nskip = ["typos"]\n'
    with pytest.raises(ProjectError) as raised:
        project(text)
    assert 'unknown key "pytest_arg" (did you mean "pytest-args"?)' in str(raised.value)
    assert 'unknown gate "typos" (did you mean "types"?)' in str(raised.value)


def test_setting_of_another_type_is_refused() -> None:
    """A string where a list belongs is an error that shows the value."""
    with pytest.raises(ProjectError, match="has groups = 'tests', which is not a list of strings"):
        project(LIKE_CLICK + '[tool.wheelwright]\ngroups = "tests"\n')
    with pytest.raises(ProjectError, match=r"has python = 3\.12, which is not a string"):
        project(LIKE_CLICK + "[tool.wheelwright]\npython = 3.12\n")


def test_locked_version_follows_the_python() -> None:
    """Of two locked versions the one whose markers fit the Python is taken."""
    text = (
        '[[package]]\nname = "mypy"\nversion = "1.19.1"\n'
        "resolution-markers = [\"python_full_version < '3.10'\"]\n"
        '[[package]]\nname = "mypy"\nversion = "2.4.1"\n'
        "resolution-markers = [\"python_full_version >= '3.10'\"]\n"
    )
    lock = project(LIKE_CLICK, {"uv.lock": text}).lock
    assert lock is not None
    assert ["1.19.1", "2.4.1", ""] == [
        lock.version("mypy", "3.9"),
        lock.version("MyPy", "3.10.4"),
        lock.version("ruff", "3.9"),
    ]


def test_broken_lock_names_the_remedy() -> None:
    """A lock with conflict markers is answered with the command that makes it anew."""
    with pytest.raises(ProjectError, match=r"uv\.lock is not valid TOML: .*; run `uv lock`"):
        project(LIKE_CLICK, {"uv.lock": "<<<<<<< HEAD\n"})


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"uv.lock": locked("ruff==0.11.2")}, "ruff 0.11.2 (locked in uv.lock)"),
        (
            {".pre-commit-config.yaml": HOOKS},
            "ruff 0.13.1 (fixed in .pre-commit-config.yaml)",
        ),
        ({}, "ruff 0.17.6 (pinned by wheelwright)"),
    ],
)
def test_tool_version_is_the_projects_own(files: dict[str, str], expected: str) -> None:
    """A tool runs in the version that the project locks, else the one pinned here."""
    assert expected == str(tool(project(LIKE_CLICK, files), "ruff", "3.12"))


def test_exact_requirement_and_required_version_fix_a_tool() -> None:
    """`ruff==X` in a group and ruff's own required-version both decide without a lock."""
    exact = LIKE_CLICK.replace('"ruff", "tox"', '"ruff==0.12.0", "tox"')
    assert "0.12.0" == tool(project(exact), "ruff", "3.12").version
    required = LIKE_CLICK + 'required-version = "==0.12.3"\n'
    assert "0.12.3" == tool(project(required), "ruff", "3.12").version


def test_pinned_tool_suits_an_old_python() -> None:
    """On a Python that the newest mypy dropped, the last version for it is taken."""
    versions = [tool(project(LIKE_CLICK), "mypy", python).version for python in ("3.8", "3.9")]
    assert ["1.14.1", "1.19.1"] == versions


def test_pyright_brings_node() -> None:
    """The checker pyright is installed with the extra that brings Node from the package index."""
    requirement = tool(project(LIKE_CLICK), "pyright", "3.12").requirement
    assert requirement.startswith("pyright[nodejs]==")


def test_groups_that_name_a_tool_themselves() -> None:
    """A group counts as holding a tool also when it includes the group that does."""
    assert ["typing"] == declared_in(project(LIKE_CLICK), "mypy")
    assert [] == declared_in(project(LIKE_CLICK), "ty")


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
    assert source is version_source(parse("pyproject.toml", text))


def test_version_can_be_pretended_where_the_tool_has_a_variable() -> None:
    """hatch-vcs has a variable that stands in for the history, versioningit has none."""
    assert {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0"} == pretend_variables(attrs())
    other = LIKE_ATTRS.replace("hatch-vcs", "versioningit")
    assert pretend_variables(parse("p", other)) is None


@pytest.mark.parametrize(
    ("tool", "tested", "released"),
    [
        ("setuptools-scm", "SETUPTOOLS_SCM_PRETEND_VERSION", "SETUPTOOLS_SCM_PRETEND_VERSION"),
        ("poetry-dynamic-versioning", *["POETRY_DYNAMIC_VERSIONING_BYPASS"] * 2),
        ("uv-dynamic-versioning", *["UV_DYNAMIC_VERSIONING_BYPASS"] * 2),
        ("versioningit", "", "SETUPTOOLS_SCM_PRETEND_VERSION"),
        ("setuptools-git-versioning", "", "SETUPTOOLS_SCM_PRETEND_VERSION"),
        ("versioneer", "", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ],
)
def test_variable_of_each_tool(tool: str, tested: str, released: str) -> None:
    """A test and a release set the variable of the tool that asks git for the version."""
    package = parse("p", LIKE_ATTRS.replace("hatch-vcs", tool))
    assert ({tested: "0.0.0"} if tested else None) == pretend_variables(package)
    assert {released: "2.0"} == release_variables(package, "2.0")


def test_workspace_members_follow_the_globs() -> None:
    """A member is a directory with pyproject.toml that a pattern names and none excludes."""
    root = parse("p", '[tool.uv.workspace]\nmembers = ["libs/*", "app"]\nexclude = ["libs/old"]\n')
    paths = ["pyproject.toml", "app/pyproject.toml", "libs/a/pyproject.toml"]
    paths += ["libs/old/pyproject.toml", "libs/a/deep/pyproject.toml", "docs/pyproject.toml"]
    assert ["app", "libs/a"] == members(root, paths)


def test_package_is_found_by_name_or_path() -> None:
    """--package takes a normalized name or a path, with or without slashes around it."""
    names = {"": "root", "libs/a": "my-lib"}
    found = [locate(word, names) for word in ("My_Lib", "libs/a", "./libs/a/", "root")]
    assert ["libs/a", "libs/a", "libs/a", ""] == found


def test_unknown_package_lists_what_is_there() -> None:
    """A package that is not there is answered with names and paths of those that are."""
    with pytest.raises(RequestError, match=r'no package "b" \(it has: my-lib \(libs/a\), root'):
        locate("b", {"": "root", "libs/a": "my-lib", "broken": ""})


def test_fixture_workspace_member_is_described_with_its_root() -> None:
    """A member's project has its own pyproject.toml and the workspace's lock."""
    crane = fixture("workspace", "packages/crane")
    assert ("quay-crane", "quay", True) == (crane.name, crane.root.name, crane.lock is not None)
    assert {"packages/crane", "packages/rope"} == set(crane.members)


def test_only_deciding_files_are_read() -> None:
    """Of a root's entries those are read whose contents decide something."""
    names = ["README.md", "src/", "uv.lock", "requirements-dev.txt", "setup.py", "tox.ini"]
    assert ["requirements-dev.txt", "tox.ini", "uv.lock"] == wanted(names)


@given(st.lists(st.sampled_from(["a", "b", ".", ""]), max_size=4))
def test_joined_paths_are_plain(parts: list[str]) -> None:
    """Joining gives the names alone, however the parts were written."""
    assert "/".join(part for part in parts if part in ("a", "b")) == join(*parts)
