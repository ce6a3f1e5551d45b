"""Where test dependencies are found."""

import pytest

from tests.unit.wheelwright.samples import (
    LIKE_ATTRS,
    LIKE_CLICK,
    LIKE_ITSDANGEROUS,
    fixture,
    project,
)
from wheelwright.environment.test_dependencies import find
from wheelwright.errors import RequestError

BARE = '[project]\nname = "demo"\nversion = "1"\n'


def test_group_tests_is_taken_first() -> None:
    """A group `tests` wins over `dev` and over everything else."""
    found = find(project(LIKE_ATTRS), "3.12")
    assert ('dependency group "tests" in pyproject.toml', ("tests",), ()) == (
        found.place,
        found.groups,
        found.added,
    )


def test_place_without_pytest_loses_to_one_with_it() -> None:
    """A `dev` group of linters is passed over for the requirements file that names pytest."""
    text = BARE + '[dependency-groups]\ndev = ["ruff"]\n'
    found = find(project(text, {"requirements-dev.txt": "pytest\n"}), "3.12")
    assert ("requirements-dev.txt", ("pytest",)) == (found.place, found.lines)


def test_pytest_in_an_included_group_or_own_extra_counts() -> None:
    """A group that reaches pytest through another group or the package's own extra is one."""
    text = (
        BARE
        + '[project.optional-dependencies]\nqa = ["pytest"]\n'
        + '[dependency-groups]\ndev = ["demo[qa]"]\ntest = ["ruff"]\n'
    )
    assert 'dependency group "dev" in pyproject.toml' == find(project(text), "3.12").place


def test_extra_is_taken_where_no_group_is() -> None:
    """The extra `tests` is installed as an extra."""
    found = find(fixture("failing-test"), "3.12")
    assert ('extra "tests" in pyproject.toml', ("tests",)) == (found.place, found.extras)


@pytest.mark.parametrize(
    "path",
    [
        "requirements/tests.txt",
        "requirements-tests.txt",
        "requirements-dev.txt",
        "test-requirements.txt",
    ],
)
def test_requirements_files_are_found(path: str) -> None:
    """A requirements file with a usual name is taken and named."""
    found = find(project(LIKE_ITSDANGEROUS, {path: "freezegun\npytest\n"}), "3.12")
    assert (path, ("freezegun", "pytest")) == (found.place, found.lines)


def test_included_requirements_are_flattened_and_the_package_left_out() -> None:
    """A file's inclusions come in place; `-e .` is left to the install of the package."""
    found = find(fixture("setuptools-flat"), "3.12")
    assert ("requirements-dev.txt", ("pytest>=7,<10",), ()) == (
        found.place,
        found.lines,
        found.extras,
    )


def test_missing_pytest_is_added_and_said() -> None:
    """Where no place names pytest it is added, pinned, in the words for people too."""
    found = find(project(BARE), "3.9")
    assert ("pytest==8.4.2",) == found.added
    assert found.describe().startswith("none found (no group or extra tests, test, dev;")
    assert found.describe().endswith("; added pytest==8.4.2, pinned by wheelwright")


def test_groups_asked_for_replace_the_place_found() -> None:
    """--groups decides alone, and the words say that it was asked for."""
    found = find(project(LIKE_CLICK), "3.12", ["tests-random"])
    assert ('dependency group "tests-random" (as requested)', ("tests-random",)) == (
        found.place,
        found.groups,
    )


def test_configured_groups_and_extras_are_used_and_lose_to_arguments() -> None:
    """[tool.wheelwright] names groups and extras; arguments replace them."""
    text = (
        LIKE_CLICK
        + "[project.optional-dependencies]\na = []\nb = []\n"
        + '[tool.wheelwright]\ngroups = ["typing"]\nextras = ["a"]\n'
    )
    found = find(project(text), "3.12")
    assert (("typing",), ("a",)) == (found.groups, found.extras)
    found = find(project(text), "3.12", ["tests"], ["b"])
    assert (("tests",), ("b",)) == (found.groups, found.extras)


def test_extras_join_the_place_found() -> None:
    """--extras adds to the test dependencies and is named with them."""
    found = find(fixture("hatchling-src"), "3.12", (), ["loud"])
    assert 'dependency group "tests" in pyproject.toml with extra "loud"' == found.place
    assert (("tests",), ("loud",)) == (found.groups, found.extras)


def test_unknown_extra_lists_the_known_ones() -> None:
    """An extra that is not there is answered with those that are."""
    with pytest.raises(RequestError, match=r'has no extra "nope" \(it has: loud\)'):
        find(fixture("hatchling-src"), "3.12", (), ["nope"])


def test_extra_that_the_backend_fills_in_is_not_refused() -> None:
    """With dynamic extras only the build knows them."""
    text = '[project]\nname = "x"\ndynamic = ["version", "optional-dependencies"]\n'
    assert ("any",) == find(project(text), "3.12", (), ["any"]).extras


def test_workspace_roots_group_serves_a_member() -> None:
    """A member without test dependencies takes those of the workspace's root."""
    found = find(fixture("workspace", "packages/crane"), "3.12")
    assert 'dependency group "test" in packages/crane/pyproject.toml' == found.place
    rope = fixture("workspace", "packages/rope")
    assert ("pytest==9.2.0",) == find(rope, "3.12").added


def test_tox_deps_are_the_last_place() -> None:
    """`deps` of [testenv] is taken, inclusions and extras too, conditions by Python."""
    tox = (
        "[tox]\nenvlist = py\n[testenv]\nextras = cli\ndeps =\n"
        "    -r {toxinidir}/requirements/more.txt\n    pytest\n"
        "    py{39,310}: old-one\n    py312,py313: new-one\n    !py312: other-one\n"
        "commands = pytest {posargs}\n"
    )
    text = BARE + "[project.optional-dependencies]\ncli = []\n"
    files = {"tox.ini": tox, "requirements/more.txt": "extra-thing\n"}
    found = find(project(text, files), "3.12")
    assert ("deps in tox.ini", ("cli",)) == (found.place, found.extras)
    assert ("extra-thing", "pytest", "new-one") == found.lines


@pytest.mark.parametrize(
    ("files", "pyproject", "origin"),
    [
        ({"tox.toml": '[env_run_base]\ndeps = ["pytest"]\n'}, BARE, "deps in tox.toml"),
        (
            {},
            BARE + '[tool.tox.env_run_base]\ndeps = ["pytest"]\n',
            "deps in pyproject.toml [tool.tox]",
        ),
        (
            {},
            BARE + "[tool.tox]\nlegacy_tox_ini = '''\n[testenv]\ndeps = pytest\n'''\n",
            "deps in pyproject.toml [tool.tox]",
        ),
    ],
)
def test_tox_is_read_wherever_it_is_configured(
    files: dict[str, str], pyproject: str, origin: str
) -> None:
    """Each place where tox keeps its configuration is read and named."""
    found = find(project(pyproject, files), "3.12")
    assert (origin, ("pytest",)) == (found.place, found.lines)


def test_what_is_added_here_is_not_called_locked() -> None:
    """A pytest pinned here does not stand in uv.lock, and the place does."""
    text = '[project]\nname = "a"\nversion = "1"\n\n[dependency-groups]\ndev = ["ruff"]\n'
    said = find(project(text), "3.12").describe(", locked in uv.lock")
    place, _, added = said.partition("; added ")
    assert place.endswith(", locked in uv.lock")
    assert added.endswith("pinned by wheelwright")
