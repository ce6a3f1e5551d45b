"""Which cells a matrix has, what they are called, and what a wrong table or argument is told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, locked, project
from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.matrix import RESOLUTIONS
from wheelwright.project.model import Project
from wheelwright.testing.cells import Cell, Selection, github, plan, runnable, table

BASE = """\
[project]
name = "demo"
requires-python = ">=3.9"
classifiers = [
  "Programming Language :: Python :: 3.11",
  "Programming Language :: Python :: 3.12",
]
[project.optional-dependencies]
fast = ["orjson"]
[dependency-groups]
tests = ["pytest"]
docs = ["sphinx"]
"""


def demo(matrix: str = "", *, lock: bool = True) -> Project:
    """Return a package with this table of the matrix."""
    said = f"{BASE}\n[tool.wheelwright.matrix]\n{matrix}\n"
    return project(said, {"uv.lock": locked("pytest==9.0.0")} if lock else None)


def names(matrix: str = "", *, lock: bool = True, **asked: list[str]) -> list[str]:
    """Return the names of the cells."""
    return [cell.name for cell in plan(demo(matrix, lock=lock), Selection(**asked))]


def test_claimed_pythons_are_the_matrix() -> None:
    """Without any word each Python that the classifiers claim is a cell, as uv.lock resolves."""
    expected = [Cell("3.11", "3.11", "locked"), Cell("3.12", "3.12", "locked")]
    assert expected == plan(demo(), Selection())


def test_without_lock_the_newest_versions_are_taken() -> None:
    """A package without uv.lock is tested with the newest versions, under the same names."""
    assert ["highest", "highest"] == [c.resolution for c in plan(demo(lock=False), Selection())]
    assert ["3.11", "3.12"] == names(lock=False)


def test_real_shapes_have_a_matrix() -> None:
    """Classifiers, or requires-python alone, are enough."""
    assert ["3.9", "3.10", "3.11"] == [c.name for c in plan(project(LIKE_ATTRS), Selection())]
    assert "3.10" == plan(project(LIKE_CLICK), Selection())[0].name


def test_asked_values_replace_an_axis() -> None:
    """What the caller asks for stands instead of the package's own values."""
    assert ["3.10"] == names(python=["3.10"])
    expected = ["3.11-lowest-direct", "3.12-lowest-direct"]
    assert expected == names('resolution = ["locked"]', resolution=["lowest-direct"])


def test_name_tells_what_is_unusual() -> None:
    """Resolution, groups, extras and services are in the name, in this order."""
    expected = ["3.12-highest-tests+docs-fast-postgres16+redis7"]
    assert expected == names(
        python=["3.12"],
        resolution=["highest"],
        group=["tests+docs"],
        extra=["fast"],
        service=["postgres:16+redis:7"],
    )


def test_table_sets_the_axes() -> None:
    """[tool.wheelwright.matrix] replaces what the package claims."""
    said = 'python = ["3.12"]\nresolution = ["locked", "lowest-direct"]\nextras = ["", "fast"]'
    assert ["3.12", "3.12-fast", "3.12-lowest-direct", "3.12-lowest-direct-fast"] == names(said)


def test_exclude_takes_out_what_matches_in_all_it_says() -> None:
    """An excluded cell matches every value of the entry."""
    said = 'resolution = ["locked", "lowest-direct"]\n'
    said += 'exclude = [{ python = "3.11", resolution = "lowest-direct" }]'
    assert ["3.11", "3.12", "3.12-lowest-direct"] == names(said)
    assert ["3.11"] == names('exclude = [{ name = "3.12*" }]')
    assert ["3.11"] == names('extras = ["", "fast"]\nexclude = [{extras="fast"}, {python="3.12"}]')


def test_include_adds_a_cell() -> None:
    """An included cell is added, with the usual value for what it does not say."""
    said = 'include = [{ python = "3.12", resolution = "lowest-direct" }, { python = "3.10" }]'
    assert ["3.11", "3.12", "3.12-lowest-direct", "3.10"] == names(said)


def test_include_names_a_cell_that_is_there() -> None:
    """An included cell that is there already is named, and told its runners, not doubled."""
    said = 'include = [{ python = "3.12", name = "newest", os = "macos-latest" }]'
    cells = plan(demo(said), Selection())
    assert ["3.11", "newest"] == [cell.name for cell in cells]
    assert ("macos-latest",) == cells[1].os


def test_a_cell_may_have_an_image_of_its_own() -> None:
    """Of a cell that is there already it is changed; the others have that of the package."""
    said = 'include = [{ python = "3.12", image = "registry.example/demo:1" }]'
    cells = plan(demo(said), Selection())

    assert [("3.11", ""), ("3.12", "registry.example/demo:1")] == [
        (cell.name, cell.image) for cell in cells
    ]


def test_included_cell_that_does_not_fit_is_left_out() -> None:
    """Asking for one Python leaves out the included cells of another."""
    said = 'include = [{ python = "3.12", resolution = "lowest-direct" }]'
    assert ["3.11"] == names(said, python=["3.11"])
    assert ["3.12", "3.12-lowest-direct"] == names(said, python=["3.12"], cell=["3.12*"])


def test_cells_are_chosen_by_name_or_pattern() -> None:
    """--cell keeps the cells of that name."""
    assert ["3.12"] == names(cell=["3.12"])
    assert ["3.11", "3.12"] == names(cell=["3.1?"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"resolution": ["lowest"]}, 'unknown resolution "lowest" (did you mean "lowest-direct"'),
        ({"cell": ["3.12-low"]}, 'unknown cell "3.12-low" (did you mean "3.12"?)'),
        ({"python": ["3.8"]}, 'Python 3.8 is outside requires-python ">=3.9"'),
        ({"python": ["py312"]}, '--python "py312" is not a Python version'),
        ({"group": ["test"]}, 'has no dependency group "test" (it has: docs, tests)'),
        ({"extra": ["quick"]}, 'has no extra "quick" (it has: fast)'),
    ],
)
def test_unknown_word_is_told_what_there_is(asked: dict[str, list[str]], message: str) -> None:
    """An unknown value names the known ones, before anything runs."""
    with pytest.raises(RequestError) as caught:
        plan(demo(), Selection(**asked))
    assert message in str(caught.value)


def test_locked_needs_a_lock() -> None:
    """Asking for the locked resolution without uv.lock says how to get one."""
    with pytest.raises(RequestError, match=r"demo has no uv.lock to resolve from; run `uv lock`"):
        names(lock=False, resolution=["locked"])


def test_everything_wrong_with_the_table_is_told_at_once() -> None:
    """A wrong table is one error that has every fault and its line."""
    said = 'pyton = ["3.12"]\nresolution = ["newest"]\npython = "3.12"\n'
    said += 'include = [{ resolution = "lockd" }]\nexclude = [{}]'
    with pytest.raises(ProjectError) as caught:
        demo(said)
    message = str(caught.value)
    assert "pyproject.toml:14: [tool.wheelwright] has an unknown key of matrix" in message
    for part in (
        '"pyton" (did you mean "python"?)',
        'unknown resolution "newest"',
        "matrix.python = '3.12', which is not a list of strings",
        'unknown resolution "lockd" (did you mean "locked"?)',
        "an entry of matrix.include without python",
        "an empty entry of matrix.exclude",
    ):
        assert part in message


@pytest.mark.parametrize(
    "said", ['python = [""]', 'python = ["3"]', 'include = [{ python = "", name = "x" }]']
)
def test_python_of_the_table_is_a_version(said: str) -> None:
    """What is no version is refused where it stands, and an empty one means no other."""
    with pytest.raises(RequestError, match=r'matrix\] "3?" is not a Python version'):
        plan(demo(said), Selection())


def test_empty_python_of_the_caller_is_refused() -> None:
    """`--python ""` is told that it is no version."""
    with pytest.raises(RequestError, match=r'--python "" is not a Python version'):
        plan(demo(), Selection(python=[""]))


def test_two_cells_of_one_name_are_refused() -> None:
    """A name is a directory among the reports: it stands for one cell."""
    said = 'include = [{ python = "3.10", name = "3.12" }]'
    with pytest.raises(ProjectError, match=r'two cells of the matrix are named "3\.12"'):
        names(said)


def test_name_that_is_no_file_name_is_refused() -> None:
    """A cell cannot be called what no directory can be called."""
    with pytest.raises(ProjectError, match=r'the cell name "\.\./x" cannot be'):
        names('include = [{ python = "3.10", name = "../x" }]')


def test_nothing_left_is_an_error() -> None:
    """A matrix without a cell does not pass."""
    with pytest.raises(RequestError, match="no cell of the matrix is left"):
        names('exclude = [{ resolution = "locked" }]')


def test_cells_for_other_runners_are_not_run_here() -> None:
    """A cell for macOS alone is listed as such, and runs where it is asked for by name."""
    said = 'include = [{ python = "3.12", os = "macos-latest", name = "mac" }]'
    cells = plan(demo(said), Selection())
    here, elsewhere = runnable(cells, Selection())
    assert ["3.11"] == [cell.name for cell in here]
    assert "not run here, but on macos-latest: mac" == elsewhere
    named = Selection(cell=["mac"])
    assert ["mac"] == [cell.name for cell in runnable(plan(demo(said), named), named)[0]]


def test_only_other_runners_is_an_error() -> None:
    """A matrix that is for other runners alone does not pass by running nothing."""
    cells = plan(demo('os = ["windows-latest"]'), Selection())
    with pytest.raises(RequestError, match=r"every cell is for other runners \(windows-latest\)"):
        runnable(cells, Selection())


def test_github_gets_a_job_for_each_runner() -> None:
    """The JSON is one line, a job for each cell and runner, with the name that --cell takes."""
    said = (
        'os = ["ubuntu-latest", "macos-latest"]\ninclude = [{ python = "3.10", extras = "fast" }]'
    )
    text = github(plan(demo(said), Selection()))
    rows = json.loads(text)["include"]
    assert "\n" not in text
    expected = ["3.11", "3.11-macos-latest", "3.12", "3.12-macos-latest", "3.10-fast"]
    assert expected == [row["name"] for row in rows]
    assert {
        "name": "3.12-macos-latest",
        "cell": "3.12",
        "python": "3.12",
        "resolution": "locked",
        "groups": "",
        "extras": "",
        "services": "",
        "os": "macos-latest",
    } == rows[3]


def test_more_jobs_than_github_accepts_is_an_error() -> None:
    """A matrix that GitHub would refuse is refused here."""
    runners = [f"runner-{number}" for number in range(129)]
    with pytest.raises(RequestError, match="258 jobs, GitHub accepts 256"):
        github(plan(demo(), Selection(os=runners)))


def test_plan_is_a_table() -> None:
    """--plan says of each cell what it is made of, and how many there are."""
    lines = table(demo(), plan(demo(), Selection(extra=["fast"]))).splitlines()
    assert "matrix of demo" == lines[0]
    assert lines[3].startswith("3.11-fast  3.11    locked")
    assert "2 cells" == lines[-1]


@given(
    st.sets(st.sampled_from(["3.9", "3.10", "3.11", "3.12"]), min_size=1),
    st.sets(st.sampled_from(RESOLUTIONS), min_size=1),
    st.sets(st.sampled_from(["", "fast"]), min_size=1),
    st.sets(st.sampled_from(["", "tests", "tests+docs"]), min_size=1),
)
def test_names_are_stable_and_unique(
    pythons: set[str], resolutions: set[str], extras: set[str], groups: set[str]
) -> None:
    """A cell has its name whichever other cells run beside it, and no other cell has it."""
    package = demo()
    asked = Selection([*pythons], [*resolutions], [*groups], [*extras])
    cells = plan(package, asked)
    assert len(cells) == len({cell.name for cell in cells})
    for cell in cells:
        alone = Selection(
            [cell.python], [cell.resolution], ["+".join(cell.groups)], ["+".join(cell.extras)]
        )
        assert [cell.name] == [each.name for each in plan(package, alone)]
