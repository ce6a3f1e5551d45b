"""The verdict of one run of pytest.

    passed = exit code 0, and a complete record, and no failure in it, and a test that ran

`test`, `ci`, `matrix` and the release's verification all use it. A test that forges the record
on purpose is not seen: it has the same rights as the plugin that writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from wheelwright.testing.record import Counts, Record

# What coverage and pytest-cov print, from their newest versions to pytest-cov 2.
_TOO_LITTLE = (
    re.compile(
        r"Coverage failure: total of (?P<total>[\d.]{1,9}) is less than "
        r"fail-under=(?P<least>[\d.]{1,9})"
    ),
    re.compile(
        r"FAIL Required test coverage of (?P<least>[\d.]{1,9})% not reached\. "
        r"Total coverage: (?P<total>[\d.]{1,9})%"
    ),
)

# pytest's exit codes, from its reference, "Exit codes".
_PASSED, _FAILED, _INTERRUPTED, _NOTHING = 0, 1, 2, 5


class Kind(Enum):
    """How a run is to be taken.

    `EMPTY`: pytest came to its end and no test ran. `UNKNOWN`: what failed is not the tests.
    """

    PASSED = "passed"
    FAILED = "failed"
    EMPTY = "no test ran"
    UNKNOWN = "no verdict"


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left.

    Attributes:
        record: None where none can be read, and `invalid` is why.
        broken: what is wrong with the JUnit report beside it; empty where nothing is.
        narrowed: whether the caller chose tests by arguments.
        counted: whether the program writes a record; the exit code alone judges any other.
    """

    exit_code: int
    record: Record | None = None
    invalid: str = ""
    broken: str = ""
    narrowed: bool = False
    counted: bool = True

    @property
    def counts(self) -> Counts:
        """What is known of the tests."""
        return self.record.counts if self.record else Counts()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, and why in one line; ordinary failures of tests need no reason."""

    kind: Kind
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether it passed."""
        return self.kind is Kind.PASSED


def judge(left: Left) -> Verdict:
    """Return the verdict on a run."""
    record, code = left.record, left.exit_code
    if not left.counted:
        reason = f"exit code {code}; tests are not counted: only those of pytest and unittest are"
        return Verdict(Kind.FAILED, reason) if code else Verdict(Kind.PASSED)
    if record is None:
        reason = f"exit code {code}, and the record of the run is {left.invalid or 'missing'}"
        return Verdict(Kind.FAILED, reason)
    if record.status is None:
        return _ended_early(left, record)
    counts = record.counts
    if counts.failed or counts.errors:
        if code in (_FAILED, _INTERRUPTED):
            return Verdict(Kind.FAILED, left.broken)
        if code == _PASSED:
            failures = Counts(failed=counts.failed, errors=counts.errors)
            return Verdict(Kind.FAILED, f"{failures}, although pytest ended with 0")
        return Verdict(Kind.UNKNOWN, f"exit code {code}{_with(counts)}")
    if code == _NOTHING or (code == _PASSED and not counts.ran):
        return _empty(left, record)
    if code != _PASSED:
        kind = Kind.FAILED if code in (_FAILED, _INTERRUPTED) else Kind.UNKNOWN
        return Verdict(kind, f"exit code {code}, although no test failed{_with(counts)}")
    if record.status != _PASSED:
        reason = f"pytest ended with status {record.status}, although the exit code is 0"
        return Verdict(Kind.FAILED, reason)
    if record.selected is None or record.seen < record.selected:
        reason = f"{record.seen} of {record.selected or 'an unknown number of'} tests ran"
        return Verdict(Kind.FAILED, f"exit code 0 and no complete report: {reason}")
    if record.silent:
        reason = f"{len(record.silent)} of {record.seen} tests reported no outcome"
        reason = f"{reason}, the first is {record.silent[0]}"
        return Verdict(Kind.FAILED, f"exit code 0 and no complete report: {reason}")
    if left.broken:
        return Verdict(Kind.FAILED, left.broken)
    return Verdict(Kind.PASSED)


def explained(verdict: Verdict, left: Left, output: str) -> Verdict:
    """Return the verdict with the reason that the output has for it, where no test failed.

    Too little coverage fails a run: that is a verdict, whatever the exit code is.
    """
    counts = left.counts
    if verdict.kind not in (Kind.FAILED, Kind.UNKNOWN) or counts.failed or counts.errors:
        return verdict
    record = left.record
    if record is None or record.status is None or left.broken or not counts.ran:
        return verdict
    found = next((match for each in _TOO_LITTLE if (match := each.search(output))), None)
    if found is None:
        return verdict
    reason = f"coverage below {found['least']} % on this Python alone ({found['total']} %)"
    return Verdict(Kind.FAILED, f"{reason}; `matrix` judges the total")


def _ended_early(left: Left, record: Record) -> Verdict:
    code = left.exit_code
    if record.last:
        more = f" and no complete report; the last test begun is {record.last}"
    elif code not in (_PASSED, _FAILED, _INTERRUPTED, _NOTHING):
        # Wrong usage, or a plugin that is not there: pytest reports it itself.
        return Verdict(Kind.UNKNOWN, f"exit code {code}")
    else:
        more = ", no report: pytest ended while collecting"
    return Verdict(Kind.FAILED, f"exit code {code}{more}{_with(record.counts)}")


def _empty(left: Left, record: Record) -> Verdict:
    if record.counts.tests:
        return Verdict(Kind.EMPTY, f"no test ran: {record.counts}")
    if record.selected:
        return Verdict(Kind.EMPTY, f"no test ran: {record.selected} collected")
    if left.narrowed:
        return Verdict(Kind.EMPTY, "no test ran: no test matches the pytest arguments")
    looked = ", ".join(record.paths) or record.root or "the package"
    found = f"{record.deselected} deselected, " if record.deselected else ""
    settings = f"testpaths {looked}; python_files {', '.join(record.files)}"
    return Verdict(Kind.EMPTY, f"no test ran: {found}none collected ({settings})")


def _with(counts: Counts) -> str:
    listed = str(counts)
    return f"; {listed}" if listed else ""
