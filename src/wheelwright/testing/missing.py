"""Pythons that the engine does not have: how to get them, once for a whole matrix (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """A Python that the engine does not have, and what it advises; empty for nothing."""

    python: str
    advice: str = ""


def unprovided(missing: Sequence[Missing], *, skipped: bool) -> str:
    """Return the ways on for all of them in one line; empty where none is missing.

    The engine's advice is about one Python: all of them stand in its place.
    """
    if not missing:
        return ""
    pythons = " ".join(dict.fromkeys(each.python for each in missing))
    first = missing[0]
    advice = re.sub(rf"(?<![\w.]){re.escape(first.python)}(?![\w.])", pythons, first.advice)
    ways = [advice, "" if skipped else "--skip-unavailable leaves such cells out"]
    return "; ".join(filter(None, [f"not available: Python {pythons.replace(' ', ', ')}", *ways]))
