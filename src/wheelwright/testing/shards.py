"""Cuts the cells of a matrix into shards of about the same duration, one for each machine (pure).

The slowest cell goes first to the machine with the least work. What a cell takes is the median of
its last runs in the history; a cell that is not in it takes what the others take in the middle.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from wheelwright.errors import RequestError
from wheelwright.project.github_settings import SHARDS_MAX
from wheelwright.testing.cells import Cell, Selection, runnable
from wheelwright.testing.reports import history

_LAST: Final = 5
# Starting a machine and installing take time, too: no cell counts for nothing.
_LEAST_S: Final = 1.0


def jobs(cells: Sequence[Cell], selection: Selection, shards: int, durations: str) -> str:
    """Return the jobs of the cells that an engine runs, as `strategy` has them.

    Args:
        cells: the plan.
        selection: the requested cells.
        shards: how many jobs at most.
        durations: the lines of a history; empty for none.

    Raises:
        RequestError: too many shards, or not a history.
    """
    if not 1 <= shards <= SHARDS_MAX:
        raise RequestError(f"--shards must be 1 to {SHARDS_MAX}, not {shards}")
    ours, _ = runnable(cells, selection)
    return strategy(cut(ours, shards, expected_s(durations)))


def expected_s(text: str) -> dict[str, float]:
    """Return what each cell is expected to take, by name, from the lines of a history.

    Raises:
        RequestError: not such a file.
    """
    found = {each.step: each.now_s for each in history.trends(text, _LAST)}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def cut(cells: Sequence[Cell], shards: int, seconds: Mapping[str, float]) -> list[list[Cell]]:
    """Return the cells of each shard in the order of the plan; no shard is empty.

    A cell is in one shard only. The same cells and durations make the same shards.
    """
    known = [seconds[cell.name] for cell in cells if cell.name in seconds]
    usual = statistics.median(known) if known else _LEAST_S
    costs = {cell.name: max(seconds.get(cell.name, usual), _LEAST_S) for cell in cells}
    loads = [0.0] * min(shards, len(cells))
    chosen: dict[str, int] = {}
    # The sort keeps the order of the plan among equals.
    for cell in sorted(cells, key=lambda cell: -costs[cell.name]):
        least = loads.index(min(loads))
        loads[least] += costs[cell.name]
        chosen[cell.name] = least
    found = [[cell for cell in cells if chosen[cell.name] == at] for at in range(len(loads))]
    # In the order of their first cells, so that jobs are listed as the matrix is.
    return sorted(found, key=lambda shard: cells.index(shard[0]))


def strategy(shards: Iterable[Sequence[Cell]]) -> str:
    """Return the value of `strategy.matrix` as one line of JSON: a job for each shard.

    `cell` is what `--cell` takes; `name` is unique among the jobs.
    """
    found = list(shards)
    rows = [
        {
            "name": shard[0].name if len(shard) == 1 else f"{number} of {len(found)}",
            "cell": ",".join(cell.name for cell in shard),
        }
        for number, shard in enumerate(found, 1)
    ]
    return json.dumps({"include": rows}, separators=(",", ":"))
