"""A schema for each client: the core, and the modules that the client may call.

A module appears as a field of the root named after it, whose arguments are its constructor's, and
with its own types. Clients that see the same modules share one schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stiletto.wire.execute import Body, GraphQL
from stiletto.wire.ports import ClientPort, Dispatch
from stiletto.wire.schema import CoreSchema
from stiletto.wire.sdl import modules_sdl, to_sdl


class ClientGraphs:
    """Answers each client's queries by the schema that it sees."""

    def __init__(self, core: CoreSchema, dispatch: Dispatch) -> None:
        self._sdl = to_sdl(core)
        self._dispatch = dispatch
        self._graphs: dict[tuple[str, ...], GraphQL] = {}

    async def answer(
        self,
        client: ClientPort,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> tuple[int, Body]:
        """Execute one query; returns the HTTP status and the JSON body."""
        key = tuple(module.digest for module in client.served)
        graph = self._graphs.get(key)
        if graph is None:
            added = modules_sdl([module.definition for module in client.served])
            graph = self._graphs[key] = GraphQL(self._sdl + added, self._dispatch)
        return await graph.answer(client, query, variables, operation)
