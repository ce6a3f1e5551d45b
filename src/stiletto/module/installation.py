"""What is installed for a module's code: which SDK, which lock, by which commands.

    uv.lock, dagger-io from an index        what is locked, the SDK included
    uv.lock, dagger-io = { path = "sdk" }   what is locked, with the engine's own SDK
    requirements.lock                       what is pinned, with the engine's own SDK
    neither, or `use-uv = false`            the newest, with the engine's own SDK

The engine's own SDK is `SDK_REQUIREMENT`: the real engine writes its SDK to `sdk` on the fly, so
that a version pinned beside the path means nothing. That SDK has the version 0.0.0: the real engine
refuses `dagger-io>=0.21.8` without uv.lock. Here a released one is installed, so that such a module
works and its author is told. Source: sdk/python/runtime of v0.21.8. Pure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from stiletto.errors import ModuleFailed

SDK = "dagger-io"
SDK_REQUIREMENT = "dagger-io>=0.21.8,<0.22"
OWN_SDK_VERSION = "0.0.0"
"""The version of the SDK that the real engine installs, which a requirement has to accept."""

_SDK_VERSIONS = tuple(f"0.21.{patch}" for patch in range(8, 100))
"""What `SDK_REQUIREMENT` accepts, whether it is released yet or not."""

VENV = "/opt/venv"
UV_LOCK = "uv.lock"
PIP_LOCK = "requirements.lock"

_IS_SDK = re.compile(r"dagger[-_.]+io(?![\w.-])", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Installation:
    """How a module's dependencies are installed, in the directory of its pyproject.toml.

    Attributes:
        files: what is written there first: pyproject.toml, and the lock that is used, by name.
        commands: run one after the other.
        variables: set for them: the indexes that the project names.
        needs_source: whether they build the project's metadata, which takes its other files.
        own_sdk: whether the SDK is the engine's own.
        note: what the author of the module should know; empty for nothing.
    """

    files: Mapping[str, str]
    commands: tuple[tuple[str, ...], ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    needs_source: bool = False
    own_sdk: bool = True
    note: str = ""


def installation(path: Path, text: str, locks: Mapping[str, str]) -> Installation:
    """Decide what is installed for the pyproject.toml at `path`; `locks` are those beside it.

    Raises:
        ModuleFailed: it requires a version of the SDK that the engine does not speak.
    """
    data = tomllib.loads(text)
    tool = _get(data, "tool", dict[str, Any]())
    uv = _get(tool, "uv", dict[str, Any]())
    use_uv = _get(_get(tool, "dagger", dict[str, Any]()), "use-uv", True)
    kept = {name: lock for name, lock in locks.items() if use_uv}
    source = _get(_get(uv, "sources", dict[str, Any]()), SDK, dict[str, Any]())
    variables = _indexes(uv)
    required = _sdk_requirement(data)
    if UV_LOCK in kept and required is not None and "path" not in source:
        project = _get(data, "project", dict[str, Any]())
        # A lock that no longer fits is updated, as the real engine does, where that needs no
        # build of the project itself, whose files are not there yet.
        frozen = ["--frozen"] if project.get("dynamic") else []
        return Installation(
            {"pyproject.toml": text, UV_LOCK: kept[UV_LOCK]},
            (_sync(*frozen),),
            variables,
            own_sdk=False,
        )
    note = ""
    if UV_LOCK not in kept and required is not None and "path" not in source:
        note = _checked_version(required, path)
    files = {"pyproject.toml": _with_own_sdk(text, [required] if note and required else [])}
    # Without a lock, what was resolved is shown.
    commands: tuple[tuple[str, ...], ...] = (_sync()[:-1],)
    if UV_LOCK in kept:
        commands = (_sync(),)
        files[UV_LOCK] = kept[UV_LOCK]
    elif PIP_LOCK in kept:
        files[PIP_LOCK] = _pins(kept[PIP_LOCK])
        commands = _PIP
    is_dynamic = bool(_get(data, "project", dict[str, Any]()).get("dynamic"))
    return Installation(files, commands, variables, needs_source=is_dynamic, note=note)


def _sync(*options: str) -> tuple[str, ...]:
    given = ("--no-dev", "--no-install-project", "--python", "python", "--quiet")
    return ("uv", "sync", *given, *options)


_PIP = (
    ("uv", "venv", "--quiet", "--python", "python", VENV),
    (
        *("uv", "pip", "compile", "--quiet", "--universal", "--python", f"{VENV}/bin/python"),
        *("-o", PIP_LOCK, "pyproject.toml"),
    ),
    (
        *("uv", "pip", "install", "--quiet", "--python", f"{VENV}/bin/python"),
        *("--no-deps", "-r", PIP_LOCK),
    ),
)
"""Updates the pins without an upgrade, and installs exactly them."""


def _pins(lock: str) -> str:
    """Return the lines of a requirements.lock that pin a version, except the SDK's."""
    lines = (line.rstrip(" \\") for line in lock.splitlines() if not line.startswith((" ", "#")))
    return "".join(f"{line}\n" for line in lines if "==" in line and not _IS_SDK.match(line))


def _sdk_requirement(data: Mapping[str, Any]) -> str | None:
    """Return what the project requires of the SDK; None where it does not require it."""
    listed = _get(_get(data, "project", dict[str, Any]()), "dependencies", list[Any]())
    return next((each for each in listed if isinstance(each, str) and _IS_SDK.match(each)), None)


def _checked_version(required: str, path: Path) -> str:
    """Return what is to be said of a requirement of the SDK without a lock; empty for nothing.

    Raises:
        ModuleFailed: no version of the engine's own SDK is accepted.
    """
    # Imported here: an unchanged call does not need it.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        accepted = Requirement(required).specifier
    except InvalidRequirement:
        return ""  # uv reports what is wrong with it
    if accepted.contains(OWN_SDK_VERSION):
        return ""
    if not any(accepted.contains(each) for each in _SDK_VERSIONS):
        raise ModuleFailed(
            f"{path}: without uv.lock the engine's own SDK is installed, "
            f"{SDK_REQUIREMENT.removeprefix(SDK)}; {required!r} excludes it",
            hint=f"write {SDK!r} without a version, or lock the project with `uv lock`",
        )
    return (
        f"{path}: no uv.lock, so that the newest versions are installed; `dagger` refuses "
        f"{required!r} without one: run `uv lock` in {path.parent}"
    )


def _with_own_sdk(text: str, bounds: Sequence[str] = ()) -> str:
    """Return a pyproject.toml that requires the engine's own SDK, within these bounds."""
    import tomlkit  # takes a sixth of an unchanged call, and few modules need it

    document = tomlkit.parse(text)
    tool = document.get("tool", {}).get("uv", {})
    tool.get("sources", {}).pop(SDK, None)
    for table, key in (
        (tool, "dev-dependencies"),
        *((document.get("dependency-groups", {}), key) for key in _keys(document)),
    ):
        if isinstance(table.get(key), list):
            table[key] = _without_sdk(table[key])
    project = document.setdefault("project", tomlkit.table())
    project.setdefault("name", "main")  # uv takes no project without name and version
    if "version" not in project.get("dynamic", []):
        project.setdefault("version", "0")
    others = _without_sdk(project.get("dependencies", []))
    project["dependencies"] = [*others, SDK_REQUIREMENT, *bounds]
    return tomlkit.dumps(document)


def _keys(document: Mapping[str, Any]) -> Sequence[str]:
    return list(_get(document, "dependency-groups", dict[str, Any]()))


def _without_sdk(items: Sequence[Any]) -> list[Any]:
    return [item for item in items if not (isinstance(item, str) and _IS_SDK.match(item))]


def _indexes(uv: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that make uv use the project's own indexes.

    The user's settings for uv are not read, and the project's would be left out with them.
    """
    default = _get(uv, "index-url", "")
    others = [url for url in _get(uv, "extra-index-url", list[Any]()) if isinstance(url, str)]
    for index in _get(uv, "index", list[Any]()):
        if isinstance(index, dict) and not index.get("explicit"):
            name, url = _get(index, "name", ""), _get(index, "url", "")
            if index.get("default"):
                default = url
            elif url:
                others.append(f"{name}={url}" if name else url)
    variables = {"UV_DEFAULT_INDEX": default, "UV_INDEX": " ".join(others)}
    return {name: value for name, value in variables.items() if value}


# A value of another type than the one specified counts as missing: uv, which installs the
# project, reports what is wrong with it.


def _get(data: Mapping[str, Any], key: str, default: T) -> T:
    value = data.get(key)
    return value if isinstance(value, type(default)) else default
