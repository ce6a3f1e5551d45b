"""What the linters found, as one verdict, and which of them run."""

from __future__ import annotations

import pytest

from tests.unit.wheelwright.gates.linted import BARE, FINDING, RUFF, found
from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, LIKE_ITSDANGEROUS, project
from wheelwright.errors import ToolFailed
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project


def judged(*ran: Ran, of: str = RUFF) -> GateResult:
    """Return the verdict on what the linters of a package left."""
    return Lint().judge(project(of), "3.12", ran)


def test_lint_passes_on_an_empty_report() -> None:
    """No finding is a pass that names the version of ruff, and what made it run."""
    note = "no issues; ruff 1, from pyproject.toml [tool.ruff]"
    assert GateResult("lint", Verdict.PASSED, note) == judged(Ran(0, "[]", tool="ruff 1"))


def test_lint_lists_findings_with_their_place() -> None:
    """Each finding is one line with path, line, column and code; fixable ones are counted."""
    other = {**FINDING, "filename": "/mapped/elsewhere/src/b.py", "code": None, "fix": None}
    result = judged(Ran(1, found(FINDING, other), tool="ruff 1"))
    assert Verdict.FAILED is result.verdict
    assert "2 issues in 2 files, 1 of them fixed by `format`; ruff 1, from" in result.note
    assert [
        "pkg/a.py:2:8: F401 `os` imported but unused [fixable]",
        "b.py:2:8: syntax-error `os` imported but unused",
    ] == result.details.splitlines()


def test_a_command_that_ends_with_0_is_not_red() -> None:
    """The project runs ruff with --exit-zero: its findings are shown, and judge nothing."""
    settings = '[tool.wheelwright]\nlint = ["ruff", "check", "--exit-zero"]\n'
    result = judged(Ran(0, found()), of=BARE + settings)
    assert Verdict.PASSED is result.verdict
    assert "1 issue in 1 file" in result.note
    assert "the command ends with 0 anyway" in result.note


@pytest.mark.parametrize("exit_code", [1, 2, 101])
def test_broken_ruff_is_not_a_verdict(exit_code: int) -> None:
    """Another exit code than ruff's two verdicts is the tool's own failure, with its message."""
    ran = Ran(exit_code, "[]", "error: unknown rule XYZ", tool="ruff 1")
    for gate in (Lint(), Format()):
        with pytest.raises(ToolFailed, match=f"exit code {exit_code}\nerror: unknown rule XYZ"):
            gate.judge(project(RUFF), "3.12", [ran])


def test_checking_never_edits() -> None:
    """A configured `fix = true` cannot turn the lint gate into one that repairs and passes."""
    lint, formatting = (gate.plan(project(RUFF), "3.12")[0] for gate in (Lint(), Format()))
    assert "--no-fix" in lint.args
    assert "--diff" in formatting.args


def test_findings_of_all_linters_are_issues() -> None:
    """Those of flake8 have their place; isort's stand at the head of the file."""
    package = project(BARE, {"setup.cfg": "[flake8]\n[isort]\n"})
    ran = [
        Ran(1, "./src/a.py:3:80: E501 line too long (99 > 79 characters)\n1     E501\n"),
        Ran(1, "", "ERROR: /src/src/b.py Imports are incorrectly sorted and/or formatted.\n"),
    ]
    assert [
        ("flake8", "src/a.py:3:80: E501 line too long (99 > 79 characters)"),
        ("isort", "src/b.py:1:1: unsorted-imports the imports are not sorted [fixable]"),
    ] == [(each.linter, str(each)) for each in Lint().issues(package, "3.12", ran)]


@pytest.mark.parametrize(
    ("described", "uses"),
    [
        (project(LIKE_CLICK), True),
        (project(LIKE_ATTRS), True),
        (project(LIKE_ITSDANGEROUS), False),
        (project(BARE, {"ruff.toml": ""}), True),
        (project(BARE, {"setup.cfg": "[flake8]\n"}), True),
        (project(BARE + '[tool.isort]\nprofile = "black"\n'), True),
    ],
)
def test_linters_run_where_the_project_uses_one(described: Project, uses: bool) -> None:
    """A table, a file or a group is a sign; without one the gate names what was looked for."""
    why = Lint().configured(described)
    assert uses is (why == "")
    assert uses or why == (
        "not configured: likeitsdangerous uses no linter (ruff, flake8, isort: no hook, "
        "no environment of tox, nox, hatch, pdm, no configuration)"
    )
