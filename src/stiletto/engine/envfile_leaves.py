"""The calls of env files that read values, and what a file says as an env file or as JSON.

Values refer to the variables of the client's machine. A module's code has none of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.configuration import with_env_variable
from stiletto.api.envfile import EnvFile, read_lines, variables_of
from stiletto.api.jsonvalue import JSONValue, parsed
from stiletto.api.registry import leaf
from stiletto.engine.client import Client
from stiletto.engine.contents import refuse_large
from stiletto.engine.output import decoded
from stiletto.errors import UsageError
from stiletto.module.defaults import after_prefix
from stiletto.module.expansion import Expansion

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _expanded(client: Client, of: EnvFile, *, unset: bool = False) -> dict[str, str]:
    """Return the values by name, in order of the names.

    Raises:
        UsageError: a line is not an assignment, or a value cannot be expanded.
    """
    known = variables_of((*of.context, *of.lines))
    for name in known:
        if not _NAME.fullmatch(name) and not name.startswith("#"):
            raise UsageError(f"{name!r} is not an assignment of an env file")
    environ = client.core.environ if client.module is None else {}
    values = Expansion(known, environ, unset=unset)
    return {name: "" if name.startswith("#") else values.value(name) for name in sorted(of.raw)}


def _checked(client: Client, of: EnvFile) -> EnvFile:
    """Return an env file whose values can be read once every variable is set."""
    _expanded(client, of, unset=True)
    return of


def _values(client: Client, of: EnvFile, raw: bool | None) -> Mapping[str, str]:
    return dict(sorted(of.raw.items())) if raw else _expanded(client, of)


@leaf("EnvFile.withVariable")
async def with_variable(client: Client, self: EnvFile, name: str, value: str) -> EnvFile:
    """Set a variable."""
    return _checked(client, self.with_line(name, value))


@leaf("EnvFile.variables")
async def variables(client: Client, self: EnvFile, raw: bool | None = None) -> list[c.Variable]:
    """Return every variable, in order of the names."""
    return [c.Variable(*each) for each in _values(client, self, raw).items()]


@leaf("EnvFile.get")
async def get(client: Client, self: EnvFile, name: str, raw: bool | None = None) -> str:
    """Return a value; empty where there is none."""
    if name not in self.raw:
        return ""
    return _values(client, self, raw)[name]


@leaf("EnvFile.namespace")
async def namespace(client: Client, self: EnvFile, prefix: str) -> EnvFile:
    """Return the variables whose names have a prefix, without it; others stay to refer to."""
    inside = EnvFile(context=self.context)
    for name, value in sorted(self.raw.items()):
        rest = after_prefix(name, prefix)
        if rest is None:
            inside = replace(inside, context=(*inside.context, f"{name}={value}"))
        else:
            inside = inside.with_line(rest, value)
    return inside


@leaf("Container.withEnvFileVariables")
async def with_env_file_variables(
    client: Client, self: c.Container, source: EnvFile
) -> c.Container:
    """Set the variables of an env file."""
    for name, value in _expanded(client, source).items():
        self = with_env_variable(self, name, value)
    return self


async def _text(client: Client, file: f.File) -> str:
    named = await client.core.evaluator.file(file)
    refuse_large(named.name, named.file.size_bytes)
    return decoded(await client.core.evaluator.contents(file))


@leaf("File.asEnvFile")
async def as_env_file(client: Client, self: f.File, expand: bool | None = None) -> EnvFile:
    """Read the file as an env file; values are always expanded."""
    return _checked(client, read_lines(await _text(client, self)))


@leaf("File.asJSON")
async def as_json(client: Client, self: f.File) -> JSONValue:
    """Read the file as JSON."""
    text = await _text(client, self)
    parsed(text)
    return JSONValue(text)
