"""What a module's process does to the SDK changes how long a call takes, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from types import SimpleNamespace
from typing import Any, ClassVar

import dagger
import graphql
import pytest
from dagger.client import _core, _session
from dagger.client._config import ConnectConfig
from dagger.client._core import Arg, Context
from dagger.client._session import ClientSession, ConnectParams
from gql.client import Client as GraphQLClient

from stiletto.module.worker import (
    Served,
    ask_once,
    share_certificates,
    share_converters,
    share_types,
)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Share the converters during a test; return what the SDK made them with."""
    own = _core.make_converter
    monkeypatch.setattr(_core, "make_converter", own)
    share_converters()
    return own


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a", str),
        (3, int),
        (True, bool),
        (["a", "b"], list[str]),
        (None, str | None),
        ("{}", dagger.JSON),
        ("linux/amd64", dagger.Platform),
        ("TCP", dagger.NetworkProtocol),
    ],
)
def test_answers_are_read_as_by_the_sdk(shared: Any, value: object, kind: Any) -> None:
    """A text, number, list, scalar or enumeration of the API is what the SDK makes of it."""
    expected = shared(Context()).structure(value, kind)
    found = Context().converter.structure(value, kind)
    assert (expected, type(expected)) == (found, type(found))


def test_an_object_in_an_answer_knows_its_chain(shared: Any) -> None:
    """What is returned in a list is asked further by the context that it came with."""
    context = Context().select("Query", "host", [])
    found = context.converter.structure({}, dagger.Host)
    assert isinstance(found, dagger.Host)
    assert found._ctx is context


def test_arguments_are_sent_as_by_the_sdk(shared: Any) -> None:
    """Lists, enumerations and inputs go into a query as they did."""
    values = [
        Arg("expect", dagger.ReturnType.ANY),
        Arg("args", ["a", "b"]),
        Arg("ports", [dagger.PortForward(backend=80, frontend=90)]),
        Arg("left", None, None),
    ]
    found = Context().select("Container", "withExec", values).selections[-1].args
    sent = {arg.name: arg.value for arg in values if arg.name != "left"}
    assert shared(Context()).unstructure(sent) == found


def test_an_sdk_without_converters_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the SDK is not touched."""
    monkeypatch.delattr(_core, "make_converter")
    share_converters()
    assert not hasattr(_core, "make_converter")


class Session:
    """An engine that answers the one request for a call, or refuses it and answers the SDK's."""

    ANSWER: ClassVar = {
        "parentName": "Wheel",
        "name": "turn",
        "parent": '{"spokes": 3}',
        "inputArgs": [
            {"id": "a", "name": "times", "value": "2"},
            {"id": "b", "name": "left", "value": "true"},
        ],
    }

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.requests = 0

    async def execute(self, _query: Any) -> dict[str, Any]:
        """Answer a request."""
        self.requests += 1
        if self.refuses:
            raise ConnectionError("refused")
        return {"currentFunctionCall": self.ANSWER}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what makes the SDK's call, which asks once during a test, on a session."""
    for name in ("parent_name", "name", "parent", "input_args"):
        monkeypatch.setattr(dagger.FunctionCall, name, getattr(dagger.FunctionCall, name))
    ask_once()

    def made(session: Session) -> dagger.FunctionCall:
        connection: Any = SimpleNamespace(session=session)
        return dagger.FunctionCall(Context(conn=connection))

    return made


async def test_a_call_is_asked_for_once(call: Any) -> None:
    """The names, the object's state and all arguments are one request."""
    session = Session()
    asked: dagger.FunctionCall = call(session)
    found = [await asked.parent_name(), await asked.name(), await asked.parent()]
    given = await asked.input_args()

    assert ["Wheel", "turn", dagger.JSON('{"spokes": 3}')] == found
    assert {"times": "2", "left": "true"} == {await a.name(): await a.value() for a in given}
    assert all(isinstance(each, dagger.FunctionCallArgValue) for each in given)
    assert 1 == session.requests


async def test_a_call_that_cannot_be_asked_for_once_is_asked_for_by_the_sdk(call: Any) -> None:
    """The error of a call without an engine is that of the SDK's own request."""
    asked: dagger.FunctionCall = call(Session(refuses=True))
    for ask in (asked.parent_name, asked.name, asked.parent, asked.input_args):
        # It needs the schema first, which this session has not.
        with pytest.raises(dagger.InvalidQueryError) as error:
            await ask()
        assert "get_schema" in str(error.value.__cause__)


def test_an_sdk_without_calls_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the SDK is not touched."""
    own = dagger.FunctionCall.name
    monkeypatch.delattr("dagger.client.gen.FunctionCallArgValue")
    ask_once()
    assert own is dagger.FunctionCall.name


class Types:
    """An engine that has a schema, and names types by the text of their request."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    async def get_schema(self) -> graphql.GraphQLSchema:
        """Return the part of the schema that types need."""
        return graphql.build_schema(
            """
            type Query { typeDef: TypeDef! }
            type TypeDef {
              id: ID!
              withKind(kind: String!): TypeDef!
              withListOf(elementType: ID!): TypeDef!
              withOptional(optional: Boolean!): TypeDef!
            }
            """
        )

    async def execute(self, request: Any) -> dict[str, Any]:
        """Answer a request."""
        text = graphql.print_ast(request.document)
        self.requests.append(text)
        await asyncio.sleep(0)
        answer: dict[str, Any] = {"id": hashlib.sha256(text.encode()).hexdigest()}
        for name in (*reversed(re.findall(r"(\w+): with", text)), "typeDef"):
            answer = {name: answer}
        return answer


async def test_a_type_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each use of a type, alone or within another one, has the id that the SDK asks for."""

    def uses(session: Types) -> list[dagger.TypeDef]:
        connection: Any = SimpleNamespace(session=session)

        def text() -> dagger.TypeDef:
            made = dagger.TypeDef(Context(conn=connection).select("Query", "typeDef", []))
            return made.with_kind(dagger.TypeDefKind.STRING_KIND)

        def a_list() -> dagger.TypeDef:
            made = dagger.TypeDef(Context(conn=connection).select("Query", "typeDef", []))
            return made.with_list_of(text())

        optional = text().with_optional(True)
        return [text(), a_list(), text(), optional, a_list(), text().with_optional(True)]

    sdks, ours = Types(), Types()
    expected = [await each.id() for each in uses(sdks)]
    monkeypatch.setattr(dagger.TypeDef, "id", dagger.TypeDef.id)
    share_types()
    found = await asyncio.gather(*(each.id() for each in uses(ours)))

    assert expected == found
    assert sorted(set(sdks.requests)) == sorted(ours.requests)
    assert 3 == len(ours.requests)


PORT = 41234


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """Return what knows the schema, which the SDK's clients get during a test."""
    monkeypatch.setenv("DAGGER_SESSION_PORT", str(PORT))
    monkeypatch.setattr(_session, "GraphQLClient", GraphQLClient)
    return Served()


def learn(served: Served, digest: str, text: str) -> None:
    """Give the response with this text."""
    fd = os.memfd_create("served")
    os.write(fd, text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    served.learn(digest, fd)


def response(served: Served, field: str) -> str:
    """Return the response to the SDK's question of an engine whose root has this field."""
    schema = graphql.build_schema(f"type Query {{ {field}: String }}")
    return json.dumps({"data": graphql.graphql_sync(schema, served.query).data})


def client(port: int = PORT) -> Any:
    """Return the client of a new connection of the SDK, which has not been opened."""
    return ClientSession(
        ConnectParams(port=port, session_token=""), ConnectConfig(retry=None)
    ).client


def fields(found: Any) -> list[str]:
    """Return the fields of the root of a client's schema, none if it will ask for the schema."""
    assert found.fetch_schema_from_transport is (found.schema is None)
    return [] if found.schema is None else list(found.schema.query_type.fields)


def test_a_call_does_not_ask_for_the_schema_that_the_engine_has_sent(served: Served) -> None:
    """A connection knows what was learnt last, however often; without it, it asks."""
    assert [] == fields(client())
    for digest, field in (("a", "one"), ("a", "one"), ("b", "two")):
        learn(served, digest, response(served, field))
        assert [field] == fields(client())


def test_only_connections_to_this_engine_know_its_schema(served: Served) -> None:
    """A connection to another port asks."""
    learn(served, "a", response(served, "one"))
    assert [] == fields(client(PORT + 1))


def test_a_response_that_is_no_schema_is_asked_for_again(served: Served) -> None:
    """Neither a broken text nor an older schema is used."""
    learn(served, "a", response(served, "one"))
    learn(served, "b", '{"data": null}')
    assert [] == fields(client())


def test_the_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection of the SDK has those of the first one."""
    monkeypatch.setattr(_session, "TelemetryTransport", _session.TelemetryTransport)
    share_certificates()
    one, other = (client().transport.kwargs["transport"] for _ in range(2))
    assert one._pool._ssl_context is other._pool._ssl_context
    assert one is not other
