"""Type checkers: which ones run and where, and what their output means."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, locked, project
from wheelwright.container.output import Output
from wheelwright.environment.test_dependencies import find, requirements
from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.gates import types
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project

BARE = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (project(LIKE_CLICK), ["mypy", "pyright"]),
        (project(LIKE_ATTRS), ["mypy"]),
        (project(BARE), []),
        (project(BARE, {"setup.cfg": "[mypy]\nstrict = True\n"}), ["mypy"]),
        (project(BARE, {"pyrightconfig.json": "{}"}), ["pyright"]),
        (project(BARE, {"ty.toml": ""}), ["ty"]),
        (project(BARE + "[tool.pyrefly]\n"), ["pyrefly"]),
        (project(BARE + "[tool.basedpyright]\n"), ["basedpyright"]),
        (
            project(BARE + '[tool.pyright]\n[dependency-groups]\ndev = ["basedpyright"]\n'),
            ["basedpyright"],
        ),
        (project(BARE + '[dependency-groups]\ndev = ["pyright", "ty"]\n'), ["pyright"]),
        (project(LIKE_CLICK + '[tool.wheelwright]\ntypecheck = ["ty", "check"]\n'), ["ty"]),
    ],
)
def test_checkers_follow_the_configuration(described: Project, expected: list[str]) -> None:
    """Every configured checker runs; without configuration the first that a group names."""
    assert expected == [checker.name for checker in types.checkers(described)]


def test_unconfigured_typecheck_says_what_was_looked_for() -> None:
    """Without any checker the gate names all that it looked for."""
    said = types.Types().configured(project(BARE))
    assert said.startswith("not configured: demo configures no type checker (none of mypy, ")


def test_unknown_typecheck_command_is_refused() -> None:
    """A command that starts with no known checker could not be judged."""
    described = project(LIKE_CLICK + '[tool.wheelwright]\ntypecheck = ["pytype"]\n')
    with pytest.raises(ProjectError, match='starts with the unknown type checker "pytype"'):
        types.checkers(described)


def plan(described: Project, index: int = 0, *, requested: bool = False) -> types.Check:
    """Plan one of a project's checkers."""
    return types.check_of(
        described, types.checkers(described)[index], "3.12.1", requested=requested
    )


def test_checker_of_a_group_runs_inside_the_environment() -> None:
    """Mypy that a group holds is not installed a second time: its plugins stand beside it."""
    check = plan(project(LIKE_CLICK))
    assert ("typing", None) == (check.group, check.tool)
    assert ("mypy", "--python-executable=/opt/venv/bin/python") == check.args


def test_pyright_of_a_group_runs_beside_in_the_locked_version() -> None:
    """Pyright comes with its own Node, in the version of the lock, over the group's environment."""
    check = plan(project(LIKE_CLICK, {"uv.lock": locked("pyright==1.1.400")}), 1)
    assert check.tool is not None
    assert ("typing", "pyright[nodejs]==1.1.400") == (check.group, check.tool.requirement)


def test_undeclared_checker_is_pinned_and_installed_beside() -> None:
    """A checker that is configured but in no group is installed at the pinned version."""
    check = plan(project(LIKE_ATTRS, names=("src/",)))
    assert check.tool is not None
    assert (None, "mypy==2.4.1") == (check.group, check.tool.requirement)


def test_asked_python_reaches_the_checker() -> None:
    """--python sets the version, in each checker's own words."""
    assert "--python-version=3.12" in plan(project(LIKE_CLICK), requested=True).args
    assert ("--pythonversion", "3.12") == plan(project(LIKE_CLICK), 1, requested=True).args[-2:]
    assert "--python-version=3.12" not in plan(project(LIKE_CLICK)).args


@pytest.mark.parametrize(
    ("names", "target"),
    [(("src/",), "src"), (("demo/",), "demo"), (("demo.py",), "demo.py"), ((), ".")],
)
def test_mypy_without_files_gets_the_packages_own(names: tuple[str, ...], target: str) -> None:
    """Mypy whose configuration names no files checks the package, and the failure says so."""
    check = plan(project(BARE + "[tool.mypy]\nstrict = true\n", names=names))
    assert target == check.args[-1]
    result = types.judge(check, Output(1, "a.py:1: error: x\n"), "3.12")
    assert f"over {target} because its configuration names no files" in result.note


def test_configured_command_is_used_as_written() -> None:
    """`typecheck` in [tool.wheelwright] keeps its arguments and gets no guessed target."""
    described = project(LIKE_ATTRS + '[tool.wheelwright]\ntypecheck = ["mypy", "src/attrs"]\n')
    assert ("mypy", "src/attrs") == plan(described).args[:2]
    assert "src" not in plan(described).args


def test_type_errors_are_counted_and_paths_are_the_projects() -> None:
    """Paths in the container become paths in the source; errors are counted."""
    check = plan(project(LIKE_CLICK), 1)
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
        "ERROR Returned type `float` [bad-return]\n --> a.py:6:12\nINFO Checking project",
    ],
)
def test_errors_of_each_checker_are_counted_once(said: str) -> None:
    """The way that mypy, pyright, ty and pyrefly write one error counts as one."""
    result = types.judge(plan(project(LIKE_CLICK)), Output(1, said), "3.12")
    assert result.note.startswith("1 type error; ")


def test_crashed_checker_is_not_a_verdict() -> None:
    """Mypy's exit code 2 is a broken configuration, not type errors."""
    with pytest.raises(ToolFailed, match="mypy itself failed: exit code 2"):
        types.judge(plan(project(LIKE_CLICK)), Output(2, "", "mypy: bad option"), "3.12")


def test_several_checkers_have_one_result() -> None:
    """The gate fails if any checker fails, and says what each of them said."""
    passed = GateResult("types", Verdict.PASSED, "no type errors; mypy")
    failed = GateResult("types", Verdict.FAILED, "1 type error; pyright", "a.py:1")
    expected = GateResult(
        "types", Verdict.FAILED, "no type errors; mypy; 1 type error; pyright", "a.py:1"
    )
    assert expected == types.sum_up([passed, failed])
    assert passed is types.sum_up([passed])


SHADOWED = """\
[project]
name = "ash"
version = "1"

[tool.mypy]
files = ["ash"]
"""


@pytest.mark.parametrize(
    ("line", "told", "expected"),
    [
        ("mypy==1.10.0", "mypy 1.10.0 (compiled: yes)\n", "fixed in requirements-dev.txt"),
        ("mypy>=1.10", "mypy 1.19.1\n", "from requirements-dev.txt"),
    ],
)
def test_checker_among_the_test_dependencies_is_the_one_that_runs(
    line: str, told: str, expected: str
) -> None:
    """A checker that a requirements file brings is not installed twice; what it told is shown."""
    described = project(SHADOWED, {"requirements-dev.txt": f"pytest\n{line}\n"})
    wanted = find(described, "3.12")
    brought = (wanted.place, requirements(described, wanted))
    checker = types.checkers(described)[0]
    check = types.check_of(described, checker, "3.12", requested=False, brought=brought)

    assert check.tool is None
    version = told.split()[1]
    assert f"mypy {version} ({expected})" == types.with_printed_version(check, told).label


def test_another_version_than_the_chosen_one_is_told() -> None:
    """What the program tells counts, also where another version was chosen."""
    described = project(SHADOWED)
    check = types.check_of(described, types.checkers(described)[0], "3.12", requested=False)

    assert check.tool is not None
    label = types.with_printed_version(check, "mypy 0.1.2\n").label
    assert f"mypy 0.1.2 (not the {check.tool.version} pinned by wheelwright)" == label


def test_guessed_targets_of_a_green_verdict_are_named() -> None:
    """A pass over what was guessed says so, as a failure does."""
    described = project('[project]\nname = "ash"\nversion = "1"\n\n[tool.mypy]\n', names=("src/",))
    check = types.check_of(described, types.checkers(described)[0], "3.12", requested=False)

    assert "over src because its configuration" in types.judge(check, Output(0), "3.12").note
