"""Marks a function whose calls are never cached.

The SDK takes `cache`, although its types lack it (dagger-io 0.21.11, `Module.function`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, cast

import dagger

from wheelwright.container.failures import translate_errors

P = ParamSpec("P")
R = TypeVar("R")


def uncached(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Expose a function whose results are for one call only, and translate its errors.

    Used instead of `@function` and `@translate_errors`.
    """
    expose = cast("Any", dagger.function)
    return cast("Callable[P, Awaitable[R]]", expose(translate_errors(function), cache="never"))
