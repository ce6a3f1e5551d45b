"""Answers GraphQL queries by asking the engine, one field at a time."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import graphql
from graphql import GraphQLError
from graphql.language import parser

from stiletto.api.session import Query
from stiletto.errors import StepFailed, StilettoError
from stiletto.graph.recipe import Recipe
from stiletto.wire.asker import Asker

__all__ = ["GraphQL", "to_extensions"]

MAX_CALLS = 2000
"""Calls in one chain. A chain is one query, nested as deep as it is long; graphql-core 3.3 stops
at 200 for the sake of PyPy, and Python at 1000 frames. 2500 were measured to work."""

FRAMES = 6 * MAX_CALLS


def to_extensions(error: StilettoError) -> dict[str, Any]:
    """Return what an SDK needs to rebuild the error; our own kinds keep their hint."""
    if isinstance(error, StepFailed):
        extensions: dict[str, Any] = {
            "_type": "EXEC_ERROR",
            "cmd": error.command,
            "exitCode": error.exit_code,
            "stdout": error.stdout,
            "stderr": error.stderr,
        }
        if error.replay:
            extensions["replay"] = error.replay
    else:
        extensions = {"_type": type(error).__name__}
    if error.hint:
        extensions["hint"] = error.hint
    return extensions


class GraphQL:
    """A schema and the way to answer it."""

    def __init__(self, sdl: str) -> None:
        sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
        parser.MAX_NESTING_DEPTH = MAX_CALLS
        self._schema = graphql.build_schema(sdl, assume_valid=True)
        node = self._schema.get_type("Node")
        assert isinstance(node, graphql.GraphQLInterfaceType)
        node.resolve_type = lambda value, *_: value.type_name
        self._introspections: dict[str, bytes] = {}

    async def answer(
        self,
        client: Asker,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> tuple[int, bytes]:
        """Execute one query; returns the HTTP status and the JSON body.

        An error anywhere makes `data` null, as the real engine does. `operation` names the one
        to execute where the query has several.
        """
        known = self._introspections.get(query)
        if known is not None:
            return 200, known
        try:
            document = graphql.parse(query)
        except GraphQLError as error:
            return 422, _body(None, [error])
        result = graphql.execute(
            self._schema,
            document,
            root_value=Query(),
            context_value=client,
            variable_values=dict(variables or {}),
            operation_name=operation,
            field_resolver=_resolve,
        )
        if not isinstance(result, graphql.ExecutionResult):
            result = await result
        if result.errors:
            return 200, _body(None, result.errors)
        body = _body(result.data, None)
        if _is_introspection(document) and not variables:
            self._introspections[query] = body
        return 200, body


def _is_introspection(document: graphql.DocumentNode) -> bool:
    """Tell whether a query asks about the schema alone, so that the answer is always the same."""
    roots = [
        field
        for operation in document.definitions
        if isinstance(operation, graphql.OperationDefinitionNode)
        for field in operation.selection_set.selections
    ]
    return all(isinstance(f, graphql.FieldNode) and f.name.value == "__schema" for f in roots)


def _body(data: Any, errors: list[GraphQLError] | None) -> bytes:
    content: dict[str, Any] = {"data": data}
    if errors:
        content["errors"] = [error.formatted for error in errors]
    return json.dumps(content, separators=(",", ":")).encode()


async def _resolve(source: Any, info: graphql.GraphQLResolveInfo[Any], /, **args: Any) -> Any:
    client: Asker = info.context
    assert isinstance(source, Recipe)
    try:
        return await client.engine.dispatch(client, source, info.field_name, args)
    except StilettoError as error:
        message = (
            error.message
            if error.hint is None or isinstance(error, StepFailed)
            else (f"{error.message}: {error.hint}")
        )
        raise GraphQLError(
            message, extensions=to_extensions(error), original_error=error
        ) from error
