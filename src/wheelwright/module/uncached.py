"""Marks a function whose calls are never cached.

The SDK takes `cache`, although its types lack it (dagger-io 0.21.11, `Module.function`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import dagger

P = ParamSpec("P")
R = TypeVar("R")


def uncached(function: Callable[P, R]) -> Callable[P, R]:
    """Expose a function whose results are for one call only; used instead of `@function`."""
    expose = cast("Any", dagger.function)
    return cast("Callable[P, R]", expose(function, cache="never"))
