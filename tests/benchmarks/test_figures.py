"""Figures are made within a round, and a row counts only if its columns agree."""

from __future__ import annotations

import pytest

from .figures import Counts, Goal, Measured, Point, Sample, Spread, bends, spread

GREEN: Counts = {"3.12": {"passed": 4, "skipped": 1}}
OTHER: Counts = {"3.12": {"passed": 4}}


def measured(*samples: tuple[str, float], goal: Goal | None = None) -> Measured:
    """Return a row of which each column has one run a round, in the order given."""
    rounds: dict[str, int] = {}
    made = []
    for column, elapsed_s in samples:
        number = rounds[column] = rounds.get(column, -1) + 1
        made.append(Sample(column, number, elapsed_s, 0, GREEN, 0.0))
    return Measured("row", "package", "nothing", goal, [0.1, 0.2], made)


def test_spread_has_median_and_quartiles() -> None:
    """Of five values the second and the fourth are the quartiles."""
    assert Spread(3, 2, 4) == spread([5, 1, 2, 4, 3])


def test_spread_of_one_value_is_that_value() -> None:
    """A single round has no spread."""
    assert Spread(2, 2, 2) == spread([2])


def test_ratios_are_made_within_a_round() -> None:
    """A slow round slows both columns down and does not move their ratio."""
    row = measured(("uv", 2), ("stiletto", 1), ("stiletto", 10), ("uv", 20))

    assert [0.5, 0.5] == row.ratios("stiletto", "uv")


def test_goal_takes_the_other_column_and_r_of_the_same_round() -> None:
    """1 s allows pytest's 0.5 s and five times R, which is 0.1 s in the first round."""
    row = measured(
        ("pytest", 0.5), ("stiletto", 1), ("stiletto", 3), ("pytest", 0.5),
        goal=Goal("pytest", reference=5),
    )  # fmt: skip

    assert [1.0, 2.0] == row.of_goal("stiletto")


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal("uv"), "uv"),
        (Goal("uv", factor=1.1), "1.1 uv"),
        (Goal(reference=4.5), "4.5 R"),
        (Goal("pytest", reference=4.5), "pytest + 4.5 R"),
    ],
)
def test_goal_is_a_formula(goal: Goal, text: str) -> None:
    """The table has a goal as what it consists of."""
    assert text == str(goal)


def test_row_misses_its_goal_and_is_behind() -> None:
    """Each miss has its factor."""
    row = measured(("uv", 1), ("nox", 2), ("stiletto", 2), goal=Goal("uv"))

    assert ["2.00 of the goal", "1.00 of nox"] == row.missed(["tox", "nox"])


def test_row_that_meets_everything_misses_nothing() -> None:
    """A row without a goal has to be ahead only."""
    row = measured(("uv", 1), ("nox", 2), ("stiletto", 1))

    assert [] == row.missed(["nox"])


@pytest.mark.parametrize(
    ("code", "counts", "wrong"),
    [
        (0, GREEN, ""),
        (1, GREEN, "uv ended with 0, stiletto with 1"),
        (0, OTHER, "3.12: uv 4 passed, 1 skipped, stiletto 4 passed"),
        (0, {}, "without counts: stiletto"),
        (0, {"3.12": {}}, "without counts: stiletto"),
        (0, None, ""),
    ],
)
def test_row_counts_only_if_columns_agree(code: int, counts: Counts | None, wrong: str) -> None:
    """Another verdict, other counts, or none: the row is not comparable."""
    samples = [Sample("uv", 0, 1.0, 0, GREEN, 0.0), Sample("stiletto", 0, 1.0, code, counts, 0.0)]
    row = Measured("row", "package", "nothing", None, [0.1], samples)

    assert wrong == row.disagreement()
    assert ([f"not comparable: {wrong}"] if wrong else []) == row.missed([])


def test_straight_line_has_no_bend() -> None:
    """Each unit costs the same between all sizes."""
    points = [Point("steps", size, "", [size / 10], [1.0]) for size in (100, 300, 1000)]

    assert [(300, 1.0)] == [(size, round(bend, 6)) for size, bend in bends(points)]


def test_bend_is_where_a_unit_begins_to_cost_more() -> None:
    """Three times as much for each unit beyond 300."""
    times = {100: 1.0, 300: 3.0, 1000: 24.0}
    points = [Point("steps", size, "", [taken_s], [1.0]) for size, taken_s in times.items()]

    assert [(300, 3.0)] == [(size, round(bend, 6)) for size, bend in bends(points)]


def test_point_is_compared_with_the_limit_of_its_round() -> None:
    """The second round may take longer, because its limit is larger."""
    point = Point("steps", 100, "", [1.0, 2.0], [2.0, 4.0])

    assert Spread(0.5, 0.5, 0.5) == point.of_limit
