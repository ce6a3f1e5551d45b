"""The table of implemented calls: `Type.field` -> its function.

A pure call maps a value and arguments to another value. A leaf also takes the client, is a
coroutine, and is where work happens. Python parameter names are the API's in snake case;
defaults are the API's. A test compares every entry with the SDK's own signatures.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """An implemented call; `is_leaf` calls take the client first and are coroutines."""

    name: str
    function: Callable[..., Any]
    is_leaf: bool
    parameters: Mapping[str, inspect.Parameter]


CALLS: dict[str, Call] = {}


def snake(name: str) -> str:
    """Turn an API name into a Python one: `useEntrypoint` -> `use_entrypoint`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _register(name: str, is_leaf: bool) -> Callable[[F], F]:
    def add(function: F) -> F:
        given = list(inspect.signature(function).parameters.values())
        skip = 2 if is_leaf else 1
        CALLS[name] = Call(name, function, is_leaf, {p.name: p for p in given[skip:]})
        return function

    return add


def call(name: str) -> Callable[[F], F]:
    """Register a pure call, `(self, **arguments) -> value`."""
    return _register(name, is_leaf=False)


def leaf(name: str) -> Callable[[F], F]:
    """Register a leaf, `async (client, self, **arguments) -> value`."""
    return _register(name, is_leaf=True)
