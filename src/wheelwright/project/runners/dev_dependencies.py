"""What uv and PDM install for development beyond dependency groups, and uv's defaults (pure).

Sources: the manuals of uv (`dev-dependencies`, `default-groups`) and of PDM (`dev-dependencies`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project.files import join
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import is_strings, requirement_or_none, shortened
from wheelwright.project.runners.job import Place
from wheelwright.project.runners.keys import KeyLines

_EDITABLE: Final = re.compile(r"(?:-e|--editable)[\s=]+(?P<place>\S+)")
_ROOT: Final = "file:///${PROJECT_ROOT}/"


@dataclass(frozen=True, slots=True)
class Listed:
    """Requirements under a name.

    Attributes:
        name: as it is written.
        lines: as pip reads them; `-e PATH` is among them.
    """

    name: str
    lines: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class DefaultGroups:
    """The dependency groups that uv installs if none is named.

    Attributes:
        names: as [dependency-groups] has them; "dev" may be uv's `dev-dependencies` alone.
        explicit: whether `default-groups` sets them.
    """

    names: tuple[str, ...]
    explicit: bool
    place: Place


def uv_dev(pyproject: Pyproject) -> Listed | None:
    """Return uv's `dev-dependencies`, which are part of the group "dev"; None without the key.

    Raises:
        ProjectError: not a list of requirements.
    """
    lines = pyproject.table("tool", "uv").get("dev-dependencies")
    if lines is None:
        return None
    place = _place(pyproject, "tool", "uv", "dev-dependencies")
    return Listed("dev", _requirements(lines, place), place)


def pdm_dev(pyproject: Pyproject) -> tuple[Listed, ...]:
    """Return PDM's `dev-dependencies`, group by group.

    Raises:
        ProjectError: not a table of lists of requirements.
    """
    keys = ("tool", "pdm", "dev-dependencies")
    table = pyproject.table("tool", "pdm").get("dev-dependencies", {})
    if not isinstance(table, Mapping):
        raise ProjectError(
            f"{_place(pyproject, *keys)} is not a table of groups",
            'write it like [tool.pdm.dev-dependencies] with test = ["pytest"]',
        )
    found = []
    for name, lines in table.items():
        place = _place(pyproject, *keys, name)
        found.append(Listed(name, _requirements(lines, place), place))
    return tuple(found)


def default_groups(pyproject: Pyproject) -> DefaultGroups:
    """Return the groups that `uv sync` and `uv run` install by default.

    Raises:
        ProjectError: neither "all" nor a list of groups that exist.
    """
    value = pyproject.table("tool", "uv").get("default-groups")
    place = _place(pyproject, "tool", "uv", "default-groups")
    has_dev = uv_dev(pyproject) is not None
    if value is None:
        dev = ("dev",) if has_dev or "dev" in pyproject.groups else ()
        return DefaultGroups(dev, explicit=False, place=Place(pyproject.path))
    if value == "all":
        names = list(pyproject.groups.values())
        if has_dev and "dev" not in pyproject.groups:
            names.append("dev")
        return DefaultGroups(tuple(names), explicit=True, place=place)
    if not is_strings(value):
        raise ProjectError(
            f'{place}: default-groups is neither "all" nor a list of groups',
            'write it like default-groups = ["dev", "tests"]',
        )
    names = []
    for name in value:
        key = canonicalize_name(name)
        if key not in pyproject.groups and not (key == "dev" and has_dev):
            known = ", ".join(pyproject.groups.values()) or "none"
            raise ProjectError(
                f'{place}: default-groups names "{shortened(name)}", which is not in '
                f"[dependency-groups] (it has: {shortened(known)})",
                "correct the name or add the group",
            )
        names.append(pyproject.groups.get(key, "dev"))
    return DefaultGroups(tuple(dict.fromkeys(names)), explicit=True, place=place)


def _place(pyproject: Pyproject, *keys: str) -> Place:
    table, key = keys[:-1], keys[-1]
    line = KeyLines(pyproject.text).line(*keys)
    return Place(pyproject.path, line, f"[{'.'.join(table)}] {key}")


def _requirements(lines: object, place: Place) -> tuple[str, ...]:
    if not isinstance(lines, list) or not is_strings(lines):
        raise ProjectError(f"{place} is not a list of requirements", "write it as one")
    found = []
    for line in lines:
        text = line.strip()
        if editable := _EDITABLE.fullmatch(text):
            address = editable["place"].partition("#")[0]
            if address.startswith(_ROOT):
                address = join(address.removeprefix(_ROOT)) or "."
            found.append(f"-e {address}")
        elif requirement_or_none(text) is not None:
            found.append(text)
        else:
            raise ProjectError(
                f"{place}: {shortened(repr(text))} is not a requirement (PEP 508)", "correct it"
            )
    return tuple(found)
