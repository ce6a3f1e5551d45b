"""Applies the `overrides` of a hatch environment (pure).

Source: hatch's manual, "Advanced usage", Option overrides. The platform is Linux.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wheelwright.errors import ProjectError

_LISTS: Final = frozenset(
    {
        "dependencies",
        "dependency-groups",
        "extra-dependencies",
        "features",
        "platforms",
        "post-install-commands",
        "pre-install-commands",
    }
)
_TABLES: Final = frozenset({"env-vars", "scripts"})

PLATFORM: Final = "linux"


def applied(
    config: Mapping[str, Any],
    options: Any,
    value: str,
    variables: Mapping[str, str],
    where: str,
) -> dict[str, Any]:
    """Return an environment's table after one group of overrides.

    `value` is that of the condition: a variable of the matrix or of the environment, a name.

    Raises:
        ProjectError: an override that is not of its option's shape.
    """
    if not isinstance(options, Mapping):
        raise ProjectError(f"{where} is not a table", "write it as one")
    found = dict(config)
    for raw, data in options.items():
        replaces = raw.startswith("set-")
        option = raw.removeprefix("set-")
        place = f"{where}.{raw}"
        before = found.get(option)
        if option in _LISTS:
            new = [text for text, _ in _entries(data, "value", value, variables, place)]
            if replaces or not isinstance(before, list):
                found[option] = new
            else:
                found[option] = [*before, *new]
        elif option in _TABLES:
            table = dict(_pairs(data, value, variables, place))
            old = before if isinstance(before, Mapping) and not replaces else {}
            found[option] = {**old, **table}
        elif option != "workspace":
            chosen = _first(data, value, variables, place)
            if chosen is not None:
                found[option] = chosen
    return found


def _entries(
    data: Any, key: str, value: str, variables: Mapping[str, str], where: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the text of each entry whose condition is met, and its table."""
    for entry in data if isinstance(data, list) else [data]:
        if isinstance(entry, str):
            yield entry, {}
        elif isinstance(entry, Mapping) and isinstance(entry.get(key), str):
            if _met(entry, value, variables, where):
                yield entry[key], entry
        else:
            raise ProjectError(
                f"{where} has an entry that is neither a string nor a table with `{key}`",
                "correct that entry",
            )


def _pairs(
    data: Any, value: str, variables: Mapping[str, str], where: str
) -> Iterator[tuple[str, str]]:
    for text, table in _entries(data, "key", value, variables, where):
        if table:
            given = table.get("value", value)
            if not isinstance(given, str):
                raise ProjectError(f"{where}: `value` is not a string", "correct it")
            yield text, given
        else:
            name, equals, given = text.partition("=")
            yield name, given if equals else value


def _first(data: Any, value: str, variables: Mapping[str, str], where: str) -> Any:
    """Return the first value whose condition is met; None for none."""
    for entry in data if isinstance(data, list) else [data]:
        if not isinstance(entry, Mapping):
            return entry
        if "value" in entry and _met(entry, value, variables, where):
            return entry["value"]
    return None


def _met(entry: Mapping[str, Any], value: str, variables: Mapping[str, str], where: str) -> bool:
    for key in ("if", "platform", "env"):
        if not isinstance(entry.get(key, []), list):
            raise ProjectError(f"{where}: `{key}` is not a list", "write it as one")
    if "if" in entry and value not in entry["if"]:
        return False
    if "platform" in entry and PLATFORM not in entry["platform"]:
        return False
    for each in entry.get("env", []):
        name, equals, wanted = str(each).partition("=")
        if name not in variables or (equals and variables[name] != wanted):
            return False
    return True
