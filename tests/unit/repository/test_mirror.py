"""Unit tests are in the tree of the sources, each file named after the module that it tests.

`src/wheelwright/gates/lint.py` is tested by `tests/unit/wheelwright/gates/test_lint.py`, or by
`test_lint_<aspect>.py` beside it. Rules about the whole repository are here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.lint

UNIT = Path(__file__).resolve().parents[1]
SOURCES = UNIT.parents[1] / "src"
REPOSITORY = "repository"


def modules(folder: Path) -> set[str]:
    """Return the modules of a folder of the sources; a package is one if it has code of its own."""
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    return files | {path.parent.name for path in folder.glob("*/__init__.py") if has_code(path)}


def has_code(path: Path) -> bool:
    """Whether a module defines a function or a class."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in tree.body
    )


def is_about(name: str, folder: Path) -> bool:
    """Whether a test file is named after a module of a folder of the sources."""
    return any(f"{name}_".startswith(f"test_{module}_") for module in modules(folder))


def misplaced(unit: Path, sources: Path) -> list[str]:
    """Return the test files that are not where their module is, each with where it belongs."""
    folders = [sources, *sorted(path for path in sources.rglob("*") if path.is_dir())]
    found = []
    for path in sorted(unit.rglob("test_*.py")):
        folder = path.parent.relative_to(unit)
        if REPOSITORY in folder.parts[:1] or is_about(path.stem, sources / folder):
            continue
        places = [
            (unit / other.relative_to(sources)).relative_to(unit.parents[1])
            for other in folders
            if is_about(path.stem, other)
        ]
        found.append(
            f"{path.relative_to(unit.parents[1])} belongs in {' or '.join(map(str, places))}"
            if places
            else f"{path.relative_to(unit.parents[1])}: no module of src has this name; "
            f"a rule about the whole repository belongs in tests/unit/{REPOSITORY}"
        )
    return found


def test_every_unit_test_is_where_its_module_is() -> None:
    """A test file has the place and the name of a module of the sources."""
    assert list(UNIT.rglob("test_*.py"))
    assert [] == misplaced(UNIT, SOURCES)


def test_every_folder_of_unit_tests_is_a_package() -> None:
    """Two folders have files of one name, so each file is imported by its full name."""
    folders = {path.parent for path in UNIT.rglob("*.py")}

    assert set() == {folder for folder in folders if not (folder / "__init__.py").exists()}


def test_a_misplaced_file_is_told_its_place(tmp_path: Path) -> None:
    """The message names the folders to choose from; without one it says where rules belong."""
    sources, unit = tmp_path / "src", tmp_path / "tests" / "unit"
    for name in ("a/b/lint.py", "a/c/lint.py", "a/c/__init__.py"):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text('"""Nothing."""\n', encoding="utf-8")
    (sources / "a/b/__init__.py").write_text("def chosen(): ...\n", encoding="utf-8")
    right = ("a/b/test_lint.py", "a/c/test_lint_fast.py", "a/test_b.py", "repository/test_x.py")
    wrong = ("a/test_lint.py", "a/test_c.py", "a/b/test_linting.py")
    for name in (*right, *wrong):
        (unit / name).parent.mkdir(parents=True, exist_ok=True)
        (unit / name).touch()

    nameless = (
        "no module of src has this name; "
        "a rule about the whole repository belongs in tests/unit/repository"
    )
    assert [
        f"tests/unit/a/b/test_linting.py: {nameless}",
        f"tests/unit/a/test_c.py: {nameless}",
        "tests/unit/a/test_lint.py belongs in tests/unit/a/b or tests/unit/a/c",
    ] == misplaced(unit, sources)
