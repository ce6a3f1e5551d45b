"""The matrix for a terminal: details of what failed, the table, a last line with the verdict."""

from __future__ import annotations

from wheelwright.container.harmless import harmless
from wheelwright.testing.reports.model import (
    CellReport,
    MatrixReport,
    counted,
    headline,
    percent,
    shortfall,
)

_DETAIL_LINES = 40
_NOTE_WIDTH = 90


def render(report: MatrixReport) -> str:
    """Return all of it; `matrix-run` has the rest in files."""
    measured = report.coverage is not None
    head = ["cell", "verdict", "tests", *(["coverage"] if measured else []), "seconds", "note"]
    body = [_row(cell, measured=measured) for cell in report.cells]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(len(head) - 1)]

    def line(words: list[str]) -> str:
        right = (head.index("seconds"), head.index("coverage") if measured else -1)
        padded = [
            word.rjust(width) if column in right else word.ljust(width)
            for column, (word, width) in enumerate(zip(words, widths, strict=False))
        ]
        return "  ".join([*padded, words[-1]]).rstrip()

    details = [
        f"--- {cell.cell.name} ---\n{_shortened(cell.details.rstrip())}\n"
        for cell in report.failed
        if cell.details
    ]
    rule = "  ".join("-" * width for width in (*widths, len("note")))
    last = f"{'passed' if report.ok else 'failed'}: {headline(report)}"
    return harmless(
        "\n".join(
            [
                *details,
                f"matrix of {report.package}",
                line(head),
                rule,
                *map(line, body),
                "",
                *report.notes,
                *_total(report),
                last,
            ]
        )
    )


def seconds(cell: CellReport) -> str:
    """Return how long the cell took in this call; `cached` where its run is an earlier one."""
    if cell.wall_s is None:
        return "-"
    return "cached" if cell.cached else f"{cell.wall_s:.1f}"


def _row(cell: CellReport, *, measured: bool) -> list[str]:
    covered = "-" if cell.coverage is None else percent(cell.coverage)
    note = cell.note.splitlines()[0] if cell.note else ""
    if len(note) > _NOTE_WIDTH:
        note = note[: _NOTE_WIDTH - 3] + "..."
    tests = cell.counts or "-"
    return [
        cell.cell.name,
        cell.verdict.value,
        tests,
        *([covered] if measured else []),
        seconds(cell),
        note,
    ]


def _total(report: MatrixReport) -> list[str]:
    if report.coverage is None:
        return []
    said = shortfall(report.coverage)
    cells = sum(cell.coverage is not None for cell in report.cells)
    least = f", at least {report.coverage.minimum:g} % required" if report.coverage.minimum else ""
    return [
        said or f"coverage {percent(report.coverage.percent)} over {counted(cells, 'cell')}{least}"
    ]


def _shortened(details: str) -> str:
    lines = details.splitlines()
    if len(lines) <= _DETAIL_LINES:
        return details
    more = f"[{len(lines) - _DETAIL_LINES} more lines; `matrix-run reports` has the whole log]"
    return "\n".join([*lines[:_DETAIL_LINES], more])
