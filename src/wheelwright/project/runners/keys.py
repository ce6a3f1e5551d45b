"""Finds the lines of keys in TOML, for messages (pure).

A parser of TOML keeps no lines. This reads headers and keys only, so inside a string of several
lines it may be wrong; nothing but the number in a message hangs on it.
"""

from __future__ import annotations

import re
from typing import Final

_HEADER: Final = re.compile(r"\[\[?([\w.\"'\s-]+)\]\]?\s*(?:#.*)?")
_PARTS: Final = 8
"""Parts of a dotted key that are looked at."""


class KeyLines:
    """The lines of the tables and keys of one file."""

    def __init__(self, text: str) -> None:
        self._first: dict[tuple[str, ...], int] = {}
        section: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if header := _HEADER.fullmatch(stripped):
                section = here = _parts(header.group(1))
            elif "=" in stripped:
                here = (*section, *_parts(stripped.partition("=")[0]))
            else:
                continue
            for depth in range(1, min(len(here), _PARTS) + 1):
                self._first.setdefault(here[:depth], number)

    def line(self, *keys: str) -> int:
        """Return the line of a dotted key, or of the innermost table around it; 0 for none."""
        return self._first.get(self.known(*keys), 0)

    def known(self, *keys: str) -> tuple[str, ...]:
        """Return as much of a dotted key as the file has."""
        for depth in range(min(len(keys), _PARTS), 0, -1):
            if keys[:depth] in self._first:
                return keys[:depth]
        return ()


def _parts(dotted: str) -> tuple[str, ...]:
    parts = dotted.split(".", _PARTS)[:_PARTS]
    return tuple(part.strip().strip("\"'") for part in parts)
