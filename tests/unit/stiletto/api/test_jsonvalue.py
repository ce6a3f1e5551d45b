"""JSON values are written as the real engine writes them."""

from __future__ import annotations

import pytest

from stiletto.api.jsonvalue import (
    JSONValue,
    as_array,
    as_boolean,
    as_integer,
    as_string,
    contents,
    field,
    fields,
    parsed,
    with_contents,
    with_field,
    written,
)
from stiletto.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1"),
        ("1.0", "1"),
        ("-0.5", "-0.5"),
        ("0.1", "0.1"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("0.000001", "0.000001"),
        ("0.00000123", "0.00000123"),
        ("1.5e-7", "1.5e-7"),
        ("12345678901234567890", "12345678901234567000"),
        ('{ "b": 1, "a": [] }', '{"a":[],"b":1}'),
        ('"<é>&"', '"\\u003cé\\u003e\\u0026"'),
        ("null", "null"),
        ("true", "true"),
    ],
)
def test_a_part_is_written_anew(text: str, expected: str) -> None:
    """Numbers become doubles, names are in order, blanks go."""
    assert expected == written(parsed(text))


def test_pretty() -> None:
    """Each entry has a line of its own, an empty object none."""
    value = JSONValue('{"b":{},"a":[1,"x"]}')

    assert '{\n  "a": [\n    1,\n    "x"\n  ],\n  "b": {}\n}' == contents(value, pretty=True)


def test_text_is_kept() -> None:
    """The whole value is returned as it was given."""
    assert ' {"b": 1.0} ' == with_contents(JSONValue(), ' {"b": 1.0} ').text


@pytest.mark.parametrize("text", ["", "{nope", "NaN", "[1,]", "1e999", "'a'", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    """A text that is not JSON is an error that says so."""
    with pytest.raises(UsageError, match="invalid JSON"):
        written(parsed(text))


def test_fields() -> None:
    """A field is found by a path of names; a missing one is named."""
    value = JSONValue('{"b":{"c":1},"a":0}')

    assert ["a", "b"] == fields(value)
    assert "1" == field(value, ["b", "c"]).text
    with pytest.raises(UsageError, match="no such field: 'd'"):
        field(value, ["b", "d"])
    with pytest.raises(UsageError, match="not an object"):
        field(value, ["a", "d"])


def test_set_field() -> None:
    """Objects on the way are made, and replace what is not one."""
    assert '{"a":{"b":"x"}}' == with_field(JSONValue('{"a":1}'), ["a", "b"], JSONValue('"x"')).text
    assert "{}" == with_field(JSONValue("[1]"), [], JSONValue("2")).text


def test_plain_values() -> None:
    """A value is returned as what it is; null is an empty string and the number 0."""
    assert ("", 0) == (as_string(JSONValue()), as_integer(JSONValue()))
    assert ("x", -5) == (as_string(JSONValue('"x"')), as_integer(JSONValue("-5")))
    assert [JSONValue("1"), JSONValue("null")] == as_array(JSONValue("[1, null]"))
    for read, text in ((as_integer, "1.0"), (as_integer, "9" * 20), (as_boolean, "null")):
        with pytest.raises(UsageError, match="the JSON value is not a"):
            read(JSONValue(text))
