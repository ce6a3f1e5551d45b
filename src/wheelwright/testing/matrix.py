"""Runs the cells of the matrix in parallel.

The runs are the same cached steps for `matrix`, which judges them, and for `matrix_run`, which
returns their files. Nothing here raises because a cell failed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import anyio
import dagger
from dagger import dag

from wheelwright.container import toolchain
from wheelwright.container.cores import cores
from wheelwright.container.failures import expected
from wheelwright.container.history import is_installed_with
from wheelwright.container.loading import LoadedProject, python_of
from wheelwright.container.packaged import Builds
from wheelwright.container.packages import Chosen
from wheelwright.container.packages import judge as judge_packages
from wheelwright.container.parts import part
from wheelwright.environment import plan as environment
from wheelwright.errors import GateFailed
from wheelwright.gates.result import Verdict
from wheelwright.project.interpreters import cpython
from wheelwright.testing import coverage, junit, run_tests, shards
from wheelwright.testing.cells import Cell, Selection, plan, runnable
from wheelwright.testing.commands import JUNIT
from wheelwright.testing.failed import Failure
from wheelwright.testing.finishing import Begun, Finished, Ran, finish
from wheelwright.testing.matrix_options import MatrixOptions
from wheelwright.testing.missing import Missing
from wheelwright.testing.order import ordered
from wheelwright.testing.plan import TestOptions
from wheelwright.testing.reports import model, table
from wheelwright.testing.reports.model import CellReport, MatrixReport
from wheelwright.testing.run import LOG, Run
from wheelwright.testing.verdict import Kind


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
    chosen: Chosen,
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

    text = await judge_packages(chosen, judged, fail_fast=fail_fast)
    if chosen.packages and not with_tests:
        raise GateFailed(f"no test ran in {len(chosen.packages)} packages\n\n{text}")
    return text


async def run(
    loaded: LoadedProject, selection: Selection, options: MatrixOptions, history: str = ""
) -> Finished:
    """Run the requested cells, and write every report about them.

    `history` has the durations of earlier runs: with it the longest cells begin first.

    Raises:
        RequestError: invalid arguments.
    """
    options.check()
    options = options.settled(selection)
    loaded.project.require_package()
    begun = Begun.now()
    cells, elsewhere = runnable(plan(loaded.project, selection), selection)
    limit = options.limit or cores()
    begins = ordered(cells, shards.expected_s(history), limit)
    ran = await _all(loaded, cells, begins, options, limit)
    return await finish(loaded, ran, begun, selection, options, notes=[elsewhere])


# -- cells ----------------------------------------------------------------------------------------


async def _all(
    loaded: LoadedProject,
    cells: Sequence[Cell],
    begins: Sequence[Cell],
    options: MatrixOptions,
    limit: int,
) -> list[Ran]:
    ran: dict[str, Ran] = {}
    limiter = anyio.CapacityLimiter(limit)
    builds = Builds(_builders(loaded, begins))

    async with anyio.create_task_group() as group:

        async def run_cell(cell: Cell) -> None:
            ready_s = time.monotonic()
            async with limiter:
                waited_s = round(time.monotonic() - ready_s, 3)
                this = await _guarded(loaded, cell, options, builds)
                ran[cell.name] = replace(this, report=replace(this.report, waited_s=waited_s))
            if options.fail_fast and ran[cell.name].report.verdict is Verdict.FAILED:
                group.cancel_scope.cancel()

        for cell in begins:
            group.start_soon(run_cell, cell)
    stopped = "stopped: another cell failed, and --fail-fast was given"
    return [
        ran.get(cell.name) or Ran(CellReport(cell, Verdict.NOT_RUN, stopped), dag.directory())
        for cell in cells
    ]


def _builders(loaded: LoadedProject, cells: Sequence[Cell]) -> list[str]:
    """Return the Pythons that may build for all cells: the package's default, then CPythons."""
    default = python_of(loaded, "")
    pythons = dict.fromkeys(cell.python for cell in cells if not cell.image)
    return sorted(pythons, key=lambda each: (each != default, each != cpython(each)))


async def _guarded(
    loaded: LoadedProject, cell: Cell, options: MatrixOptions, builds: Builds
) -> Ran:
    """Run one cell; an expected error becomes that cell's failure."""
    started_s = time.monotonic()
    try:
        with part(cell.name):
            ran = await _run(loaded, cell, options, builds)
    except Exception as caught:
        text = expected(caught)
        note = text.partition("\n")[0]
        ran = Ran(CellReport(cell, Verdict.FAILED, note, details=text), dag.directory())
    wall_s = round(time.monotonic() - started_s, 3)
    return replace(ran, report=replace(ran.report, wall_s=wall_s))


async def _run(loaded: LoadedProject, cell: Cell, options: MatrixOptions, builds: Builds) -> Ran:
    project = loaded.project
    history = is_installed_with(loaded)
    system = environment.system(project, cell.python, history=history, named=cell.image)
    if why := await toolchain.without_python(system, cell.python):
        return _without_python(cell, why, options)
    started = datetime.now(UTC)
    test_options = TestOptions(
        options.args, measure=True if options.coverage_min else options.coverage
    )
    tested = await run_tests.in_cell(loaded, cell, test_options, builds)
    if tested.run is None or tested.reports is None:
        result = tested.result()
        note = result.note if tested.unrun else tested.why_not
        report = CellReport(cell, result.verdict, note, details=result.details)
        return Ran(report, dag.directory())
    report = await _placed(loaded, _report(cell, tested, started))
    names = await tested.reports.entries()
    data = tuple(name for name in names if name.startswith(coverage.DATA))
    report = replace(
        report,
        files=tuple(name for name in (LOG, JUNIT) if name in names),
        documents=junit.documents(names) if tested.junit else (),
    )
    return Ran(report, tested.reports, tested.junit, data)


def _without_python(cell: Cell, why: str, options: MatrixOptions) -> Ran:
    fact, _, act = why.partition("\n")[0].partition(": install")
    note = f"Python {cell.python} is not available: {fact}"
    verdict = Verdict.NOT_RUN if options.skip_unavailable else Verdict.FAILED
    missing = Missing(cell.python, f"install{act}" if act else "")
    return Ran(CellReport(cell, verdict, note, missing=missing), dag.directory())


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
