"""The module's own tools with the hashes of all that they need, a file each.

A step that signs or uploads runs nothing else; and what edits a release's files must write the
same on any day. `python -m wheelwright.locked` makes the files anew from the pins.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from wheelwright.pins import TOOLS

__all__ = ["PINNED", "oldest_python", "program", "requirements"]

PINNED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "codecov-cli": TOOLS["codecov-cli"][0][1],
        "git-cliff": "2.14.2",
        "pypi-attestations": "0.0.30",
        "towncrier": "26.9.0",
        "twine": "7.0.0",
    }
)
"""Versions by name."""

_PROGRAMS: Final = {"codecov-cli": "codecovcli"}
_OLDEST: Final = {"codecov-cli": "3.9", "git-cliff": "3.8", "towncrier": "3.9"}


def program(name: str) -> str:
    """Return what a tool is called by."""
    return _PROGRAMS.get(name, name)


def oldest_python(name: str) -> str:
    """Return the oldest Python that a tool's file is for."""
    return _OLDEST.get(name, "3.10")


def requirements(name: str) -> str:
    """Return a tool's file: every requirement with its version and hashes."""
    return (files("wheelwright.locked") / f"{name}.txt").read_text(encoding="utf-8")
