"""Finding a module: its `dagger.json`, its files, and the context its defaults point into."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiletto.errors import ModuleFailed, NotSupported, UsageError
from stiletto.module.definition import ModuleDef

__all__ = ["LoadedModule", "ModuleConfig", "find_module", "parse_config", "read_project"]

CONFIG = "dagger.json"
NEWEST_ENGINE = (0, 21, 8)
"""Modules that ask for a newer engine than the one whose behaviour this is are refused."""


@dataclass(frozen=True, slots=True)
class ModuleConfig:
    """What `dagger.json` says. Paths are relative to its directory."""

    name: str
    source: str = "."
    include: tuple[str, ...] = ()
    persistent_cache: bool = True


@dataclass(frozen=True, slots=True)
class ModuleProject:
    """What the module's pyproject.toml says of how to run it.

    Attributes:
        package: the import package, from the project's name.
        python: what is asked of the interpreter, such as `3.12` or `>=3.11`.
        main_object: the entry point `module:Class`, where the project names one itself.
        has_sdk: whether dagger-io is among the dependencies.
    """

    package: str
    python: str
    main_object: str
    has_sdk: bool


@dataclass(frozen=True, slots=True)
class LoadedModule:
    """A module ready to run.

    Attributes:
        root: the directory of dagger.json; relative default paths start here.
        context: the repository around it; absolute default paths start here.
        tree: digest of the module's files.
        digest: everything that decides what the code does; enters every function's key.
        scope: keeps names of cache volumes and secrets apart from other modules'.
    """

    name: str
    root: Path
    context: Path
    config: ModuleConfig
    tree: str
    digest: str
    definition: ModuleDef

    @property
    def scope(self) -> str:
        """Name and place, as the real engine scopes names."""
        return f"module {self.name} {self.root}"


def find_module(ref: str | None, workdir: Path) -> Path:
    """Return the directory that holds the module's `dagger.json`.

    Without a reference that is the working directory or the nearest one above it, up to the
    repository's root.

    Raises:
        UsageError: there is none.
        NotSupported: the reference is a remote repository.
    """
    if ref is not None:
        root = (workdir / Path(ref).expanduser()).resolve()
        if (root / CONFIG).is_file():
            return root
        if not root.exists() and re.match(r"(\w+://|git@|[\w.-]+\.\w+/)", ref):
            raise NotSupported(f"-m {ref}: a module in a remote repository")
        raise UsageError(f"no module at {root}: it has no {CONFIG}")
    for parent in (workdir, *workdir.parents):
        if (parent / CONFIG).is_file():
            return parent
        if (parent / ".git").exists():
            break
    raise UsageError(
        f"no module around {workdir}: no {CONFIG} here or above",
        hint="name one with -m PATH",
    )


def context_of(root: Path) -> Path:
    """Return the repository around a module, or the module's own directory."""
    for parent in (root, *root.parents):
        if (parent / ".git").exists():
            return parent
    return root


def parse_config(text: str, path: Path) -> ModuleConfig:
    """Read a `dagger.json`.

    Raises:
        ModuleFailed: it is not valid, or of another SDK than Python's.
    """
    try:
        data: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModuleFailed(f"{path}: not valid JSON: {error}") from error
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise ModuleFailed(f"{path}: no name")
    wanted = data.get("engineVersion", "")
    version = re.match(r"v(\d+)\.(\d+)\.(\d+)", wanted)
    if version and tuple(map(int, version.groups())) > NEWEST_ENGINE:
        newest = ".".join(map(str, NEWEST_ENGINE))
        raise ModuleFailed(
            f"{path}: module needs engine {wanted}; stiletto follows v{newest}",
            hint="run the same words with `dagger`, or upgrade stiletto",
        )
    sdk = data.get("sdk")
    source = sdk.get("source") if isinstance(sdk, dict) else sdk
    if source != "python":
        raise NotSupported(f"{path}: sdk {source!r}")
    for key in ("dependencies", "toolchains", "blueprint"):
        if data.get(key):
            raise NotSupported(f"{path}: {key}")
    persistent = version is None or tuple(map(int, version.groups())) >= (0, 19, 4)
    return ModuleConfig(
        name=name,
        source=data.get("source", "."),
        include=tuple(data.get("include", ())),
        persistent_cache=persistent and not data.get("disableDefaultFunctionCaching", False),
    )


def read_project(source: Path, name: str) -> ModuleProject:
    """Read how the module's Python project wants to be run.

    Raises:
        ModuleFailed: there is no valid pyproject.toml.
    """
    path = source / "pyproject.toml"
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise ModuleFailed(f"{path}: not found", hint="create one with `uv init`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModuleFailed(f"{path}: {error}") from error
    project = data.get("project", {})
    package = re.sub(r"[-.\s]+", "_", project.get("name", "main"))
    entry_points = project.get("entry-points", {}).get("dagger.mod", {})
    pinned = source / ".python-version"
    python = pinned.read_text().split()[0] if pinned.is_file() else ""
    has_sdk = any(
        re.match(r"dagger[-_.]io\b", dependency) for dependency in project.get("dependencies", [])
    )
    return ModuleProject(
        package=package,
        python=python or project.get("requires-python", ""),
        main_object=entry_points.get("main_object", ""),
        has_sdk=has_sdk,
    )
