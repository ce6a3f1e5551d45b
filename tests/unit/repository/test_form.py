"""Rules of form: the length of a module, its docstring, reasons for exemptions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.lint

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(
    path
    for root in ("src", "tests")
    for path in (ROOT / root).rglob("*.py")
    if "fixtures" not in path.parts
)
EXEMPTION = re.compile(r"# (?:ruff: )?(?:noqa|type: ignore)\b(?:\[[^]]*\]|: [A-Z0-9, ]+)?")
LIMIT_LINES = 600
WORD = re.compile(r"[a-z]{2}")


def unexplained(text: str) -> list[int]:
    """Return the lines with an exemption and no words after it, nor in a comment right above."""
    lines = text.splitlines()
    return [
        number
        for number, line in enumerate(lines, start=1)
        if EXEMPTION.search(line) and not WORD.search(EXEMPTION.split(line)[-1])
        if number == 1 or not lines[number - 2].lstrip().startswith("# ")
    ]


def test_every_exemption_has_a_reason() -> None:
    """Beside it, or in the comment above it, stands why the rule does not hold there."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number in unexplained(path.read_text(encoding="utf-8"))
    ]

    assert SOURCES
    assert [] == found


def test_a_reason_is_words() -> None:
    """A code alone is no reason; a comment right above is one."""
    linter, checker = "#" + " noqa", "#" + " type: ignore"
    bare = [f"a  {linter}: S108", f"b  {checker}[arg-type]", f"c  {linter}: A001,  B002"]
    explained = [f"a  {linter}: S108 - in memory", f"b  {checker}[misc]  # as its stubs have it"]

    assert [1, 2, 3] == unexplained("\n".join(bare))
    assert [] == unexplained("\n".join(explained))
    assert [] == unexplained(f"# In memory.\n{bare[0]}")


def test_no_module_is_long() -> None:
    """No module is longer than the limit: one that is has a seam to be split along."""
    long = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "src").rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > LIMIT_LINES
    }

    assert set() == long


def test_every_module_has_a_docstring() -> None:
    """Every module begins with a sentence that says what it is."""
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "src").rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert [] == silent
