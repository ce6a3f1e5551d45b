"""A schema for each client: the core, and the modules that the client may call.

A module appears as a field of the root named after it, whose arguments are its constructor's, and
with its own types. Clients that see the same modules share one schema.
"""

from __future__ import annotations

from stiletto.api.earlier import Version
from stiletto.wire.execute import GraphQL, Memory
from stiletto.wire.ports import ClientPort, Dispatch
from stiletto.wire.schema import CoreSchema, core_schema
from stiletto.wire.sdl import modules_sdl, to_sdl


class ClientGraphs:
    """Finds the schema that each client sees."""

    def __init__(self, core: CoreSchema, dispatch: Dispatch, memory: Memory | None = None) -> None:
        self._memory = memory
        self._cores: dict[Version | None, str] = {None: to_sdl(core)}
        self._dispatch = dispatch
        self._graphs: dict[tuple[Version | None, tuple[str, ...]], GraphQL] = {}

    def of(self, client: ClientPort) -> GraphQL:
        """Return what executes a client's queries."""
        key = (client.earlier, tuple(module.digest for module in client.served))
        graph = self._graphs.get(key)
        if graph is None:
            added = modules_sdl([module.definition for module in client.served])
            sdl = self._core(client.earlier) + added
            graph = self._graphs[key] = GraphQL(sdl, self._dispatch, self._memory)
        return graph

    def _core(self, version: Version | None) -> str:
        """Return the text of the core's schema, made once for each engine."""
        if version not in self._cores:
            self._cores[version] = to_sdl(core_schema(version))
        return self._cores[version]
