"""What this package needs of the engine: who asks over the wire, and who answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from stiletto.graph.recipe import Recipe
from stiletto.module.source import LoadedModule


class ClientPort(Protocol):
    """One connection: whose modules it sees beside the core."""

    @property
    def served(self) -> Sequence[LoadedModule]:
        """The modules that it may call."""
        ...


Dispatch: TypeAlias = Callable[[Any, Recipe, str, Mapping[str, Any]], Awaitable[Any]]
"""Answers one field of one value for a `ClientPort`; arguments are as they come over the wire."""
