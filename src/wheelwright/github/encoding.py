"""The two encoders of workflows: a value becomes part of a script, or a text of YAML.

| a value goes into | encoder | what it does |
|---|---|---|
| a script (`run:`) | `word` | refuses what a shell or YAML would not take as it is |
| YAML: a name, a branch, a directory, a variable of a step | `scalar` | quotes it; refuses `${{` |

Nothing else puts a value from outside into a workflow. What only a run knows, such as the cells
for other systems, reaches a script by a variable of its step.
"""

from __future__ import annotations

import re
from typing import Final

from wheelwright.errors import RequestError

# No blank, quote, `$`, `#`, no dash in front, no colon at the end: one token of bash, and a part of
# a plain scalar of YAML, whatever is around it.
_WORD: Final = re.compile(r"[A-Za-z0-9.](?:[A-Za-z0-9@:/._+~-]*[A-Za-z0-9/._+~-])?")

# GitHub puts the value of an expression wherever there is one, between quotes of YAML, too.
_EXPRESSION: Final = "${{"


def word(field: str, value: str) -> str:
    """Return the value if a script can have it as it is.

    Raises:
        RequestError: it cannot; the message names the field.
    """
    if not _WORD.fullmatch(value):
        raise RequestError(
            f"{field} {value!r} is not allowed in a workflow",
            "use only letters, digits and . _ - / @ : + ~",
        )
    return value


def scalar(field: str, value: str) -> str:
    """Return the value as a double-quoted scalar of YAML 1.2, in ASCII.

    Raises:
        RequestError: it has a line break, another control character, or the beginning of an
            expression; the message names the field.
    """
    if _EXPRESSION in value:
        raise RequestError(
            f"{field} {value!r} contains {_EXPRESSION}, which GitHub would evaluate", "rename it"
        )
    if not all(character.isprintable() for character in value):
        raise RequestError(f"{field} {value!r} contains invisible characters", "rename it")
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    plain = " " <= character <= "~" and character not in '"\\'
    return character if plain else f"\\U{ord(character):08x}"
