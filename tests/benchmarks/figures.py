"""Ratios within a round, medians and quartiles."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Sample:
    """One run of one column.

    Attributes:
        code: the largest exit code of its commands.
        load: the machine's, just before.
    """

    column: str
    number: int
    elapsed_s: float
    code: int
    counts: Counts | None
    load: float


@dataclass(frozen=True)
class Goal:
    """What a row must not exceed: a part of another column's time, and a number of R.

    R is the time in which a Python starts that imports `asyncio`, `json` and `hashlib`; it makes a
    figure in seconds comparable between machines.
    """

    column: str = ""
    factor: float = 1.0
    reference: float = 0.0

    def __str__(self) -> str:
        factor = "" if self.factor == 1.0 else f"{self.factor:g} "
        parts = (f"{factor}{self.column}" if self.column else "", self._seconds())
        return " + ".join(part for part in parts if part)

    def _seconds(self) -> str:
        return f"{self.reference:g} R" if self.reference else ""


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles; of a single value it is that value.

    Raises:
        statistics.StatisticsError: there is none.
    """
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


@dataclass(frozen=True)
class Measured:
    """A row over one package: every run, and R of each round.

    Attributes:
        judged: the column that has to reach the goal.
    """

    row: str
    package: str
    reset: str
    goal: Goal | None
    reference_s: Sequence[float]
    samples: Sequence[Sample]
    judged: str = "stiletto"

    def columns(self) -> list[str]:
        """Return the names of the columns that ran."""
        return list(dict.fromkeys(each.column for each in self.samples))

    def times(self, column: str) -> dict[int, float]:
        """Return the seconds of a column by round."""
        return {each.number: each.elapsed_s for each in self.samples if each.column == column}

    def ratios(self, column: str, to: str) -> list[float]:
        """Return a column's time in terms of another's, made within each round."""
        others = self.times(to)
        return [
            taken / others[number]
            for number, taken in self.times(column).items()
            if number in others
        ]

    def of_goal(self, column: str) -> list[float]:
        """Return a column's time in terms of what the goal allows in the same round."""
        if self.goal is None:
            return []
        others = self.times(self.goal.column) if self.goal.column else {}
        limits = {
            number: self.goal.factor * others.get(number, 0.0) + self.goal.reference * reference_s
            for number, reference_s in enumerate(self.reference_s)
            if not self.goal.column or number in others
        }
        return [
            taken / limits[number]
            for number, taken in self.times(column).items()
            if number in limits
        ]

    def disagreement(self) -> str:
        """Return what keeps columns from being compared; empty where verdicts and counts agree."""
        counted = [each for each in self.samples if each.counts and any(each.counts.values())]
        if not counted:
            codes = {each.column: each.code for each in self.samples}
            return "" if not any(codes.values()) else f"exit codes {codes}"
        first, *rest = counted
        for each in rest:
            if (each.code == 0) != (first.code == 0):
                return f"{first.column} ended with {first.code}, {each.column} with {each.code}"
            one, other = first.counts or {}, each.counts or {}
            for cell in one.keys() & other.keys():
                if one[cell] != other[cell]:
                    return (
                        f"{cell}: {first.column} {_counted(one[cell])}, "
                        f"{each.column} {_counted(other[cell])}"
                    )
        silent = {each.column for each in self.samples if each.counts is not None}
        silent -= {each.column for each in counted}
        return f"without counts: {', '.join(sorted(silent))}" if silent else ""

    def missed(self, slower: Sequence[str]) -> list[str]:
        """Return what the row misses: the goal, or to be ahead of others; empty where nothing."""
        column = self.judged
        wrong = self.disagreement()
        found = [f"not comparable: {wrong}"] if wrong else []
        if (of_goal := self.of_goal(column)) and spread(of_goal).median > 1.0:
            found.append(f"{spread(of_goal).median:.2f} of the goal")
        ratios = {other: self.ratios(column, other) for other in slower}
        behind = {other: spread(each).median for other, each in ratios.items() if each}
        return [*found, *(f"{each:.2f} of {other}" for other, each in behind.items() if each >= 1)]


@dataclass(frozen=True)
class Point:
    """One size of a series, with the times of all rounds, and what each was allowed to be."""

    series: str
    size: int
    goal: str
    taken_s: Sequence[float]
    limit_s: Sequence[float]

    @property
    def of_limit(self) -> Spread:
        """The ratios to the limit; above 1 it is missed."""
        return spread([a / b for a, b in zip(self.taken_s, self.limit_s, strict=True)])


def bends(points: Sequence[Point]) -> list[tuple[int, float]]:
    """Return, for each size between two others, by how much a unit costs more beyond it.

    1 is a straight line.
    """
    times = [(point.size, spread(point.taken_s).median) for point in points]
    slopes = [
        (later_s - earlier_s) / (larger - smaller)
        for (smaller, earlier_s), (larger, later_s) in pairwise(times)
    ]
    return [
        (size, after / before)
        for (size, _), before, after in zip(times[1:], slopes, slopes[1:], strict=False)
        if before > 0
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "nothing"
