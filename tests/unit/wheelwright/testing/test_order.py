"""The cells of a matrix begin in an order in which all of them end early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.testing import order
from wheelwright.testing.cells import Cell


def cells(*names: str) -> list[Cell]:
    """Return cells of these names."""
    return [Cell(name, "3.12", "locked") for name in names]


def best_s(durations: tuple[float, ...], cores: int) -> float:
    """Return when the last one ends in the best of all spreads."""
    spreads = {(0.0,) * cores}
    for duration in durations:
        spreads = {
            tuple(sorted([*busy[:at], busy[at] + duration, *busy[at + 1 :]]))
            for busy in spreads
            for at in range(cores)
        }
    return min(max(busy) for busy in spreads)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param({}, ["a", "b", "c", "d"], id="nothing is known"),
        pytest.param({"a": 1.0, "b": 5.0, "d": 9.0}, ["c", "d", "b", "a"], id="c is not known"),
        pytest.param(
            {"a": 2.0, "b": 2.0, "c": 1.0, "d": 9.0, "e": 4.0}, ["d", "a", "b", "c"], id="all"
        ),
    ],
)
def test_unknown_cells_begin_first_and_then_the_longest(
    seconds: dict[str, float], expected: list[str]
) -> None:
    """Equal ones keep the order of the plan, and what is no cell does not matter."""
    found = order.ordered(cells("a", "b", "c", "d"), seconds, 2)
    assert expected == [cell.name for cell in found]


def test_longest_first_is_not_enough() -> None:
    """3, 3, 2, 2, 2 on two cores: longest first ends after 7, the order that is found after 6."""
    seconds = {"a": 3.0, "b": 3.0, "c": 2.0, "d": 2.0, "e": 2.0}
    found = order.ordered(cells(*seconds), seconds, 2)
    assert 7.0 == order.ends_s([3, 3, 2, 2, 2], 2)
    assert 6.0 == order.ends_s([seconds[cell.name] for cell in found], 2)


@given(
    st.lists(st.integers(0, 600), min_size=1, max_size=9).map(tuple),
    st.integers(1, 4),
)
def test_the_last_cell_ends_within_a_tenth_of_the_best(
    durations: tuple[float, ...], cores: int
) -> None:
    """Whatever the durations are: at most 1.1 of the best order, and no cell is lost."""
    seconds = {str(at): float(duration) for at, duration in enumerate(durations)}
    found = order.ordered(cells(*seconds), seconds, cores)
    assert sorted(seconds) == sorted(cell.name for cell in found)
    ends_s = order.ends_s([seconds[cell.name] for cell in found], cores)
    assert ends_s <= 1.1 * best_s(durations, cores) + 1e-6


def test_many_cells_are_ordered_in_no_time() -> None:
    """The search ends after some steps, with an order that is not worse than longest first."""
    seconds = {f"{at:03}": 100.0 + (at * 37) % 91 for at in range(17)}
    found = order.ordered(cells(*seconds), seconds, 16)
    longest = order.ends_s(sorted(seconds.values(), reverse=True), 16)
    assert longest >= order.ends_s([seconds[cell.name] for cell in found], 16)
