"""Type checkers: where a project configures them, and which command starts one."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, project
from wheelwright.errors import ProjectError
from wheelwright.gates.checkers import called, configured
from wheelwright.gates.type_places import decide
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

BARE = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (
            project(LIKE_CLICK),
            ["mypy: pyproject.toml [tool.mypy]", "pyright: pyproject.toml [tool.pyright]"],
        ),
        (project(LIKE_ATTRS), ["mypy: pyproject.toml [tool.mypy]"]),
        (project(BARE), []),
        (project(BARE, {"setup.cfg": "[mypy]\nstrict = True\n"}), ["mypy: setup.cfg [mypy]"]),
        (project(BARE, {"setup.cfg": "# [mypy]\n[mypy-foo.*]\n"}), []),
        (project(BARE, {".mypy.ini": ""}), ["mypy: .mypy.ini"]),
        (project(BARE, {"pyrightconfig.json": "{}"}), ["pyright: pyrightconfig.json"]),
        (project(BARE, {"ty.toml": ""}), ["ty: ty.toml"]),
        (project(BARE + "[tool.pyrefly]\n"), ["pyrefly: pyproject.toml [tool.pyrefly]"]),
        (
            project(BARE + '[tool.pyright]\n[dependency-groups]\ndev = ["basedpyright"]\n'),
            ["basedpyright: pyproject.toml [tool.pyright]"],
        ),
    ],
)
def test_every_configuration_has_its_place(described: Project, expected: list[str]) -> None:
    """A table or a file configures a checker; basedpyright may have pyright's."""
    assert expected == [f"{each.checker.name}: {each.place}" for each in configured(described)]


def test_the_groups_of_a_workspaces_root_say_which_pyright_is_meant() -> None:
    """For its members, too, whose environment has what they install."""
    root = (
        BARE + "[tool.pyright]\n[dependency-groups]\ndev = ['basedpyright']\n"
        "[tool.uv.workspace]\nmembers = ['a']\n"
    )
    member = BARE.replace("demo", "inner")
    files = Snapshot({"pyproject.toml": root, "a/pyproject.toml": member})
    (check,) = decide(describe(files, "a", {"a": member}), "3.12").checks

    assert "basedpyright" == check.checker.name
    assert "/src" == check.workdir, "the member's own pyproject.toml would hide the root's"


def test_ty_gets_no_option_that_older_ones_refuse() -> None:
    """A lock may have ty of 2025, 0.0.1a20, which ends at --no-progress."""
    (check,) = decide(project(BARE, {"ty.toml": ""}), "3.12").checks
    assert ("ty", "check") == check.checker.command
    assert ("--python", "/opt/venv") == check.checker.environment


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"mypy.ini": "[mypy]\nfiles = a\n", ".mypy.ini": "[mypy]\n"}, ("mypy.ini", True)),
        ({".mypy.ini": "[mypy]\n", "setup.cfg": "[mypy]\nfiles = a\n"}, (".mypy.ini", False)),
        ({"setup.cfg": "[mypy]\npackages = a\n"}, ("pyproject.toml [tool.mypy]", False)),
    ],
)
def test_mypy_reads_its_first_file_alone(files: dict[str, str], expected: tuple[str, bool]) -> None:
    """mypy.ini, .mypy.ini, pyproject.toml, setup.cfg: what a later one says does not count."""
    (found,) = configured(project(BARE + "[tool.mypy]\nstrict = true\n", files))
    assert expected == (found.place, found.names_targets)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("[bumpversion]\nfiles = src\n[mypy]\nstrict = true\n", False),
        ("[mypy]\nstrict = true\n[options]\npackages = find:\n", False),
        ("[mypy]\nfiles =\n", False),
        ("[mypy]\nfiles =\n    src\n    tests\n", True),
        ("[mypy]\nmodules = a\n", True),
        ("[mypy-a.*]\nfiles = a\n[mypy]\n", False),
    ],
)
def test_keys_are_those_of_the_own_section(section: str, expected: bool) -> None:
    """`files` of another program is not mypy's."""
    (found,) = configured(project(BARE, {"setup.cfg": section}))
    assert expected is found.names_targets


def test_configuration_above_a_package_counts() -> None:
    """A package in a directory has the mypy.ini of the repository, where it has none."""
    texts = {"mypy.ini": "[mypy]\n", "api/pyproject.toml": BARE}
    (found,) = configured(describe(Snapshot(texts), "api", base="api"))
    assert "mypy.ini" == found.place


def test_a_broken_file_of_mypy_is_named_with_the_setting() -> None:
    """Whoever cannot correct it sets the command."""
    with pytest.raises(ProjectError, match=r"mypy\.ini cannot be read.*set typecheck in"):
        configured(project(BARE, {"mypy.ini": "files = src\n"}))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("mypy src", "mypy"),
        ("python -m mypy src", "mypy"),
        ("uv run --group typing mypy", "mypy"),
        ("stubtest demo", "mypy"),
        ("python3 -m mypy.stubtest demo", "mypy"),
        ("pyright --verifytypes demo", "pyright"),
        ("ty check", "ty"),
        ("pytest --mypy", ""),
        ("pyright --version", ""),
        ("python -m mypy -V", ""),
        ("ruff check", ""),
    ],
)
def test_the_checker_of_a_command_is_seen(command: str, expected: str) -> None:
    """Also behind an interpreter or a runner; what only mentions one starts none."""
    found = called(command.split())
    assert expected == (found.name if found else "")
