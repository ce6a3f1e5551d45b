"""Calls that return a field of a value: a table instead of a function for each.

The attribute has the name of the call in snake case, unless `OTHER_NAMES` says otherwise. A test
compares every entry with the SDK, its type among it.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

from stiletto.api.container import Container, Label, Service, Variable
from stiletto.api.directory import DiffStat
from stiletto.api.files import Changeset
from stiletto.api.readiness import Healthcheck, Port
from stiletto.api.registry import CALLS, Call, snake
from stiletto.api.session import Argument, CurrentModule, Error, ErrorValue, FunctionCall, Stat
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
        "platform",
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
    Port: ("port", "protocol", "description", "experimentalSkipHealthcheck"),
    Service: ("ports",),
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


def attribute(name: str) -> str:
    """Return the attribute that a call of the table answers."""
    return OTHER_NAMES.get(name) or snake(name)


for _type, _names in FIELDS.items():
    for _name in _names:
        _full = f"{_type.TYPE}.{_name}"
        CALLS[_full] = Call(_full, attrgetter(attribute(_name)), is_leaf=False, parameters={})
