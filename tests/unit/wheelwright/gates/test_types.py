"""The gate of the type checkers: what their output means, and what a verdict names."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.container.output import Output
from wheelwright.errors import ToolFailed
from wheelwright.gates import types
from wheelwright.gates.gate import Ran
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.gates.type_check import Check
from wheelwright.gates.type_places import decide
from wheelwright.project.model import Project

BARE = '[project]\nname = "demo"\nversion = "1"\n'
GUESSED = BARE + "[tool.mypy]\n"


def first(described: Project, index: int = 0) -> Check:
    """Return one of a project's checks."""
    return decide(described, "3.12").checks[index]


def test_unconfigured_typecheck_says_what_was_looked_for() -> None:
    """Without any checker the gate names all that it looked for."""
    said = types.Types().configured(project(BARE))
    assert said.startswith("not configured: demo configures no type checker (none of mypy, ")


def test_type_errors_are_counted_and_paths_are_the_projects() -> None:
    """Paths in the container become paths in the source; errors are counted."""
    check = first(project(LIKE_CLICK), 1)
    said = (
        "/src/src/a.py\n  /src/src/a.py:1:2 - error: one\n  x/src/b.py:3:4 - error: two\n2 errors"
    )
    result = types.judge(check, Output(1, said), "3.12")
    assert result.note.startswith("2 type errors; pyright")
    assert said.replace("/src/src/", "src/") == result.details


@pytest.mark.parametrize(
    "said",
    [
        "a.py:6: error: Incompatible [x]\nFound 1 error in 1 file (checked 1 source file)",
        "  /src/a.py:6:12 - error: Type\n1 error, 0 warnings, 0 notes",
        "error[invalid-explicit-return]: Return type\n --> a.py:6:12\nFound 1 diagnostic",
        "a.py:6:12: error[invalid-assignment] Not\na.py:9:1: warning[deprecated] Old\nFound 2",
        "ERROR Returned type `float` [bad-return]\n --> a.py:6:12\nINFO Checking project",
    ],
)
def test_errors_of_each_checker_are_counted_once(said: str) -> None:
    """The way that mypy, pyright, ty and pyrefly write one error counts as one."""
    result = types.judge(first(project(LIKE_CLICK)), Output(1, said), "3.12")
    assert result.note.startswith("1 type error; ")


def test_crashed_checker_is_not_a_verdict() -> None:
    """Mypy's exit code 2 is a broken configuration, not type errors."""
    with pytest.raises(ToolFailed, match="mypy itself failed: exit code 2"):
        types.judge(first(project(LIKE_CLICK)), Output(2, "", "mypy: bad option"), "3.12")


def test_several_checkers_have_one_result() -> None:
    """The gate fails if any checker fails, and says what each of them said, with the notes."""
    passed = GateResult("types", Verdict.PASSED, "no type errors; mypy")
    failed = GateResult("types", Verdict.FAILED, "1 type error; pyright", "a.py:1")
    note = "no type errors; mypy; 1 type error; pyright; ty is configured"
    expected = GateResult("types", Verdict.FAILED, note, "a.py:1")
    assert expected == types.sum_up([passed, failed], ["ty is configured"])
    assert passed is types.sum_up([passed])


SHADOWED = """\
[project]
name = "ash"
version = "1"

[tool.mypy]
files = ["ash"]
"""


@pytest.mark.parametrize(
    ("line", "printed", "expected"),
    [
        ("mypy==1.10.0", "mypy 1.10.0 (compiled: yes)\n", "fixed in requirements-dev.txt"),
        ("mypy>=1.10", "mypy 1.19.1\n", "from requirements-dev.txt"),
    ],
)
def test_checker_among_the_test_dependencies_is_the_one_that_runs(
    line: str, printed: str, expected: str
) -> None:
    """A checker that a requirements file brings is not installed twice; its version is shown."""
    check = first(project(SHADOWED, {"requirements-dev.txt": f"pytest\n{line}\n"}))

    assert check.tool is None
    assert f"mypy {printed.split()[1]} ({expected})" == types.label(check, printed)


def test_another_version_than_the_chosen_one_is_named() -> None:
    """What the program prints counts, also where another version was chosen."""
    check = first(project(SHADOWED))

    assert check.tool is not None
    expected = f"mypy 0.1.2 (not the {check.tool.version} pinned by wheelwright)"
    assert expected == types.label(check, "mypy 0.1.2\n")


def test_a_range_shows_the_version_that_it_led_to() -> None:
    """A tool beside the environment, installed by the requirement of an extra."""
    extra = '[project.optional-dependencies]\nlint = ["mypy>=1.10,<2"]\n'
    check = first(project(f"{BARE}{extra}[tool.mypy]\n"))

    assert check.tool is not None
    assert "mypy<2,>=1.10" == check.tool.requirement
    assert "mypy 1.19.1 (from pyproject.toml)" == types.label(check, "mypy 1.19.1\n")


@pytest.mark.parametrize(
    ("pyproject", "output", "verdict"),
    [
        (GUESSED, Output(0), Verdict.PASSED),
        (GUESSED, Output(1, "a.py:1: error: x\n"), Verdict.FAILED),
        (GUESSED, Output(0, "No source files found\n"), Verdict.NOT_CONFIGURED),
    ],
)
def test_every_verdict_names_its_place_and_the_guess(
    pyproject: str, output: Output, verdict: Verdict
) -> None:
    """Green, red or neither: what was checked is named, and what says so."""
    result = types.judge(first(project(pyproject, names=("src/",))), output, "3.12")

    assert verdict is result.verdict
    assert ", from pyproject.toml [tool.mypy], over src because its configuration" in result.note


def test_what_was_not_taken_ends_the_verdict() -> None:
    """A checker that nothing calls is named in the one line that people read."""
    session = 'import nox\n@nox.session\ndef typing(s):\n    s.run("mypy")\n'
    described = project(BARE + "[tool.pyright]\n", {"noxfile.py": session})
    gate = types.Types()

    (step,) = gate.plan(described, "3.12")
    result = gate.judge(described, "3.12", [Ran(0, version="mypy 2.4.1\n")])

    assert (("mypy",), ("mypy", "--version")) == (step.args, step.asks)
    assert (
        "no type errors; mypy 2.4.1 (pinned by wheelwright) on Python 3.12, from noxfile.py "
        "typing; pyright is configured in pyproject.toml [tool.pyright] and nothing calls it"
    ) == result.note


@pytest.mark.parametrize(
    ("pyproject", "files", "expected"),
    [
        ('[tool.basedpyright]\nvenvPath = "."\nvenv = ".venv"\n', {}, "/src/.venv"),
        ('[tool.pyright]\nvenvPath = "envs"\nvenv = "own"\n', {}, "/src/envs/own"),
        ("", {"pyrightconfig.json": '{"venvPath": ".", "venv": "v"}'}, "/src/v"),
        ('[tool.pyright]\nvenv = ".venv"\n', {}, ""),
        ('[tool.pyright]\nvenvPath = ".."\nvenv = "v"\n', {}, ""),
        ('[tool.pyright]\nvenvPath = "/opt"\nvenv = "v"\n', {}, ""),
        ('[tool.pyright]\nvenvPath = 1\nvenv = "v"\n', {}, ""),
        ("", {"pyrightconfig.json": "[1]"}, ""),
        ('[tool.mypy]\nfiles = ["a"]\n', {}, ""),
    ],
)
def test_the_environment_is_where_pyright_looks_for_it(
    pyproject: str, files: dict[str, str], expected: str
) -> None:
    """Its configuration may name a directory of the developer's; basedpyright fails without it."""
    (step,) = types.Types().plan(project(BARE + pyproject, files), "3.12")

    assert [expected] * bool(expected) == [args[-2] for args in step.before]
