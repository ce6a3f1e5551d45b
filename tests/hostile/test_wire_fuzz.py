"""Whatever is sent to a session: an answer in JSON, and nothing on standard error.

uv run pytest tests/hostile/test_wire_fuzz.py              1,000 inputs
uv run pytest tests/hostile/test_wire_fuzz.py -m slow     10,000 inputs
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from fuzzing import give
from hypothesis import strategies as st
from wire_client import LIMIT_S, Asking, guarded

from stiletto.api.definition import TypeRef
from stiletto.graph.kind import Kind
from stiletto.wire.schema import CoreSchema

WORDS = [
    *("{", "}", "(", ")", "[", "]", ":", "!", "$", "=", "@", "...", "|", "&", ",", "#", "\n"),
    *("query", "mutation", "subscription", "fragment", "on", "type", "A", "B", "Query", "String"),
    *("Directory", "Container", "Node", "ID", "[String!]", "directory", "container", "version"),
    *("id", "entries", "path", "name", "withNewFile", "contents", "file", "node", "__typename"),
    *("__schema", "__type", "types", "fields", "include", "skip", "if", "true", "false", "null"),
    *("0", "-1", "1e999", "9" * 400, '"a"', '"', '"""', "\\", "\\u0000", '"\\ud800"', "\ufeff"),
    *("{directory{", "{...A}", "fragment A on Query{", "query($a:String=", "$a", "a:version"),
]
DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["{version}", "query A{version} query B{version}", "\0", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["query", "variables", "operationName", "a", "b", ""]), inner
        )
    ),
    max_leaves=8,
)


class Served(NamedTuple):
    """A session, its schema, and the loop that it lives on."""

    asking: Asking
    schema: CoreSchema
    runner: asyncio.Runner


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One session for all inputs: one that an input stops fails the next, too."""
    with asyncio.Runner() as runner:
        context = guarded(tmp_path_factory.mktemp("session"))
        asking, schema = runner.run(context.__aenter__())
        yield Served(asking, schema, runner)
        runner.run(context.__aexit__(None, None, None))


def asked(query: str, **more: Any) -> bytes:
    """Return the body that asks a query."""
    return json.dumps({"query": query, **more}).encode()


def values(of: TypeRef, schema: CoreSchema) -> st.SearchStrategy[str]:
    """Return values that mostly fit a type, as they are written in a query."""
    text = st.sampled_from(["a", "a/b", "..", "/", "", "*", "**", "!", "a\n", "\0", "é\U0001f600"])
    texts = (text | st.text(max_size=6)).map(json.dumps)
    numbers = st.sampled_from(["0", "-1", "420", "2147483647", "99999999999", "1.5", "1e400"])
    if of.kind is Kind.LIST and of.element is not None:
        inner = values(of.element, schema)
        fitting = st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
    elif of.kind is Kind.STRING:
        fitting = texts
    elif of.kind in (Kind.INTEGER, Kind.FLOAT):
        fitting = numbers
    elif of.kind is Kind.BOOLEAN:
        fitting = st.sampled_from(["true", "false"])
    elif of.name in schema.enums:
        fitting = st.sampled_from([*schema.enums[of.name].members, "NOSUCH"])
    else:
        fitting = texts | st.sampled_from(["{}", '{name:"a",value:"b"}'])
    other = st.sampled_from(["null", "$a", "[[1]]", '"x"', "7", "X", "true", '{a:"b"}'])
    return st.integers(0, 19).flatmap(lambda choice: fitting if choice else other)


def beneath(of: TypeRef) -> str:
    """Return the type of what a field gives, lists looked into."""
    return of.name if of.element is None else beneath(of.element)


@st.composite
def selections(draw: st.DrawFn, schema: CoreSchema, of: str, depth: int) -> str:
    """Return a selection of a type's fields with arguments; some do not exist or do not fit."""
    fields = schema.objects[of].functions
    parts = []
    for _ in range(draw(st.integers(1, 1 if depth > 2 else 2))):
        # What leads on is drawn as often as what ends: most fields of the API are leaves.
        onward = [name for name, each in fields.items() if beneath(each.returns) in schema.objects]
        ending = [name for name in fields if name not in onward] or ["id"]
        name = draw(st.sampled_from(onward if onward and depth else ending))
        if draw(st.integers(0, 39)) == 0:
            parts.append(draw(st.sampled_from(["nosuch", "__typename", "...A", "...on Node{id}"])))
            continue
        function = fields.get(name)
        if function is None:
            parts.append(name)
            continue
        given = {
            arg.name: draw(values(arg.type, schema))
            for arg in function.args
            if (arg.required and draw(st.integers(0, 29))) or draw(st.integers(0, 5)) == 0
        }
        args = f"({','.join(f'{key}:{value}' for key, value in given.items())})" if given else ""
        inner = ""
        if beneath(function.returns) in schema.objects:
            below = selections(schema, beneath(function.returns), max(depth - 1, 0))
            inner = f"{{{draw(below)}}}"
        alias = f"a{len(parts)}:" if draw(st.booleans()) else ""
        parts.append(f"{alias}{name}{args}{inner}")
    return " ".join(parts)


@st.composite
def fitting(draw: st.DrawFn, schema: CoreSchema) -> bytes:
    """Return a query that mostly fits the schema."""
    roots = ["directory", "container", "file", "version"]
    starts = {"directory": "Directory", "container": "Container", "file": "File"}
    root = draw(st.sampled_from(roots + ["directory", "container"] * 2))
    if root == "version":
        query = draw(selections(schema, "Query", 3))
    else:
        arguments = '(name:"a",contents:"b")' if root == "file" else ""
        query = f"{root}{arguments}{{{draw(selections(schema, starts[root], 3))}}}"
    head = "query($a:String)" if draw(st.booleans()) else ""
    tail = " fragment A on Directory{id}" if "...A" in query else ""
    return asked(f"{head}{{{query}}}{tail}", variables={"a": draw(DATA)})


def bodies(kind: str, schema: CoreSchema) -> st.SearchStrategy[bytes]:
    """Return the inputs of a kind."""
    documents = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
    kinds: dict[str, Callable[[], st.SearchStrategy[bytes]]] = {
        "bytes": lambda: st.binary(max_size=200),
        "json": lambda: DATA.map(lambda data: json.dumps(data).encode()),
        "documents": lambda: documents.map(asked),
        "queries": lambda: fitting(schema),
    }
    return kinds[kind]()


def fuzz(served: Served, capfd: pytest.CaptureFixture[str], kind: str, count: int) -> None:
    """Send so many inputs of a kind, and judge each answer."""
    seen: set[int] = set()

    async def ask(body: bytes) -> tuple[int, Any]:
        return await served.asking.post(body)

    def each(body: bytes) -> None:
        status, answer = served.runner.run(ask(body))
        seen.add(status)
        assert status in (200, 400, 401, 404, 422), answer
        assert {"data"} <= set(answer) <= {"data", "errors"}
        if "errors" not in answer:
            assert status == 200
            assert isinstance(answer["data"], dict)
            return
        assert answer["data"] is None
        assert answer["errors"]
        for error in answer["errors"]:
            assert isinstance(error["message"], str)
            assert error["message"]
            assert "internal error" not in error["message"]
            assert "Traceback" not in error["message"]

    give(bodies(kind, served.schema), count, each)
    status, answer = served.runner.run(ask(asked("{version}")))
    assert (200, False) == (status, "errors" in answer)
    assert "" == capfd.readouterr().err
    expected = {"bytes": {400}, "json": {400}, "documents": {422}, "queries": {200, 422}}
    assert expected[kind] <= seen


KINDS = ("bytes", "json", "documents", "queries")


@pytest.mark.timeout(LIMIT_S * 2)
@pytest.mark.parametrize("kind", KINDS)
def test_anything_sent_is_answered(
    served: Served, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    """Each of a thousand inputs is answered in JSON, and the session serves the next."""
    fuzz(served, capfd, kind, 250)


@pytest.mark.repeated
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_inputs_are_answered(
    served: Served, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    """Each of ten thousand inputs is answered in JSON, and the session serves the next."""
    fuzz(served, capfd, kind, 2_500)
