"""The content of a `dagger.json`, as data.

Source: core/modules/config.go of v0.21.8. `blueprint` and SDKs other than Python's are refused;
`clients`, `codegen`, `ignoreGenerators`, `ignoreServices` and `portMappings` matter to commands
that Stiletto does not have.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stiletto.api import API_VERSION
from stiletto.api.earlier import FIRST, Version
from stiletto.errors import ModuleFailed, NotSupported
from stiletto.module.origin import Origin, line_at, line_of, refuse_byte_order_mark
from stiletto.module.shape import (
    MODULE,
    closest,
    kind_of,
    named,
    shaped,
    unknown_key,
)

CONFIG = "dagger.json"
_NEWEST_ENGINE = tuple(map(int, API_VERSION.removeprefix("v").split(".")))

NAME = re.compile(r"\.?[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*")
NAME_CHARS_MAX = 100

FIRST_WITH_FUNCTION_CACHE = (0, 19, 4)


@dataclass(frozen=True, slots=True)
class Customization:
    """Another default for one argument of a toolchain's function.

    `function` is the path of functions from the main object; empty for the constructor. All
    values are text, whatever the argument's type; `many` is whether they were written as a list.
    """

    argument: str
    function: tuple[str, ...] = ()
    default: str = ""
    default_path: str = ""
    default_address: str = ""
    ignore: tuple[str, ...] = ()
    many: bool = False
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Related:
    """A dependency or a toolchain. An empty name means the module's own.

    `from_env` is whether `.env` sets defaults of it; `where` the file and the line that name it.
    """

    name: str
    source: str
    pin: str = ""
    customizations: tuple[Customization, ...] = ()
    ignore_checks: tuple[str, ...] = ()
    from_env: bool = True
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ModuleConfig:
    """The content of a `dagger.json`. Paths are relative to its directory.

    Without `has_code` there is no SDK: the file only names toolchains. `engine` is the version that
    the module asks for; None is the newest. `notes` are lines about keys that have no meaning.
    """

    name: str
    source: str = "."
    engine: Version | None = None
    include: tuple[str, ...] = ()
    persistent_cache: bool = True
    has_code: bool = True
    dependencies: tuple[Related, ...] = ()
    toolchains: tuple[Related, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)


def parse_config(text: str, path: Path) -> ModuleConfig:
    """Read a `dagger.json`.

    Raises:
        ModuleFailed: it is not valid.
        NotSupported: it is of another SDK than Python's, or uses a blueprint.
    """
    data, unknown = _read(text, path)
    file = _File(path, text)
    name = data.get("name")
    if not name:
        raise ModuleFailed(
            f"{file.at('name')}: no name of the module", hint=f"write it as {_EXAMPLE}"
        )
    check_module_name(name, f"{file.at('name')}: name")
    version = _engine_version(data, file)
    where = _source(data, file)
    language = _language(data, file)
    if data.get("blueprint"):
        raise NotSupported(f"{file.at('blueprint')}: blueprint")
    return ModuleConfig(
        name=name,
        source=where,
        engine=version,
        include=(*data.get("include", ()), *_inverted(data.get("exclude", ()))),
        persistent_cache=not data["disableDefaultFunctionCaching"]
        if "disableDefaultFunctionCaching" in data
        else version is None or version >= FIRST_WITH_FUNCTION_CACHE,
        has_code=bool(language),
        dependencies=_related(data, "dependencies", file),
        toolchains=_related(data, "toolchains", file),
        notes=tuple(unknown),
    )


_EXAMPLE = '{"name": "my-module", "sdk": {"source": "python"}}'


@dataclass(frozen=True, slots=True)
class _File:
    """A `dagger.json` that is read."""

    path: Path
    text: str

    def at(self, *place: str | int) -> str:
        """Return the path and the line of a key, or of what is around it."""
        return f"{self.path}:{line_at(self.text, place)}"


def _read(text: str, path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the object in a file, and a line for each key that has no meaning."""
    refuse_byte_order_mark(text, path, "JSON")
    try:
        data: Any = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        what = "the file is empty" if not text.strip() else error.msg.lower()
        raise ModuleFailed(
            f"{path}:{error.lineno}:{error.colno}: not valid JSON: {what}",
            hint="correct this line" if text.strip() else f"write it as {_EXAMPLE}",
        ) from error
    except RecursionError as error:
        raise ModuleFailed(
            f"{path}:1: not valid JSON: nested too deeply", hint="correct the file"
        ) from error
    except ValueError as error:  # such as a number with too many digits
        what = str(error).partition(";")[0].partition(": ")[0].lower()
        raise ModuleFailed(f"{path}:1: not valid JSON: {what}", hint="correct the file") from error
    if not isinstance(data, dict):
        raise ModuleFailed(
            f"{path}:1: not a JSON object, but {kind_of(data)}", hint=f"write it as {_EXAMPLE}"
        )
    file = _File(path, text)
    found = shaped(data, MODULE, lambda place: file.at(*place))
    notes = [unknown_key(file.at(*place), named(place), meant) for place, meant in found.unknown]
    return found.value, notes


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


SDKS = ("go", "dang", "python", "typescript", "php", "elixir", "java")
"""Dagger's own SDKs (core/sdk/consts.go); any other name is a path or an address of one."""


def _language(data: Mapping[str, Any], file: _File) -> str:
    """Return the SDK of the module; empty where it has no code.

    Raises:
        ModuleFailed: Dagger has no such SDK either.
        NotSupported: it is of another language.
    """
    language: str = data.get("sdk", {}).get("source", "")
    name, _, version = language.partition("@")
    if language in ("", "python"):
        return language
    where = file.at("sdk", "source")
    if name == "python":
        raise ModuleFailed(
            f"{where}: sdk {language!r}: this SDK has the version of the engine, not {version!r}",
            hint='write "python"; a version of dagger-io can be locked with `uv lock`',
        )
    if name in SDKS:
        raise NotSupported(f"{where}: sdk {language!r}")
    if name.startswith(("./", "../", "/")) or name in (".", ".."):
        if not (file.path.parent / name / CONFIG).is_file():
            raise ModuleFailed(
                f"{where}: sdk {language!r}: no {CONFIG} in {file.path.parent / name}",
                hint=f"write the path of an SDK's module, or one of {', '.join(SDKS)}",
            )
        raise NotSupported(f"{where}: sdk {language!r}")
    if "/" not in name and "." not in name and not (file.path.parent / name).is_dir():
        meant = closest(name, SDKS)
        raise ModuleFailed(
            f"{where}: unknown sdk {language!r}",
            hint=f"did you mean {meant!r}?" if meant else f"Dagger has {', '.join(SDKS)}",
        )
    raise NotSupported(f"{where}: sdk {language!r}")


def _source(data: Mapping[str, Any], file: _File) -> str:
    """Return where the module's code is, beneath its dagger.json."""
    where: str = data.get("source") or "."
    if where.startswith("/") or posixpath.normpath(where).split("/")[0] == "..":
        raise ModuleFailed(
            f"{file.at('source')}: source {where!r} is outside of the module",
            hint="write a directory beneath the one of dagger.json",
        )
    return where


def check_module_name(name: str, where: str) -> None:
    """Refuse a name of which no API name can be made, and that others would read as syntax.

    It becomes a field and a type of the API, a command, a variable's prefix, and a part of the
    shell lines of workflows.

    Raises:
        ModuleFailed: it names the file and the field.
    """
    if len(name) > NAME_CHARS_MAX or not NAME.fullmatch(name):
        raise ModuleFailed(
            f"{where} is {name[:NAME_CHARS_MAX]!r}: not a valid name of a module",
            hint="use letters, digits, '-', '_', '.' and single spaces; begin with a letter",
        )


_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?")
NOT_A_VERSION = (0, 11, 9)
"""What Dagger takes for a version that it cannot read (engine/version.go)."""


def _engine_version(data: Mapping[str, Any], file: _File) -> Version | None:
    wanted: str = data.get("engineVersion", "")
    if not wanted:
        return FIRST
    if wanted == "latest":
        return None
    found = _VERSION.fullmatch(wanted)
    if found is None:
        return NOT_A_VERSION
    # A version has no number of more digits; int() refuses those of thousands.
    version = tuple(int((number or "0")[:9]) for number in found.groups())
    if version > _NEWEST_ENGINE:
        raise ModuleFailed(
            f"{file.at('engineVersion')}: module needs engine {wanted}; "
            f"stiletto follows {API_VERSION}",
            hint="run the same command with `dagger`, or upgrade stiletto",
        )
    if version < FIRST:
        raise ModuleFailed(
            f"{file.at('engineVersion')}: module needs engine {wanted}, which {API_VERSION} does "
            "not support",
            hint=f"run `dagger develop`, which writes engineVersion {API_VERSION}",
        )
    return version


def _inverted(patterns: Sequence[str]) -> list[str]:
    """Turn the older `exclude` into patterns of `include`."""
    return [p[1:] if p.startswith("!") else f"!{p}" for p in patterns if p]


def _related(data: Mapping[str, Any], key: str, file: _File) -> tuple[Related, ...]:
    found: list[Related] = []
    for index, item in enumerate(data.get(key, ())):
        where = file.at(key, index)
        if not item.get("source"):
            raise ModuleFailed(
                f"{where}: an entry of {key} has no source",
                hint='write it as {"name": "...", "source": "..."}',
            )
        if name := item.get("name", ""):
            check_module_name(name, f"{where}: {key}: name")
        found.append(
            Related(
                name=name,
                source=item["source"],
                pin=item.get("pin", ""),
                customizations=tuple(
                    _customization(each, file.at(key, index, "customizations", count), file)
                    for count, each in enumerate(item.get("customizations", ()))
                ),
                ignore_checks=tuple(item.get("ignoreChecks", ())),
                where=where,
            )
        )
    names = [related.name for related in found if related.name]
    for name in names:
        if names.count(name) > 1:
            raise ModuleFailed(
                f"{file.at(key)}: {key} has two entries named {name!r}",
                hint="give one of them another name",
            )
    return tuple(found)


def _customization(data: Mapping[str, Any], where: str, file: _File) -> Customization:
    if not data.get("argument"):
        raise ModuleFailed(
            f"{where}: a customization has no argument",
            hint='write it as {"argument": "...", "default": "..."}',
        )
    default = data.get("default", "")
    return Customization(
        argument=data["argument"],
        function=tuple(data.get("function", ())),
        default=default,
        default_path=data.get("defaultPath", ""),
        default_address=data.get("defaultAddress", ""),
        ignore=tuple(data.get("ignore", ())),
        origin=Origin.of(str(file.path), file.text, line_of(file.text, default), data["argument"]),
    )
