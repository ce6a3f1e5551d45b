"""Versions of the tools that only a release runs; the project's own lock wins where it has them."""

from __future__ import annotations

from wheelwright.locked import PINNED
from wheelwright.project.model import Project
from wheelwright.project.tools import Tool

__all__ = ["release_tool"]


def release_tool(project: Project, name: str, python: str) -> Tool:
    """Return the tool in the locked version, else in the one pinned here."""
    locked = project.lock.version(name, python) if project.lock else ""
    if locked:
        return Tool(name, locked, "locked in uv.lock")
    return Tool(name, PINNED[name], "pinned by wheelwright")
