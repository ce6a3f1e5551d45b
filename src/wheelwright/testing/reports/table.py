"""The matrix for a terminal: details of what failed, the table, a last line with the verdict."""

from __future__ import annotations

from wheelwright.container.harmless import harmless
from wheelwright.gates.table import columns, counted
from wheelwright.project.reading import cut, first_line
from wheelwright.testing.failed import Failure
from wheelwright.testing.reports.failures import grouped
from wheelwright.testing.reports.model import (
    CellReport,
    MatrixReport,
    headline,
    more_failures,
    percent,
    shortfall,
)
from wheelwright.testing.texts import shown

_NOTE_WIDTH = 76


def render(report: MatrixReport) -> str:
    """Return all of it; `matrix-run` has the rest in files."""
    measured = report.coverage is not None
    head = ["cell", "verdict", "tests", *(["coverage"] if measured else []), "seconds", "note"]
    body = [_row(cell, measured=measured) for cell in report.cells]
    # The first line is what `check` shows of it, so that names what did not run.
    title = f"matrix of {report.package}{f': {headline(report)}' if report.ok else ''}"
    lines = columns(head, body, right=("coverage", "seconds"), note=True)
    last = f"{'passed' if report.ok else 'failed'}: {headline(report)}"
    again = [report.again] if report.again else []
    below = [*report.notes, *_total(report), *again, last]
    return harmless("\n".join([*_failures(report), title, *lines, "", *below]))


def _failures(report: MatrixReport) -> list[str]:
    """Return each failure once; a cell without one has the reason that it failed for."""
    # A short reason without a report stands in the table.
    groups = [each for each in grouped(report) if each.failure.test or _is_long(each.failure)]
    where = [", ".join(group.cells) for group in groups]
    more = [f"  {rest} ({', '.join(names)})" for rest, names in more_failures(report)]
    return [*shown([group.failure for group in groups], where), *more, *([""] if more else [])]


def _is_long(reason: Failure) -> bool:
    return bool(reason.text) or len(reason.message) > _NOTE_WIDTH


def seconds(cell: CellReport) -> str:
    """Return how long the cell took in this call; `cached` for an earlier run."""
    if cell.wall_s is None:
        return "-"
    return "cached" if cell.cached else f"{cell.wall_s:.1f}"


def _row(cell: CellReport, *, measured: bool) -> list[str]:
    covered = "-" if cell.coverage is None else percent(cell.coverage)
    return [
        cell.cell.name,
        cell.verdict.value,
        str(cell.counts) or "-",
        *([covered] if measured else []),
        seconds(cell),
        _note(cell),
    ]


def _note(cell: CellReport) -> str:
    """Return the note, and what the cell's time went into.

    Of a failing test it has the name only, because its message stands above. What else is wrong
    with a run, such as an exit code of 0, stands here.
    """
    note = first_line(cell.note)
    if cell.failures and note.startswith(cell.failures[0].test):
        others = len(cell.failures) + cell.more_failures - 1
        note = f"{cell.failures[0].test}{f' (and {others} more)' * bool(others)}"
    return f"{cut(note, _NOTE_WIDTH)}{_times(cell)}"


def _times(cell: CellReport) -> str:
    """Return the parts of a cell's time; empty where its tests did not run in this call."""
    if cell.wall_s is None or cell.cached or not cell.ran_at:
        return ""
    installing_s = max(cell.wall_s - cell.tests_s, 0.0)
    times = (("waiting", cell.waited_s), ("installing", installing_s), ("tests", cell.tests_s))
    return f"; {', '.join(f'{what} {seconds_:.1f} s' for what, seconds_ in times)}"


def _total(report: MatrixReport) -> list[str]:
    if report.coverage is None:
        return []
    message = shortfall(report.coverage)
    cells = sum(cell.coverage is not None for cell in report.cells)
    least = f", at least {report.coverage.minimum:g} % required" if report.coverage.minimum else ""
    return [
        message
        or f"coverage {percent(report.coverage.percent)} over {counted(cells, 'cell')}{least}"
    ]
