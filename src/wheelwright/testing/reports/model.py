"""A finished matrix as data: what every report is made from, and its JSON.

The JSON is also the state of the `Matrix` object between calls, so that it has what the
reports show and no more: the failures with the end of their output, the slowest tests, no list
of everything that passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cattrs
from cattrs import BaseValidationError, transform_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from wheelwright.gates.result import Verdict
from wheelwright.gates.table import counted
from wheelwright.project.reading import json_data
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure
from wheelwright.testing.missing import Missing
from wheelwright.testing.record import Counts
from wheelwright.testing.texts import more

# Enough for any traceback that a person reads; the log in the cell's directory has it all.
FAILURES, TEXT_CHARACTERS, SLOWEST = 50, 8_000, 15
HTML = "coverage/html/index.html"
"""Where coverage's own pages are, in a cell's directory and in that of all cells."""

# Files that a message names.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class CellReport:
    """How one cell ended.

    Attributes:
        version: the interpreter with its patch release, empty where it did not start.
        tests_s: by pytest's clock; `wall_s` is this call's, installing included.
        waited_s: how long it waited for its turn before that.
        cached: whether the result is from an earlier run.
        ran_at: when pytest began, as it wrote it itself: identifies a run.
        more_failures: how many failures there are beside `failures`.
        coverage: percent of the cell only; None where it was not measured.
        details: for a cell that failed without a failing test, why.
        files: what is in its directory, as far as the page leads there.
        documents: its JUnit reports, where they are what its run wrote.
        missing: the Python that the engine does not have.
    """

    cell: Cell
    verdict: Verdict
    note: str
    version: str = ""
    exit_code: int | None = None
    counts: Counts = field(default_factory=Counts)
    tests_s: float = 0.0
    wall_s: float | None = None
    waited_s: float = 0.0
    cached: bool = False
    ran_at: str = ""
    coverage: float | None = None
    place: str = ""
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    more_failures: int = 0
    slowest: tuple[tuple[float, str], ...] = ()
    details: str = ""
    files: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    missing: Missing | None = None

    @property
    def directory(self) -> str:
        """Its directory among the reports."""
        return f"cells/{self.cell.name}"


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One source file over all cells; statements count branches where they were measured."""

    path: str
    percent: float
    statements: int
    missing: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage combined over the cells; `minimum` 0 requires nothing.

    `with_lines` is whether there is a page with the lines of the files.
    """

    percent: float
    files: tuple[FileCoverage, ...] = ()
    minimum: float = 0.0
    with_lines: bool = False

    @property
    def most_lacking(self) -> list[FileCoverage]:
        """The files, those first that lack most."""
        return sorted(self.files, key=lambda file: (-file.missing, file.path))


@dataclass(frozen=True, slots=True)
class MatrixReport:
    """The whole matrix.

    Attributes:
        at: the ISO time that it was started at.
        version: the package's, empty where its files do not have it.
        commit: that of HEAD; what was tested may have changes beside it.
        again: the line that runs only what failed; empty where nothing did.
        command: the command of all that ran.
        program: what comes before a function's name in it; empty where that is not known.
        args: pytest's arguments in it.
        unmeasured: whether the caller wanted no coverage.
        axes: the values that the caller gave for axes of the matrix, by the name of the argument.
    """

    package: str
    at: str
    wall_s: float
    cells: tuple[CellReport, ...]
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()
    version: str = ""
    commit: str = ""
    again: str = ""
    command: str = ""
    program: str = ""
    args: tuple[str, ...] = ()
    unmeasured: bool = False
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def failed(self) -> list[CellReport]:
        """The cells that failed."""
        return [cell for cell in self.cells if cell.verdict is Verdict.FAILED]

    @property
    def without_tests(self) -> bool:
        """Whether no cell had anything to run: the package has no tests."""
        return all(cell.verdict is Verdict.NOT_CONFIGURED for cell in self.cells)

    @property
    def ok(self) -> bool:
        """Whether it passed: no cell failed, tests ran in at least one, coverage suffices."""
        ran = any(cell.verdict is Verdict.PASSED for cell in self.cells)
        return ran and not self.failed and not shortfall(self.coverage)


def percent(value: float) -> str:
    """Return a percentage that is never rounded up: 99.99 is not 100."""
    return f"{int(value * 10 + 1e-6) / 10:.1f} %"


def shortfall(coverage: Coverage | None) -> str:
    """Return by what the total misses its minimum, and the files most lacking; else empty."""
    if coverage is None or coverage.percent + 1e-9 >= coverage.minimum:
        return ""
    lacking = [file for file in coverage.most_lacking if file.missing]
    named = ", ".join(
        f"{file.path} ({file.missing} missing, {percent(file.percent)})"
        for file in lacking[:_NAMED]
    )
    if rest := more(len(lacking) - _NAMED, "coverage.md"):
        named = f"{named}, {rest}"
    message = f"coverage {percent(coverage.percent)} is below {coverage.minimum:g} %"
    return f"{message}; most lacking: {named}" if named else f"{message}: nothing was measured"


def headline(report: MatrixReport) -> str:
    """Return the matrix in one line."""
    total = len(report.cells)
    if report.failed:
        names = ", ".join(cell.cell.name for cell in report.failed)
        return f"{len(report.failed)} of {counted(total, 'cell')} failed: {names}"
    if not report.ok and not shortfall(report.coverage):
        begun = any(cell.version for cell in report.cells)
        return (
            f"no test ran in {counted(total, 'cell')}"
            if begun
            else f"none of {counted(total, 'cell')} ran"
        )
    if message := shortfall(report.coverage):
        return message.partition(";")[0]
    idle = sum(cell.verdict is not Verdict.PASSED for cell in report.cells)
    missed = f", {idle} not run" if idle else ""
    return f"{counted(total - idle, 'cell')} passed{missed}"


def slowest(cells: Iterable[CellReport], limit: int = 10) -> list[tuple[float, str, str]]:
    """Return the slowest tests over all cells: seconds, test, and the cell it took them in.

    Less than 5 ms is slow nowhere.
    """
    worst: dict[str, tuple[float, str, str]] = {}
    for cell in cells:
        for seconds, test in cell.slowest:
            if seconds >= 0.005 and (test not in worst or worst[test][0] < seconds):
                worst[test] = (seconds, test, cell.cell.name)
    return sorted(worst.values(), reverse=True)[:limit]


def more_slow(cells: Iterable[CellReport], shown: int) -> str:
    """Return the line for the tests that are not among the slowest; empty where all are shown."""
    return more(max((cell.counts.tests for cell in cells), default=0) - shown)


def more_failures(report: MatrixReport) -> list[tuple[str, list[str]]]:
    """Return the line for failures that are not shown, and the cells that it holds for."""
    found: dict[str, list[str]] = {}
    for cell in report.failed:
        if rest := more(cell.more_failures):
            found.setdefault(rest, []).append(cell.cell.name)
    return list(found.items())


# -- JSON -----------------------------------------------------------------------------------------


def dumps(report: MatrixReport) -> str:
    """Return the report as JSON."""
    return json.dumps(_JSON.unstructure(report), indent=1)


def loads(text: str) -> MatrixReport:
    """Read what `dumps` wrote, here or on another machine.

    Raises:
        ValueError: not such a text.
    """
    data = json_data(text)
    try:
        report: MatrixReport = _JSON.structure(data, MatrixReport)
    except BaseValidationError as error:
        raise ValueError("; ".join(transform_error(error))) from error
    return report


def _number(value: object, _: object) -> object:
    """Return a number as it is written: 70 is not 70.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    return value


_JSON = cattrs.Converter()
_JSON.register_structure_hook(float, _number)
# In JSON the counts are keys of their cell; what passed is what remains.
_COUNTS = ("tests", "failed", "errors", "skipped", "xfailed", "xpassed", "subtests")
_cell_to_json = make_dict_unstructure_fn(CellReport, _JSON)
_cell_from_json = make_dict_structure_fn(CellReport, _JSON)


@_JSON.register_unstructure_hook
def _flat(cell: CellReport) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in _cell_to_json(cell).items():
        flat = {name: getattr(cell.counts, name) for name in _COUNTS}
        data.update(flat if key == "counts" else {key: value})
    return data


@_JSON.register_structure_hook
def _nested(data: Mapping[str, Any], _: object) -> CellReport:
    counts = {name: data[name] for name in _COUNTS}
    tests = counts.pop("tests")
    subtests = counts.pop("subtests")
    counts |= {"passed": tests - sum(counts.values()), "subtests": subtests}
    return _cell_from_json({**data, "counts": counts}, CellReport)
