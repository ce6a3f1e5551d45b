"""Declares arguments of functions as fields of dataclasses: `module/takes.py` reads them.

Below every package that has arguments to declare.
"""

from __future__ import annotations

from dataclasses import MISSING, field
from typing import Any


def argument(text: str, default: object = MISSING) -> Any:
    """Declare a field that is an argument of functions, with its help and default."""
    metadata = {"help": text}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)
