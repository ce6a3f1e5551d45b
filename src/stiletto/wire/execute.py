"""Answers GraphQL queries by asking the engine, one field at a time."""

from __future__ import annotations

import json
import keyword
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import graphql
from graphql import GraphQLError

from stiletto.api.registry import snake
from stiletto.api.session import Query
from stiletto.errors import StepFailed, StilettoError
from stiletto.graph.recipe import Recipe

if TYPE_CHECKING:
    from stiletto.engine.client import Client

__all__ = ["GraphQL", "to_extensions"]


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
        self._schema = graphql.build_schema(sdl, assume_valid=True)
        node = self._schema.get_type("Node")
        assert isinstance(node, graphql.GraphQLInterfaceType)
        node.resolve_type = lambda value, *_: value.type_name
        self._introspections: dict[str, bytes] = {}

    async def answer(self, client: Client, query: str) -> tuple[int, bytes]:
        """Execute one query; returns the HTTP status and the JSON body.

        An error anywhere makes `data` null, as the real engine does.
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
            field_resolver=_resolve,
        )
        if not isinstance(result, graphql.ExecutionResult):
            result = await result
        if result.errors:
            return 200, _body(None, result.errors)
        body = _body(result.data, None)
        if "__schema" in query:
            self._introspections[query] = body
        return 200, body


def _body(data: Any, errors: list[GraphQLError] | None) -> bytes:
    content: dict[str, Any] = {"data": data}
    if errors:
        content["errors"] = [error.formatted for error in errors]
    return json.dumps(content, separators=(",", ":")).encode()


async def _resolve(source: Any, info: graphql.GraphQLResolveInfo[Any], /, **args: Any) -> Any:
    client: Client = info.context
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


def python_arguments(args: Mapping[str, Any]) -> dict[str, Any]:
    """Turn API argument names into Python ones: `from` -> `from_`."""
    names = {name: snake(name) for name in args}
    return {
        (python + "_" if keyword.iskeyword(python) else python): args[name]
        for name, python in names.items()
    }
