"""The content of a `dagger.json`, as data.

Source: core/modules/config.go of v0.21.8. `blueprint` and SDKs other than Python's are refused;
`clients`, `codegen`, `ignoreGenerators`, `ignoreServices` and `portMappings` matter to commands
that Stiletto does not have.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stiletto.api import API_VERSION
from stiletto.api.earlier import FIRST, Version
from stiletto.errors import ModuleFailed, NotSupported
from stiletto.module.origin import Origin, line_of

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

    `from_env` is whether `.env` sets defaults of it.
    """

    name: str
    source: str
    pin: str = ""
    customizations: tuple[Customization, ...] = ()
    ignore_checks: tuple[str, ...] = ()
    from_env: bool = True


@dataclass(frozen=True, slots=True)
class ModuleConfig:
    """The content of a `dagger.json`. Paths are relative to its directory.

    Without `has_code` there is no SDK: the file only names toolchains. `engine` is the version that
    the module asks for; None is the newest.
    """

    name: str
    source: str = "."
    engine: Version | None = None
    include: tuple[str, ...] = ()
    persistent_cache: bool = True
    has_code: bool = True
    dependencies: tuple[Related, ...] = ()
    toolchains: tuple[Related, ...] = ()


def parse_config(text: str, path: Path) -> ModuleConfig:
    """Read a `dagger.json`.

    Raises:
        ModuleFailed: it is not valid.
        NotSupported: it is of another SDK than Python's, or uses a blueprint.
    """
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModuleFailed(
            f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg.lower()}",
            hint="correct this line",
        ) from error
    except (ValueError, RecursionError) as error:  # such as a number with too many digits
        raise ModuleFailed(
            f"{path}: not valid JSON: {error}", hint="correct the file, or make it anew"
        ) from error
    if not isinstance(data, dict):
        raise ModuleFailed(
            f"{path}:1: not a JSON object, but {_kind(data)}", hint=f"write it as {_EXAMPLE}"
        )
    file = _File(path, text)
    name = data.get("name")
    if not isinstance(name, str) or not name:
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
        include=(*_texts(data, "include", file), *_inverted(_texts(data, "exclude", file))),
        persistent_cache=version is None or version >= FIRST_WITH_FUNCTION_CACHE
        if data.get("disableDefaultFunctionCaching") is None
        else not data["disableDefaultFunctionCaching"],
        has_code=bool(language),
        dependencies=_related(data, "dependencies", file),
        toolchains=_related(data, "toolchains", file),
    )


_EXAMPLE = '{"name": "my-module", "sdk": {"source": "python"}}'


@dataclass(frozen=True, slots=True)
class _File:
    """A `dagger.json` that is read."""

    path: Path
    text: str

    def at(self, key: str) -> str:
        """Return the path and the line of a key, or the first line."""
        return f"{self.path}:{line_of(self.text, key)}"


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _language(data: Mapping[str, Any], file: _File) -> str:
    """Return the SDK of the module; empty where it has no code.

    Raises:
        NotSupported: it is of another language.
    """
    sdk = data.get("sdk")
    language = sdk.get("source") if isinstance(sdk, dict) else sdk
    if not language:
        return ""
    if not isinstance(language, str):
        raise ModuleFailed(
            f"{file.at('sdk')}: sdk must be a string, not {_kind(language)}",
            hint=f"write it as {_EXAMPLE}",
        )
    if language != "python":
        raise NotSupported(f"{file.at('sdk')}: sdk {language!r}")
    return language


def _source(data: Mapping[str, Any], file: _File) -> str:
    """Return where the module's code is, beneath its dagger.json."""
    where = data.get("source") or "."
    if not isinstance(where, str):
        raise ModuleFailed(
            f"{file.at('source')}: source must be a string, not {_kind(where)}",
            hint='write the directory of the module\'s code, such as ".dagger"',
        )
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


def _engine_version(data: Mapping[str, Any], file: _File) -> Version | None:
    wanted = str(data.get("engineVersion") or "")
    if not wanted:
        return FIRST
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", wanted)
    if found is None:
        return None
    # A version has no number of more digits; int() refuses those of thousands.
    version = tuple(int(number[:9]) for number in found.groups())
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


def _inverted(patterns: tuple[str, ...]) -> list[str]:
    """Turn the older `exclude` into patterns of `include`."""
    return [p[1:] if p.startswith("!") else f"!{p}" for p in patterns if p]


def _texts(data: Mapping[str, Any], key: str, file: _File) -> tuple[str, ...]:
    value = data.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ModuleFailed(
            f"{file.at(key)}: {key} must be a list of strings",
            hint=f'write it as "{key}": ["..."]',
        )
    return tuple(value)


def _list(data: Mapping[str, Any], key: str, file: _File) -> list[Any]:
    value = data.get(key) or []
    if not isinstance(value, list):
        raise ModuleFailed(
            f"{file.at(key)}: {key} must be a list", hint=f'write it as "{key}": [...]'
        )
    return value


def _related(data: Mapping[str, Any], key: str, file: _File) -> tuple[Related, ...]:
    found: list[Related] = []
    for item in _list(data, key, file):
        if isinstance(item, str):  # an older form: the source alone
            item = {"source": item}
        if not isinstance(item, dict) or not isinstance(item.get("source"), str):
            raise ModuleFailed(
                f"{file.at(key)}: an entry of {key} has no source",
                hint='write it as {"name": "...", "source": "..."}',
            )
        name = item.get("name") or ""
        if name:
            check_module_name(str(name), f"{file.at(key)}: {key}: name")
        found.append(
            Related(
                name=str(name),
                source=item["source"],
                pin=str(item.get("pin", "")),
                customizations=tuple(
                    _customization(each, f"{file.at(key)}: {key}", file)
                    for each in _list(item, "customizations", file)
                ),
                ignore_checks=_texts(item, "ignoreChecks", file),
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


def _customization(data: Any, where: str, file: _File) -> Customization:
    if not isinstance(data, dict) or not isinstance(data.get("argument"), str):
        raise ModuleFailed(
            f"{where}: a customization has no argument",
            hint='write it as {"argument": "...", "default": "..."}',
        )
    texts = {key: data.get(key, "") for key in ("default", "defaultPath", "defaultAddress")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise ModuleFailed(
                f"{where}: {key} of {data['argument']!r} is not a string: {json.dumps(value)}",
                hint=f'write it in quotes: "{key}": "{json.dumps(value)}"',
            )
    return Customization(
        argument=data["argument"],
        function=_texts(data, "function", file),
        default=texts["default"],
        default_path=texts["defaultPath"],
        default_address=texts["defaultAddress"],
        ignore=_texts(data, "ignore", file),
        origin=Origin.of(
            str(file.path), file.text, line_of(file.text, texts["default"]), data["argument"]
        ),
    )
