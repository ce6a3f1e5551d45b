"""Writes the options of a call into [tool.wheelwright.github], so that the next call decides alike.

Pure. Only keys that are not set are added, and nothing else of the file changes; where the table
is written in a form that no lines can be added to, the lines are returned for a person.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from wheelwright.github.options import TABLE, Options
from wheelwright.project.github_settings import GitHubSettings

_USUAL = {
    "forge": "github",
    "engine": "dagger",
    "branch": "",
    "environment": "pypi",
    "propose_environment": "release",
    "index": "",
    "jobs": "one",
    "shards": 0,
}


_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def lines(
    options: Options, settings: GitHubSettings, usual: Mapping[str, str] = _NOTHING
) -> list[str]:
    """Return the lines that the table lacks to decide as these options do.

    `usual` has what the repository itself decides: its forge, and the engine of that.
    """
    found = []
    for name, default in {**_USUAL, **usual}.items():
        value = getattr(options, name)
        if value and value != default and not getattr(settings, name):
            found.append(f"{name.replace('_', '-')} = {json.dumps(value, ensure_ascii=False)}")
    return found


def added(text: str, new: list[str]) -> str | None:
    """Return pyproject.toml with these lines in the table; None where they cannot be added."""
    if not new:
        return text
    header = re.search(r"(?m)^\[tool\.wheelwright\.github\][ \t]*(#.*)?$\n?", text)
    if header:
        at = header.end()
        before, after = text[:at], text[at:]
        gap = "" if before.endswith("\n") else "\n"
    else:
        before, after = text, ""
        gap = ("" if text.endswith("\n") or not text else "\n") + f"\n{TABLE}\n"
    made = before + gap + "".join(f"{line}\n" for line in new) + after
    return made if _is_right(text, made, new) else None


def _is_right(before: str, after: str, new: list[str]) -> bool:
    """Whether the file has the new keys, and is the same otherwise."""
    try:
        expected, actual = tomllib.loads(before), tomllib.loads(after)
        wanted: dict[str, Any] = tomllib.loads("\n".join(new))
        table = expected.setdefault("tool", {}).setdefault("wheelwright", {})
        table.setdefault("github", {}).update(wanted)
    except (ValueError, AttributeError):
        return False
    return bool(expected == actual)
