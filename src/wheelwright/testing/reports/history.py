"""Durations and outcomes over time: one JSON line for each cell of each run.

    {"at": "2026-05-04T10:00:00+00:00", "commit": "3f2a...", "step": "3.12", "outcome": "passed",
     "seconds": 41.2, "tests": 210, "failed": 0, "skipped": 3, "coverage": 91.5,
     "ran_at": "2026-05-04T09:58:12+00:00"}

`seconds` is pytest's own clock, so that waiting and installing do not count. `ran_at` is the
same in two lines where the second was cached: it has nothing new about durations,
and counts once.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wheelwright.errors import RequestError
from wheelwright.gates.table import columns
from wheelwright.project.reading import json_data
from wheelwright.testing.reports.model import CellReport, MatrixReport

_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "at": str,
    "step": str,
    "outcome": str,
    "seconds": (int, float),
}
# Less than this is noise of a machine, not growth of a test suite.
_LEAST_GROWTH, _LEAST_S = 1.2, 0.5
# Thirty years: no suite takes longer.
_NUMBER_MAX = 10**9


def append(previous: str, report: MatrixReport, commit: str = "", at: str = "") -> str:
    """Return the lines with this run's added, nothing before them changed.

    Raises:
        RequestError: what is there is not such a file.
    """
    _read(previous)
    kept = previous if not previous or previous.endswith("\n") else previous + "\n"
    lines = (json.dumps(_line(cell, commit, at or report.at)) for cell in report.cells)
    return kept + "".join(f"{line}\n" for line in lines)


def _line(cell: CellReport, commit: str, at: str) -> dict[str, Any]:
    return {
        "at": at,
        "commit": commit,
        "step": cell.cell.name,
        "outcome": cell.verdict.value,
        "seconds": round(cell.tests_s, 3),
        "tests": cell.counts.tests,
        "failed": cell.counts.failed + cell.counts.errors,
        "skipped": cell.counts.skipped,
        "coverage": cell.coverage if cell.coverage is None else round(cell.coverage, 2),
        "ran_at": cell.ran_at,
    }


@dataclass(frozen=True, slots=True)
class Trend:
    """A step's durations: medians of its last runs and of all before, None without any."""

    step: str
    runs: int
    failures: int
    before_s: float | None
    now_s: float | None

    @property
    def growth(self) -> float:
        """The factor from the runs before to the last ones; 1 where there is nothing before."""
        return self.now_s / self.before_s if self.now_s and self.before_s else 1.0

    @property
    def grew(self) -> bool:
        """Whether that is worth a look."""
        more = (self.now_s or 0.0) - (self.before_s or 0.0)
        return self.growth >= _LEAST_GROWTH and more >= _LEAST_S


def trends(history: str, last: int = 5) -> list[Trend]:
    """Return each step's trend, the most grown first.

    Raises:
        RequestError: not such a file, or `last` below 1.
    """
    if last < 1:
        raise RequestError(f"--last must be at least 1, not {last}")
    rows = runs(history)
    steps = dict.fromkeys(row["step"] for row in rows)
    found = [_trend(step, [row for row in rows if row["step"] == step], last) for step in steps]
    return sorted(found, key=lambda each: (-each.growth, each.step))


def trend(history: str, last: int = 5) -> str:
    """Return a table: median of each step's last runs against all before, most grown first.

    Raises:
        RequestError: not such a file, or `last` below 1.
    """
    found = trends(history, last)
    if not found:
        return "no runs yet"
    head = ("step", "runs", "failed", "before", f"last {last}", "growth")
    body = [
        (
            each.step,
            str(each.runs),
            str(each.failures),
            _seconds(each.before_s),
            _seconds(each.now_s),
            "-" if each.before_s is None else f"{(each.growth - 1) * 100:+.0f} %",
        )
        for each in found
    ]
    grown = [each.step for each in found if each.grew]
    verdict = f"grew: {', '.join(grown)}" if grown else "no step grew"
    return "\n".join([*columns(head, body, right=head[1:]), "", verdict])


def runs(history: str) -> list[dict[str, Any]]:
    """Return the lines, without those of a run that is there already.

    Raises:
        RequestError: not such a file.
    """
    known: set[tuple[str, str]] = set()
    kept: list[dict[str, Any]] = []
    for row in _read(history):
        run = (row["step"], row.get("ran_at") or row["at"])
        if run not in known:
            known.add(run)
            kept.append(row)
    return kept


def seconds_of(row: Mapping[str, Any]) -> float | None:
    """Return how long the tests of a run took; None where none ran."""
    return number_of(row, "seconds") or None


def number_of(row: Mapping[str, Any], key: str) -> float | None:
    """Return a number that can be reckoned with; a line may have anything there."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _NUMBER_MAX else None


def _trend(step: str, rows: Sequence[dict[str, Any]], last: int) -> Trend:
    # A run that ended early, or never ran, took less time without being faster.
    found = [seconds_of(row) for row in rows if row["outcome"] in ("passed", "failed")]
    times = [seconds for seconds in found if seconds is not None]
    before, now = times[:-last], times[-last:]
    return Trend(
        step=step,
        runs=len(rows),
        failures=sum(row["outcome"] == "failed" for row in rows),
        before_s=_median(before),
        now_s=_median(now),
    )


def _median(values: Iterable[float]) -> float | None:
    values = list(values)
    return statistics.median(values) if values else None


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _read(text: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json_data(line)
        except ValueError as error:
            raise RequestError(
                f"line {number} of the history is not JSON: {error}", "remove that line"
            ) from error
        wrong = [
            key
            for key, kind in _FIELDS.items()
            if not isinstance(row, dict)
            or not isinstance(row.get(key), kind)
            or not isinstance(row.get("ran_at", ""), str)
        ]
        if wrong:
            raise RequestError(
                f"line {number} of the history lacks {', '.join(wrong)}", "remove that line"
            )
        rows.append(row)
    return rows
