"""What is carried over into pyproject.toml, what is not, and how both are printed (pure).

Everything printed is TOML: what is not carried over stands in comments behind the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomlkit

from wheelwright.container.harmless import harmless
from wheelwright.project.model import Project


@dataclass(slots=True)
class Carried:
    """What was read, as it is collected.

    Attributes:
        groups: dependency groups to add, with their requirements.
        settings: of [tool.wheelwright].
        matrix: of [tool.wheelwright.matrix].
        lost: what is not carried over, a line each.
        needless: what this module does without a setting, a line each.
    """

    groups: dict[str, list[str]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    matrix: dict[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)


def text(carried: Carried, project: Project) -> str:
    """Return the tables, then in comments what is not carried over."""
    lines = [
        *_table("dependency-groups", carried.groups),
        *_table("tool.wheelwright", carried.settings),
        *_table("tool.wheelwright.matrix", carried.matrix),
    ]
    notes = [
        *_comments(
            "add the keys to the tables that pyproject.toml has", _present(carried, project)
        ),
        *_comments("not carried over", carried.lost),
        *_comments("needs nothing", carried.needless),
    ]
    if not lines and not notes:
        lines = ["# nothing to carry over: no tox, nox, hatch, PDM and no matrix of a workflow"]
    return harmless("\n".join([*lines, *notes]).strip("\n") + "\n")


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    return [f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in values.items()), ""]


def _comments(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"#   {' '.join(line.split())}" for line in dict.fromkeys(lines)]
    return [f"# {title}:", *found] if found else []


def _present(carried: Carried, project: Project) -> Sequence[str]:
    """Return the tables that would be in pyproject.toml twice."""
    own = project.package
    tables = (
        (carried.groups, ("dependency-groups",)),
        (carried.settings, ("tool", "wheelwright")),
        (carried.matrix, ("tool", "wheelwright", "matrix")),
    )
    return [f"[{'.'.join(keys)}]" for values, keys in tables if values and own.has(*keys)]


def _key(name: str) -> str:
    return tomlkit.key([name]).as_string()


def _value(value: Any) -> str:
    match value:
        case Mapping():
            inside = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
            return f"{{ {inside} }}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
    return str(tomlkit.item(value).as_string())
