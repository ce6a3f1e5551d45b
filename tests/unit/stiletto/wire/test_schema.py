"""The schema is read from the SDK's own source."""

from __future__ import annotations

import json

import graphql
import pytest
from dagger.client import gen

from stiletto.api.definition import EnumDef, TypeRef
from stiletto.graph.kind import Kind
from stiletto.wire.schema import CoreSchema, read_sdk, sdk_source
from stiletto.wire.sdl import to_sdl


@pytest.fixture(scope="module")
def core() -> CoreSchema:
    """Return the schema of the installed SDK."""
    return read_sdk(sdk_source()[0])


@pytest.fixture(scope="module")
def built(core: CoreSchema) -> graphql.GraphQLSchema:
    """Return it as GraphQL."""
    return graphql.build_schema(to_sdl(core))


def test_everything_the_sdk_offers_is_there(core: CoreSchema) -> None:
    """Every class and every method of the SDK's client that selects a field is in the schema."""
    for name, item in core.objects.items():
        cls = getattr(gen, "Client" if name == "Query" else name)
        methods = {f.original for f in item.functions.values()}
        offered = {
            m
            for m, value in vars(cls).items()
            if callable(value) and not m.startswith("_") and m not in ("with_", "from_json")
        }
        assert offered <= methods, name
    assert 60 < len(core.objects)
    assert 700 < sum(len(item.functions) for item in core.objects.values())


def test_with_exec(core: CoreSchema) -> None:
    """Names, types, defaults and descriptions are those of the method."""
    function = core.objects["Container"].functions["withExec"]
    strings = TypeRef(Kind.LIST, element=TypeRef(Kind.STRING))

    assert "with_exec" == function.original
    assert TypeRef(Kind.OBJECT, "Container") == function.returns
    assert ("args", strings, True) == (
        function.args[0].name,
        function.args[0].type,
        function.args[0].required,
    )
    expect = function.arg("expect")
    assert expect is not None
    assert (TypeRef(Kind.ENUM, "ReturnType", optional=True), '"SUCCESS"') == (
        expect.type,
        expect.default,
    )
    assert "Exit codes" in expect.description
    assert not expect.required


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Container.stdout", "String!"),
        ("Container.exitCode", "Int!"),
        ("Container.envVariables", "[EnvVariable!]!"),
        ("Container.envVariable", "String"),
        ("Container.sync", "ID!"),
        ("Container.stat", "Stat"),
        ("Directory.entries", "[String!]!"),
        ("Directory.findUp", "String"),
        ("Directory.withNewFile", "Directory"),
        ("Service.start", "ID!"),
        ("FunctionCall.returnValue", "Void"),
        ("Query.node", "Node!"),
    ],
)
def test_results(built: graphql.GraphQLSchema, name: str, expected: str) -> None:
    """Results have the types under which the SDK reads them."""
    owner, _, field = name.partition(".")
    item = built.type_map[owner]
    assert isinstance(item, graphql.GraphQLObjectType)

    assert expected == str(item.fields[field].type)


def test_keywords_lose_their_underscore(core: CoreSchema) -> None:
    """`from_` is the API's `from`, `import_` its `import`."""
    assert "from_" == core.objects["Container"].functions["from"].original
    assert "import" in core.objects["Container"].functions
    assert ["from"] == [arg.name for arg in core.objects["Directory"].functions["changes"].args]


def test_enums_and_inputs(core: CoreSchema) -> None:
    """Enums have their members by name, inputs their fields."""
    sharing = core.enums["CacheSharingMode"]

    assert isinstance(sharing, EnumDef)
    assert ("LOCKED", "PRIVATE", "SHARED") == sharing.members
    assert all(sharing.descriptions[name] for name in sharing.members)
    assert ["backend", "frontend", "protocol"] == sorted(
        arg.name for arg in core.inputs["PortForward"]
    )


def test_schema_is_plain_data(core: CoreSchema) -> None:
    """A stored schema reads back as the same."""
    assert core == CoreSchema.from_json(json.loads(json.dumps(core.to_json())))


def test_every_object_is_a_node(built: graphql.GraphQLSchema, core: CoreSchema) -> None:
    """Every object but the root has an id, and is found by `node`."""
    assert [] == graphql.validate_schema(built)
    node = built.type_map["Node"]
    assert isinstance(node, graphql.GraphQLInterfaceType)
    objects = {item.name for item in built.get_possible_types(node)}
    assert core.objects.keys() - {"Query"} == objects
