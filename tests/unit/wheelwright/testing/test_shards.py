"""The cells of a matrix are cut into shards of about the same duration."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.errors import RequestError
from wheelwright.testing import shards
from wheelwright.testing.cells import Cell, Selection


def cells(*names: str) -> list[Cell]:
    """Return cells of these names."""
    return [Cell(name, "3.12", "locked") for name in names]


def names(found: list[list[Cell]]) -> list[list[str]]:
    """Return the names of the cells of each shard."""
    return [[cell.name for cell in shard] for shard in found]


def line(step: str, seconds: float, at: str = "2026-05-04") -> str:
    """Return a line of a history."""
    return json.dumps({"at": at, "step": step, "outcome": "passed", "seconds": seconds})


def test_the_slowest_cell_is_beside_the_fastest() -> None:
    """Two machines get about the same work, and each keeps the order of the plan."""
    seconds = {"a": 10.0, "b": 90.0, "c": 40.0, "d": 60.0}
    found = shards.cut(cells("a", "b", "c", "d"), 2, seconds)
    assert [["a", "b"], ["c", "d"]] == names(found)


def test_without_a_history_cells_are_spread_evenly() -> None:
    """No duration is known, so that each machine gets as many cells as the others."""
    found = shards.cut(cells("a", "b", "c", "d", "e"), 2, {})
    assert [["a", "c", "e"], ["b", "d"]] == names(found)


def test_a_new_cell_takes_what_the_others_take() -> None:
    """A cell that the history lacks is not taken for one that needs no time."""
    seconds = {"a": 30.0, "b": 30.0}
    assert [["a"], ["b"], ["new"]] == names(shards.cut(cells("a", "b", "new"), 3, seconds))
    assert [["a", "new"], ["b"]] == names(shards.cut(cells("a", "b", "new"), 2, seconds))


@given(
    st.lists(st.from_regex(r"[a-z]{1,4}", fullmatch=True), min_size=1, max_size=30, unique=True),
    st.integers(1, 256),
    st.lists(st.floats(0, 10**6), min_size=30, max_size=30),
)
def test_every_cell_is_in_one_shard(found: list[str], count: int, seconds: list[float]) -> None:
    """Whatever the durations are, no cell is lost or run twice, and no shard is empty."""
    planned = cells(*found)
    made = shards.cut(planned, count, dict(zip(found, seconds, strict=False)))
    assert sorted(found) == sorted(name for shard in names(made) for name in shard)
    assert min(count, len(found)) == len(made)
    assert all(made)
    assert made == sorted(made, key=lambda shard: planned.index(shard[0]))


def test_durations_are_the_median_of_the_last_runs() -> None:
    """One slow run of many does not move a cell."""
    text = "\n".join(line("a", seconds, f"2026-05-0{n}") for n, seconds in enumerate((1, 5, 6, 90)))
    assert {"a": 5.5} == shards.expected_s(f"{text}\n{line('b', 0)}\n")
    assert {} == shards.expected_s("")
    with pytest.raises(RequestError, match="line 1 of the history is not JSON"):
        shards.expected_s("{")


def test_jobs_have_the_cell_or_a_number_as_their_name() -> None:
    """A shard of one cell is named after it; what `--cell` takes has all of its cells."""
    plain = json.loads(shards.strategy([cells("3.11"), cells("3.12", "3.13-highest")]))
    expected = [
        {"name": "3.11", "cell": "3.11"},
        {"name": "2 of 2", "cell": "3.12,3.13-highest"},
    ]
    assert expected == plain["include"]


@pytest.mark.parametrize("count", [-1, 0, 257])
def test_a_number_of_shards_that_cannot_be_is_refused(count: int) -> None:
    """GitHub starts at most 256 jobs of one matrix."""
    with pytest.raises(RequestError, match=rf"--shards must be 1 to 256, not {count}"):
        shards.jobs(cells("a"), Selection(), count, "")


def test_cells_of_other_systems_are_in_no_shard() -> None:
    """They have jobs of their own, which need no engine."""
    planned = [*cells("3.12"), replace(cells("3.13")[0], os=("macos-15",))]
    made = json.loads(shards.jobs(planned, Selection(), 256, line("3.12", 3)))
    assert [{"name": "3.12", "cell": "3.12"}] == made["include"]
