"""The fields and arguments that only earlier engines served, as data like `v0_21_8.json`.

A module that asks for such an engine (`engineVersion`) is served them beside those of v0.21.8.
`stiletto.api.earlier` has what they mean; those it does not know are refused by their names.
Source: `View(BeforeVersion(...))` in core/schema of v0.21.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stiletto.api.earlier import ENTRYPOINT, FOCUS, PIPELINE, SOURCE, Version

_PIPELINE = {"name": "String!", "description": "String", "labels": "[PipelineLabel!]"}

FIELDS: Mapping[str, tuple[Version, Any]] = {
    "Query.pipeline": (PIPELINE, {"returns": "Query!", "args": _PIPELINE}),
    "Container.pipeline": (PIPELINE, {"returns": "Container!", "args": _PIPELINE}),
    "Directory.pipeline": (PIPELINE, {"returns": "Directory!", "args": _PIPELINE}),
    "Container.withFocus": (FOCUS, "Container!"),
    "Container.withoutFocus": (FOCUS, "Container!"),
    "Container.build": (
        SOURCE,
        {
            "returns": "Container!",
            "args": {
                "context": "Directory!",
                "dockerfile": ["String", '"Dockerfile"'],
                "target": ["String", '""'],
                "buildArgs": ["[BuildArg!]", "[]"],
                "secrets": ["[Secret!]", "[]"],
                "noInit": ["Boolean", "false"],
            },
        },
    ),
    "GitRepository.withAuthToken": (
        SOURCE,
        {"returns": "GitRepository!", "args": {"token": "Secret!"}},
    ),
    "GitRepository.withAuthHeader": (
        SOURCE,
        {"returns": "GitRepository!", "args": {"header": "Secret!"}},
    ),
}

ARGUMENTS: Mapping[str, tuple[Version, Mapping[str, str]]] = {
    "Container.withDirectory": (SOURCE, {"source": "Directory", "directory": "Directory"}),
    "Directory.withDirectory": (SOURCE, {"source": "Directory", "directory": "Directory"}),
    "Container.withExec": (PIPELINE, {"skipEntrypoint": "Boolean"}),
    "GitRef.tree": (ENTRYPOINT, {"sshKnownHosts": "String", "sshAuthSocket": "Socket"}),
}


def served(data: Mapping[str, Any], version: Version) -> Mapping[str, Any]:
    """Return the schema's data as a module that asks for this engine sees it."""
    objects = dict(data["objects"])
    for full_name, (until, field) in FIELDS.items():
        if version < until:
            _set(objects, full_name, field)
    for full_name, (until, args) in ARGUMENTS.items():
        if version < until:
            type_name, name = full_name.split(".")
            field = objects[type_name]["fields"][name]
            _set(objects, full_name, {**field, "args": {**field["args"], **args}})
    return {**data, "objects": objects}


def _set(objects: dict[str, Any], full_name: str, field: Any) -> None:
    type_name, name = full_name.split(".")
    item = objects[type_name]
    objects[type_name] = {**item, "fields": {**item["fields"], name: field}}
