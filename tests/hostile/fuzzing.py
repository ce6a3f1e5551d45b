"""Gives many inputs to what may not break by any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

__all__ = ["give"]

T = TypeVar("T")


def give(strategy: st.SearchStrategy[T], count: int, act: Callable[[T], object]) -> None:
    """Give so many inputs to an act; a failure prints how to repeat it."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(value: T) -> None:
        act(value)

    each()
