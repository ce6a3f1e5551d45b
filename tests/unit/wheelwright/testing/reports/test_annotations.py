"""The lines that GitHub shows at a file's line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.wheelwright.testing.reports.matrices import COVERAGE, FAILED, PASSED, report
from wheelwright.errors import RequestError
from wheelwright.gates.linters import Issue
from wheelwright.testing.reports.annotations import (
    Annotation,
    of_audit,
    of_lint,
    of_tests,
    of_types,
    render,
)
from wheelwright.testing.reports.model import Coverage

COMMAND = re.compile(r"::error (?P<properties>[^:]*)::(?P<message>[^\r\n]*)")


def unescaped(line: str) -> tuple[dict[str, str], str]:
    """Read a line as GitHub's runner does (actions/runner, ActionCommand.cs)."""
    match = COMMAND.fullmatch(line)
    assert match
    properties = {}
    for pair in match["properties"].split(","):
        key, _, value = pair.partition("=")
        for escape, text in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
            value = value.replace(escape, text)
        properties[key] = value.replace("%25", "%")
    message = match["message"].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return properties, message


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
@example("0", "0", "/")
def test_any_text_comes_back_from_the_runner(title: str, message: str, file: str) -> None:
    """Whatever stands in a test's name or message, the runner reads it back on one line."""
    line = str(Annotation(title, message, file, 3))
    # What is no path of the repository is no place to show it at.
    inside = not file.startswith("/") and ".." not in file.split("/")
    place = {"file": file, "line": "3"} if inside else {}
    assert ({**place, "title": title}, message) == unescaped(line)


def test_failing_test_is_one_line_with_its_cells() -> None:
    """A test that fails in the same way in several cells is told once, with all of them."""
    other = report(PASSED, FAILED, FAILED)
    expected = (
        "::error file=tests/test_window.py,line=8,"
        "title=tests.test_window%3A%3Atest_moves (3.12-lowest-direct%2C 3.12-lowest-direct)"
        "::assert 41.2 == 41.5\n"
    )
    assert expected == render(of_tests(other))


def test_cell_without_a_failing_test_is_told_without_a_file() -> None:
    """A cell that never ran is an error of the run."""
    lines = render(of_tests(report())).splitlines()
    expected = (
        "::error title=cell 3.14::Python 3.14 is not available: no Python 3.14 on this machine"
    )
    assert expected == lines[-1]


def test_too_little_coverage_is_told() -> None:
    """A total below its minimum is an error of the run."""
    matrix = report(PASSED, coverage=Coverage(COVERAGE.percent, COVERAGE.files, 80))
    assert "::error title=coverage::coverage 78.9 %25 is below 80 %25" in render(of_tests(matrix))


def test_passed_matrix_has_none() -> None:
    """Nothing failed, nothing is told."""
    assert "" == render(of_tests(report(PASSED)))


def test_ruff_is_told_at_its_line() -> None:
    """A finding of ruff has its file from the caller's root, line and column."""
    issue = Issue("src/a.py", 3, 7, "F401", "`os` imported but unused", fixable=True)
    expected = (
        "::error file=libs/x/src/a.py,line=3,col=7,title=ruff F401::`os` imported but unused\n"
    )
    assert expected == render(of_lint([issue], "libs/x"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            'src/a.py:5: error: Incompatible return value type (got "int")  [return-value]',
            Annotation(
                "type error", 'Incompatible return value type (got "int")  [return-value]',
                "src/a.py", 5,
            ),
        ),
        (
            '  src/a.py:1:16 - error: Type "str" is not assignable (reportAssignmentType)',
            Annotation(
                "type error", 'Type "str" is not assignable (reportAssignmentType)',
                "src/a.py", 1, 16,
            ),
        ),
        (
            "error[invalid-return-type]: Return type does not match\n --> src/a.py:2:12\n  |",
            Annotation(
                "type error invalid-return-type", "Return type does not match", "src/a.py", 2, 12
            ),
        ),
        (
            "ERROR Returned type `str` [bad-return]\n --> src/a.py:2:12\n  |",
            Annotation("type error", "Returned type `str` [bad-return]", "src/a.py", 2, 12),
        ),
    ],
)  # fmt: skip
def test_each_type_checkers_report_is_read(said: str, expected: Annotation) -> None:
    """mypy, pyright, ty and pyrefly each have their own way to write a place."""
    assert [expected] == of_types(f"{said}\nFound 1 error in 1 file (checked 3 source files)")


def test_report_of_the_real_mypy_is_read(tmp_path: Path) -> None:
    """What mypy prints today is understood."""
    pytest.importorskip("mypy", reason="the linters are not in this environment")
    (tmp_path / "a.py").write_text("def f() -> int:\n    return 'x'\n")
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--cache-dir=/dev/null", "a.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = of_types(said.stdout, "packages/b")
    assert [("packages/b/a.py", 2)] == [(each.file, each.line) for each in found]


def test_path_from_the_root_is_not_doubled() -> None:
    """A checker that names files from the root of the workspace is believed."""
    (found,) = of_types("packages/b/a.py:1:2 - error: no", "packages/b")
    assert "packages/b/a.py" == found.file


def test_audit_is_told_at_the_lock() -> None:
    """A vulnerability is told at the package's line of uv.lock, with what fixes it."""
    said = {
        "dependencies": [
            {
                "name": "idna",
                "version": "3.6",
                "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.7"]}, {"id": "PYSEC-2"}],
            },
            {"name": "fine", "version": "1", "vulns": []},
            {"name": "private", "skip_reason": "not on the index"},
        ]
    }
    lock = 'version = 1\n\n[[package]]\nname = "idna"\nversion = "3.6"\n'
    first, second = render(of_audit(json.dumps(said), lock)).splitlines()
    expected = "::error file=uv.lock,line=4,title=PYSEC-1::idna 3.6: PYSEC-1, fixed in 3.7"
    assert expected == first
    assert second.endswith("PYSEC-2, no fixed version yet")


def test_an_audit_with_numbers_is_text() -> None:
    """A file that another program wrote may have a number for an advisory or a version."""
    said = '[{"name": "idna", "version": 3, "vulns": [{"id": 7, "fix_versions": [4]}]}]'
    assert "::error title=7::idna 3: 7, fixed in 4\n" == render(of_audit(said))


OTHERS = (
    "",
    "{}",
    "[1]",
    '{"dependencies": [{"vulns": 1, "name": ""}]}',
    '{"dependencies": [{"vulns": "", "name": ""}]}',
    '{"dependencies": [{"vulns": {}, "name": ""}]}',
)


@pytest.mark.parametrize("said", OTHERS)
def test_audit_of_another_kind_is_named(said: str) -> None:
    """A file that is not pip-audit's is the caller's mistake, and said so."""
    with pytest.raises(RequestError, match="the audit is not pip-audit's JSON"):
        of_audit(said)


def test_lines_with_a_place_come_first() -> None:
    """GitHub shows the first ten: those at a line of code are worth most."""
    run = Annotation("run", "b")
    code = Annotation("code", "a", "a.py", 1)
    assert f"{code}\n{run}\n" == render([run, code, run])
