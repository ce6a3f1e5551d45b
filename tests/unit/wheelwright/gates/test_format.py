"""What a formatter would change, and which formatter is the project's."""

from __future__ import annotations

from tests.unit.wheelwright.gates.linted import BARE, DIFF, RUFF
from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import GateResult, Verdict


def judged(*ran: Ran, of: str = RUFF) -> GateResult:
    """Return the verdict on what the formatter of a package left."""
    return Format().judge(project(of), "3.12", ran)


def test_format_names_the_files_that_would_change() -> None:
    """The formatter's diff becomes a count, the paths and the diff itself."""
    result = judged(Ran(1, DIFF, "1 file would be reformatted", tool="ruff 1"))
    note = "1 file would change (a.py); `format` writes them; ruff 1, from pyproject.toml"
    assert (Verdict.FAILED, f"{note} [tool.ruff]") == (result.verdict, result.note)
    assert DIFF.rstrip() == result.details
    assert Verdict.PASSED is judged(Ran(0)).verdict


def test_project_formatted_by_black_is_judged_by_black() -> None:
    """A project that configures black and not ruff's formatter: black runs over all of it."""
    described = project(LIKE_CLICK + "[tool.black]\n")
    (step,) = Format().plan(described, "3.12")
    assert ("black", "--check", "--diff", ".") == step.args
    assert "ruff" == Lint().plan(described, "3.12")[0].args[0]


def test_black_names_what_would_change() -> None:
    """Its diff has times behind the paths; the place says that nothing names files."""
    diff = (
        "--- src/a.py\t2026-01-01 00:00:00+00:00\n+++ src/a.py\t2026-01-01 00:00:01+00:00\n"
        "@@ -1 +1 @@\n-x=1\n+x = 1\n"
    )
    error = "would reformat src/a.py\n\n1 file would be reformatted, 3 files would be left.\n"
    result = judged(Ran(1, diff, error, tool="black 1"), of=BARE + "[tool.black]\n")
    assert (
        "1 file would change (src/a.py); `format` writes them; black 1, "
        "from pyproject.toml [tool.black], over the whole directory because nothing names files"
    ) == result.note


def test_black_without_files_has_checked_nothing() -> None:
    """It ends with exit code 0 all the same."""
    error = "No Python files are present to be formatted. Nothing to do\n"
    result = judged(Ran(0, "", error, tool="black 1"), of=BARE + "[tool.black]\n")
    assert Verdict.NOT_CONFIGURED is result.verdict
    assert "black 1 found no Python file" in result.note


def test_a_removed_comment_of_sql_is_not_a_file() -> None:
    """A removed line `-- one` looks like the head of a file; ruff's count and the heads decide."""
    diff = (
        "--- src/sql.py\n+++ src/sql.py\n@@ -1,3 +1,3 @@\n"
        "--- one select for each line\n+++ two\n@@ -9 +9 @@\n-x=1\n+x = 1\n"
    )
    result = judged(Ran(1, diff, "1 file would be reformatted\n", tool="ruff 1"))
    assert result.note.startswith("1 file would change (src/sql.py); `format` writes them; ruff 1")


def test_isort_alone_is_no_formatter() -> None:
    """The order of imports is judged by `lint`; nothing here is named as not checked."""
    why = Format().configured(project(BARE + "[tool.isort]\n"))
    assert why == (
        "not configured: demo uses no formatter (ruff, black: no hook, no environment of tox, "
        "nox, hatch, pdm, no configuration)"
    )
