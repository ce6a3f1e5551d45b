"""The content of a `dagger.toml`: the modules that a project uses, with their settings (pure).

    [modules.checks]
    source = "github.com/org/repo/module@v1.2"     a path, or a repository

    [modules.checks.settings]
    python = "3.12"                                an argument of the module's constructor

Dagger 1.0 has this file in place of the toolchains of `dagger.json`; here a module of it is a
toolchain. `env` and `ports` matter to commands and flags that Stiletto does not have, `as-sdk` to
writing modules.

Source: core/workspace/config.go of v1.0.0-beta.10.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiletto.errors import ModuleFailed, NotSupported
from stiletto.module.config import Customization, Related, check_module_name
from stiletto.module.origin import Origin, line_of, refuse_byte_order_mark
from stiletto.module.shape import closest, unknown_key

WORKSPACE = "dagger.toml"

_REFERENCE = re.compile(r"([\w.-]+):[\w.-]+")
"""What Dagger takes for the result of another module's function, where that is installed."""


KEYS = ("modules", "ignore", "defaults_from_dotenv", "check-generated", "env", "ports")
MODULE_KEYS = (
    *("source", "pin", "settings", "entrypoint", "legacy-default-path"),
    *("up", "generate", "check", "as-sdk"),
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a `dagger.toml` contains: its modules as toolchains, and lines about unknown keys."""

    modules: tuple[Related, ...]
    notes: tuple[str, ...] = ()


def parse_workspace(text: str, path: Path) -> Workspace:
    """Read a `dagger.toml`.

    Raises:
        ModuleFailed: it is not valid; the line is named.
        NotSupported: it has what only Dagger does.
    """
    refuse_byte_order_mark(text, path, "TOML")
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError: TOMLDecodeError is one, and so is a number with too many digits.
        reason, line = _located(str(error), text)
        raise ModuleFailed(
            f"{path}:{line}: not valid TOML: {reason}", hint="correct this line"
        ) from error
    reading = _Reading(text, path)
    modules = reading.table(data, "modules", "modules")
    reading.name_unknown_keys(data, KEYS)
    if data.get("ignore"):
        raise NotSupported(f"{path}:{reading.line_of('ignore')}: ignore")
    if not reading.boolean({"check-generated": True, **data}, "check-generated", "check-generated"):
        reading.notes.append(
            f"{path}:{reading.line_of('check-generated')}: check-generated has no effect here; "
            "use `stiletto check --no-generate`"
        )
    from_env = reading.boolean(data, "defaults_from_dotenv", "defaults_from_dotenv")
    related = tuple(
        reading.module(name, entry, modules.keys(), from_env=from_env)
        for name, entry in modules.items()
        if not (isinstance(entry, Mapping) and entry.get("as-sdk"))
    )
    return Workspace(related, tuple(reading.notes))


def _located(message: str, text: str) -> tuple[str, int]:
    """Take the place out of a message of tomllib."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", message, re.DOTALL)
    if found:
        return found[1], int(found[2])
    return message.removesuffix(" (at end of document)"), text.rstrip("\n").count("\n") + 1


class _Reading:
    """Reads the tables of one file, and names the line of what is wrong."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path
        self.notes: list[str] = []

    def line_of(self, *names: str) -> int:
        """Return the line of the table or key that has the most of these names; else 1."""
        for count in range(len(names), 0, -1):
            header = r"\s*\.\s*".join(rf"[\"']?{re.escape(name)}[\"']?" for name in names[:count])
            key = rf"[\"']?{re.escape(names[count - 1])}[\"']?\s*="
            table = re.search(rf"^\s*\[\s*{header}\s*\]", self._text, re.MULTILINE)
            if table:
                if count == len(names):
                    return self._line(table.end())
                key = rf"[\"']?{re.escape(names[count])}[\"']?\s*[=.]"
                at = re.compile(rf"^\s*{key}", re.MULTILINE).search(self._text, table.end())
                return self._line(at.end() if at else table.end())
            if count == 1 and (at := re.search(rf"^\s*{key}", self._text, re.MULTILINE)):
                return self._line(at.end())
        return 1

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1

    def _wrong(self, what: str, wanted: str, *names: str) -> ModuleFailed:
        return ModuleFailed(
            f"{self._path}:{self.line_of(*names)}: {what} is not {wanted}",
            hint=f"write {wanted}, or remove it",
        )

    def name_unknown_keys(self, data: Mapping[str, Any], known: Sequence[str], *above: str) -> None:
        """Note the keys that have no meaning, in Dagger neither."""
        for key in data:
            if key not in known:
                where = f"{self._path}:{self.line_of(*above, key)}"
                self.notes.append(unknown_key(where, key, closest(key, known)))

    def table(self, data: Mapping[str, Any], key: str, *names: str) -> Mapping[str, Any]:
        """Return a table; an absent one is empty."""
        found = data.get(key, {})
        if not isinstance(found, Mapping):
            raise self._wrong(".".join(names), "a table", *names)
        return found

    def boolean(self, data: Mapping[str, Any], key: str, *names: str) -> bool:
        """Return a boolean; an absent one is false."""
        found = data.get(key, False)
        if not isinstance(found, bool):
            raise self._wrong(".".join(names), "true or false", *names)
        return found

    def module(
        self, name: str, entry: Any, installed: Collection[str], *, from_env: bool
    ) -> Related:
        """Read one module's table."""
        at = ("modules", name)
        check_module_name(name, f"{self._path}:{self.line_of(*at)}: name")
        if not isinstance(entry, Mapping):
            raise self._wrong(f"modules.{name}", "a table", *at)
        self.name_unknown_keys(entry, MODULE_KEYS, *at)
        source = entry.get("source")
        if not isinstance(source, str) or not source:
            raise ModuleFailed(
                f"{self._path}:{self.line_of(*at)}: modules.{name} has no source",
                hint='write source = "PATH", or the address of a repository',
            )
        if self.boolean(entry, "entrypoint", *at, "entrypoint"):
            raise NotSupported(
                f"{self._path}:{self.line_of(*at, 'entrypoint')}: entrypoint of {name}"
            )
        pin = entry.get("pin", "")
        if not isinstance(pin, str):
            raise self._wrong(f"pin of {name}", "a string", *at, "pin")
        skipped = self.table(entry, "check", *at, "check").get("skip", [])
        if not isinstance(skipped, list) or not all(isinstance(each, str) for each in skipped):
            raise self._wrong(f"skip of {name}", "a list of strings", *at, "check")
        settings = self.table(entry, "settings", *at, "settings")
        return Related(
            name=name,
            source=source,
            pin=pin,
            customizations=tuple(
                self._setting(name, key, value, installed) for key, value in settings.items()
            ),
            ignore_checks=tuple(skipped),
            from_env=from_env,
            where=f"{self._path}:{self.line_of(*at, 'source')}",
        )

    def _setting(
        self, name: str, key: str, value: Any, installed: Collection[str]
    ) -> Customization:
        at = ("modules", name, "settings", key)
        many = isinstance(value, list)
        items = value if many else [value]
        if not all(isinstance(each, str | bool | int | float) for each in items):
            raise self._wrong(f"{key} of {name}", "a text, a number or a list of them", *at)
        for each in items:
            found = _REFERENCE.fullmatch(each) if isinstance(each, str) else None
            if found and found[1] in installed:
                raise NotSupported(
                    f"{self._path}:{self.line_of(*at)}: {key} of {name}, a function's result"
                )
        text = _text(value)
        line = self.line_of(*at)
        if line == 1 and isinstance(value, str):
            line = line_of(self._text, value)
        origin = Origin.of(str(self._path), self._text, line, key)
        return Customization(argument=key, default=text, many=many, origin=origin)


def _text(value: Any) -> str:
    """Return a setting as the text of a customization."""
    if isinstance(value, str):
        return value
    plain = isinstance(value, list) and all(
        isinstance(each, str) and each and "," not in each and each == each.strip()
        for each in value
    )
    # Addresses of objects are separated by commas, never JSON.
    return ",".join(value) if plain and value and value[0][0] != "[" else json.dumps(value)
