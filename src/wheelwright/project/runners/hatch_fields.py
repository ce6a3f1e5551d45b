"""Fills the fields of hatch's strings, such as `{args:tests}` and `{env:NAME:default}` (pure).

Source: hatch's manual, "Context formatting". The caller gives no arguments, so `{args:tests}` is
`tests`; the project's directory is `.`, because commands run there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 10_000
"""Characters of a filled string; beyond that something repeats itself."""

_DEPTH: Final = 5


@dataclass(frozen=True, slots=True)
class Fields:
    """What the fields of one environment stand for.

    Attributes:
        environment: its name.
        variables: that are set, the environment's own `env-vars` included.
        matrix: the values of the matrix's variables.
        arguments: in the place of `{args}`; None for the default that the field has.
    """

    environment: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[str, str] = field(default_factory=dict)
    arguments: str | None = None

    def filled(self, text: str, depth: int = 0) -> str:
        """Return a text with its fields filled.

        Raises:
            ValueError: a field that needs the machine, or braces that do not match.
        """
        if depth > _DEPTH:
            raise ValueError(text)
        found: list[str] = []
        length, place = 0, 0
        while place < len(text):
            sign = text[place]
            if text[place : place + 2] in ("{{", "}}"):
                found.append(sign)
                place += 2
            elif sign == "{":
                end = _closing(text, place)
                found.append(self._field(text[place + 1 : end], depth))
                place = end + 1
            elif sign == "}":
                raise ValueError(text)
            else:
                end = place + 1
                while end < len(text) and text[end] not in "{}":
                    end += 1
                found.append(text[place:end])
                place = end
            length += len(found[-1])
            if length > LONGEST:
                raise ValueError(text[:LONGEST])
        return "".join(found)

    def _field(self, inside: str, depth: int) -> str:
        name, _, modifier = inside.partition(":")
        if name == "args":
            return self.filled(modifier, depth + 1) if self.arguments is None else self.arguments
        if name in ("env", "matrix"):
            key, separator, fallback = self.filled(modifier, depth + 1).partition(":")
            values = self.variables if name == "env" else self.matrix
            if key in values:
                return values[key]
            if separator:
                return fallback
        plain = {"root": ".", "/": "/", ";": ":", "env_name": self.environment}
        if name in plain and not modifier:
            return plain[name]
        if name == "verbosity":
            # Of a call without -v and -q.
            return "0" if not modifier else ""
        raise ValueError("{" + inside + "}")


def _closing(text: str, start: int) -> int:
    """Return where the brace that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place
    raise ValueError(text)
