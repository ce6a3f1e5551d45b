"""Command lines of hatch, split as its shell splits them (pure)."""

from __future__ import annotations

import re
import shlex
from typing import Final

# What means something to a shell outside of quotes. Brackets and braces are not here: `.[test]` is
# an argument as it is unless a file has that name.
_SHELL: Final = frozenset("|&;<>()`$*?~\n")
_IN_DOUBLE: Final = frozenset("`$")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def split(line: str) -> tuple[str, ...]:
    """Return a command line's arguments; one that needs a shell becomes `sh -c LINE`."""
    line = line.strip()
    if not line:
        return ()
    if _needs_shell(line):
        return ("sh", "-c", line)
    try:
        return tuple(shlex.split(line))
    except ValueError:
        return ("sh", "-c", line)


def _needs_shell(line: str) -> bool:
    """Whether anything in a line means something to a shell, variables that it sets included."""
    quote, escaped = "", False
    for sign in line:
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif quote:
            if sign == quote:
                quote = ""
            elif quote == '"' and sign in _IN_DOUBLE:
                return True
        elif sign in "'\"":
            quote = sign
        elif sign in _SHELL:
            return True
    return _ASSIGNMENT.match(line) is not None or line.startswith("cd ")
