"""A gate whose tool looked at nothing is not called passed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from wheelwright.container.output import Output
from wheelwright.errors import ToolFailed
from wheelwright.gates import types
from wheelwright.gates.audit import Audit
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Gate, Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import Verdict
from wheelwright.gates.security import Security
from wheelwright.gates.type_check import Check
from wheelwright.gates.type_places import decide
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

HEAD = '[project]\nname = "quay"\nversion = "1"\nrequires-python = ">=3.11"\n'


def package(table: str = "") -> Project:
    """Return a package with a table in its pyproject.toml."""
    return describe(Snapshot({"pyproject.toml": f"{HEAD}{table}"}))


def ran(directory: Path, command: Sequence[str], name: str) -> Ran:
    """Run a tool of this environment."""
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr, tool=name)


@pytest.mark.parametrize("gate", [Lint(), Format()], ids=lambda gate: gate.name)
@pytest.mark.parametrize("table", ['exclude = ["*"]', "include = []"])
def test_ruff_that_finds_no_file_has_checked_nothing(
    tmp_path: Path, gate: Gate, table: str
) -> None:
    """Exit code 0 of a ruff that was shown no file is neither clean nor formatted."""
    (tmp_path / "quay.py").write_text("import os\nx=1\n")
    (tmp_path / "pyproject.toml").write_text(f"{HEAD}[tool.ruff]\n{table}\n")
    described = package("[tool.ruff]\n")
    (step,) = gate.plan(described, "3.12")
    result = gate.judge(described, "3.12", [ran(tmp_path, step.args, "ruff 1")])

    assert Verdict.NOT_CONFIGURED is result.verdict
    assert "not configured: ruff 1 found no Python file" in result.text()


def planned(name: str) -> Check:
    """Return the check of a package that configures one checker."""
    (check,) = decide(package(f"[tool.{name}]\n"), "3.12").checks
    return check


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("ty", Output(0, "All checks passed!\n", "WARN No python files found under the given")),
        ("pyright", Output(0, "No source files found.\npyright 1.1.414\n0 errors, 0 warnings\n")),
        ("basedpyright", Output(0, "No source files found.\n0 errors, 0 warnings, 0 notes\n")),
    ],
)
def test_checker_that_finds_no_file_has_checked_nothing(name: str, output: Output) -> None:
    """What ty and pyright say of no file decides, not that they found no error in it."""
    result = types.judge(planned(name), output, "3.12")

    assert Verdict.NOT_CONFIGURED is result.verdict
    assert "found no Python file" in result.note
    assert Verdict.NOT_CONFIGURED is types.sum_up([result, result]).verdict


@pytest.mark.parametrize("name", ["pyright", "basedpyright"])
def test_pyright_is_asked_how_many_files_it_saw(name: str) -> None:
    """Without `--stats` pyright does not tell whether it looked at anything."""
    assert "--stats" in planned(name).args


def test_what_pyright_adds_is_no_part_of_the_report() -> None:
    """The numbers that were asked for do not stand between the errors."""
    said = (
        "Loading pyproject.toml file at /src/pyproject.toml\nAuto-excluding **/.*\n"
        "Assuming Python version 3.12.1.final.0\nFound 1 source file\npyright 1.1.414\n"
        '/src/a.py\n  /src/a.py:2:10 - error: Type "x"\n    "x" is not "int"\n'
        "1 error, 0 warnings, 0 informations\nCompleted in 2.99sec\n\nAnalysis stats\n"
        "Total files checked: 1\n\nTiming stats\nRead Source Files:    0.05sec\n"
    )
    result = types.judge(planned("pyright"), Output(1, said), "3.12")

    assert Verdict.FAILED is result.verdict
    expected = ["a.py", '  a.py:2:10 - error: Type "x"', '    "x" is not "int"']
    assert [*expected, "1 error, 0 warnings, 0 informations"] == result.details.splitlines()


@pytest.mark.parametrize(
    ("name", "told", "expected"),
    [
        ("mypy", "mypy 1.10.0 (compiled: yes)\n", True),
        ("basedpyright", "basedpyright 1.39.9\nbased on pyright 1.1.410\n", True),
        ("pyright", "* Install prebuilt node\npyright 1.1.414\n", True),
        ("ty", "ty 0.0.5 (1a2b3c 2026-01-01)\n", True),
        ("mypy", "", False),
        ("mypy", "ok\n", False),
        ("mypy", "quay 1.10.0\n", False),
    ],
)
def test_program_in_the_checkers_place_is_seen(name: str, told: str, expected: bool) -> None:
    """A program that does not tell the checker's name and version is another one."""
    check = planned(name)

    (step,) = types.Types().plan(package(f"[tool.{name}]\n"), "3.12")
    assert expected is step.matches_version(told)
    assert Verdict.FAILED is types.impostor(check).verdict


def sarif(lines: int, *unread: str) -> str:
    """Write what bandit writes of so many lines of code, and of files that it left out."""
    notes = [
        {
            "level": "error",
            "message": {"text": "syntax error while parsing AST\nfrom file"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": path}}}],
        }
        for path in unread
    ]
    run = {
        "invocations": [{"executionSuccessful": True, "toolConfigurationNotifications": notes}],
        "properties": {"metrics": {"_totals": {"loc": lines}}},
        "results": [],
    }
    return json.dumps({"runs": [run]})


def bandit(exit_code: int, report: str) -> Ran:
    """Return what bandit left."""
    return Ran(exit_code, tool="bandit 1", report=report)


def test_bandit_that_saw_no_line_has_checked_nothing() -> None:
    """No finding in no line is not a pass; no finding in one line is."""
    nothing, one = (
        Security().judge(package(), "3.12", [bandit(0, sarif(lines))]) for lines in (0, 1)
    )

    assert (Verdict.NOT_CONFIGURED, Verdict.PASSED) == (nothing.verdict, one.verdict)
    assert "bandit 1 found no line of code" in nothing.note


def test_file_that_bandit_left_out_fails() -> None:
    """A file that bandit cannot parse is scanned by nobody: it is named, with the way out."""
    result = Security().judge(package(), "3.12", [bandit(0, sarif(9, "src/a.py"))])

    assert Verdict.FAILED is result.verdict
    assert "1 file could not be read" in result.note
    assert "exclude_dirs in [tool.bandit]" in result.note
    assert "src/a.py: syntax error while parsing AST from file" == result.details


@pytest.mark.parametrize(
    ("gate", "output"),
    [
        (Lint(), Ran(1, "[]")),
        (Security(), Ran(1, report=sarif(9))),
        (Audit(), Ran(1, '{"dependencies": []}')),
    ],
    ids=["ruff", "bandit", "pip-audit"],
)
def test_exit_code_without_a_finding_is_no_pass(gate: Gate, output: Ran) -> None:
    """A tool that says no and names nothing has reached no verdict."""
    with pytest.raises(ToolFailed, match="exit code 1"):
        gate.judge(package("[tool.ruff]\n"), "3.12", [output])
