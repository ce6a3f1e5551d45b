"""Paths with wildcards, as the calls that remove files take them (pure).

    sub/*.txt     names in `sub`        *   ?   [a-c]   within one name, and `**` is a `*`

What comes before the first name with a wildcard is a path as any other. A pattern that cannot be
read matches nothing, and nothing is looked for in a directory that matches: all as the real engine
does (util/layercopy/wildcard.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stiletto.api.globs import Matcher
from stiletto.api.patterns import name_tokens
from stiletto.errors import UsageError
from stiletto.graph.tree import split

_WILD = re.compile(r"(?:\\.|[^\\*?\[])*[*?\[]", re.DOTALL)


@dataclass(frozen=True)
class Wildcards:
    """The paths in `directory` that match; relative to it."""

    directory: str
    matcher: Matcher | None

    def matches(self, path: str) -> bool:
        """Whether a path beneath the directory matches."""
        return self.matcher is not None and self.matcher.matches(path)


def wildcards(path: str) -> Wildcards | None:
    """Return what a path with a `*` stands for; None for a plain path."""
    if "*" not in path:
        return None
    names = split(path)
    count = next((n for n, name in enumerate(names) if _WILD.match(name)), len(names))
    if count == len(names):
        return None
    try:
        matcher = Matcher(name_tokens("/".join(names[count:])))
    except UsageError:
        matcher = None
    return Wildcards("/".join(names[:count]), matcher)
