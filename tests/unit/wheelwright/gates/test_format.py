"""What ruff's formatter would change, and the projects that are formatted otherwise."""

from tests.unit.wheelwright.samples import LIKE_CLICK, judged, project
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import Verdict


def test_format_names_the_files_that_would_change() -> None:
    """The formatter's diff becomes a count, the paths and the diff itself."""
    diff = "--- a.py\n+++ a.py\n@@ -1 +1 @@\n-x=1\n+x = 1\n"
    result = judged(Format(), Ran(1, diff, "1 file would be reformatted", tool="ruff 1"))
    assert (Verdict.FAILED, "1 file would change (a.py); `format` writes them; ruff 1") == (
        result.verdict,
        result.note,
    )
    assert diff.rstrip() == result.details
    assert Verdict.PASSED is judged(Format(), Ran(0)).verdict


def test_project_formatted_by_black_is_left_to_black() -> None:
    """A project that configures black and not ruff's formatter is not judged by the latter."""
    described = project(LIKE_CLICK + "[tool.black]\n")
    assert "not configured: likeclick is formatted by black ([tool.black])" == (
        Format().configured(described)
    )
    assert "" == Lint().configured(described)


def test_a_removed_comment_of_sql_is_not_a_file() -> None:
    """A removed line `-- one` looks like the head of a file; ruff's count and the heads decide."""
    diff = (
        "--- src/sql.py\n+++ src/sql.py\n@@ -1,3 +1,3 @@\n"
        "--- one select for each line\n+++ two\n@@ -9 +9 @@\n-x=1\n+x = 1\n"
    )
    result = judged(Format(), Ran(1, diff, "1 file would be reformatted\n", tool="ruff 1"))
    assert "1 file would change (src/sql.py); `format` writes them; ruff 1" == result.note
