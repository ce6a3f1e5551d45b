"""Executes GraphQL queries with the engine, one field at a time."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol, TypeAlias

import graphql
from graphql import GraphQLError
from graphql.language import parser
from graphql.type import scalars

from stiletto.api.long_text import LongText, takes_long_texts
from stiletto.api.session import Query
from stiletto.errors import StepFailed, StilettoError, UsageError
from stiletto.graph.recipe import Recipe
from stiletto.wire.check import MAX_DEPTH, MAX_VALUE_DEPTH, check, is_too_deep
from stiletto.wire.ports import ClientPort, Dispatch
from stiletto.wire.selections import INTROSPECTED, Reader, Selection
from stiletto.wire.values import values_of

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


Body: TypeAlias = "list[bytes | LongText]"
"""A response in JSON; texts that are too long for memory are in it to be read."""


_Prepared: TypeAlias = "tuple[graphql.DocumentNode | None, list[GraphQLError]]"


INTROSPECTS = "__schema"


class Memory(Protocol):
    """Keeps the responses to introspections, which take longer than all else of a call."""

    def get(self, key: str) -> str | None:
        """Return a response that was kept."""

    def put(self, key: str, response: str) -> None:
        """Keep a response."""


def _build(sdl: str) -> graphql.GraphQLSchema:
    schema = graphql.build_schema(sdl, assume_valid=True)
    # The library adds directives of its own, which differ between its versions.
    declared = set(re.findall(r"^directive @(\w+)", sdl, re.MULTILINE))
    schema.directives = tuple(each for each in schema.directives if each.name in declared)
    return schema


class GraphQL:
    """A schema, and the execution of queries by it."""

    def __init__(self, sdl: str, dispatch: Dispatch, memory: Memory | None = None) -> None:
        self._dispatch = dispatch
        self._sdl = sdl
        self._memory = memory
        sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES))
        parser.MAX_NESTING_DEPTH = MAX_DEPTH
        # An Int of the real engine has 64 bits, such as the size of a file.
        scalars.GRAPHQL_MAX_INT, scalars.GRAPHQL_MIN_INT = 2**63 - 1, -(2**63)
        self._building: asyncio.Future[graphql.GraphQLSchema] | None = None
        self._introspections: dict[str, bytes] = {}
        self._kept: OrderedDict[str, _Prepared | None] = OrderedDict()

    def prepare(self) -> asyncio.Future[graphql.GraphQLSchema]:
        """Begin to build the schema, beside what else there is to do before the first query."""
        if self._building is None:
            self._building = asyncio.ensure_future(asyncio.to_thread(_build, self._sdl))
        return self._building

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
        known = await self.introspection(query)
        if known is not None:
            return 200, [known]
        self._schema = await asyncio.shield(self.prepare())
        document, errors = await self._prepared(query)
        if document is None or errors:
            return 422, [_body(None, errors)]
        if is_too_deep(variables):
            message = f"a variable is nested more than {MAX_VALUE_DEPTH} levels deep"
            return 422, [_body(None, [GraphQLError(message)])]
        try:
            chosen = _chosen(document, operation)
            values = values_of(self._schema, chosen, variables or {})
        except UsageError as error:
            return 422, [_body(None, [GraphQLError(error.message)])]
        execution = _Execution(self._schema, document, chosen, values, client, self._dispatch)
        try:
            data = await execution.run()
        except ExceptionGroup as group:
            return 200, [_body(None, _errors(group))]
        except GraphQLError as error:
            return 200, [_body(None, [error])]
        if execution.size > LARGE:
            body = await asyncio.to_thread(_body, data, None)
        else:
            body = _body(data, None)
        if _is_introspection(document) and not variables:
            self._introspections[query] = body
            if self._memory is not None:
                await asyncio.to_thread(self._memory.put, self._key(query), body.decode())
        return 200, _filled(body, execution.long)

    async def introspection(self, query: str) -> bytes | None:
        """Return the response to an introspection that was made before, by whatever process."""
        known = self._introspections.get(query)
        if known is None and self._memory is not None and INTROSPECTS in query:
            text = await asyncio.to_thread(self._memory.get, self._key(query))
            if text is not None:
                known = self._introspections[query] = text.encode()
        return known

    def _key(self, query: str) -> str:
        """Return what decides the response to an introspection."""
        parts = (self._sdl, query, graphql.__version__)
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

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
            document = graphql.parse(
                _without_surrogates(query), max_lexical_tokens=MAX_TOKENS, max_comments=MAX_TOKENS
            )
        except GraphQLError as error:
            return None, [error]
        return document, check(self._schema, document)


def _without_surrogates(query: str) -> str:
    """Return a query whose escapes of surrogates mean U+FFFD each, as the real engine reads them.

    Between three quotes an escape is text.
    """
    if '"""' in query or not _SURROGATE.search(query):
        return query
    return re.sub(
        r"\\(?:u[0-9a-fA-F]{4}|.)",
        lambda found: r"\ufffd" if _SURROGATE.fullmatch(found[0]) else found[0],
        query,
        flags=re.DOTALL,
    )


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def _chosen(document: graphql.DocumentNode, name: str | None) -> graphql.OperationDefinitionNode:
    """Return the operation to execute.

    Raises:
        UsageError: the query has none of this name, or several and no name was given.
    """
    operations = [
        each for each in document.definitions if isinstance(each, graphql.OperationDefinitionNode)
    ]
    if name:
        operations = [each for each in operations if each.name and each.name.value == name]
    if len(operations) != 1:
        of = f" {name!r}" if name else ""
        raise UsageError(f"the query has {len(operations)} operations{of}: name one of them")
    return operations[0]


class _Execution:
    """One operation while it is executed, and how much text its response has so far."""

    def __init__(
        self,
        schema: graphql.GraphQLSchema,
        document: graphql.DocumentNode,
        operation: graphql.OperationDefinitionNode,
        variables: Mapping[str, Any],
        client: ClientPort,
        dispatch: Dispatch,
    ) -> None:
        self._schema = schema
        self._document = document
        self._operation = operation
        self._variables = variables
        self._client = client
        self._dispatch = dispatch
        self.size = 0
        self.long: list[LongText] = []

    async def run(self) -> dict[str, Any]:
        """Execute it.

        Raises:
            GraphQLError: a call failed, or an argument cannot be read.
            ExceptionGroup: of these, where several calls failed.
        """
        calls = Reader(self._schema, self._document, self._variables).read(self._operation)
        return await self._select(Query(), calls, ())

    async def _select(
        self, source: Recipe, calls: Sequence[Selection], path: tuple[str | int, ...]
    ) -> dict[str, Any]:
        """Make the calls on one object, beside each other; a chain of calls is a loop."""
        answers: dict[str, Any] = {}
        into = answers
        while True:
            calls = [each for each in calls if self._is_made(each, source.type_name)]
            if len(calls) != 1:
                break
            call = calls[0]
            path = (*path, call.key)
            value = await self._call(source, call, path)
            if not call.inner or not isinstance(value, Recipe):
                into[call.key] = await self._completed(value, call, path)
                return answers
            into[call.key] = into = {}
            source, calls = value, call.inner

        async def answered(call: Selection) -> Any:
            at = (*path, call.key)
            return await self._completed(await self._call(source, call, at), call, at)

        for call, value in zip(calls, await _all(map(answered, calls)), strict=True):
            into[call.key] = value
        return answers

    def _is_made(self, call: Selection, type_name: str) -> bool:
        return all(
            condition == type_name or self._has_type(type_name, condition)
            for condition in call.conditions
        )

    def _has_type(self, type_name: str, condition: str) -> bool:
        of, above = self._schema.get_type(type_name), self._schema.get_type(condition)
        return (
            isinstance(of, graphql.GraphQLObjectType)
            and isinstance(above, graphql.GraphQLInterfaceType)
            and self._schema.is_sub_type(above, of)
        )

    async def _completed(self, value: Any, call: Selection, path: tuple[str | int, ...]) -> Any:
        """Return a value as JSON has it, the calls on it made."""
        if isinstance(value, list | tuple):
            if not call.inner and not any(isinstance(item, Recipe) for item in value):
                return value
            return await _all(
                self._completed(item, call, (*path, number)) for number, item in enumerate(value)
            )
        if not isinstance(value, Recipe):
            return value
        if not call.inner:
            text = f"field {call.name!r} of type {value.type_name!r} must have a selection"
            raise GraphQLError(text, path=path)
        return await self._select(value, call.inner, path)

    async def _call(self, source: Recipe, call: Selection, path: tuple[str | int, ...]) -> Any:
        if call.name == "__typename":
            return source.type_name
        if call.name in INTROSPECTED:
            return self._introspected(call)
        takes_long_texts.set(True)
        try:
            answer = await self._dispatch(self._client, source, call.name, call.args)
            if isinstance(answer, str):
                self._grow(answer)
        except StilettoError as error:
            hint = None if isinstance(error, StepFailed) else error.hint
            message = error.message if hint is None else f"{error.message}: {hint}"
            raise GraphQLError(
                message, path=path, extensions=to_extensions(error), original_error=error
            ) from error
        except RecursionError as error:
            text = f"{call.name}: its object is nested too deep"
            raise GraphQLError(text, path=path) from error
        except UnicodeEncodeError as error:
            text = f"{call.name}: the text is not valid Unicode: {error}"
            raise GraphQLError(text, path=path) from error
        if answer is None and isinstance(call.returns, graphql.GraphQLNonNull):
            text = f"{source.type_name}.{call.name} has no value, and must have one"
            raise GraphQLError(text, path=path)
        return answer

    def _grow(self, text: str) -> None:
        self.size += text.size_bytes if isinstance(text, LongText) else len(text)
        if self.size > MAX_ANSWER_BYTES:
            raise UsageError(
                f"the response to this query is longer than {MAX_ANSWER_BYTES} characters",
                hint="select less at once, or export files",
            )
        if isinstance(text, LongText):
            self.long.append(text)

    def _introspected(self, call: Selection) -> Any:
        """Return what the schema says, in the library's own way."""
        fragments = (
            each
            for each in self._document.definitions
            if isinstance(each, graphql.FragmentDefinitionNode)
        )
        selections = graphql.SelectionSetNode(selections=(call.node,))
        operation = graphql.OperationDefinitionNode(
            operation=graphql.OperationType.QUERY,
            name=None,
            directives=(),
            variable_definitions=self._operation.variable_definitions,
            selection_set=selections,
        )
        document = graphql.DocumentNode(definitions=(operation, *fragments))
        result = graphql.execute_sync(self._schema, document, variable_values=dict(self._variables))
        if result.errors:
            raise result.errors[0]
        found = (result.data or {})[call.key]
        if found is None:
            raise GraphQLError(f"{call.name}: unknown type", path=[call.key])
        return found


async def _all(making: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Return what each gives; all are awaited before the first failure is raised.

    Raises:
        ExceptionGroup: some failed.
    """
    made = list(making)
    if len(made) == 1:
        return [await made[0]]
    found = await asyncio.gather(*made, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, Exception):
            raise each
    if failed := [each for each in found if isinstance(each, Exception)]:
        raise ExceptionGroup("calls failed", failed)
    return found


def _errors(group: ExceptionGroup[Exception]) -> list[GraphQLError]:
    """Return the errors of failed calls; a bug is raised instead.

    Raises:
        Exception: what is not a failed call.
    """
    errors: list[GraphQLError] = []
    for each in group.exceptions:
        match each:
            case ExceptionGroup():
                errors += _errors(each)
            case GraphQLError():
                errors.append(each)
            case _:
                raise each
    return errors


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
