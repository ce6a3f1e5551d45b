"""The descriptions of the core API are read from the SDK's own source."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stiletto.wire.schema import core_schema
from stiletto.wire.sdk import read_descriptions, sdk_source


@pytest.fixture(scope="module")
def texts() -> Mapping[str, str]:
    """Return the descriptions of the installed SDK."""
    return read_descriptions(sdk_source()[0])


def test_fields_and_arguments_are_described(texts: Mapping[str, str]) -> None:
    """A field, its arguments and the members of an enum have the SDK's descriptions."""
    schema = core_schema().described(texts)
    function = schema.objects["Container"].functions["withExec"]
    sharing = schema.enums["CacheSharingMode"]

    assert function.description
    assert "Exit codes" in next(a.description for a in function.args if a.name == "expect")
    assert all(sharing.descriptions[name] for name in sharing.members)


def test_without_an_sdk_nothing_is_described() -> None:
    """The schema does not need the SDK; the descriptions are empty then."""
    schema = core_schema().described(read_descriptions(""))

    assert core_schema() == schema
