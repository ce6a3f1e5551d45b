"""Addresses as objects; what they lead to is in `stiletto.module.addresses`."""

from __future__ import annotations

from typing import ClassVar

from stiletto.api.registry import call
from stiletto.api.session import Query
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe, frozen


@frozen
class Address(Recipe):
    """A text that represents an object: a path, an image, a repository, a secret's URI."""

    TYPE: ClassVar[str] = "Address"

    value: str


@call("Query.address")
def address(self: Query, value: str) -> Address:
    """Take an address; what it means is known by the call that follows."""
    if not value:
        raise UsageError("the address of an object cannot be empty")
    return Address(value)


@call("Address.value")
def value(self: Address) -> str:
    """Return the text."""
    return self.value
