"""Objects of a dagger.json in their shape."""

from __future__ import annotations

from typing import Any

import pytest

from stiletto.errors import ModuleFailed
from stiletto.module.origin import line_at
from stiletto.module.shape import MODULE, kind_of, named, shaped


def read(**data: Any) -> Any:
    """Return an object in the shape of a module."""
    return shaped(data, MODULE, named).value


def test_nulls_are_absent_and_case_does_not_matter() -> None:
    """As in Go's JSON, null is no value, and a key may be written in another case."""
    assert {"name": "m", "engineVersion": "v1"} == read(Name="m", ENGINEVERSION="v1", include=None)


def test_short_forms_are_written_in_full() -> None:
    """A string in place of an SDK or a dependency is its source."""
    assert {"sdk": {"source": "python"}, "dependencies": [{"source": "a"}]} == read(
        sdk="python", dependencies=["a"]
    )


def test_a_wrong_type_in_depth_is_named() -> None:
    """The message has the place with its indexes."""
    with pytest.raises(ModuleFailed) as caught:
        read(toolchains=[{"source": "a", "portMappings": {"web": [80]}}])

    assert (
        "toolchains[0].portMappings.web[0]: toolchains[0].portMappings.web[0] must be a string, "
        "not a number"
    ) == caught.value.message


@pytest.mark.parametrize(
    ("value", "expected"),
    [({}, "an object"), ([], "a list"), ("", "a string"), (True, "a boolean"), (None, "null")],
)
def test_kinds(value: Any, expected: str) -> None:
    """A value's kind is named as JSON names it."""
    assert expected == kind_of(value)


def test_line_of_a_place() -> None:
    """A place is found by its keys and indexes, not by the first text that looks like it."""
    text = '{"sdk": {"source": "python"},\n "a": ["source",\n {"b": 1}],\n "source": "x"}'

    assert [4, 1, 2, 3, 3, 2, 1] == [
        line_at(text, place)
        for place in (
            ("source",),
            ("sdk", "source"),
            ("a", 0),
            ("a", 1),
            ("a", 1, "b"),
            ("a", 7),
            ("gone",),
        )
    ]
