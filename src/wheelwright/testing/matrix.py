"""Runs the cells of the matrix in parallel, and combines their results.

The runs are the same cached steps for `matrix`, which judges them, and for `matrix_run`, which
returns their files. Nothing here raises because a cell failed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import anyio
import dagger
from dagger import dag

from wheelwright.container import toolchain
from wheelwright.container.calling import program
from wheelwright.container.commit import commit_of
from wheelwright.container.cut import of_output
from wheelwright.container.failures import expected
from wheelwright.container.history import is_installed_with
from wheelwright.container.loading import LoadedProject
from wheelwright.container.packages import judge as judge_packages
from wheelwright.container.parts import part
from wheelwright.environment import plan as environment
from wheelwright.errors import GateFailed, RequestError
from wheelwright.gates.result import Verdict
from wheelwright.gates.table import counted
from wheelwright.project.arguments import argument
from wheelwright.testing import coverage, junit, run_tests
from wheelwright.testing.again import of_cells, of_matrix
from wheelwright.testing.cells import Cell, Selection, plan, runnable
from wheelwright.testing.commands import JUNIT
from wheelwright.testing.failed import Failure
from wheelwright.testing.measuring import Data, Measured, measure
from wheelwright.testing.missing import Missing, unprovided
from wheelwright.testing.plan import ARGS, TestOptions
from wheelwright.testing.reports import coverage_page, html, markdown, model, table
from wheelwright.testing.reports.annotations import of_tests, render
from wheelwright.testing.reports.failures import covering, grouped
from wheelwright.testing.reports.model import CellReport, Coverage, MatrixReport
from wheelwright.testing.run import LOG, Run
from wheelwright.testing.verdict import Kind


@dataclass(frozen=True)
class MatrixOptions:
    """How to run the cells.

    Attributes:
        coverage: whether to measure it; None measures where the project does.
        coverage_min: 0 takes the project's `fail_under`.
    """

    args: list[str] = argument(ARGS, [])
    limit: int = argument("How many cells run at the same time.", 4)
    fail_fast: bool = argument(
        "Stop at the first cell that fails, instead of running them all.", False
    )
    skip_unavailable: bool = argument(
        "Leave out a Python that the engine cannot provide, instead of failing for it.", False
    )
    coverage: bool | None = argument(
        "Measure coverage. Default: where the package configures it or installs a tool for it.",
        None,
    )
    coverage_min: float = argument(
        "Percent that all cells together must cover. Default: coverage's own fail_under.", 0.0
    )


@dataclass(frozen=True, slots=True)
class Finished:
    """A matrix that ran: what came of it, the cells' directories by name, and all files."""

    report: MatrixReport
    cells: dict[str, dagger.Directory]
    reports: dagger.Directory


def judge(report: MatrixReport) -> str:
    """Return the table.

    Raises:
        GateFailed: the matrix failed; the message has the details above the table.
    """
    text = table.render(report)
    if not report.ok:
        raise GateFailed(f"{model.headline(report)}\n\n{text}")
    return text


async def judge_all(
    packages: list[LoadedProject],
    function: Callable[[LoadedProject], Awaitable[MatrixReport]],
    *,
    fail_fast: bool,
) -> str:
    """Return the tables of several packages; one without tests does not fail among others.

    Raises:
        GateFailed: a package failed, or none of them has tests.
    """
    with_tests: list[str] = []

    async def judged(loaded: LoadedProject) -> str:
        report = await function(loaded)
        if report.without_tests:
            return f"matrix of {report.package}\n{report.cells[0].note}"
        with_tests.append(report.package)
        return judge(report)

    text = await judge_packages(packages, judged, fail_fast=fail_fast)
    if not with_tests:
        raise GateFailed(f"no test ran in {len(packages)} packages\n\n{text}")
    return text


async def run(loaded: LoadedProject, selection: Selection, options: MatrixOptions) -> Finished:
    """Run the requested cells, and write every report about them.

    Raises:
        RequestError: invalid arguments.
    """
    if options.limit < 1:
        raise RequestError(f"--limit must be at least 1, not {options.limit}")
    if not 0 <= options.coverage_min <= 100:
        raise RequestError(f"--coverage-min must be 0 to 100, not {options.coverage_min:g}")
    if options.coverage_min and options.coverage is False:
        raise RequestError(
            f"--coverage-min {options.coverage_min:g} cannot be judged without coverage",
            "leave out --coverage=false",
        )
    loaded.project.require_package()
    started, started_s = datetime.now(UTC), time.monotonic()
    cells, elsewhere = runnable(plan(loaded.project, selection), selection)
    ran = await _all(loaded, cells, options)
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
    measured = await measure(loaded, data, least)
    ran = [_with_coverage(each, measured.get(each.report.cell.name)) for each in ran]
    total = measured.get("") or Measured(None, None)
    if total.coverage is None and least:
        # Nothing measured is not enough either.
        total = replace(total, coverage=Coverage(0.0, (), least))
    kept = _kept([each.report for each in ran])
    missing = [each.missing for each in ran if each.missing]
    lacking = unprovided(missing, skipped=options.skip_unavailable)
    notes = [note for note in (elsewhere, total.why_not, kept, lacking) if note]
    called = program(loaded.project.name if loaded.project.is_member else "")
    chosen = [cell.name for cell in cells] if selection.narrows else []
    report = MatrixReport(
        package=loaded.project.name,
        at=started.isoformat(timespec="seconds"),
        wall_s=round(time.monotonic() - started_s, 3),
        cells=tuple(each.report for each in ran),
        coverage=total.coverage,
        notes=tuple(notes),
        version=loaded.project.metadata.version,
        commit=await commit_of(loaded.repository),
        command=of_matrix(called, chosen, options.args).command(),
        program=called,
        args=tuple(options.args),
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


# -- cells ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ran:
    report: CellReport
    files: dagger.Directory
    junit: str = ""
    data: tuple[str, ...] = ()
    missing: Missing | None = None


async def _all(loaded: LoadedProject, cells: Sequence[Cell], options: MatrixOptions) -> list[_Ran]:
    ran: dict[str, _Ran] = {}
    limiter = anyio.CapacityLimiter(options.limit)

    async with anyio.create_task_group() as group:

        async def run_cell(cell: Cell) -> None:
            ready_s = time.monotonic()
            async with limiter:
                waited_s = round(time.monotonic() - ready_s, 3)
                this = await _guarded(loaded, cell, options)
                ran[cell.name] = replace(this, report=replace(this.report, waited_s=waited_s))
            if options.fail_fast and ran[cell.name].report.verdict is Verdict.FAILED:
                group.cancel_scope.cancel()

        for cell in cells:
            group.start_soon(run_cell, cell)
    stopped = "stopped: another cell failed, and --fail-fast was given"
    return [
        ran.get(cell.name) or _Ran(CellReport(cell, Verdict.NOT_RUN, stopped), dag.directory())
        for cell in cells
    ]


async def _guarded(loaded: LoadedProject, cell: Cell, options: MatrixOptions) -> _Ran:
    """Run one cell; an expected error becomes that cell's failure."""
    started_s = time.monotonic()
    try:
        with part(cell.name):
            ran = await _run(loaded, cell, options)
    except Exception as caught:
        text = expected(caught)
        note = text.partition("\n")[0]
        ran = _Ran(CellReport(cell, Verdict.FAILED, note, details=text), dag.directory())
    wall_s = round(time.monotonic() - started_s, 3)
    return replace(ran, report=replace(ran.report, wall_s=wall_s))


async def _run(loaded: LoadedProject, cell: Cell, options: MatrixOptions) -> _Ran:
    project = loaded.project
    history = is_installed_with(loaded)
    system = environment.system(project, cell.python, history=history, named=cell.image)
    if why := await toolchain.without_python(system, cell.python):
        return _without_python(cell, why, options)
    started = datetime.now(UTC)
    test_options = TestOptions(
        options.args, measure=True if options.coverage_min else options.coverage
    )
    tested = await run_tests.test(loaded, cell, test_options)
    if tested.run is None or tested.reports is None:
        result = tested.result()
        note = result.note if tested.unrun else tested.why_not
        report = CellReport(cell, result.verdict, note, details=result.details)
        return _Ran(report, dag.directory())
    report = await _placed(loaded, _report(cell, tested, started))
    names = await tested.reports.entries()
    data = tuple(name for name in names if name.startswith(coverage.DATA))
    report = replace(report, files=tuple(name for name in (LOG, JUNIT) if name in names))
    return _Ran(report, tested.reports, tested.junit, data)


def _without_python(cell: Cell, why: str, options: MatrixOptions) -> _Ran:
    fact, _, act = why.partition("\n")[0].partition(": install")
    note = f"Python {cell.python} is not available: {fact}"
    verdict = Verdict.NOT_RUN if options.skip_unavailable else Verdict.FAILED
    missing = Missing(cell.python, f"install{act}" if act else "")
    return _Ran(CellReport(cell, verdict, note), dag.directory(), missing=missing)


def _report(cell: Cell, tested: run_tests.Tested, started: datetime) -> CellReport:
    run = tested.run
    assert run is not None
    result = tested.result()
    record, counts = run.left.record, run.left.counts
    failures = record.failures if record else ()
    # A cell in which all is skipped fails no matrix in which others ran; the matrix sees to that.
    empty = run.verdict.kind is Kind.EMPTY and counts.tests > 0
    return CellReport(
        cell=cell,
        verdict=Verdict.NOT_RUN if empty else result.verdict,
        note=_note(run, failures),
        version=run.python,
        exit_code=run.left.exit_code,
        counts=counts,
        tests_s=record.seconds if record else 0.0,
        cached=record is not None and record.began_at < started.timestamp(),
        ran_at=run.ran_at,
        place=run.place,
        notes=run.notes,
        failures=tuple(
            replace(each, text=each.text[-model.TEXT_CHARACTERS :])
            for each in failures[: model.FAILURES]
        ),
        more_failures=max(len(failures) - model.FAILURES, 0),
        slowest=(record.slowest if record else ())[: model.SLOWEST],
        details="" if empty else result.details,
    )


async def _placed(loaded: LoadedProject, report: CellReport) -> CellReport:
    """Return the report with failures at places that the source holds, else without a place."""
    paths = sorted({path for each in report.failures for path in each.paths})
    regular = dagger.ExistsType.REGULAR_TYPE
    held = {path for path in paths if await loaded.source.exists(path, expected_type=regular)}
    return replace(report, failures=tuple(each.among(frozenset(held)) for each in report.failures))


def _note(run: Run, failed: Sequence[Failure]) -> str:
    """Return the line beside the counts: the interpreter, or why the cell failed."""
    if reason := run.verdict.reason:
        return reason
    if not failed:
        return run.python
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{failed[0].test}: {failed[0].message}{more}"


def _kept(cells: Sequence[CellReport]) -> str:
    """Return the line about runs that are older than this call."""
    began = sorted(cell.ran_at for cell in cells if cell.cached)
    if not began:
        return ""
    first, last = (f"{at[:19].replace('T', ' ')} UTC" for at in (began[0], began[-1]))
    span = f"at {first}" if first == last else f"from {first} to {last}"
    return f"kept: {counted(len(began), 'cell')} ran earlier, begun {span}"


def _document(ran: _Ran) -> junit.CellDocument:
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


def _with_coverage(ran: _Ran, measured: Measured | None) -> _Ran:
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
