"""Arguments and variables are read as the real engine reads them."""

from __future__ import annotations

from typing import Any

import graphql
import pytest

from stiletto.errors import UsageError
from stiletto.wire.values import literal, read, values_of

SCHEMA = graphql.build_schema(
    """
    enum Mode { LOCKED SHARED }
    input Ports { backend: Int!, protocol: String = "TCP" }
    type Query {
      f(i: Int, f: Float, b: Boolean, s: String, m: Mode, l: [Int!], p: Ports, n: String!): String
    }
    """
)
QUERY = SCHEMA.query_type
assert QUERY is not None
TYPES = {name: arg.type for name, arg in QUERY.fields["f"].args.items()}


@pytest.mark.parametrize(
    ("of", "text", "expected"),
    [
        ("i", "80", 80),
        ("i", '"80"', 80),
        ("i", '"0x10"', 16),
        ("i", '"010"', 8),
        ("i", "80.0", 80),
        ("i", "99999999999", 99999999999),
        ("f", "1.5", 1.5),
        ("f", '"1.5"', 1.5),
        ("b", "true", True),
        ("b", '"true"', True),
        ("b", '"F"', False),
        ("s", '"x"', "x"),
        ("s", "bare", "bare"),
        ("s", '"""a\n  b"""', "a\n  b"),
        ("s", '"""\n  a\n    b\n  """', "a\n  b"),
        ("m", "LOCKED", "LOCKED"),
        ("m", '"LOCKED"', "LOCKED"),
        ("l", '[1,"2"]', [1, 2]),
        ("l", '"[1,2]"', [1, 2]),
        ("p", "{backend:1}", {"backend": 1, "protocol": "TCP"}),
        ("p", '{backend:"1",other:2}', {"backend": 1, "protocol": "TCP"}),
        ("s", "null", None),
    ],
)
def test_read(of: str, text: str, expected: Any) -> None:
    """A value may be written in more ways than GraphQL has."""
    value = read(literal(graphql.parse_value(text), {}), TYPES[of])

    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        ("i", "80.5"),
        ("i", '"x"'),
        ("i", "true"),
        ("i", "9223372036854775808"),
        ("f", "1"),
        ("b", "1"),
        ("s", "5"),
        ("s", "true"),
        ("m", "locked"),
        ("m", "NOPE"),
        ("l", "1"),
        ("l", "[1,null]"),
        ("l", '"1,2"'),
        ("p", "{}"),
        ("p", '"x"'),
        ("n", "null"),
    ],
)
def test_what_cannot_be_read(of: str, text: str) -> None:
    """A single value is not a list, a number not a text, and case counts."""
    with pytest.raises(UsageError):
        read(literal(graphql.parse_value(text), {}), TYPES[of])


def variables(text: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of a query that declares some."""
    operation = graphql.parse(f"query({text}){{f}}").definitions[0]
    assert isinstance(operation, graphql.OperationDefinitionNode)
    return values_of(SCHEMA, operation, given)


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("$a:Int", {}, {}),
        ("$a:Int=3", {}, {"a": 3}),
        ("$a:Int=3", {"a": None}, {"a": None}),
        ("$a:Int", {"a": "80"}, {"a": "80"}),
        ("$a:Float", {"a": 5}, {"a": 5.0}),
        ("$a:[Int!]", {"a": [1]}, {"a": [1]}),
        ("$a:Mode", {"a": "LOCKED"}, {"a": "LOCKED"}),
        ("$a:Ports", {"a": {"backend": 1}}, {"a": {"backend": 1}}),
        ("$a:Int", {"a": 1, "b": 2}, {"a": 1}),
    ],
)
def test_variables(text: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A variable has the given value, or its default; what the query does not declare is left."""
    assert expected == variables(text, given)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("$a:Int!", {}),
        ("$a:Int!", {"a": None}),
        ("$a:Int", {"a": "x"}),
        ("$a:Boolean", {"a": "true"}),
        ("$a:String", {"a": ["x"]}),
        ("$a:[Int!]", {"a": [None]}),
        ("$a:Mode", {"a": "NOPE"}),
        ("$a:Ports", {"a": {}}),
        ("$a:Ports", {"a": {"backend": 1, "other": 2}}),
        ("$a:Ports", {"a": "x"}),
    ],
)
def test_what_is_not_of_a_variables_type(text: str, given: dict[str, Any]) -> None:
    """A variable that is missing, or not of its type, is named."""
    with pytest.raises(UsageError, match=r"variable \$a of type "):
        variables(text, given)
