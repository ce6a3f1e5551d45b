"""Marks a function whose calls are never cached.

The SDK takes `cache` and its types do not say so (dagger-io 0.21.11, `Module.function`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import dagger

P = ParamSpec("P")
R = TypeVar("R")


def uncached(function: Callable[P, R]) -> Callable[P, R]:
    """Expose a function whose answers hold for one call; it stands where `@function` would."""
    expose = cast("Any", dagger.function)
    return cast("Callable[P, R]", expose(function, cache="never"))
