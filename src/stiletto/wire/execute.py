"""Executes GraphQL queries with the engine, one field at a time."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import graphql
from graphql import GraphQLError
from graphql.language import parser

from stiletto.api.long_text import LongText, takes_long_texts
from stiletto.api.session import Query
from stiletto.errors import StepFailed, StilettoError, UsageError
from stiletto.graph.recipe import Recipe
from stiletto.wire.check import MAX_DEPTH, MAX_VALUE_DEPTH, check, is_too_deep
from stiletto.wire.ports import ClientPort, Dispatch

FRAMES = 6 * MAX_DEPTH
"""What Python needs for a query of that depth; graphql-core stops at 200 for the sake of PyPy."""

MAX_TOKENS = 200_000
"""Names, values and marks of a query, some seconds of parsing. A chain of the SDK has ten for
each call, and one for each entry of a list."""

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""Of text in one response: twice the largest file that `contents` gives."""

LARGE = 32 * 1024
"""Characters from which on a query is parsed beside the loop: other queries go on meanwhile."""

MAX_KEPT_LENGTH = 4096
MAX_KEPT = 256
"""Queries that are kept parsed, of such a length: an SDK sends most of its queries again."""


def to_extensions(error: StilettoError) -> dict[str, Any]:
    """Return what an SDK needs to rebuild a failed step, and any error's hint.

    As in Dagger, `_type` is there for a failed step only.
    """
    extensions: dict[str, Any] = {}
    if isinstance(error, StepFailed):
        extensions = {
            "_type": "EXEC_ERROR",
            "cmd": error.command,
            "exitCode": error.exit_code,
            "stdout": error.stdout,
            "stderr": error.stderr,
        }
        if error.replay:
            extensions["replay"] = error.replay
    if error.hint:
        extensions["hint"] = error.hint
    return extensions


@dataclass(slots=True)
class _Execution:
    """One query while it is executed.

    Its client, the variables that have a value, and how much text the response has so far.
    """

    client: ClientPort
    dispatch: Dispatch
    variables: frozenset[str] = frozenset()
    size: int = 0
    long: list[LongText] = field(default_factory=list)


Body: TypeAlias = "list[bytes | LongText]"
"""A response in JSON; texts that are too long for memory are in it to be read."""


_Prepared: TypeAlias = "tuple[graphql.DocumentNode | None, list[GraphQLError]]"


class GraphQL:
    """A schema, and the execution of queries by it."""

    def __init__(self, sdl: str, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
        parser.MAX_NESTING_DEPTH = MAX_DEPTH
        self._schema = graphql.build_schema(sdl, assume_valid=True)
        # The library adds directives of its own, which differ between its versions.
        declared = set(re.findall(r"^directive @(\w+)", sdl, re.MULTILINE))
        self._schema.directives = tuple(
            each for each in self._schema.directives if each.name in declared
        )
        for each in self._schema.type_map.values():
            if isinstance(each, graphql.GraphQLInterfaceType):
                each.resolve_type = lambda value, *_: value.type_name
        self._introspections: dict[str, bytes] = {}
        self._kept: OrderedDict[str, _Prepared | None] = OrderedDict()

    async def answer(
        self,
        client: ClientPort,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
    ) -> tuple[int, Body]:
        """Execute one query; returns the HTTP status and the JSON body.

        An error anywhere makes `data` null, as the real engine does. `operation` names the one
        to execute where the query has several. What does not fit the schema, or passes a bound
        (see `check`), is not executed.
        """
        known = self._introspections.get(query)
        if known is not None:
            return 200, [known]
        document, errors = await self._prepared(query)
        if document is None or errors:
            return 422, [_body(None, errors)]
        if is_too_deep(variables):
            message = f"a variable is nested more than {MAX_VALUE_DEPTH} levels deep"
            return 422, [_body(None, [GraphQLError(message)])]
        execution = _Execution(client, self._dispatch, _with_values(document, variables))
        result = graphql.execute(
            self._schema,
            document,
            root_value=Query(),
            context_value=execution,
            variable_values=dict(variables or {}),
            operation_name=operation,
            field_resolver=_resolve,
        )
        if not isinstance(result, graphql.ExecutionResult):
            result = await result
        if result.errors:
            return 200, [_body(None, result.errors)]
        if execution.size > LARGE:
            body = await asyncio.to_thread(_body, result.data, None)
        else:
            body = _body(result.data, None)
        if _is_introspection(document) and not variables:
            self._introspections[query] = body
        return 200, _filled(body, execution.long)

    async def _prepared(self, query: str) -> _Prepared:
        """Return a query parsed, and what is wrong with it."""
        if len(query) > LARGE:
            return await asyncio.to_thread(self._prepare, query)
        if len(query) > MAX_KEPT_LENGTH:
            return self._prepare(query)
        kept = self._kept.get(query)
        if kept is not None:
            return kept
        prepared = self._prepare(query)
        # Kept when it comes again: most queries come once, and would be in the way.
        self._kept[query] = prepared if query in self._kept else None
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return prepared

    def _prepare(self, query: str) -> _Prepared:
        try:
            document = graphql.parse(query, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_TOKENS)
        except GraphQLError as error:
            return None, [error]
        return document, check(self._schema, document)


def _with_values(
    document: graphql.DocumentNode, variables: Mapping[str, Any] | None
) -> frozenset[str]:
    """Return the variables that have a value: a given one, or the query's own default."""
    defaults = (
        variable.variable.name.value
        for operation in document.definitions
        if isinstance(operation, graphql.OperationDefinitionNode)
        for variable in operation.variable_definitions or ()
        if variable.default_value is not None
    )
    return frozenset((*(variables or ()), *defaults))


def _given(args: Mapping[str, Any], info: Any, variables: frozenset[str]) -> Mapping[str, Any]:
    """Return the arguments without those that have only the schema's default.

    What a client did not give must not look given: it is not in a key.
    """
    given = {
        node.name.value
        for node in info.field_nodes[0].arguments or ()
        if not isinstance(node.value, graphql.VariableNode) or node.value.name.value in variables
    }
    return {name: value for name, value in args.items() if name in given}


def _is_introspection(document: graphql.DocumentNode) -> bool:
    """Whether a query is about the schema only, so that the response is always the same."""
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


def _filled(body: bytes, texts: list[LongText]) -> Body:
    """Return the response with the long texts in place of their marks."""
    parts: Body = [body]
    for text in texts:
        for number, part in enumerate(parts):
            if isinstance(part, bytes) and text.encode() in part:
                before, _, after = part.partition(text.encode())
                parts[number : number + 1] = [before, text, after]
                break
    return parts


async def _resolve(source: Any, info: graphql.GraphQLResolveInfo[Any], /, **args: Any) -> Any:
    execution: _Execution = info.context
    assert isinstance(source, Recipe)
    takes_long_texts.set(True)
    try:
        given = _given(args, info, execution.variables)
        answer = await execution.dispatch(execution.client, source, info.field_name, given)
        if isinstance(answer, str):
            execution.size += answer.size_bytes if isinstance(answer, LongText) else len(answer)
            if execution.size > MAX_ANSWER_BYTES:
                raise UsageError(
                    f"the response to this query is longer than {MAX_ANSWER_BYTES} characters",
                    hint="select less at once, or export files",
                )
            if isinstance(answer, LongText):
                execution.long.append(answer)
    except StilettoError as error:
        hint = None if isinstance(error, StepFailed) else error.hint
        message = error.message if hint is None else f"{error.message}: {hint}"
        raise GraphQLError(
            message, extensions=to_extensions(error), original_error=error
        ) from error
    except RecursionError as error:
        raise GraphQLError(f"{info.field_name}: its object is nested too deep") from error
    except UnicodeEncodeError as error:
        raise GraphQLError(f"{info.field_name}: the text is not valid Unicode: {error}") from error
    return answer
