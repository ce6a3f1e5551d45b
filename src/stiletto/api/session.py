"""The root, and what belongs to the running function: host, current call, errors, plain data."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from stiletto.api.container import Container
from stiletto.api.files import Directory, File, NewFile
from stiletto.api.platforms import require_own_platform
from stiletto.api.registry import call
from stiletto.api.texts import check_file_name, check_permissions
from stiletto.graph.recipe import Recipe, frozen


@frozen
class Query(Recipe):
    """The root of every query."""

    TYPE: ClassVar[str] = "Query"


@frozen
class Host(Recipe):
    """The machine that the client runs on."""

    TYPE: ClassVar[str] = "Host"


@frozen
class CurrentModule(Recipe):
    """The module whose function is running."""

    TYPE: ClassVar[str] = "CurrentModule"

    name: str
    source: Directory


@frozen
class Argument(Recipe):
    """One argument of the running call; the value is JSON."""

    TYPE: ClassVar[str] = "FunctionCallArgValue"

    name: str
    value: str


@frozen
class FunctionCall(Recipe):
    """The call that a module's process runs; names are the module's own.

    `name` is empty for the constructor, `parent_name` for registration; `parent` is the state of
    the object, as JSON.
    """

    TYPE: ClassVar[str] = "FunctionCall"

    name: str
    parent_name: str
    parent: str
    args: tuple[Argument, ...]


@frozen
class ModuleObject(Recipe):
    """An object of a module: its type, and its state as canonical JSON.

    `holds` are the API objects that the state names by id; they are part of the recipe, so that
    storing the object stores them too.
    """

    module: str
    object_type: str
    state: str
    holds: tuple[Recipe, ...] = ()

    @property
    def type_name(self) -> str:
        """The module's own type."""
        return self.object_type


@frozen
class ErrorValue(Recipe):
    """One named value of an error; the value is JSON."""

    TYPE: ClassVar[str] = "ErrorValue"

    name: str
    value: str


@frozen
class Error(Recipe):
    """An error that a module returns."""

    TYPE: ClassVar[str] = "Error"

    message: str
    values: tuple[ErrorValue, ...] = ()


@frozen
class Stat(Recipe):
    """What is known of a path."""

    TYPE: ClassVar[str] = "Stat"

    name: str
    size: int
    file_type: str
    permissions: int


@call("Query.container")
def container(self: Query, platform: str | None = None) -> Container:
    """Start with an empty container, of this machine's platform."""
    if platform is not None:
        require_own_platform("Query.container", platform)
    return Container()


@call("Query.file")
def file(self: Query, name: str, contents: str, permissions: int = 0o644) -> File:
    """Make a file from text."""
    check_file_name("Query.file", name)
    check_permissions("Query.file", "permissions", permissions)
    return NewFile(name, contents, permissions)


@call("Query.error")
def error(self: Query, message: str) -> Error:
    """Make an error."""
    return Error(message)


@call("Error.withValue")
def error_with_value(self: Error, name: str, value: str) -> Error:
    """Add a value to an error."""
    return replace(self, values=(*self.values, ErrorValue(name, value)))
