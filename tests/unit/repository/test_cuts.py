"""Rules for how the module takes a directory apart, read from its syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3] / "src" / "wheelwright"

LOSING = {"without_directory", "without_file", "without_files", "filter"}
PATTERNS = {"include", "exclude", "gitignore"}

# Both take out of a container what a step has put there, and nothing of a source.
OF_A_CONTAINER = {
    "container/toolchain.py: _added: without_directory",
    "container/packaged.py: built: without_file",
}
# What a changeset removes; no step sees it.
OF_A_CHANGESET = {"github/shell.py: changed: without_files"}


def cuts() -> Iterator[str]:
    """Yield each call behind which Dagger does not find a step again by its contents."""
    for path in sorted(ROOT.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                    continue
                name = call.func.attr
                given = {keyword.arg for keyword in call.keywords}
                if name in LOSING or (name == "with_directory" and given & PATTERNS):
                    yield f"{path.relative_to(ROOT).as_posix()}: {function.name}: {name}"


def test_a_directory_is_cut_in_one_place() -> None:
    """On Dagger a step behind any other cut runs again, whatever has changed."""
    expected = {
        "container/cut.py: _taken: filter",
        "container/cut.py: _targets: filter",
        "container/cut.py: of_output: filter",
        *OF_A_CONTAINER,
        *OF_A_CHANGESET,
    }
    assert expected == set(cuts())
