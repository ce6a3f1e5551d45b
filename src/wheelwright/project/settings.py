"""[tool.wheelwright]: settings of a package for this module. All of them are optional.

| key | value | effect |
|---|---|---|
| `python` | "3.12" | the version used by default |
| `step-timeout` | "30m" | how long one step may take; "0" is no limit |
| `groups` | list | dependency groups for the tests, instead of the place found |
| `extras` | list | extras installed beside the test dependencies |
| `pytest-args` | list | arguments of pytest where the caller gives none |
| `typecheck` | list | the type checker's command line, such as ["mypy", "src"] |
| `services` | list | servers for the tests, such as ["postgres:16", "redis:7"] |
| `migrate` | list | a command line that runs before the tests where there are services |
| `skip` | list | gates that `ci` leaves out; they are listed as such |
| `matrix` | table | the cells of `matrix`: see `matrix.py` beside this file |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wheelwright.errors import ProjectError
from wheelwright.project import matrix
from wheelwright.project.matrix import MatrixSettings
from wheelwright.project.pyproject import Pyproject, line_of
from wheelwright.project.reading import is_strings
from wheelwright.project.suggestions import unknown


@dataclass(frozen=True, slots=True)
class Settings:
    """The table's values; empty means not set."""

    python: str = ""
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    typecheck: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    matrix: MatrixSettings = field(default_factory=MatrixSettings)
    step_timeout: str = ""
    services: tuple[str, ...] = ()
    migrate: tuple[str, ...] = ()


_STRINGS = ("python", "step-timeout")
_LISTS = ("groups", "extras", "pytest-args", "typecheck", "skip", "services", "migrate")


def read(pyproject: Pyproject, gates: Sequence[str] | None = None) -> Settings:
    """Read the table; all that is wrong with it is reported at once.

    `gates` are the names that `skip` may have; None lets it have any.

    Raises:
        ProjectError: unknown keys, values of another type, unknown gates in `skip`.
    """
    # Not cattrs: the same messages took as many lines, and a table with one mistake hid its others.
    table = pyproject.table("tool", "wheelwright")
    wrong = [
        *_unknown_keys(table),
        *_wrong_values(table, gates),
        *matrix.check(table.get("matrix", {})),
    ]
    if wrong:
        line = line_of(pyproject.text, "[tool.wheelwright")
        raise ProjectError(
            f"{pyproject.path}:{line or 1}: [tool.wheelwright] {', and '.join(wrong)}",
            "correct the table",
        )
    values: dict[str, Any] = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key != "matrix"
    }
    return Settings(**values, matrix=matrix.read(table.get("matrix", {})))


def _unknown_keys(table: Mapping[str, Any]) -> list[str]:
    known = (*_STRINGS, *_LISTS, "matrix")
    return [f"has an {unknown('key', key, known)}" for key in table if key not in known]


def _wrong_values(table: Mapping[str, Any], gates: Sequence[str] | None) -> list[str]:
    wrong = [
        f"has {key} = {table[key]!r}, which is not a string"
        for key in _STRINGS
        if not isinstance(table.get(key, ""), str)
    ]
    for key in _LISTS:
        value = table.get(key, [])
        if not is_strings(value):
            wrong.append(f"has {key} = {value!r}, which is not a list of strings")
        elif key == "skip" and gates is not None:
            wrong.extend(
                f"has an {unknown('gate', gate, gates)}" for gate in value if gate not in gates
            )
    return wrong
