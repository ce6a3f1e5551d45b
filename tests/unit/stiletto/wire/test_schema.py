"""The served schema is that of the real engine, whatever is installed beside stiletto."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import graphql
import pytest
from dagger.client import gen

from stiletto.api.definition import TypeRef
from stiletto.api.earlier import Version
from stiletto.graph.kind import Kind
from stiletto.module.source import LoadedModule
from stiletto.wire.execute import GraphQL
from stiletto.wire.schema import DATA, CoreSchema, core_schema
from stiletto.wire.sdl import to_sdl

OF_LATER_RELEASES = {
    "Address.volume",
    "Binding.as_volume",
    "Container.with_mounted_volume",
    "Env.with_volume_input",
    "Env.with_volume_output",
    "Query.load_volume_from_id",
    "Query.sshfs_volume",
}
"""What the SDK that is installed for the tests has, and v0.21.8 has not."""


@pytest.fixture(scope="module")
def core() -> CoreSchema:
    """Return the schema that clients see."""
    return core_schema()


@pytest.fixture(scope="module")
def built(core: CoreSchema) -> graphql.GraphQLSchema:
    """Return it as GraphQL."""
    return graphql.build_schema(to_sdl(core))


def test_everything_the_sdk_calls_is_there(core: CoreSchema) -> None:
    """Every method of the SDK's client that selects a field is in the schema, by its own name."""
    missing = {
        f"{name}.{method}"
        for name, item in core.objects.items()
        for method, value in vars(getattr(gen, name)).items()
        if callable(value)
        and not method.startswith("_")
        and method not in ("with_", "from_json")
        and method not in {f.original for f in item.functions.values()}
    }

    assert OF_LATER_RELEASES == missing


def test_with_exec(core: CoreSchema) -> None:
    """Names, types and defaults are those of the API."""
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
        ("Directory.withNewFile", "Directory!"),
        ("Service.start", "ID!"),
        ("FunctionCall.returnValue", "Void"),
        ("Query.node", "Node"),
        ("Query.loadFileFromID", "File!"),
        ("Query.loadSyncerFromID", "Syncer!"),
    ],
)
def test_results(built: graphql.GraphQLSchema, name: str, expected: str) -> None:
    """Results have the types under which the SDK reads them."""
    owner, _, field = name.partition(".")
    item = built.type_map[owner]
    assert isinstance(item, graphql.GraphQLObjectType)

    assert expected == str(item.fields[field].type)


def test_keywords_have_an_underscore_in_python(core: CoreSchema) -> None:
    """The API's `from` is `from_` in Python, its `import` is `import_`."""
    assert "from_" == core.objects["Container"].functions["from"].original
    assert "import_" == core.objects["Container"].functions["import"].original
    assert ["from"] == [arg.name for arg in core.objects["Directory"].functions["changes"].args]


def test_enums_and_inputs(core: CoreSchema) -> None:
    """Enums have their members in the API's order, inputs their fields."""
    assert ("SHARED", "PRIVATE", "LOCKED") == core.enums["CacheSharingMode"].members
    assert ["backend", "frontend", "protocol"] == sorted(
        arg.name for arg in core.inputs["PortForward"]
    )


def test_every_object_is_a_node(built: graphql.GraphQLSchema, core: CoreSchema) -> None:
    """Every object has an id, and is found by `node`."""
    assert [] == graphql.validate_schema(built)
    node = built.type_map["Node"]
    assert isinstance(node, graphql.GraphQLInterfaceType)
    objects = {item.name for item in built.get_possible_types(node)} - {"Exportable", "Syncer"}
    assert core.objects.keys() == objects


@dataclass
class Nobody:
    """A client that is never asked."""

    name: str = "nobody"
    served: tuple[LoadedModule, ...] = ()
    earlier: Version | None = None
    requests: int = 0


@pytest.fixture(scope="module")
def introspected() -> dict[str, Any]:
    """Return what a client gets that introspects as the SDK does."""

    async def unused(*_: object) -> object:
        raise AssertionError("introspection evaluates nothing")

    graph = GraphQL(to_sdl(core_schema()), unused)
    query = graphql.get_introspection_query(input_value_deprecation=True)
    status, [body] = asyncio.run(graph.answer(Nobody(), query))
    assert 200 == status
    assert isinstance(body, bytes)
    return dict(json.loads(body)["data"])


def test_directives_are_the_real_engines(introspected: dict[str, Any]) -> None:
    """The directives are those of the data, not those of the GraphQL library that serves them."""
    data = json.loads(DATA.read_text())["directives"]
    served = introspected["__schema"]["directives"]

    assert {name: item["locations"] for name, item in data.items()} == {
        item["name"]: item["locations"] for item in served
    }


def test_types_are_the_real_engines(introspected: dict[str, Any]) -> None:
    """Each field has the type, the arguments and the defaults of the data, and nothing is added."""
    data = json.loads(DATA.read_text())
    served = {
        item["name"]: {field["name"]: field for field in item["fields"] or ()}
        for item in introspected["__schema"]["types"]
        if item["kind"] in ("OBJECT", "INTERFACE") and not item["name"].startswith("__")
    }
    composites = {**data["interfaces"], **data["objects"]}
    assert composites.keys() == served.keys()
    for name, item in composites.items():
        loads = {each for each in served[name] if each.startswith("load")}
        assert item["fields"].keys() == served[name].keys() - (
            loads if name == "Query" else set()
        ), name
        for field, of in item["fields"].items():
            args = {} if isinstance(of, str) else of.get("args", {})
            defaults = {
                arg: each[1] if isinstance(each, list) else None for arg, each in args.items()
            }
            assert defaults == {
                arg["name"]: arg["defaultValue"] for arg in served[name][field]["args"]
            }, f"{name}.{field}"


CLIENT = """
import graphql, json, sys
print(graphql.version)
schema = graphql.build_client_schema(json.load(sys.stdin))
print(schema.get_type("Container").fields["withExec"].args["expect"].type)
"""


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["==3.2.4", "==3.2.10", ">=3.3.0a1"])
def test_any_graphql_core_reads_the_schema(introspected: dict[str, Any], wanted: str) -> None:
    """A client builds the schema with the oldest, and the newest, graphql-core that SDKs use."""
    done = subprocess.run(
        [
            *("uv", "run", "--no-project", "--isolated", "--prerelease", "allow"),
            *("--python", sys.executable, "--with", f"graphql-core{wanted}"),
            *("python", "-c", CLIENT),
        ],
        input=json.dumps(introspected),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "ReturnType" == done.stdout.splitlines()[-1:][0], done.stderr
