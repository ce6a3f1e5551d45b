"""Parts of a matrix that ran on several machines: which cell is in which part (pure).

A part is what `matrix-run reports` wrote on one machine, a directory with `matrix.json`. The plan
says which cells there are, not the parts: one that no part has is a failed cell.

| a part | its cells |
|---|---|
| has no matrix.json, or an invalid one | failed: no part has them; a note names the part |
| is of another package or another commit | the same |
| ran another environment under a cell's name | failed |
| has a cell that another part has, too, or that is not in the plan | the call is refused |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from wheelwright.container.harmless import one_line
from wheelwright.errors import RequestError
from wheelwright.gates.result import Verdict
from wheelwright.gates.table import counted
from wheelwright.project.reading import cut
from wheelwright.testing.cells import Cell, Selection
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.reports.model import CellReport, MatrixReport, loads

REPORT = "matrix.json"
"""The file that makes a directory a part."""

SIZE_MAX = 64 * 1024 * 1024
"""Bytes of it that are read at most."""

_NAMED = 5
_COMMIT = 12


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its directory's name, and its report; None where there is none, and why."""

    name: str
    report: MatrixReport | None
    why_not: str = ""

    @property
    def cells(self) -> Mapping[str, CellReport]:
        """Its cells by name."""
        return {each.cell.name: each for each in self.report.cells} if self.report else {}

    @property
    def shown(self) -> str:
        """The name in messages."""
        return one_line(self.name) or "the directory itself"


def read(name: str, text: str) -> Part:
    """Read the report of a part; whatever is wrong with it is the part's own reason."""
    try:
        return Part(name, loads(text))
    except ValueError as error:
        why = one_line(cut(str(error), 100))
    return unread(name, f"{REPORT} is not what `matrix-run` wrote: {why}")


def unread(name: str, why_not: str) -> Part:
    """Return a part whose report could not be read."""
    return Part(name, None, why_not)


def checked(parts: Iterable[Part], package: str, commit: str) -> list[Part]:
    """Return the parts, those of another package or commit without their report."""
    found = []
    for part in parts:
        report = part.report
        if report and report.package != package:
            part = unread(part.name, f"it is of {one_line(report.package)}, not of {package}")
        elif report and commit and report.commit != commit:
            theirs = one_line(report.commit)[:_COMMIT] or "no commit"
            part = unread(part.name, f"it is of {theirs}, not of commit {commit[:_COMMIT]}")
        found.append(part)
    return found


def options_of(parts: Sequence[Part], options: MatrixOptions) -> MatrixOptions:
    """Return the options with those that all parts ran with.

    Raises:
        RequestError: they ran with different ones.
    """
    _check_alike(parts, "--args", lambda report: report.args)
    _check_alike(parts, "--coverage", lambda report: report.unmeasured)
    for part in parts:
        if report := part.report:
            coverage = False if report.unmeasured else None
            return replace(options, args=list(report.args), coverage=coverage)
    return options


def selection_of(parts: Sequence[Part], usual: Selection) -> Selection:
    """Return the cells of which the parts ran some: --cell of each part is left out.

    Raises:
        RequestError: the parts ran cells of different matrices.
    """
    for name in ("python", "resolution", "group", "extra", "service"):
        _check_alike(parts, f"--{name}", partial(_axis, name))
    for part in parts:
        if report := part.report:
            given = report.axes
            return Selection(
                python=list(given.get("python", ())),
                resolution=list(given.get("resolution", ())),
                group=list(given.get("group", ())),
                extra=list(given.get("extra", ())),
                service=list(given.get("service", ())),
            )
    return usual


def _axis(name: str, report: MatrixReport) -> tuple[str, ...]:
    return report.axes.get(name, ())


def _check_alike(
    parts: Sequence[Part], option: str, given: Callable[[MatrixReport], object]
) -> None:
    ran = [(part, given(part.report)) for part in parts if part.report]
    for part, value in ran:
        if value != ran[0][1]:
            raise RequestError(
                f"{ran[0][0].shown} and {part.shown} ran with different {option}",
                f"give {option} to every part, or to none",
            )


def placed(cells: Sequence[Cell], parts: Sequence[Part]) -> Mapping[str, Part]:
    """Return the part that has each cell, by the cell's name.

    Raises:
        RequestError: two parts have one cell, or a part has one that is not in the plan.
    """
    planned = {cell.name for cell in cells}
    found: dict[str, Part] = {}
    for part in parts:
        for name in part.cells:
            if name not in planned:
                raise RequestError(
                    f"{part.shown} has cell {one_line(name)}, which is not in this matrix",
                    "run the parts over the same source",
                )
            if name in found:
                raise RequestError(
                    f"cell {name} is in two parts: {found[name].shown}, {part.shown}",
                    "run each cell in one part",
                )
            found[name] = part
    return found


def report_of(cell: Cell, found: Mapping[str, Part], parts: Sequence[Part]) -> CellReport:
    """Return the report of a planned cell; one that no part has failed."""
    if cell.name not in found:
        how_many = f"not in the {counted(len(parts), 'part')}" if parts else "there are no parts"
        return CellReport(cell, Verdict.FAILED, f"its part is missing: {how_many}")
    report = found[cell.name].cells[cell.name]
    if report.cell != cell:
        return CellReport(cell, Verdict.FAILED, "its part ran another environment of this name")
    return report


def notes(parts: Sequence[Part]) -> list[str]:
    """Return the lines about parts that could not be used."""
    wrong = [f"{part.shown}: {part.why_not}" for part in parts if part.why_not]
    rest = len(wrong) - _NAMED
    return [*wrong[:_NAMED], *([f"and {counted(rest, 'more part')}"] if rest > 0 else [])]


def began(parts: Sequence[Part]) -> tuple[str, float]:
    """Return when the first part began, empty for none, and how long the slowest one took."""
    known = [part.report for part in parts if part.report]
    at = min((report.at for report in known), default="")
    return at, max((report.wall_s for report in known), default=0.0)
