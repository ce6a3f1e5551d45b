"""Every action that a workflow uses, pinned: the one place to update them.

A pin is the commit that the version's tag names in the action's own repository. Whoever runs
`workflows` again keeps a newer pin that Dependabot has brought in meanwhile (`newest`). Nothing
here can tell Dependabot's hand from another's, so what is kept is told by name (`foreign`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from packaging.version import InvalidVersion, Version

from wheelwright.project import reading


@dataclass(frozen=True, slots=True)
class Action:
    """One action at one commit."""

    name: str
    commit: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.commit} # {self.version}"


# By the word that the templates use. Each was read from the tags of the action's repository.
ACTIONS: Final = {
    "checkout": Action("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "cache": Action("actions/cache", "27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "upload": Action(
        "actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"
    ),
    "download": Action(
        "actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"
    ),
    "dagger": Action(
        "dagger/dagger-for-github", "27b130bf0f79a7f6fbbbe0fbca6760dc9bb40a77", "v8.4.1"
    ),
    "uv": Action("astral-sh/setup-uv", "20cfd1bf945f4377ade1205e4dbc17946fc9a30d", "v10.0.1"),
}

# Dagger's command line and engine: what dagger.json of this module asks for.
DAGGER: Final = "0.21.8"

# uv on the runners, the same as in the containers (`pins.UV_IMAGE`).
UV: Final = "0.13.9"

_USED = re.compile(
    r"(?P<name>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40})(?P<gap>[ \t]+#[ \t]*)(?P<version>v[\w.]+)"
)


def newest(text: str, existing: str) -> str:
    """Return the text, with each pin for which `existing` has a newer version replaced by that."""
    have: dict[str, re.Match[str]] = {}
    for match in _USED.finditer(existing):
        have[match["name"]] = max(
            (match, have.get(match["name"], match)), key=lambda one: _parse(one["version"])
        )

    def pin(match: re.Match[str]) -> str:
        other = have.get(match["name"])
        if other is None or _parse(other["version"]) <= _parse(match["version"]):
            return match[0]
        return f"{match['name']}@{other['commit']}{match['gap']}{other['version']}"

    return _USED.sub(pin, text)


def foreign(text: str) -> tuple[str, ...]:
    """Return the pins of a text that are not those of this file, each once, as they stand."""
    ours = {f"{action.name}@{action.commit}" for action in ACTIONS.values()}
    used = [match for match in _USED.finditer(text) if f"{match[1]}@{match[2]}" not in ours]
    return tuple(dict.fromkeys(f"{use['name']}@{use['commit']} # {use['version']}" for use in used))


def _parse(version: str) -> Version:
    try:
        return reading.version(version)
    except InvalidVersion:
        # A branch or a word that is no version: nothing is older.
        return Version("0.dev0")
