"""Variables of a `.env` file, as lines `NAME=VALUE`; the values are expanded when they are read.

Source: core/envfile.go of v0.21.8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from stiletto.api.files import File, NewFile
from stiletto.api.registry import call
from stiletto.graph.recipe import Recipe, frozen

_EXPORT = re.compile(r"^export\s+")


@frozen
class EnvFile(Recipe):
    """Lines `NAME=VALUE`; those of `context` can be referred to, and are not shown."""

    TYPE: ClassVar[str] = "EnvFile"

    lines: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    @property
    def raw(self) -> Mapping[str, str]:
        """The values as they are written, by name."""
        return variables_of(self.lines)

    def with_line(self, name: str, value: str) -> EnvFile:
        """Return it with a variable; one of this name keeps its place."""
        line = f"{name}={value}"
        names = [each.partition("=")[0] for each in self.lines]
        if name not in names:
            return replace(self, lines=(*self.lines, line))
        at = names.index(name)
        return replace(self, lines=(*self.lines[:at], line, *self.lines[at + 1 :]))


def variables_of(lines: tuple[str, ...]) -> Mapping[str, str]:
    """Return the values of lines by name, unexpanded; the last of a name counts."""
    stripped = (_EXPORT.sub("", line.strip()) for line in lines)
    parts = (line.partition("=") for line in stripped if line)
    return {name: value for name, _, value in parts}


def read_lines(text: str) -> EnvFile:
    """Return the variables of a text."""
    made = EnvFile()
    for line in text.split("\n"):
        if line.strip():
            name, _, value = _EXPORT.sub("", line.strip()).partition("=")
            made = made.with_line(name, value)
    return made


@call("Query.envFile")
def new_env_file(self: Recipe, expand: bool | None = None) -> EnvFile:
    """Start without variables; values are always expanded."""
    return EnvFile()


@call("EnvFile.withoutVariable")
def without_variable(self: EnvFile, name: str) -> EnvFile:
    """Remove a variable."""
    kept = tuple(line for line in self.lines if line.partition("=")[0] != name)
    return replace(self, lines=kept)


@call("EnvFile.exists")
def exists(self: EnvFile, name: str) -> bool:
    """Whether there is a variable of this name."""
    return name in self.raw


@call("EnvFile.asFile")
def as_file(self: EnvFile) -> File:
    """Return the lines as a file, unexpanded."""
    return NewFile(".env", "".join(f"{line}\n" for line in self.lines), 0o644)
