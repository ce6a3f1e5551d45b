"""Failures for a terminal: place and reason of each, the first ones' own reports (pure).

pytest prints its tracebacks first, and the warnings of a large suite behind them: the last lines
of its output would show those alone. So the output itself is shown where no test failed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from wheelwright.container.output import bytes_cut_off
from wheelwright.testing.failed import Failure

LISTED = 50
"""Failures that have a line of their own."""

REPORTS = 3
"""Failures whose own report is shown; the others have a line each."""

_REPORT_LINES, _SCREEN_LINES, _END_LINES = 24, 30, 30

_PLACE = re.compile(r"\S+\.py:\d+(?=: )")


def more(number: int, where: str = "junit.xml") -> str:
    """Return the line for the part of a list that is not shown; empty for none."""
    return f"and {number} more, in {where}" if number > 0 else ""


def listed(failures: Sequence[Failure]) -> list[str]:
    """Return a line for each failure."""
    lines = [f"  {each.test}: {each.message}" for each in failures[:LISTED]]
    rest = more(len(failures) - LISTED)
    return [*lines, f"  {rest}"] if rest else lines


def shown(failures: Sequence[Failure], where: Sequence[str] = ()) -> list[str]:
    """Return the first failures with place, reason and report, then a line for each other one.

    The reports share a screen; of the first one all that fits is shown. `where` names for each
    failure what it happened in.
    """
    named = [*where, *[""] * (len(failures) - len(where))]
    lines: list[str] = []
    reports = 0
    for failure, place in zip(failures[:REPORTS], named, strict=False):
        report = [*reported(failure, place), ""]
        if reports and len(lines) + len(report) > _SCREEN_LINES:
            break
        lines += report
        reports += 1
    others = [
        replace(each, test=_named(each.test, place))
        for each, place in zip(failures[reports:], named[reports:], strict=True)
    ]
    rest = listed(others)
    return [*lines, *rest, ""] if rest else lines


def _named(test: str, where: str) -> str:
    return f"{test} ({where})" if test and where else test or where


def reported(failure: Failure, where: str = "") -> list[str]:
    """Return a failure under its name: place and reason, then its report.

    Of a long report the end is shown: it has the reason. `where` is what it happened in.
    """
    lines = failure.text.strip("\n").splitlines()
    omitted = len(lines) - _REPORT_LINES
    head = [f"[{omitted} lines above]"] if omitted > 0 else []
    if lines and (at := _PLACE.match(lines[-1])) and failure.place.endswith(at[0]):
        # pytest's last line repeats the place, from its own root, and the type of the exception.
        lines.pop()
    while lines and not lines[-1].strip():
        lines.pop()
    reason = ": ".join(part for part in (failure.place, failure.message) if part)
    if lines and lines[0].startswith(reason):
        reason = ""
    return [
        f"--- {_named(failure.test, where)} ---",
        *filter(None, [reason]),
        *head,
        *lines[-_REPORT_LINES:],
    ]


def tail(output: str) -> str:
    """Return the end of an output."""
    lines = output.rstrip().splitlines()
    unread = bytes_cut_off(lines[0]) if lines else 0
    if unread:
        del lines[0]
    omitted = len(lines) - _END_LINES
    above = f"{unread} bytes and " * bool(unread) + f"{max(omitted, 0)} lines"
    head = [f"[{above} above, all of them in `test-run log`]"] if unread or omitted > 0 else []
    return "\n".join([*head, *lines[-_END_LINES:]])
