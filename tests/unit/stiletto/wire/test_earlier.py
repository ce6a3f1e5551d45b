"""What an earlier engine served is in the schema of the modules that ask for it."""

from __future__ import annotations

import graphql
import pytest

from stiletto.wire.earlier import ARGUMENTS, FIELDS
from stiletto.wire.schema import core_schema
from stiletto.wire.sdl import to_sdl

OLDEST = (0, 9, 9)


def test_the_schema_of_the_oldest_engine_is_valid() -> None:
    """It has every field that is gone, and builds as GraphQL."""
    schema = core_schema(OLDEST)

    assert graphql.validate_schema(graphql.build_schema(to_sdl(schema))) == []
    for full_name in FIELDS:
        type_name, name = full_name.split(".")
        assert name in schema.objects[type_name].functions
        assert name not in core_schema().objects[type_name].functions


@pytest.mark.parametrize("full_name", ARGUMENTS)
def test_arguments_that_are_gone(full_name: str) -> None:
    """They stand beside those of v0.21.8 until the version that removed them."""
    type_name, name = full_name.split(".")
    until, added = ARGUMENTS[full_name]

    earlier = core_schema(OLDEST).objects[type_name].functions[name]
    later = core_schema(until).objects[type_name].functions[name]

    assert set(added) <= {arg.name for arg in earlier.args}
    assert {arg.name for arg in core_schema().objects[type_name].functions[name].args} == {
        arg.name for arg in later.args
    }
