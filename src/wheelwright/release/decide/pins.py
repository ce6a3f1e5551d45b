"""Versions of the tools that only a release runs; the project's own lock wins where it has them."""

from __future__ import annotations

from typing import Final

from wheelwright.environment.tools import Tool
from wheelwright.project.model import Project

_PINS: Final = {
    "git-cliff": "2.14.2",
    "towncrier": "26.9.0",
    "twine": "7.0.0",
}


def release_tool(project: Project, name: str, python: str) -> Tool:
    """Return the tool in the locked version, else in the one pinned here."""
    locked = project.lock.version(name, python) if project.lock else ""
    if locked:
        return Tool(name, locked, "locked in uv.lock")
    return Tool(name, _PINS[name], "pinned by wheelwright")
