"""Calls that return, reset or shorten a field: tables instead of a function for each.

The attribute has the name of the call in snake case, unless `OTHER_NAMES` names another. A test
compares every entry with the SDK, its type among it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

from stiletto.api.container import Container, Label, Service, Variable
from stiletto.api.directory import DiffStat
from stiletto.api.files import Changeset, EmptyDirectory
from stiletto.api.readiness import Healthcheck, Port
from stiletto.api.registry import CALLS, Call, call, snake
from stiletto.api.search import SearchResult, SearchSubmatch
from stiletto.api.session import (
    Argument,
    CurrentModule,
    Error,
    ErrorValue,
    FunctionCall,
    Host,
    Stat,
)
from stiletto.api.typedefs import Module, SourceMap, TypeDef
from stiletto.graph.recipe import Recipe

FIELDS: Final[Mapping[type[Recipe], tuple[str, ...]]] = {
    Argument: ("name", "value"),
    Changeset: ("before", "after"),
    Container: (
        "defaultArgs",
        "dockerHealthcheck",
        "entrypoint",
        "envVariables",
        "exposedPorts",
        "labels",
        "user",
        "workdir",
    ),
    CurrentModule: ("name", "source"),
    DiffStat: ("path", "kind", "addedLines", "removedLines"),
    Error: ("message", "values"),
    ErrorValue: ("name", "value"),
    FunctionCall: ("name", "parentName", "parent", "inputArgs"),
    Healthcheck: (
        "args",
        "interval",
        "retries",
        "shell",
        "startInterval",
        "startPeriod",
        "timeout",
    ),
    Label: ("name", "value"),
    Module: ("name",),
    Port: ("port", "protocol", "description", "experimentalSkipHealthcheck"),
    SearchResult: (
        "filePath",
        "lineNumber",
        "absoluteOffset",
        "matchedLines",
        "submatches",
    ),
    SearchSubmatch: ("text", "start", "end"),
    Service: ("ports",),
    SourceMap: ("filename", "line", "column", "module", "url"),
    Stat: ("name", "size", "fileType", "permissions"),
    Variable: ("name", "value"),
}

OTHER_NAMES: Final = {
    "dockerHealthcheck": "healthcheck",
    "envVariables": "env",
    "experimentalSkipHealthcheck": "skip_healthcheck",
    "exposedPorts": "ports",
    "inputArgs": "args",
}


RESET: Final[Mapping[str, Mapping[str, Any]]] = {
    "withoutDefaultArgs": {"default_args": (), "own_default_args": False},
    "withoutDockerHealthcheck": {"healthcheck": None},
    "withoutUser": {"user": ""},
    "withoutWorkdir": {"workdir": ""},
}
"""Calls of a container that give fields their first values again."""

WITHOUT: Final = {
    "withoutEnvVariable": "env",
    "withoutLabel": "labels",
    "withoutSecretVariable": "secrets",
    "withoutVolatileVariable": "volatile",
}
"""Calls of a container that remove what has a name from a field."""

NEW: Final[Mapping[str, type[Recipe]]] = {
    "directory": EmptyDirectory,
    "host": Host,
    "module": Module,
    "typeDef": TypeDef,
}
"""Calls of the root that return an empty value."""


def attribute(name: str) -> str:
    """Return the attribute that a call of the table returns."""
    return OTHER_NAMES.get(name) or snake(name)


for _type, _names in FIELDS.items():
    for _name in _names:
        _full = f"{_type.TYPE}.{_name}"
        CALLS[_full] = Call(_full, attrgetter(attribute(_name)), is_leaf=False)


def _new(of: type[Recipe]) -> Callable[[Recipe], Recipe]:
    def new(self: Recipe) -> Recipe:
        return of()

    return new


def _reset(values: Mapping[str, Any]) -> Callable[[Container], Container]:
    return lambda self: replace(self, **values)


def _without(field: str) -> Callable[[Container, str], Container]:
    def without(self: Container, name: str) -> Container:
        kept: dict[str, Any] = {
            field: tuple(item for item in getattr(self, field) if item.name != name)
        }
        return replace(self, **kept)

    return without


for _name, _of in NEW.items():
    call(f"Query.{_name}")(_new(_of))
for _name, _values in RESET.items():
    call(f"Container.{_name}")(_reset(_values))
for _name, _field in WITHOUT.items():
    call(f"Container.{_name}")(_without(_field))
