"""The matrix for a terminal: details of what failed, the table, a last line with the verdict."""

from __future__ import annotations

from wheelwright.container.harmless import harmless
from wheelwright.gates.table import columns, counted, details
from wheelwright.project.reading import cut, first_line
from wheelwright.testing.reports.model import (
    CellReport,
    MatrixReport,
    headline,
    percent,
    shortfall,
)

_NOTE_WIDTH = 90


def render(report: MatrixReport) -> str:
    """Return all of it; `matrix-run` has the rest in files."""
    measured = report.coverage is not None
    head = ["cell", "verdict", "tests", *(["coverage"] if measured else []), "seconds", "note"]
    body = [_row(cell, measured=measured) for cell in report.cells]
    above = [
        details(cell.cell.name, cell.details, "`matrix-run reports` has the whole log")
        for cell in report.failed
        if cell.details
    ]
    title = f"matrix of {report.package}"
    lines = columns(head, body, right=("coverage", "seconds"), note=True)
    last = f"{'passed' if report.ok else 'failed'}: {headline(report)}"
    return harmless("\n".join([*above, title, *lines, "", *report.notes, *_total(report), last]))


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
        cut(first_line(cell.note), _NOTE_WIDTH),
    ]


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
