"""What `test-run` and `matrix-run` return: typed objects with files and reports."""

# No postponed annotations here: the SDK reads the help of fields from the annotations themselves.

import sys
from datetime import UTC, datetime
from typing import Annotated

import dagger
from dagger import Doc, dag, field, function, object_type

from wheelwright.container.failures import translate_errors
from wheelwright.container.harmless import harmless
from wheelwright.errors import ToolFailed
from wheelwright.module.takes import takes
from wheelwright.module.uncached import uncached
from wheelwright.testing.commands import JUNIT
from wheelwright.testing.finishing import Finished
from wheelwright.testing.matrix import judge
from wheelwright.testing.reports import codecov, history, markdown, model, table
from wheelwright.testing.reports.annotations import of_tests, render
from wheelwright.testing.run import LOG
from wheelwright.testing.run_tests import Tested


@object_type
class TestRun:
    """One run of the tests: its result and its files, also when tests failed."""

    __test__ = False

    python: Annotated[str, Doc("The interpreter, with its patch release.")] = field()
    exit_code: Annotated[int, Doc("pytest's exit code.")] = field()
    summary: Annotated[str, Doc("Counts, interpreter, and where the dependencies came from.")] = (
        field()
    )
    places: Annotated[list[str], Doc("Where the test dependencies were found.")] = field()
    reports: Annotated[dagger.Directory, Doc("junit.xml and pytest.log.")] = field()
    # Returned by the two functions below.
    ended: str
    began: str

    @function
    def verdict(self) -> str:
        """How the run ended: passed or failed."""
        return self.ended

    @function
    def ran_at(self) -> str:
        """When pytest began, as ISO 8601; empty if it did not."""
        return self.began

    @function
    def log(self) -> dagger.File:
        """Everything pytest printed."""
        return self.reports.file(LOG)

    @function
    @translate_errors
    async def junit(self) -> dagger.File:
        """The run as JUnit XML."""
        if JUNIT not in await self.reports.entries():
            raise ToolFailed(
                f"pytest wrote no {JUNIT}: exit code {self.exit_code}", "read `test-run log`"
            )
        return self.reports.file(JUNIT)


@object_type
class Cell:
    """One cell of the matrix: its environment, its result and its files."""

    name: Annotated[str, Doc("Its name, the same on every run; --cell takes it.")] = field()
    python: Annotated[str, Doc("The interpreter, with its patch release where it ran.")] = field()
    resolution: Annotated[str, Doc("locked, highest or lowest-direct.")] = field()
    groups: Annotated[list[str], Doc("Dependency groups that the cell names.")] = field()
    extras: Annotated[list[str], Doc("Extras that the cell names.")] = field()
    services: Annotated[list[str], Doc("Services that the cell names.")] = field()
    verdict: Annotated[str, Doc("passed, failed, not configured or not run.")] = field()
    note: Annotated[str, Doc("The result in one line.")] = field()
    exit_code: Annotated[int | None, Doc("pytest's exit code, null where it did not run.")] = (
        field()
    )
    tests: Annotated[int, Doc("How many tests ran, skipped ones included.")] = field()
    failures: Annotated[int, Doc("How many of them failed or broke.")] = field()
    skipped: Annotated[int, Doc("How many were skipped.")] = field()
    seconds: Annotated[float, Doc("What the tests took, by pytest's own clock.")] = field()
    cached: Annotated[bool, Doc("Whether the result is cached, from an earlier run.")] = field()
    ran_at: Annotated[str, Doc("When pytest began, as ISO 8601; empty where it did not.")] = field()
    coverage: Annotated[float | None, Doc("Percent, null where it was not measured.")] = field()
    reports: Annotated[dagger.Directory, Doc("junit.xml, pytest.log, coverage.")] = field()

    @function
    @translate_errors
    async def log(self) -> dagger.File:
        """Everything that pytest printed."""
        return await self._file(LOG)

    @function
    @translate_errors
    async def junit(self) -> dagger.File:
        """The run as JUnit XML."""
        return await self._file(JUNIT)

    async def _file(self, name: str) -> dagger.File:
        if name not in await self.reports.entries():
            raise ToolFailed(f"cell {self.name} has no {name}: {self.note}")
        return self.reports.file(name)


@object_type
class Matrix:
    """A matrix that ran, passed or failed: its cells, and reports made from the one run."""

    ok: Annotated[bool, Doc("Whether every cell passed and coverage suffices.")] = field()
    table: Annotated[str, Doc("One line for each cell, details of failures above.")] = field()
    cells: Annotated[list[Cell], Doc("The cells, in the order of the plan.")] = field()
    reports: Annotated[
        dagger.Directory,
        Doc(
            "Every file: report.html, coverage.html, summary.md, annotations.txt, table.txt, "
            "junit.xml, matrix.json, coverage/ over all cells, cells/NAME/ of each."
        ),
    ] = field()
    # The result as JSON, which the functions below read.
    data: str

    @function
    @translate_errors
    async def check(self) -> str:
        """Return the table, and fail if the matrix failed."""
        return judge(model.loads(self.data))

    @function
    @translate_errors
    async def summary(self) -> str:
        """Return the Markdown for GitHub's step summary, of at most 1 MiB."""
        return markdown.render(model.loads(self.data))

    @function
    @translate_errors
    async def annotations(self) -> str:
        """Return a line `::error file=...,line=...::...` for each test that failed.

        `annotations` of the module itself also has those of ruff and of the type checkers.
        """
        return render(of_tests(model.loads(self.data)))

    @function
    def html(self) -> dagger.File:
        """The page to look at: one file that needs no network."""
        return self.reports.file("report.html")

    @function
    def junit(self) -> dagger.File:
        """All cells as one JUnit XML, each suite with its cell's name."""
        return self.reports.file(JUNIT)

    @function
    @translate_errors
    async def coverage(self) -> dagger.Directory:
        """Return coverage over all cells: coverage.xml, .json, .md, .data, and html/."""
        return await self._coverage()

    async def _coverage(self) -> dagger.Directory:
        if "coverage/" not in await self.reports.entries():
            raise ToolFailed("no coverage was measured", "pass --coverage to matrix-run")
        return self.reports.directory("coverage")

    @uncached
    async def history(
        self,
        previous: Annotated[
            dagger.File | None, Doc("The previous file. Default: begin a new one.")
        ] = None,
        commit: Annotated[str, Doc("The commit that was tested.")] = "",
        at: Annotated[str, Doc("When, as ISO 8601. Default: now.")] = "",
    ) -> dagger.File:
        """Add a JSON line for each cell, with its outcome and duration, and return the file.

        `trend` shows which step grew.
        """
        before = await previous.contents() if previous else ""
        at = at or datetime.now(UTC).isoformat(timespec="seconds")
        text = history.append(before, model.loads(self.data), commit, at)
        name = "history.jsonl"
        return dag.directory().with_new_file(name, text).file(name)

    @uncached
    @takes()
    async def upload_coverage(
        self,
        token: Annotated[dagger.Secret, Doc("Codecov's token for the repository.")],
        upload: codecov.Upload,
    ) -> str:
        """Upload the coverage of the whole matrix to Codecov, once, with its own uploader.

        Prints the result. A failed upload does not fail the call.
        """
        report = (await self._coverage()).file("coverage.xml")
        return await codecov.upload(report, token, upload)


def run_object(tested: Tested) -> TestRun:
    """Return a run as the object that the caller sees.

    Raises:
        ToolFailed: there was nothing to run.
    """
    if tested.run is None or tested.reports is None:
        raise ToolFailed(tested.why_not, "add tests, or name them with --args")
    if tested.error():
        _log(tested.result().headline)
    # The type checker does not follow `dataclass_transform` through a bound method.
    return TestRun(  # type: ignore[call-arg]  # see above
        python=tested.run.python,
        exit_code=tested.run.left.exit_code,
        ended=tested.result().verdict.value,
        began=tested.run.ran_at,
        summary=f"{tested.run.summary()}\n  begun at: {tested.run.ran_at or 'unknown'}",
        places=[tested.run.place],
        reports=tested.reports,
    )


def matrix_object(finished: Finished) -> Matrix:
    """Return the finished matrix as the object that the caller sees."""
    report = finished.report
    if not report.ok:
        _log(f"matrix failed: {model.headline(report)}")
    # The type checker does not follow `dataclass_transform` through a bound method.
    return Matrix(  # type: ignore[call-arg]  # see above
        ok=report.ok,
        table=table.render(report),
        cells=[_cell(each, finished.cells[each.cell.name]) for each in report.cells],
        reports=finished.reports,
        data=model.dumps(report),
    )


def _log(line: str) -> None:
    """Report in the function's log that tests failed: the call returns files, and ends well."""
    sys.stderr.write(f"{harmless(line)}\n")
    sys.stderr.flush()


def _cell(report: model.CellReport, reports: dagger.Directory) -> Cell:
    return Cell(  # type: ignore[call-arg]  # as for Matrix
        name=report.cell.name,
        python=report.version.removeprefix("Python ") or report.cell.python,
        resolution=report.cell.resolution,
        groups=list(report.cell.groups),
        extras=list(report.cell.extras),
        services=list(report.cell.services),
        verdict=report.verdict.value,
        note=report.note,
        exit_code=report.exit_code,
        tests=report.counts.tests,
        failures=report.counts.failed + report.counts.errors,
        skipped=report.counts.skipped,
        seconds=report.tests_s,
        cached=report.cached,
        ran_at=report.ran_at,
        coverage=report.coverage,
        reports=reports,
    )
