"""Makes the report and all files of a matrix from its cells, wherever they ran.

`matrix` hands over the cells that it ran itself, `combining` those of other machines: so both
have the same table, JUnit report, coverage, pages and verdict.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import dagger
from dagger import dag

from wheelwright.container.calling import program
from wheelwright.container.commit import commit_of
from wheelwright.container.cut import of_output
from wheelwright.container.loading import LoadedProject
from wheelwright.gates.result import Verdict
from wheelwright.gates.table import counted
from wheelwright.testing import coverage, junit
from wheelwright.testing.again import of_cells, of_matrix
from wheelwright.testing.cells import Selection
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.measuring import Data, Measured, measure
from wheelwright.testing.missing import unprovided
from wheelwright.testing.reports import coverage_page, html, markdown, model, table
from wheelwright.testing.reports.annotations import of_tests, render
from wheelwright.testing.reports.failures import covering, grouped
from wheelwright.testing.reports.model import CellReport, Coverage, MatrixReport


@dataclass(frozen=True, slots=True)
class Ran:
    """A cell that ended: its report and files, the text of its JUnit report, its coverage data.

    `junit` is empty where there is no valid report; `data` are names among the files.
    """

    report: CellReport
    files: dagger.Directory
    junit: str = ""
    data: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """When a matrix began: the ISO time, and this process's clock then, in seconds."""

    at: str
    clock_s: float

    @classmethod
    def now(cls) -> Begun:
        """Return this moment."""
        return cls(datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic())

    def after(self, at: str, spent_s: float) -> Begun:
        """Return the begin of a matrix whose cells ran before, from `at` on; empty for no cell."""
        return Begun(at or self.at, self.clock_s - spent_s)

    @property
    def wall_s(self) -> float:
        """How long it took until now."""
        return round(time.monotonic() - self.clock_s, 3)


@dataclass(frozen=True, slots=True)
class Finished:
    """A matrix that ran: what came of it, the cells' directories by name, and all files."""

    report: MatrixReport
    cells: dict[str, dagger.Directory]
    reports: dagger.Directory


async def finish(
    loaded: LoadedProject,
    ran: Sequence[Ran],
    begun: Begun,
    selection: Selection,
    options: MatrixOptions,
    *,
    notes: Sequence[str] = (),
    measured_each: bool = False,
) -> Finished:
    """Judge the cells together, and write every report.

    Args:
        loaded: the package.
        ran: the cells in the order of the plan.
        begun: when the first of them began.
        selection: the requested cells.
        options: what they ran with, and what is required of them.
        notes: lines about what was not run here; empty ones count for nothing.
        measured_each: whether each cell has the report of its own coverage already.
    """
    # A part of the matrix need not reach what was agreed on for the whole.
    whole = not selection.narrows and options.coverage is not False
    least = options.coverage_min or (
        coverage.minimum(loaded.project, options.args) if whole else 0.0
    )
    data = [
        Data(each.report.cell.name, each.report.cell.python, each.files, each.data)
        for each in ran
        if each.data
    ]
    measured = await measure(loaded, data, least, total_only=measured_each)
    ran = [_with_coverage(each, measured.get(each.report.cell.name)) for each in ran]
    total = measured.get("") or Measured(None, None)
    if total.coverage is None and least:
        # Nothing measured is not enough either.
        total = replace(total, coverage=Coverage(0.0, (), least))
    cells = tuple(each.report for each in ran)
    all_notes = (*notes, total.why_not, _kept(cells), _unprovided(cells))
    called = program(loaded.project.name if loaded.project.is_member else "")
    chosen = [cell.cell.name for cell in cells] if selection.narrows else []
    report = MatrixReport(
        package=loaded.project.name,
        at=begun.at,
        wall_s=begun.wall_s,
        cells=cells,
        coverage=total.coverage,
        notes=tuple(filter(None, all_notes)),
        version=loaded.project.metadata.version,
        commit=await commit_of(loaded.repository),
        command=of_matrix(called, chosen, options.args).command(),
        program=called,
        args=tuple(options.args),
        unmeasured=options.coverage is False,
        axes=selection.axes,
    )
    if groups := grouped(report):
        again = of_cells(called, covering(groups), options.args)
        report = replace(report, again=again.line([group.failure for group in groups]))
    directories = {each.report.cell.name: each.files for each in ran}
    merged = junit.merge(report.package, [_document(each) for each in ran])
    files = _files(report, merged, directories)
    if total.files:
        files = files.with_directory("coverage", total.files)
    if report.coverage and report.coverage.with_lines:
        page = coverage_page.render(report, report.coverage, total.lines)
        files = files.with_new_file(coverage_page.PAGE, page)
    return Finished(report, directories, files)


def _unprovided(cells: Sequence[CellReport]) -> str:
    """Return the line about Pythons that the engine does not have."""
    lacking = [cell for cell in cells if cell.missing]
    skipped = all(cell.verdict is Verdict.NOT_RUN for cell in lacking)
    return unprovided([cell.missing for cell in lacking if cell.missing], skipped=skipped)


def _kept(cells: Sequence[CellReport]) -> str:
    """Return the line about runs that are older than this call."""
    began = sorted(cell.ran_at for cell in cells if cell.cached)
    if not began:
        return ""
    first, last = (f"{at[:19].replace('T', ' ')} UTC" for at in (began[0], began[-1]))
    span = f"at {first}" if first == last else f"from {first} to {last}"
    return f"kept: {counted(len(began), 'cell')} ran earlier, begun {span}"


def _document(ran: Ran) -> junit.CellDocument:
    cell = ran.report.cell
    properties = {
        "python": ran.report.version.removeprefix("Python ") or cell.python,
        "resolution": cell.resolution,
        "groups": "+".join(cell.groups),
        "extras": "+".join(cell.extras),
        "services": "+".join(cell.services),
    }
    known = {key: value for key, value in properties.items() if value}
    if ran.junit:
        # pytest's own totals take subtests for tests, and what is expected to fail for skipped.
        known |= {key: str(value) for key, value in ran.report.counts.named.items()}
    reason = "" if ran.junit else ran.report.details or ran.report.note
    return junit.CellDocument(cell.name, known, ran.junit, reason)


def _with_coverage(ran: Ran, measured: Measured | None) -> Ran:
    if measured is None or measured.coverage is None or measured.files is None:
        return ran
    files_ = (*ran.report.files, model.HTML)
    report = replace(ran.report, coverage=measured.coverage.percent, files=files_)
    # The combined data of one cell is what the cell has already.
    files = of_output(measured.files, exclude=[coverage.DATA])
    return replace(ran, report=report, files=ran.files.with_directory("coverage", files))


# -- files ----------------------------------------------------------------------------------------


def _files(
    report: MatrixReport, merged: str, directories: dict[str, dagger.Directory]
) -> dagger.Directory:
    written = {
        "annotations.txt": render(of_tests(report)),
        "junit.xml": merged,
        "matrix.json": model.dumps(report),
        "report.html": html.render(report),
        "summary.md": markdown.render(report),
        "table.txt": table.render(report) + "\n",
    }
    files = dag.directory()
    for name, text in written.items():
        files = files.with_new_file(name, text)
    for name, directory in directories.items():
        files = files.with_directory(f"cells/{name}", directory)
    return files
