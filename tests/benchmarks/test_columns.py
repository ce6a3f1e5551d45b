"""What columns read from their runs is the same for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from .columns import Job, Place, Stiletto, junit_counts, printed_counts

JUNIT = """\
<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><skipped type="pytest.skip"/></testcase>
<testcase name="d"><skipped type="pytest.xfail"/></testcase>
<testcase name="e"><error message="no"/></testcase>
</testsuite></testsuites>
"""
TABLE = """\
cell  verdict  tests                               seconds
----  -------  ----------------------------------  -------
3.10  passed   1373 passed, 12 skipped, 1 xfailed     54.0
    Python 3.10.13; waiting 0.0 s, installing 10.8 s, tests 43.2 s
3.12  failed   5 passed, 1 failed                      1.4
    tests.test_a::test_a; waiting 0.0 s, installing 6.6 s, tests 3.0 s
"""


def test_junit_report_is_counted_by_the_names_of_pytest(tmp_path: Path) -> None:
    """An expected failure is not a skipped test, and an error is a failure."""
    report = tmp_path / "report.xml"
    report.write_text(JUNIT, encoding="utf-8")

    assert {"passed": 1, "failed": 2, "skipped": 1, "xfailed": 1} == junit_counts(report)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("  297 passed, 2 skipped in 0.73 s\n  3 failed", {"passed": 297, "skipped": 2}),
        ("2 errors in 0.3 s", {"failed": 2}),
        ("nothing ran", {}),
    ],
)
def test_printed_counts_are_the_first(text: str, counts: dict[str, int]) -> None:
    """What follows the first counts is not added."""
    assert counts == printed_counts(text)


def test_table_of_a_matrix_has_a_count_for_each_cell(tmp_path: Path) -> None:
    """Every line of a cell is read, red ones too."""
    found = Stiletto().counts(Place(tmp_path, {}), Job(("3.10", "3.12")), TABLE)

    assert {
        "3.10": {"passed": 1373, "skipped": 12, "xfailed": 1},
        "3.12": {"passed": 5, "failed": 1},
    } == found
