"""Which packages touch nothing outside: neither the machine nor the engine.

Which package may import which is in pyproject.toml: `uv run lint-imports`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

pytestmark = pytest.mark.lint

SOURCES = Path(__file__).resolve().parents[3] / "src"

# asyncio is not here: a plan may have an event. Nor is urllib.parse, which only reads addresses.
MACHINE = frozenset(
    {"fcntl", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "threading"}
)
EFFECTS = MACHINE | {"anyio", "dagger", "http", "httpx", "time", "urllib.request"}

PURE: dict[str, tuple[str, ...]] = {
    "stiletto/api": (),
    "stiletto/graph": (),
    "wheelwright/distribution": ("builder",),
    "wheelwright/environment": (),
    "wheelwright/gates": ("run",),
    "wheelwright/github": ("annotate", "reach", "shell"),
    "wheelwright/importing": ("shell",),
    "wheelwright/project": (),
    "wheelwright/release/decide": (),
    "wheelwright/repository": ("look",),
    "wheelwright/start": ("doctor", "hub", "init", "setup_github"),
    "wheelwright/testing": (
        *("combining", "finishing", "matrix", "measuring"),
        *("reports/codecov", "run_tests", "running"),
    ),
}
"""Packages that only plan, and those modules of theirs that carry the plans out."""


def imported(path: Path) -> set[str]:
    """Return the full names of what a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def guilty(paths: Iterable[Path], forbidden: frozenset[str]) -> dict[str, list[str]]:
    """Return the modules that import what is forbidden, and what of it."""
    found = {
        str(path.relative_to(SOURCES)): sorted(
            name for name in imported(path) if {name, name.partition(".")[0]} & forbidden
        )
        for path in paths
    }
    return {path: names for path, names in found.items() if names}


def test_imports_are_found_wherever_they_are(tmp_path: Path) -> None:
    """The reader of imports sees those in functions and in conditions, too."""
    path = tmp_path / "module.py"
    path.write_text("import a.b\ndef f():\n    from c import d\nif a:\n    import e as g\n")

    assert {"a.b", "c", "c.d", "e"} == imported(path)


@pytest.mark.parametrize("package", PURE)
def test_planning_has_no_effects(package: str) -> None:
    """A pure package imports nothing that touches the machine or the engine."""
    modules = sorted((SOURCES / package).rglob("*.py"))
    shell = {SOURCES / package / f"{name}.py" for name in PURE[package]}

    assert modules
    assert shell <= set(modules)
    assert {} == guilty((path for path in modules if path not in shell), EFFECTS)


def test_wheelwright_never_touches_the_machine() -> None:
    """All that it does goes through the engine; `inside` has programs for containers.

    `calling` reads the one variable by which Stiletto says that it is the caller, and `cores` what
    the machine gives to this process.
    """
    allowed = {
        "wheelwright/container/calling.py": ["os"],
        "wheelwright/container/cores.py": ["os", "pathlib", "pathlib.Path"],
    }
    modules = (path for path in SOURCES.glob("wheelwright/**/*.py") if path.parent.name != "inside")

    assert allowed == guilty(modules, MACHINE)


def test_programs_for_containers_stand_alone() -> None:
    """They are copied into a container as text: of ours they import each other alone."""
    programs = list(SOURCES.glob("wheelwright/**/inside/*.py"))
    found = guilty(programs, frozenset({"stiletto", "wheelwright"}))
    beside = "wheelwright.release.inside"

    assert programs
    assert [] == [
        name
        for names in found.values()
        for name in names
        if name != beside and not name.startswith(f"{beside}.")
    ]
