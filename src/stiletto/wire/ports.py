"""What this package needs of the engine: its clients, and its dispatch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from stiletto.api.earlier import Version
from stiletto.graph.recipe import Recipe
from stiletto.module.source import LoadedModule


class ClientPort(Protocol):
    """One connection: whose modules it sees beside the core.

    `requests` counts what it sent.
    """

    requests: int

    @property
    def served(self) -> Sequence[LoadedModule]:
        """The modules that it may call."""
        ...

    @property
    def earlier(self) -> Version | None:
        """The engine that its module asks for, if its API differs from the newest."""
        ...


Dispatch: TypeAlias = Callable[[Any, Recipe, str, Mapping[str, Any]], Awaitable[Any]]
"""Evaluates one field of one value for a `ClientPort`; arguments are as they come over the wire."""
