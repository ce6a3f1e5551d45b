"""Defaults for arguments from `.env` files.

    GREETING=hello                 constructor, in the module's own directory
    HELLO_GREETING=hello           constructor of the module `hello`, anywhere above
    HELLO_SHOUT_VOLUME=3           argument `volume` of its function `shout`
    HELLO_REPORT_SUMMARY_STYLE=md  function `summary` of its object `Report`
    HELLO_TOKEN=env://TOKEN        objects are given by their address, as on the command line

Names count whatever their case; a function or object `check_format` is written `CHECK_FORMAT_` or
`CHECKFORMAT_`, an argument `cellLimit` is `CELLLIMIT`, because arguments are compared with their
API name alone. Values are read as a shell reads an assignment: quotes, `$NAME`, `${NAME:-other}`;
names come from the file itself or from the environment. Pure.

Source: core/envfile.go, core/dotenv, core/modfunc.go of v0.21.8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from stiletto.api.definition import ArgDef, FunctionDef, ModuleDef, ObjectDef
from stiletto.api.registry import snake
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind
from stiletto.module.expansion import Expansion
from stiletto.module.origin import Origin

_SECRET = re.compile(r"(env|file|cmd)://")
"""What a secret is read from; any other text may be the secret itself."""

Addresses = Mapping[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True)
class EnvFile:
    """Variables by name, unexpanded; `beyond` are those that values may only refer to.

    `origins` has the place of each variable.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    beyond: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def namespace(self, prefix: str) -> EnvFile:
        """Return the variables that start with a name, without that name."""
        inside: dict[str, str] = {}
        beyond = dict(self.beyond)
        origins: dict[str, Origin] = {}
        for name, value in self.variables.items():
            rest = after_prefix(name, prefix)
            if rest is None:
                beyond[name] = value
            else:
                inside[rest] = value
                if name in self.origins:
                    origins[rest] = self.origins[name]
        return EnvFile(inside, beyond, origins)

    def lookup(self, name: str, environ: Mapping[str, str]) -> str | None:
        """Return the expanded value of a variable, or None; case does not count."""
        own = self._own_name(name)
        if own is None:
            return None
        return Expansion({**self.beyond, **self.variables}, environ).value(own)

    def origin(self, name: str) -> Origin | None:
        """Return where the variable is that `lookup` finds."""
        return self.origins.get(self._own_name(name) or "")

    def _own_name(self, name: str) -> str | None:
        names = (own for own in sorted(self.variables) if own.casefold() == name.casefold())
        return next(names, None)


def after_prefix(name: str, prefix: str) -> str | None:
    """Return what follows a prefix in a name, however the prefix is written; None without it."""
    snake_prefix = snake(re.sub(r"[-.\s]+", "_", prefix))
    for start in (snake_prefix.replace("_", "") + "_", snake_prefix.rstrip("_") + "_"):
        if name.casefold().startswith(start.casefold()):
            return name[len(start) :]
    return None


def parse_env(text: str, path: str = ".env") -> EnvFile:
    """Read a `.env` file; of a name given twice the last counts."""
    variables: dict[str, str] = {}
    origins: dict[str, Origin] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"^export\s+", "", line.strip())
        name, _, value = line.partition("=")
        if line and not line.startswith("#"):
            variables[name] = value
            origins[name] = Origin.of(path, text, number, name)
    return EnvFile(variables, origins=origins)


def module_defaults(inner: EnvFile, outer: EnvFile, name: str, original: str) -> EnvFile:
    """Return what applies to a module.

    `inner` is the file in its own directory, `outer` the one around the working directory, where
    only names that start with the module's count; those win.
    """
    variables, beyond, origins = dict(inner.variables), dict(inner.beyond), dict(inner.origins)
    for given in (outer.namespace(name), outer.namespace(original)):
        variables |= given.variables
        beyond |= given.beyond
        origins |= given.origins
    return EnvFile(variables, beyond, origins)


def apply_defaults(
    definition: ModuleDef,
    defaults: EnvFile,
    environ: Mapping[str, str],
    *,
    constructor: bool,
    origins: dict[tuple[str, str, str], Origin] | None = None,
) -> tuple[ModuleDef, Addresses, list[str]]:
    """Return the definition with other defaults, the addresses of objects, and a line for each.

    `constructor`: whether the constructor's arguments count; `origins` gets the places of the
    addresses.

    Raises:
        UsageError: a value does not fit its argument.
    """
    addresses: dict[tuple[str, str, str], str] = {}
    lines: list[str] = []
    objects: dict[str, ObjectDef] = {}

    def changed(owner: str, function: FunctionDef, values: EnvFile, title: str) -> FunctionDef:
        args: list[ArgDef] = []
        for arg in function.args:
            text = values.lookup(arg.name, environ)
            if text is not None:
                secret = "Secret" in (arg.type.name, arg.type.element and arg.type.element.name)
                shown = "*****" if secret and not _SECRET.match(text) else json.dumps(text)
                lines.append(f"user default: {title}({arg.name}={shown})")
                if takes_objects(arg):
                    addresses[owner, function.name, arg.name] = text
                    origin = values.origin(arg.name)
                    if origin is not None and origins is not None:
                        origins[owner, function.name, arg.name] = origin
                    arg = replace(arg, type=replace(arg.type, optional=True))
                else:
                    arg = replace(arg, default=_json_of(arg, text, f"{title}({arg.name}=...)"))
            args.append(arg)
        return replace(function, args=tuple(args))

    for name, item in definition.objects.items():
        is_main = name == definition.main
        values = defaults if is_main else defaults.namespace(item.original)
        functions = {
            key: changed(
                name, function, values.namespace(function.original), f"{definition.name}.{key}"
            )
            for key, function in item.functions.items()
        }
        built = item.constructor
        if built is not None and is_main and constructor:
            built = changed(name, replace(built, name=""), values, definition.name)
        objects[name] = replace(item, functions=MappingProxyType(functions), constructor=built)
    return replace(definition, objects=objects), addresses, lines


def takes_objects(arg: ArgDef) -> bool:
    """Whether an argument is an object or a list of them."""
    return Kind.OBJECT in (arg.type.kind, arg.type.element and arg.type.element.kind)


def _json_of(arg: ArgDef, text: str, where: str) -> str:
    """Read a default as the engine reads it: text, integers, lists; all else is JSON."""
    try:
        match arg.type.kind:
            case Kind.STRING:
                value: Any = text
            case Kind.INTEGER:
                value = int(text)
            case Kind.LIST:
                numbers = arg.type.element and arg.type.element.kind is Kind.INTEGER
                value = [int(item) if numbers else item for item in text.split(",")]
            case _:
                value = json.loads(text)
    except ValueError as error:
        kind = "an integer" if arg.type.kind in (Kind.INTEGER, Kind.LIST) else "JSON"
        hint = f"write '{json.dumps(text)}', both quotes included" if kind == "JSON" else None
        raise UsageError(f"user default {where}: not {kind}: {text!r}", hint=hint) from error
    return json.dumps(value)
