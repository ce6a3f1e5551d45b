"""Where test dependencies are found."""

from pathlib import Path

import pytest

from tests.unit.wheelwright.project.runners.printing import with_tox
from tests.unit.wheelwright.samples import (
    LIKE_ATTRS,
    LIKE_CLICK,
    LIKE_ITSDANGEROUS,
    fixture,
    project,
)
from wheelwright.environment.test_dependencies import find
from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe

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


@pytest.mark.parametrize("name", ["tests", "test", "testing", "dev"])
@pytest.mark.parametrize("table", ["dependency-groups", "project.optional-dependencies"])
def test_group_or_extra_of_any_common_name(name: str, table: str) -> None:
    """Groups and extras are called in one of four ways, beside those of linters."""
    found = find(project(f'{BARE}[{table}]\nlinting = ["ruff"]\n{name} = ["pytest"]\n'), "3.12")
    assert (name,) == (found.groups or found.extras)
    assert () == found.added


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
    assert found.describe().startswith("none found (no group or extra tests, test, testing, dev;")
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


TOX = """\
[tox]
env_list = py3{11,12}
[testenv]
extras = cli
deps =
    -r requirements/more.txt
    -e sdk
    pytest
    py312: new-one
commands = pytest {posargs}
"""


def test_what_tox_installs_wins_over_a_group(tmp_path: Path) -> None:
    """The environment of this Python counts, with its conditions and inclusions."""
    text = (
        BARE
        + "[project.optional-dependencies]\ncli = []\n[dependency-groups]\ntest = ['pytest<8']\n"
    )
    files = {"tox.ini": TOX, "requirements/more.txt": "extra-thing\n", "sdk": ""}
    found = find(with_tox(tmp_path, project(text, files)), "3.12")
    assert 'extra "cli" and requirements, from tox.ini:3 [testenv]' == found.place
    assert (("cli",), ()) == (found.extras, found.groups)
    assert {"extra-thing", "pytest", "new-one"} == set(found.lines)
    assert ["-e ./sdk"] == [str(path) for path in found.paths]


def test_computed_dependencies_give_way_to_a_place_with_pytest() -> None:
    """A computed one is passed over, with a note; without another place it is an error."""
    nox = (
        "import nox\nNEEDED = open('x').read().split()\n"
        "@nox.session\ndef tests(session):\n"
        "    session.install(*NEEDED)\n    session.run('pytest')\n"
    )
    with pytest.raises(ProjectError, match=r"noxfile\.py:2 tests: .* computed: NEEDED"):
        find(project(BARE, {"noxfile.py": nox}), "3.12")
    text = BARE + "[dependency-groups]\ntest = ['pytest']\n"
    found = find(project(text, {"noxfile.py": nox}), "3.12")
    assert ("test",) == found.groups
    assert ("noxfile.py:2 tests computes the requirements of tests, and is passed over",) == (
        found.notes
    )


@pytest.mark.parametrize(
    ("table", "place"),
    [
        (
            '[tool.poetry.group.test.dependencies]\npytest = "^8.3"\n',
            'Poetry\'s group "test" in pyproject.toml',
        ),
        (
            '[tool.pdm.dev-dependencies]\nchecks = ["pytest"]\n',
            "pyproject.toml:5 [tool.pdm.dev-dependencies] checks",
        ),
        (
            '[tool.uv]\ndev-dependencies = ["pytest"]\n',
            "pyproject.toml:5 [tool.uv] dev-dependencies",
        ),
    ],
)
def test_groups_of_other_tools_are_read(table: str, place: str) -> None:
    """Poetry's groups, and what PDM and uv install for development, are such places."""
    found = find(project(BARE + table), "3.12")
    assert (place, ()) == (found.place, found.added)
    assert found.lines[0].startswith("pytest")


def test_default_groups_stand_beside_the_group_that_tests() -> None:
    """What `uv run pytest` installs is there, where default-groups are written."""
    text = BARE + '[dependency-groups]\ndev = ["pytest"]\ndocs = ["docutils"]\n'
    assert ("dev",) == find(project(text), "3.12").groups
    text += '[tool.uv]\ndefault-groups = ["dev", "docs"]\n'
    assert ("dev", "docs") == find(project(text), "3.12").groups


def test_requirements_of_the_settings_replace_the_place_found() -> None:
    """[tool.wheelwright] names files, which decide alone."""
    text = BARE + '[dependency-groups]\ntest = ["pytest"]\n[tool.wheelwright]\n'
    files = {"ci/needs.txt": "pytest\nmock\n"}
    found = find(project(text + 'requirements = ["ci/needs.txt"]\n', files), "3.12")
    assert (("pytest", "mock"), ()) == (found.lines, found.groups)


def test_what_is_added_here_is_not_called_locked() -> None:
    """A pytest pinned here does not stand in uv.lock, and the place does."""
    text = '[project]\nname = "a"\nversion = "1"\n\n[dependency-groups]\ndev = ["ruff"]\n'
    said = find(project(text), "3.12").describe(", locked in uv.lock")
    place, _, added = said.partition("; added ")
    assert place.endswith(", locked in uv.lock")
    assert added.endswith("pinned by wheelwright")


def test_paths_of_files_that_a_runner_names_start_at_its_directory(tmp_path: Path) -> None:
    """Tox calls pip where its file is: `-e api` in `api/tests.txt` is not `api/api`."""
    files = {
        "api/pyproject.toml": BARE,
        "api/tests.txt": "pytest\n-e sdk\n-e api[fast]\n",
        "tox.ini": "[tox]\nskipsdist = true\n[testenv]\ndeps = -r api/tests.txt\n"
        "commands = pytest {toxinidir}/api/tests\n",
    }
    names = frozenset({*files, "api/", "sdk/"})
    described = describe(Snapshot(files, names), "api", base="api")
    found = find(with_tox(tmp_path, described), "3.12")
    assert (["-e ./sdk"], True) == ([str(path) for path in found.paths], found.installs)


@pytest.mark.parametrize("line", ["-e sdk", "-e ../sdk"])
def test_directory_that_is_not_in_the_source_is_named(line: str) -> None:
    """A folder of a repository, given alone, has no neighbours: the error says how to have them."""
    files = {"pyproject.toml": BARE, "test-requirements.txt": f"pytest\n{line}\n"}
    described = describe(Snapshot(files, frozenset(files)), "")
    with pytest.raises(ProjectError, match="not in the source") as caught:
        find(described, "3.12")
    assert "--package" in str(caught.value)
