"""Protocols that the GraphQL server requires of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from stiletto.graph.recipe import Recipe
from stiletto.module.source import LoadedModule


class Answerer(Protocol):
    """Answers the fields of values."""

    async def dispatch(
        self, client: Any, receiver: Recipe, field: str, args: Mapping[str, Any]
    ) -> Any:
        """Answer one field of one value; arguments are as they come over the wire."""
        ...


class Asker(Protocol):
    """One connection: whom it asks, and whose modules it sees beside the core."""

    @property
    def engine(self) -> Answerer:
        """Who answers it."""
        ...

    @property
    def served(self) -> Sequence[LoadedModule]:
        """The modules that it may call."""
        ...
