"""ruff's findings, and the projects that are checked with it."""

import json

import pytest

from tests.unit.wheelwright.samples import (
    LIKE_ATTRS,
    LIKE_CLICK,
    LIKE_ITSDANGEROUS,
    judged,
    project,
)
from wheelwright.errors import ToolFailed
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project

BARE = '[project]\nname = "demo"\nversion = "1"\n'
FINDING = {
    "filename": "/src/pkg/a.py",
    "location": {"row": 2, "column": 8},
    "code": "F401",
    "message": "`os` imported but unused",
    "fix": {"applicability": "safe"},
}


def test_lint_passes_on_an_empty_report() -> None:
    """No finding is a pass that names the version of ruff."""
    result = judged(Lint(), Ran(0, "[]", tool="ruff 1"))
    assert GateResult("lint", Verdict.PASSED, "no issues; ruff 1") == result


def test_lint_lists_findings_with_their_place() -> None:
    """Each finding is one line with path, line, column and code; fixable ones are counted."""
    other = {**FINDING, "filename": "/mapped/elsewhere/src/b.py", "code": None, "fix": None}
    result = judged(Lint(), Ran(1, json.dumps([FINDING, other]), tool="ruff 1"))
    assert Verdict.FAILED is result.verdict
    assert "2 issues in 2 files, 1 of them fixed by `format`; ruff 1" == result.note
    assert [
        "pkg/a.py:2:8: F401 `os` imported but unused [fixable]",
        "b.py:2:8: syntax-error `os` imported but unused",
    ] == result.details.splitlines()


@pytest.mark.parametrize("exit_code", [2, 101])
def test_broken_ruff_is_not_a_verdict(exit_code: int) -> None:
    """Another exit code than ruff's two verdicts is the tool's own failure, with its words."""
    ran = Ran(exit_code, "", "error: unknown rule XYZ", tool="ruff 1")
    for gate in (Lint(), Format()):
        with pytest.raises(ToolFailed, match=f"exit code {exit_code}\nerror: unknown rule XYZ"):
            judged(gate, ran)


def test_checking_never_edits() -> None:
    """A configured `fix = true` cannot turn the lint gate into one that repairs and passes."""
    lint, formatting = (gate.plan(project(BARE), "3.12")[0] for gate in (Lint(), Format()))
    assert "--no-fix" in lint.args
    assert "--diff" in formatting.args


@pytest.mark.parametrize(
    ("described", "uses"),
    [
        (project(LIKE_CLICK), True),
        (project(LIKE_ATTRS), True),
        (project(LIKE_ITSDANGEROUS), False),
        (project(BARE, {"ruff.toml": ""}), True),
        (project(BARE, {".pre-commit-config.yaml": "- repo: x/ruff-pre-commit\n"}), True),
    ],
)
def test_ruff_runs_where_the_project_uses_it(described: Project, uses: bool) -> None:
    """A table, a file, a group or a hook is a sign; without one the gate says it is not set up."""
    said = Lint().configured(described)
    assert uses is (said == "")
    assert uses or said.startswith("not configured: likeitsdangerous does not use ruff")
