"""The failures of a matrix, each once with the cells that it happened in (pure).

One broken test in nine cells is one thing to read.
"""

from __future__ import annotations

from dataclasses import dataclass

from wheelwright.testing.failed import Failure
from wheelwright.testing.reports.model import CellReport, MatrixReport


@dataclass(frozen=True, slots=True)
class Group:
    """A failure and the names of its cells; the first cell's report stands for all.

    Without a test it is a cell that failed for another reason.
    """

    failure: Failure
    cells: tuple[str, ...]


def grouped(report: MatrixReport) -> list[Group]:
    """Return the failures in their order; the same test and reason are one."""
    found: dict[tuple[str, str], tuple[Failure, list[str]]] = {}
    for cell in report.failed:
        for each in cell.failures or (unexplained(cell),):
            key = (each.test, each.message if each.test else f"{each.message}\0{each.text}")
            names = found.setdefault(key, (each, []))[1]
            # A test may fail twice in the same way, such as in its set-up and its end.
            if cell.cell.name not in names:
                names.append(cell.cell.name)
    return [Group(failure, tuple(cells)) for failure, cells in found.values()]


def unexplained(cell: CellReport) -> Failure:
    """Return the failure of a cell in which no test failed."""
    return Failure("", cell.note.partition("\n")[0], cell.details)


def covering(groups: list[Group]) -> tuple[str, ...]:
    """Return a few cells that have every failure: those to run again."""
    chosen: list[str] = []
    for group in groups:
        if not set(chosen).intersection(group.cells):
            chosen.append(group.cells[0])
    return tuple(chosen)
