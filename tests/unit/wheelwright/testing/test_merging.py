"""One record and one report of several commands."""

from wheelwright.testing import junit, merging
from wheelwright.testing.failed import Failure
from wheelwright.testing.record import Counts, Record

ONE = '<testsuites><testsuite name="a" tests="1" errors="0" failures="0" skipped="0"/></testsuites>'
TWO = '<testsuite name="b" tests="2" errors="0" failures="1" skipped="0"/>'


def record(passed: int, failed: int, status: int | None, selected: int | None) -> Record:
    """Return a record with some counts."""
    failures = (Failure("t", "m"),) * failed
    counts = Counts(passed=passed, failed=failed)
    return Record(1.0, counts=counts, failures=failures, status=status, selected=selected, seen=2)


def test_counts_and_failures_are_summed() -> None:
    """All commands count, and one that failed makes the whole fail."""
    found = merging.records([record(2, 0, 0, 2), record(1, 1, 1, 2)])
    assert (3, 1, 4, 4, 1) == (
        found.counts.passed,
        len(found.failures),
        found.selected,
        found.seen,
        found.status,
    )


def test_a_command_without_an_end_leaves_the_whole_without() -> None:
    """What ended early is not complete, whatever the other command did."""
    found = merging.records([record(2, 0, 0, 2), record(1, 0, None, None)])
    assert (None, None) == (found.status, found.selected)


def test_one_record_stays_as_it_is() -> None:
    """Nothing changes where there is one command."""
    one = record(2, 0, 0, 2)
    assert one is merging.records([one])
    assert ONE == merging.reports([ONE])


def test_reports_become_one_document() -> None:
    """The suites of all commands are in one report, which is read as one."""
    counts = junit.read(merging.reports([ONE, TWO]))
    assert (2, 1) == (counts.passed, counts.failed)
