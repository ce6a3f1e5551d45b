"""Declares keys of [tool.wheelwright] as fields of dataclasses, with what people read about them.

docs/settings.md is made from these declarations.
"""

from __future__ import annotations

from dataclasses import MISSING, field
from typing import Any


def setting(effect: str, value: str = "", *, unset: str = "", default: object = MISSING) -> Any:
    """Declare a key: its effect, possible values, and what counts where it is not set.

    All three are Markdown. Without a default the field is an empty table.
    """
    metadata = {"effect": effect, "value": value, "unset": unset}
    if default is MISSING:
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def table(kind: type[Any], effect: str) -> Any:
    """Declare a key whose value is a table with keys of its own."""
    return field(default_factory=kind, metadata={"effect": effect, "value": "", "unset": ""})
