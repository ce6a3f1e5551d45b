"""Replaces byte strings in a stream, also those that two chunks share.

Secrets become `***`; plain mode replaces the paths of its working trees the same way. A suffix
that may be the start of a pattern is held back until the next chunk decides, so nothing leaks
at a boundary and nothing else is delayed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["MASK", "Replacer", "secret_patterns"]

MASK = b"***"

LINE_MIN_BYTES = 6
"""Shorter lines of a multi-line secret (`}`, `-`) are no secret by themselves, and would mask
half of an ordinary output."""


def secret_patterns(values: Iterable[str | bytes]) -> dict[bytes, bytes]:
    """Return what to replace for these secrets: each value, and the lines of a longer one.

    Outer blanks are not part of it: programs print a secret file without its last newline, or a
    key line by line with a prefix. Values without anything else are left out.
    """
    patterns: dict[bytes, bytes] = {}
    for value in values:
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        lines = raw.splitlines()
        forms = [raw.strip()]
        if len(lines) > 1:
            forms += [line.strip() for line in lines if len(line.strip()) >= LINE_MIN_BYTES]
        patterns |= {form: MASK for form in forms if form}
    return patterns


class Replacer:
    """Replaces patterns in one stream; the leftmost match wins, then the longest."""

    def __init__(self, patterns: Mapping[bytes, bytes]) -> None:
        self._patterns = {key: value for key, value in patterns.items() if key}
        longest_first = sorted(self._patterns, key=len, reverse=True)
        self._search = re.compile(b"|".join(map(re.escape, longest_first))) if patterns else None
        self._first_bytes = frozenset(key[0] for key in self._patterns)
        self._held_max = len(longest_first[0]) - 1 if longest_first else 0
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take a chunk; return what is settled."""
        return self._settle(self._held + data, final=False)

    def flush(self) -> bytes:
        """Return what was held back; the stream has ended."""
        return self._settle(self._held, final=True)

    def _settle(self, data: bytes, *, final: bool) -> bytes:
        if self._search is None:
            return data
        out: list[bytes] = []
        at = 0
        while True:
            hold = len(data) if final else self._undecided(data, at)
            found = self._search.search(data, at)
            if found is None or found.start() >= hold:
                break
            out += [data[at : found.start()], self._patterns[found.group()]]
            at = found.end()
        out.append(data[at:hold])
        self._held = data[hold:]
        return b"".join(out)

    def _undecided(self, data: bytes, at: int) -> int:
        """Return where the longest suffix begins that could still grow into a pattern."""
        for index in range(max(at, len(data) - self._held_max), len(data)):
            if data[index] in self._first_bytes:
                suffix = data[index:]
                for pattern in self._patterns:
                    if len(pattern) > len(suffix) and pattern.startswith(suffix):
                        return index
        return len(data)
