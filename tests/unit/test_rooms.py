"""Which packages touch nothing outside, and how long a module may be.

Which package may import which is in pyproject.toml: `uv run lint-imports`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"

EFFECTS = frozenset(
    {"dagger", "http", "os", "shutil", "socket", "subprocess", "threading", "urllib"}
)
"""What a room that only plans has no use for. asyncio is not here: a plan may hold an event."""

PURE = (
    "stiletto/api",
    "stiletto/graph",
    "stiletto/errors.py",
    "stiletto/progress.py",
    "stiletto/module/naming.py",
    "stiletto/module/registration.py",
    "stiletto/module/runtime.py",
    "stiletto/sandbox/operations.py",
    "stiletto/sandbox/paths.py",
    "stiletto/sandbox/plan.py",
    "stiletto/sandbox/references.py",
    "stiletto/sandbox/replay.py",
    "stiletto/sandbox/scrub.py",
    "wheelwright/environment",
    "wheelwright/errors.py",
    "wheelwright/gates",
    "wheelwright/pins.py",
    "wheelwright/project",
    "wheelwright/release/decide/responses.py",
    "wheelwright/release/decide/artifacts.py",
    "wheelwright/container/harmless.py",
    "wheelwright/container/limits.py",
    "wheelwright/container/output.py",
    "wheelwright/container/privileges.py",
    "wheelwright/distribution",
    "wheelwright/release/decide/changelog.py",
    "wheelwright/release/decide/editing.py",
    "wheelwright/release/decide/edits.py",
    "wheelwright/release/decide/plan.py",
    "wheelwright/release/decide/refs.py",
    "wheelwright/release/decide/report.py",
    "wheelwright/release/decide/rules.py",
    "wheelwright/release/decide/step.py",
    "wheelwright/release/decide/stops.py",
    "wheelwright/release/decide/version.py",
    "wheelwright/release/decide/urls.py",
    "wheelwright/release/decide/world.py",
    "wheelwright/testing/cells.py",
    "wheelwright/testing/coverage.py",
    "wheelwright/testing/junit.py",
    "wheelwright/testing/plan.py",
    "wheelwright/testing/record.py",
    "wheelwright/testing/run.py",
    "wheelwright/testing/unrun.py",
    "wheelwright/testing/verdict.py",
    "wheelwright/testing/reports",
)

SHELL = (
    "wheelwright/distribution/builder.py",
    "wheelwright/gates/run.py",
    "wheelwright/testing/reports/codecov.py",
)
"""What carries out the plans of a pure room, and lies beside them."""

LIMIT_LINES = 600


def modules(room: str) -> list[Path]:
    """Return the modules of a room, or the one module that it is."""
    path = SOURCES / room
    if path.suffix == ".py":
        return [path]
    return sorted(set(path.rglob("*.py")) - {SOURCES / each for each in SHELL})


def imported(path: Path) -> set[str]:
    """Return the full names of what a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """The reader of imports sees those in functions and in conditions, too."""
    path = tmp_path / "module.py"
    path.write_text("import a.b\ndef f():\n    from c import d\nif a:\n    import e as g\n")

    assert {"a.b", "c", "e"} == imported(path)


@pytest.mark.parametrize("room", PURE)
def test_planning_has_no_effects(room: str) -> None:
    """A pure room imports nothing that touches the machine or the engine."""
    found = modules(room)
    guilty = {
        str(path.relative_to(SOURCES)): sorted(touched)
        for path in found
        if (touched := {name.partition(".")[0] for name in imported(path)} & EFFECTS)
    }

    assert found
    assert {} == guilty


def test_no_module_is_long() -> None:
    """No module is longer than the limit: one that is has a seam to be split along."""
    long = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > LIMIT_LINES
    }

    assert set() == long


def test_every_module_says_what_it_is() -> None:
    """Every module begins with a docstring."""
    silent = [
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert [] == silent
