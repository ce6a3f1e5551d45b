"""In which order the cells of a matrix begin, so that all of them end early (pure).

A cell begins as soon as a core is free, so an order is all that there is to decide. Those whose
duration is not known come first, as the plan has them: one of them may be the longest. The others
begin longest first, which is within 4/3 of the best. Where that may be further than `_NEAR` from
it, the cells are spread over the cores by a search that keeps the best it finds, and begin in the
order in which they would there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from wheelwright.testing.cells import Cell

_NEAR: Final = 1.1
"""Of the best: what is expected is not known better than that."""

_STEPS_MAX: Final = 20_000
"""Of the search: some hundredths of a second."""


def ordered(cells: Sequence[Cell], seconds: Mapping[str, float], cores: int) -> list[Cell]:
    """Return the cells in the order in which they begin; `seconds` is expected, by name."""
    unknown = [cell for cell in cells if cell.name not in seconds]
    known = [cell for cell in cells if cell.name in seconds]
    durations = [max(seconds[cell.name], 0.0) for cell in known]
    return [*unknown, *(known[at] for at in _order(durations, cores))]


def ends_s(durations: Sequence[float], cores: int) -> float:
    """Return when the last of these ends, if each begins as soon as a core is free."""
    busy = [0.0] * cores
    for duration in durations:
        busy[busy.index(min(busy))] += duration
    return max(busy)


def _order(durations: Sequence[float], cores: int) -> list[int]:
    """Return the places of the durations in the order in which they begin."""
    longest = sorted(range(len(durations)), key=lambda at: -durations[at])
    found = [durations[at] for at in longest]
    least = max(*found[:1], sum(found) / cores, 0.0)
    if len(found) <= cores or ends_s(found, cores) <= _NEAR * least:
        return longest
    spread = _Search(found, cores, least).best()
    begins: list[tuple[float, int]] = []
    at_s = [0.0] * cores
    for place, core in enumerate(spread):
        begins.append((at_s[core], place))
        at_s[core] += found[place]
    return [longest[place] for _, place in sorted(begins)]


@dataclass(slots=True)
class _Search:
    """Spreads durations, longest first, over cores: depth first, the least busy core first.

    So the first spread that it finds is that of the longest first.
    """

    durations: Sequence[float]
    cores: int
    least: float
    _busy: list[float] = field(init=False)
    _chosen: list[int] = field(default_factory=list)
    _found: list[int] = field(default_factory=list)
    _ends_s: float = float("inf")
    _steps: Iterator[int] = field(default_factory=count)

    def best(self) -> list[int]:
        """Return the core of each duration."""
        self._busy = [0.0] * self.cores
        self._spread()
        return self._found

    def _spread(self) -> None:
        if len(self._chosen) == len(self.durations):
            self._found, self._ends_s = list(self._chosen), max(self._busy)
            return
        duration = self.durations[len(self._chosen)]
        tried: set[float] = set()
        for core in sorted(range(self.cores), key=self._busy.__getitem__):
            before_s = self._busy[core]
            # Two cores that are busy for the same time make the same spreads.
            if before_s in tried or before_s + duration >= self._ends_s:
                continue
            tried.add(before_s)
            self._busy[core] += duration
            self._chosen.append(core)
            self._spread()
            self._chosen.pop()
            self._busy[core] = before_s
            # The first spread costs a step for each duration, and is found in any case.
            if self._ends_s <= _NEAR * self.least or next(self._steps) > _STEPS_MAX:
                return
