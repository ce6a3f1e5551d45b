"""Which checkers run: the first place that says it decides, and the others are named."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, locked, project
from wheelwright.errors import ProjectError
from wheelwright.gates.type_check import Check
from wheelwright.gates.type_places import decide
from wheelwright.project.model import Project

BARE = '[project]\nname = "demo"\nversion = "1"\n'
NOX = """\
import nox

@nox.session
def typing(session):
    session.install("mypy==1.19.1")
    session.run("mypy", "src")
"""
HOOK = """\
repos:
- repo: https://x.org/a/mirrors-mypy
  rev: v1.18.2
  hooks: [{id: mypy, always_run: true}]
"""


def places(described: Project) -> list[str]:
    """Return checker and place of everything that runs."""
    return [f"{each.checker.name}: {each.place}" for each in decide(described, "3.12").checks]


@pytest.mark.parametrize(
    ("pyproject", "files", "expected"),
    [
        (
            BARE + '[tool.wheelwright]\ntypecheck = ["ty", "check"]\n',
            {"noxfile.py": NOX, ".pre-commit-config.yaml": HOOK, "mypy.ini": ""},
            ["ty: pyproject.toml [tool.wheelwright] typecheck"],
        ),
        (
            BARE,
            {"noxfile.py": NOX, ".pre-commit-config.yaml": HOOK, "mypy.ini": ""},
            ["mypy: noxfile.py typing"],
        ),
        (
            BARE,
            {".pre-commit-config.yaml": HOOK, "mypy.ini": ""},
            ["mypy: .pre-commit-config.yaml mypy over 0 files"],
        ),
        (BARE + '[dependency-groups]\ndev = ["ty"]\n', {"mypy.ini": ""}, ["mypy: mypy.ini"]),
        (
            BARE + '[dependency-groups]\ndev = ["pyright", "ty"]\n',
            {},
            ['pyright: pyproject.toml, group "dev"'],
        ),
        (
            BARE + '[tool.pdm.dev-dependencies]\ntyping = ["mypy"]\n',
            {},
            ["mypy: pyproject.toml"],
        ),
        (BARE, {}, []),
    ],
)
def test_the_first_place_decides(
    pyproject: str, files: dict[str, str], expected: list[str]
) -> None:
    """The setting, a runner, a hook, configuration, a group: in this order."""
    assert expected == places(project(pyproject, files))


@pytest.mark.parametrize(
    ("pyproject", "files", "expected"),
    [
        (
            BARE + "[tool.mypy]\n[tool.pyright]\n",
            {"noxfile.py": NOX},
            ("pyright is configured in pyproject.toml [tool.pyright] and nothing calls it",),
        ),
        (
            BARE + "[tool.pyright]\n",
            {
                "noxfile.py": NOX,
                ".pre-commit-config.yaml": HOOK.replace("mirrors-mypy", "pyright-python").replace(
                    "id: mypy", "id: pyright"
                ),
            },
            ("pyright is called by .pre-commit-config.yaml pyright, which is not run",),
        ),
        (BARE + "[tool.mypy]\n", {"noxfile.py": NOX}, ()),
        (BARE + "[tool.mypy]\n[tool.pyright]\n", {}, ()),
    ],
)
def test_what_is_configured_and_not_called_is_named(
    pyproject: str, files: dict[str, str], expected: tuple[str, ...]
) -> None:
    """Where something calls a checker, the others are configuration for an editor."""
    assert expected == decide(project(pyproject, files), "3.12").notes


@pytest.mark.parametrize("line", ['["pytype"]', '["make", "mypy"]'])
def test_unknown_typecheck_command_is_refused(line: str) -> None:
    """A command that starts with no known checker could not be judged."""
    described = project(LIKE_CLICK + f"[tool.wheelwright]\ntypecheck = {line}\n")
    with pytest.raises(ProjectError, match="starts with the unknown type checker"):
        decide(described, "3.12")


def first(described: Project, index: int = 0, *, requested: bool = False) -> Check:
    """Return one of a project's checks."""
    return decide(described, "3.12.1", requested=requested).checks[index]


def test_checker_of_a_group_runs_inside_the_environment() -> None:
    """Mypy that a group holds is not installed a second time: its plugins stand beside it."""
    check = first(project(LIKE_CLICK))
    assert (("typing",), None) == (check.groups, check.tool)
    assert ("mypy", "--python-executable=/opt/venv/bin/python") == check.args


def test_pyright_of_a_group_runs_beside_in_the_locked_version() -> None:
    """Pyright comes with its own Node, in the version of the lock, over the group's environment."""
    check = first(project(LIKE_CLICK, {"uv.lock": locked("pyright==1.1.400")}), 1)
    assert check.tool is not None
    assert (("typing",), "pyright[nodejs]==1.1.400") == (check.groups, check.tool.requirement)


def test_undeclared_checker_is_pinned_and_installed_beside() -> None:
    """A checker that is configured but in no group is installed at the pinned version."""
    check = first(project(LIKE_ATTRS.replace("mypy = [", "other = ["), names=("src/",)))
    assert check.tool is not None
    assert ((), "mypy==2.4.1") == (check.groups, check.tool.requirement)


def test_requested_python_reaches_the_checker() -> None:
    """--python sets the version, in each checker's own words."""
    assert "--python-version=3.12" in first(project(LIKE_CLICK), requested=True).args
    assert ("--pythonversion", "3.12") == first(project(LIKE_CLICK), 1, requested=True).args[-2:]
    assert "--python-version=3.12" not in first(project(LIKE_CLICK)).args


def test_a_command_of_the_project_keeps_its_python() -> None:
    """What a runner calls runs as written."""
    described = project(BARE, {"noxfile.py": NOX})
    assert ("mypy", "src") == first(described, requested=True).args


@pytest.mark.parametrize(
    ("names", "target"),
    [(("src/",), "src"), (("demo/",), "demo"), (("demo.py",), "demo.py"), ((), ".")],
)
def test_mypy_without_files_gets_the_packages_own(names: tuple[str, ...], target: str) -> None:
    """Mypy whose configuration names no files checks the package; that is a guess."""
    check = first(project(BARE + "[tool.mypy]\nstrict = true\n", names=names))
    assert (target, target) == (check.args[-1], check.guessed)


def test_configured_command_is_used_as_written() -> None:
    """`typecheck` in [tool.wheelwright] keeps its arguments and gets no guessed target."""
    described = project(LIKE_ATTRS + '[tool.wheelwright]\ntypecheck = ["mypy", "src/attrs"]\n')
    assert ("mypy", "src/attrs") == first(described).args[:2]
    assert "src" not in first(described).args


def test_the_lock_of_poetry_fixes_the_checker_of_the_environment() -> None:
    """Its plugins are beside it there, and the resolution would not read that lock."""
    lock = '[[package]]\nname = "mypy"\nversion = "1.18.2"\n'
    pyproject = BARE + '[dependency-groups]\ndev = ["mypy", "pytest"]\n[tool.mypy]\n'
    check = first(project(pyproject, {"poetry.lock": lock}))

    assert check.tool is None
    assert check.wanted is not None
    assert ("mypy==1.18.2",) == check.wanted.added
    assert "locked in poetry.lock" == check.chosen_by
