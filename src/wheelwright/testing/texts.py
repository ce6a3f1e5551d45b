"""Failures for a terminal: a line for each, then the first ones' own reports, then the end (pure).

pytest prints its tracebacks first, and the warnings of a large suite behind them: the last lines
of its output would show those alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from wheelwright.testing.failed import Failure

LISTED = 50
"""Failures that have a line of their own."""

# An output of so many lines is shown as it is. In a longer one: reports of failures, and the end.
_WHOLE_LINES = 30
_REPORTS, _REPORT_LINES, _END_LINES = 3, 30, 10


def more(number: int, where: str = "junit.xml") -> str:
    """Return the line for the part of a list that is not shown; empty for none."""
    return f"and {number} more, in {where}" if number > 0 else ""


def listed(failures: Sequence[Failure]) -> list[str]:
    """Return a line for each failure."""
    lines = [f"  {each.test}: {each.message}" for each in failures[:LISTED]]
    rest = more(len(failures) - LISTED)
    return [*lines, f"  {rest}"] if rest else lines


def tail(output: str, failures: Sequence[Failure]) -> str:
    """Return what people need of an output: the first failures' own reports, then its end."""
    lines = output.rstrip().splitlines()
    reports = [each for each in failures if each.text.strip()][:_REPORTS]
    if len(lines) <= _WHOLE_LINES:
        reports = []
    kept = _END_LINES if reports else _WHOLE_LINES
    omitted = len(lines) - kept
    head = [f"[{omitted} lines above, all of them in `test-run log`]"] if omitted > 0 else []
    shown = [line for each in reports for line in (*_report(each), "")]
    return "\n".join([*shown, *head, *lines[-kept:]])


def _report(failure: Failure) -> list[str]:
    """Return a failure's own report under its name and place; of a long one, the end."""
    place = f", {failure.place}" if failure.place else ""
    lines = failure.text.strip("\n").splitlines()
    omitted = len(lines) - _REPORT_LINES
    head = [f"[{omitted} lines above]"] if omitted > 0 else []
    return [f"--- {failure.test}{place} ---", *head, *lines[-_REPORT_LINES:]]
