"""How long a module's process is kept between commands."""

from __future__ import annotations

import pytest

from stiletto.errors import UsageError
from stiletto.kept.request import IDLE_S, TOTAL_S, idle_s_from


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", IDLE_S),
        (" ", IDLE_S),
        ("0", 0),
        ("90", 90),
        ("1.5s", 1.5),
        ("20m", 1200),
        ("9h", TOTAL_S),
    ],
)
def test_the_time_is_what_the_variable_sets(text: str, expected: float) -> None:
    """Seconds, minutes or hours, at most an hour; five minutes where nothing is set."""
    assert expected == idle_s_from({"STILETTO_IDLE": text})


@pytest.mark.parametrize("text", ["abc", "-5", "5 minutes", "1e3"])
def test_anything_else_is_refused(text: str) -> None:
    """The message names the variable and its value, and shows a valid one."""
    with pytest.raises(UsageError) as caught:
        idle_s_from({"STILETTO_IDLE": text})

    assert f'invalid argument "{text}" for STILETTO_IDLE: expected a duration, as 5m' == (
        caught.value.message
    )
