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
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call:
    """An implemented call; `is_leaf` calls take the client first and are coroutines."""

    name: str
    function: Callable[..., Any]
    is_leaf: bool

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The arguments by name, without those before them; read where they are needed."""
        if isinstance(self.function, attrgetter):
            return {}
        given = list(inspect.signature(self.function).parameters.values())
        return {each.name: each for each in given[2 if self.is_leaf else 1 :]}


CALLS: dict[str, Call] = {}


def snake(name: str) -> str:
    """Turn an API name into a Python one: `useEntrypoint` -> `use_entrypoint`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _register(name: str, is_leaf: bool) -> Callable[[F], F]:
    def add(function: F) -> F:
        CALLS[name] = Call(name, function, is_leaf)
        return function

    return add


def call(name: str) -> Callable[[F], F]:
    """Register a pure call, `(self, **arguments) -> value`."""
    return _register(name, is_leaf=False)


def leaf(name: str) -> Callable[[F], F]:
    """Register a leaf, `async (client, self, **arguments) -> value`."""
    return _register(name, is_leaf=True)
