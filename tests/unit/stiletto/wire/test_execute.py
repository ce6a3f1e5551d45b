"""Queries and errors as SDKs send and expect them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import graphql
import pytest

import stiletto.engine.session  # noqa: F401 - registers the calls
from stiletto.api import container as c
from stiletto.engine.calls import CALLS
from stiletto.engine.client import Client
from stiletto.errors import NotSupported, StepFailed, UsageError
from stiletto.graph.recipe import Recipe
from stiletto.wire.execute import GraphQL, Memory, to_extensions
from stiletto.wire.schema import core_schema
from stiletto.wire.sdl import to_sdl


class Pure:
    """An engine that answers the calls that need no work, counting them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.objects: dict[str, Recipe] = {}

    async def dispatch(
        self,
        client: object,  # noqa: ARG002 - the real engine's
        receiver: Recipe,
        field: str,
        args: Mapping[str, Any],
    ) -> Any:
        """Answer as the real engine does, leaves left out."""
        self.asked.append(field)
        if field == "id":
            self.objects[receiver.id] = receiver
            return receiver.id
        if field == "node":
            if args["id"] not in self.objects:
                raise UsageError(f"unknown id {args['id']!r}")
            return self.objects[args["id"]]
        if field == "stdout":
            raise StepFailed(["false"], 1, "out", "err", hint="look", replay="bwrap false")
        entry = CALLS.get(f"{receiver.type_name}.{field}")
        if entry is None or entry.is_leaf:
            raise NotSupported(f"{receiver.type_name}.{field}")
        return entry.function(receiver, **args)


async def answered(client: Any, receiver: Recipe, field: str, args: Mapping[str, Any]) -> Any:
    """Let each client's own engine answer."""
    return await client.engine.dispatch(client, receiver, field, args)


@pytest.fixture(scope="module")
def graph() -> GraphQL:
    """Return the real schema."""
    return GraphQL(to_sdl(core_schema()), answered)


@pytest.fixture
def engine() -> Pure:
    """Return an engine that does no work."""
    return Pure()


async def ask(graph: GraphQL, engine: Pure, query: str, **more: Any) -> tuple[int, Any]:
    """Ask a query; return status and decoded body."""
    client = cast("Client", SimpleNamespace(engine=engine))
    status, body = await graph.answer(client, query, **more)
    return status, json.loads(b"".join(part for part in body if isinstance(part, bytes)))


async def test_nested_fields(graph: GraphQL, engine: Pure) -> None:
    """Fields, arguments, enums, aliases and type names are answered."""
    query = '{container{withUser(name:"me"){who:user __typename withWorkdir(path:"/w"){workdir}}}}'
    status, body = await ask(graph, engine, query)

    assert status == 200
    assert {
        "container": {
            "withUser": {
                "who": "me",
                "__typename": "Container",
                "withWorkdir": {"workdir": "/w"},
            }
        }
    } == body["data"]


async def test_variables_and_operations(graph: GraphQL, engine: Pure) -> None:
    """Clients that send variables and name an operation are served as well."""
    query = "query A($n: String!) {container{withUser(name:$n){user}}} query B {container{workdir}}"
    _, body = await ask(graph, engine, query, variables={"n": "me"}, operation="A")

    assert {"container": {"withUser": {"user": "me"}}} == body["data"]


async def test_node_finds_objects(graph: GraphQL, engine: Pure) -> None:
    """An id leads back to its object."""
    made = c.Container(workdir="/w")
    engine.objects[made.id] = made
    _, body = await ask(graph, engine, f'{{node(id:"{made.id}"){{...on Container{{workdir}}}}}}')

    assert {"node": {"workdir": "/w"}} == body["data"]


async def test_unknown_id(graph: GraphQL, engine: Pure) -> None:
    """An id of another session is an error that names it."""
    status, body = await ask(graph, engine, '{node(id:"File@x"){id}}')

    assert (200, None) == (status, body["data"])
    assert "unknown id 'File@x'" in body["errors"][0]["message"]


async def test_parse_error(graph: GraphQL, engine: Pure) -> None:
    """What is no GraphQL is answered with 422 and no data."""
    status, body = await ask(graph, engine, "{container{")

    assert (422, None) == (status, body["data"])
    assert "Syntax Error" in body["errors"][0]["message"]
    assert [] == engine.asked


async def test_unimplemented_call(graph: GraphQL, engine: Pure) -> None:
    """A call that is not implemented is named, and the message says what to use instead."""
    _, body = await ask(graph, engine, "{llm{model}}")

    error = body["errors"][0]
    assert "Query.llm is not implemented by stiletto" in error["message"]
    assert "dagger" in error["message"]
    assert ["llm"] == error["path"]


async def test_failed_command(graph: GraphQL, engine: Pure) -> None:
    """A failed command has the extensions from which the SDK makes an ExecError."""
    _, body = await ask(graph, engine, "{container{user stdout}}")

    error = body["errors"][0]
    assert (None, "exit code: 1") == (body["data"], error["message"])
    assert {
        "_type": "EXEC_ERROR",
        "cmd": ["false"],
        "exitCode": 1,
        "stdout": "out",
        "stderr": "err",
        "hint": "look",
        "replay": "bwrap false",
    } == error["extensions"]


def test_only_a_failed_step_has_a_type() -> None:
    """Other errors carry their hint, and no `_type`: Dagger gives one to failed steps only."""
    error = UsageError("no", hint="do this")

    assert {"hint": "do this"} == to_extensions(error)


async def test_introspection_is_answered_once(graph: GraphQL, engine: Pure) -> None:
    """The answer about the schema is kept; one that only mentions it is not."""
    query = graphql.get_introspection_query(descriptions=False)
    first = await ask(graph, engine, query)
    assert first == await ask(graph, engine, query)
    assert "Container" in {item["name"] for item in first[1]["data"]["__schema"]["types"]}

    mention = '{container{withUser(name:"__schema"){user}}}'
    await ask(graph, engine, mention)
    asked = len(engine.asked)
    await ask(graph, engine, mention)
    assert 2 * asked == len(engine.asked)


async def test_long_chains(graph: GraphQL, engine: Pure) -> None:
    """A chain of a thousand calls is one query like any other."""
    depth = 1000
    steps = "".join(f'{{withEnvVariable(name:"A",value:"{n}")' for n in range(depth))
    _, body = await ask(graph, engine, "{container" + steps + "{user}" + "}" * depth + "}")

    assert "errors" not in body
    assert depth == engine.asked.count("withEnvVariable")


async def test_nothing_runs_before_all_is_read(graph: GraphQL, engine: Pure) -> None:
    """An argument that cannot be read anywhere means that no call is made."""
    status, body = await ask(graph, engine, "{container{user} cacheVolume(key:5){id}}")

    assert (200, []) == (status, engine.asked)
    assert "Query.cacheVolume(key:): 5 is not a value of type" in body["errors"][0]["message"]


async def test_every_failure_is_reported(graph: GraphQL, engine: Pure) -> None:
    """Calls beside each other all run; each that fails is an error with its path."""
    _, body = await ask(
        graph, engine, "{a:llm{model} b:container{c:stdout} version:container{user}}"
    )

    assert [["a"], ["b", "c"]] == [error["path"] for error in body["errors"]]


async def test_one_of_several_operations(graph: GraphQL, engine: Pure) -> None:
    """An operation is chosen by its name; without one there must be one only."""
    query = "query A{a:__typename} query B{b:__typename}"

    assert (200, {"data": {"b": "Query"}}) == await ask(graph, engine, query, operation="B")
    for name in (None, "C"):
        status, _ = await ask(graph, engine, query, operation=name)
        assert 422 == status


async def test_selections_are_merged(graph: GraphQL, engine: Pure) -> None:
    """Fields that are selected twice, or in fragments, answer together."""
    query = "{container{user} ...A} fragment A on Query{container{workdir ...on Node{id}}}"
    _, body = await ask(graph, engine, query)

    assert ["user", "workdir", "id"] == list(body["data"]["container"])
    assert 1 == engine.asked.count("container")


async def test_schema_beside_calls(graph: GraphQL, engine: Pure) -> None:
    """A question about the schema may stand beside calls; a type that is not there is an error."""
    query = (
        "query($n:String!){container{user} __type(name:$n){kind ...A}} fragment A on __Type{name}"
    )
    _, body = await ask(graph, engine, query, variables={"n": "Directory"})
    assert {"kind": "OBJECT", "name": "Directory"} == body["data"]["__type"]

    _, body = await ask(graph, engine, query, variables={"n": "Nope"})
    assert "__type: unknown type" == body["errors"][0]["message"]


async def test_surrogates_are_no_text(graph: GraphQL, engine: Pure) -> None:
    """Each escape of a surrogate is U+FFFD; after a backslash it is none."""
    query = r'{container{withUser(name:"\ud83c\udf89\\ud83c\u00e9"){user}}}'
    _, body = await ask(graph, engine, query)

    assert "\ufffd\ufffd\\ud83cé" == body["data"]["container"]["withUser"]["user"]


async def test_the_response_to_an_introspection_is_remembered(engine: Pure) -> None:
    """Another process with the same schema answers from memory, and does not execute it."""
    kept: dict[str, str] = {}
    memory = cast("Memory", SimpleNamespace(get=kept.get, put=kept.__setitem__))
    query = graphql.get_introspection_query()
    sdl = to_sdl(core_schema())
    first = await ask(GraphQL(sdl, answered, memory), engine, query)
    [key] = kept
    again = GraphQL(sdl, answered, memory)
    assert first == await ask(again, engine, query)

    kept[key] = '{"data": "remembered"}'
    other = GraphQL(f"{sdl}\nscalar Other\n", answered, memory)
    remembered = await ask(GraphQL(sdl, answered, memory), engine, query)
    assert (200, {"data": "remembered"}) == remembered
    assert "Other" in json.dumps(await ask(other, engine, query))
