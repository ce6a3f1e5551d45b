"""The line that runs again what failed."""

import shlex

import pytest

from stiletto.cli.values import read_csv
from wheelwright.testing.again import Again, argument_of, of_cells, of_test
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure

TEST = Failure("tests.test_a::test_b", "bad", argument="tests/test_a.py::test_b")
NAMES = ["x,y", 'say "hi"', "a b", "it's", "$HOME `id`", "a\\nb", ";&|", "100%"]


def line(command: Again, *arguments: str) -> str:
    """Return the line for tests that these arguments select."""
    return command.line([Failure(each, "bad", argument=each) for each in arguments])


def test_line_runs_the_failing_test_on_its_python() -> None:
    """The line has the function, the Python and the test, and nothing else."""
    command = of_test("stiletto call wheelwright", Cell("", "3.12", ""))
    assert (
        "again: stiletto call wheelwright test --python 3.12 --args=tests/test_a.py::test_b"
    ) == command.line([TEST])


def test_line_keeps_what_the_run_was_given() -> None:
    """Groups, extras and services stay; a variable has its name only; other arguments go."""
    cell = Cell("", "3.12", "", ("tests", "docs"), ("fast",), ("redis:7",))
    command = of_test("dagger call", cell, args=["-x", "tests"], env=["TOKEN"])
    begin = "again: dagger call test --python 3.12 --groups=tests,docs --extras=fast"
    assert f"{begin} --service=redis:7 --env=TOKEN=... --args=a.py::t" == line(command, "a.py::t")
    assert line(command).endswith(" --args=-x,tests")


def test_cell_is_run_by_its_name() -> None:
    """A cell of the matrix has its own environment: `matrix --cell` makes it again."""
    cell = Cell("3.12-lowest-direct", "3.12", "lowest-direct")
    assert "again: dagger call matrix --cell 3.12-lowest-direct --args=a.py::t" == line(
        of_test("dagger call", cell), "a.py::t"
    )
    assert "again: x matrix --cell 3.11,3.12" == line(of_cells("x", ["3.11", "3.12"]))


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_test_reaches_pytest_as_it_is(name: str) -> None:
    """Read by a shell and then as a list, the argument is the test's own name."""
    wanted = [f"tests/test_a.py::test_b[{name}]", "tests/test_a.py::test_c"]
    words = shlex.split(line(Again("stiletto call", ("test",)), *wanted))
    assert ["again:", "stiletto", "call", "test"] == words[:4]
    assert wanted == read_csv(words[4].removeprefix("--args="))


def test_many_tests_are_named_by_their_files() -> None:
    """A line that would be too long names the files; beyond that it runs everything."""
    command = Again("x", ("test",))
    tests = [f"tests/test_{n % 2}.py::test_{n}" for n in range(60)]
    assert "again: x test --args=tests/test_0.py,tests/test_1.py" == line(command, *tests)
    assert "again: x test" == line(command, *(f"tests/test_{n}.py::test_it" for n in range(60)))


def test_failure_that_nothing_selects_runs_everything() -> None:
    """Tests of unittest, and a failure of pytest itself, have no argument."""
    assert "again: x test" == Again("x", ("test",)).line([TEST, Failure("t", "bad")])


@pytest.mark.parametrize(
    ("nodeid", "root", "ran", "argument"),
    [
        ("tests/test_a.py::test_b", "/src", "/src", "tests/test_a.py::test_b"),
        ("test_a.py::test_b[a/../b]", "/src/tests", "/src", "tests/test_a.py::test_b[a/../b]"),
        ("tests/test_a.py", "/src", "/src/pkg", "../tests/test_a.py"),
        ("tests/test_a.py::T::t", "", "/src", "tests/test_a.py::T::t"),
        ("", "/src", "/src", ""),
    ],
)
def test_argument_starts_where_pytest_ran(nodeid: str, root: str, ran: str, argument: str) -> None:
    """Pytest's names start from its root, its arguments from where it runs."""
    assert argument == argument_of(nodeid, root, ran)
