"""Results as text: what `call` prints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from stiletto.engine.ports import ObjectRef, Value

LISTED = 20
"""How many paths of each kind the summary of a changeset names."""


def plain(value: Value) -> str:
    """Return a leaf as bare text, a list with one element per line, void as nothing."""
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return json.dumps(_data(value))
        case str():
            return value
        case ObjectRef():
            return identity(value)
        case _:
            return "".join(f"{plain(item)}\n" for item in value)


def as_json(value: Value) -> str:
    """Return a leaf or a list as JSON, indented by four."""
    return json.dumps(_data(value), indent=4, ensure_ascii=False) + "\n"


def _data(value: Value) -> object:
    match value:
        case float() if value.is_integer() and abs(value) < 1e16:
            # 3.0 is 3 to the real command line, which decodes JSON into what it finds.
            return int(value)
        case None | bool() | int() | float() | str():
            return value
        case ObjectRef():
            return identity(value)
        case _:
            return [_data(item) for item in value]


def identity(ref: ObjectRef) -> str:
    """Return `Type@sha256:...`, the same for the same object."""
    digest = hashlib.sha256(ref.id.encode()).hexdigest()
    return f"{ref.type}@sha256:{digest[:16]}"


def objects(value: Value) -> str:
    """Return one line for an object, and `- ` in front of each of a list."""
    if isinstance(value, list | tuple):
        return "".join(f"- {line}\n" for item in value for line in objects(item).splitlines())
    return f"{plain(value)}\n"


def changes_summary(added: Sequence[str], modified: Sequence[str], removed: Sequence[str]) -> str:
    """Return what a changeset would do: one line for each path, and the counts."""
    lines: list[str] = []
    for sign, paths in (("+", added), ("~", modified), ("-", removed)):
        lines += [f"  {sign} {path}" for path in paths[:LISTED]]
        if len(paths) > LISTED:
            lines.append(f"  {sign} ... and {len(paths) - LISTED} more")
    lines.append(f"{len(added)} added, {len(modified)} modified, {len(removed)} removed")
    return "\n".join(lines)
