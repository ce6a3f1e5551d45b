"""Finding a module: its `dagger.json`, its files, and the context its defaults point into."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from stiletto.api.definition import ModuleDef
from stiletto.errors import ModuleFailed, UsageError
from stiletto.module.config import CONFIG, ModuleConfig
from stiletto.module.origin import Origin, line_of
from stiletto.module.remote import expanded, is_remote
from stiletto.module.workspace import WORKSPACE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModuleProject:
    """How to run the module, from its pyproject.toml.

    Attributes:
        package: the import package, from the project's name.
        python: what is required of the interpreter, such as `3.12` or `>=3.11`.
        main_object: the entry point `module:Class`, where the project names one itself.
        image: the image to run in, where the project names one itself.
    """

    package: str
    python: str
    main_object: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module's files are.

    Attributes:
        root: the directory of dagger.json.
        context: the repository around it.
        origin: what to call it: the path, or the repository's URL, directory and commit.
        url: the repository it was cloned from; empty for a module of this machine.
        commit: what of that repository; empty for a module of this machine.
    """

    root: Path
    context: Path
    origin: str
    url: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class LoadedModule:
    """A module ready to run, as one of those that use it sees it.

    Attributes:
        name: its name for those that use it; its code knows `config.name`.
        place: where its files are.
        root: where relative default paths start.
        context: where absolute default paths start, and what none may leave.
        tree: digest of the module's files.
        code: everything that decides what the code does; enters every function's key.
        settings: digest of the defaults that came from outside the code.
        digest: code, settings and place: what an object of the module belongs to.
        definition: what it offers, other defaults applied.
        project: how its code runs; None without code.
        uses: the modules that its code sees, dependencies first.
        toolchains: those of them that the command line offers beside its own functions.
        addresses: defaults that are addresses of objects, by (type, function, argument).
        origins: the places of those.
        ignore_checks: patterns of checks that its user does not want.
    """

    name: str
    place: Place
    root: Path
    context: Path
    config: ModuleConfig
    tree: str
    code: str
    settings: str
    digest: str
    definition: ModuleDef
    project: ModuleProject | None = None
    uses: tuple[LoadedModule, ...] = ()
    toolchains: tuple[LoadedModule, ...] = ()
    addresses: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    origins: Mapping[tuple[str, str, str], Origin] = field(default_factory=dict)
    ignore_checks: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """Name and place, as the real engine scopes names of secrets and cache volumes.

        The commit is not part of it: a cache volume outlives an update of the module.
        """
        where = self.place.origin.removesuffix(f"@{self.place.commit}")
        return f"module {self.config.name} {where}"


def find_module(ref: str | None, workdir: Path) -> Path | None:
    """Return the directory of the module's `dagger.json`.

    Without a reference that is the working directory or the nearest one above it, up to the
    repository's root; a `dagger.toml` counts as well. None where the reference means a repository
    to clone.

    Raises:
        UsageError: there is none.
    """
    if ref is not None:
        root = (workdir / expanded(ref)).resolve()
        if is_present(root / CONFIG):
            return root
        if is_remote(ref, workdir):
            return None
        lacking = "it has no" if root.is_dir() else "it is not a directory with a"
        raise UsageError(
            f"no module at {root}: {lacking} {CONFIG}",
            hint="name the directory of a dagger.json, or a repository",
        )
    for parent in (workdir, *workdir.parents):
        if is_present(parent / CONFIG) or is_present(parent / WORKSPACE):
            return parent
        if (parent / ".git").exists():
            break
    raise UsageError(
        f"no module around {workdir}: no {CONFIG} or {WORKSPACE} here or above",
        hint="write one with `stiletto init`, or name a module: "
        "stiletto -m ADDRESS call --source . ...",
    )


def is_present(path: Path) -> bool:
    """Whether a file is at a path.

    Raises:
        ModuleFailed: something else is, which nothing can be read from.
    """
    if path.is_file():
        return True
    if path.is_symlink():
        found = f"a link to {path.readlink()}, where no file is"
    elif path.is_dir():
        found = "a directory, not a file"
    elif path.exists():
        found = "not a regular file"
    else:
        return False
    raise ModuleFailed(f"{path}: {found}", hint=f"write {path.name} as a file, or remove it")


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ModuleFailed: it is not UTF-8; the line is named.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ModuleFailed(
            f"{path}:{line}: not valid UTF-8 at byte {error.start}",
            hint="write the file in UTF-8",
        ) from error


def context_of(root: Path) -> Path:
    """Return the repository around a directory, or the directory itself."""
    for parent in (root, *root.parents):
        if (parent / ".git").exists():
            return parent
    return root


def read_project(source: Path) -> ModuleProject:
    """Read how to run the module's Python project.

    Raises:
        ModuleFailed: there is no valid pyproject.toml.
    """
    path = source / "pyproject.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if source.is_dir():
            what = "a directory, not a file" if path.is_dir() else "not found"
            raise ModuleFailed(f"{path}: {what}", hint="create one with `uv init`") from error
        what = "a file, not a directory" if source.is_file() else "not found"
        raise ModuleFailed(
            f"{source}: {what}: the module's code should be there",
            hint=f"correct source in {CONFIG}",
        ) from error
    except (ValueError, RecursionError) as error:
        # ValueError: TOMLDecodeError and UnicodeDecodeError are, and a number with too many digits.
        found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", str(error), re.DOTALL)
        where, what = (f"{path}:{found[2]}", found[1]) if found else (str(path), str(error))
        hint = "correct this line" if found else "correct the file"
        raise ModuleFailed(f"{where}: not valid TOML: {what}", hint=hint) from error
    project = _get(data, "project", dict[str, Any]())
    package = re.sub(r"[-.\s]+", "_", _get(project, "name", "") or "main")
    entry_points = _get(_get(project, "entry-points", {}), "dagger.mod", dict[str, Any]())
    pinned = source / ".python-version"
    lines = pinned.read_text(errors="replace").splitlines() if pinned.is_file() else []
    python = next((fields[0] for line in lines if (fields := line.partition("#")[0].split())), "")
    settings = _get(_get(data, "tool", dict[str, Any]()), "dagger", dict[str, Any]())
    _check_settings(settings, path)
    image = _get(settings, "base-image", "")
    if python and not re.fullmatch(r"\d+(\.\d+){0,2}[\w.-]*", python):
        raise ModuleFailed(
            f"{pinned}:{_line_of(lines, python)}: {python!r} is not a version of Python, of which "
            "Dagger makes an image's tag",
            hint="write it as 3.12",
        )
    if not python and not image:
        python = _get(project, "requires-python", "").strip()
        _check_python(python, path)
    return ModuleProject(
        package=package,
        python=python,
        main_object=_get(entry_points, "main_object", ""),
        image=image,
    )


def _line_of(lines: Sequence[str], text: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


SETTINGS: Mapping[str, tuple[type, str]] = {
    "base-image": (str, "a string"),
    "use-uv": (bool, "true or false"),
    "uv-version": (str, "a string"),
}
"""The keys of `[tool.dagger]`, and the type of each (sdk/python/runtime/discovery.go)."""


def _check_settings(settings: Mapping[str, Any], path: Path) -> None:
    """Refuse a value of another type, which the real engine cannot read."""
    for name, (kind, described) in SETTINGS.items():
        if name in settings and not isinstance(settings[name], kind):
            lines = path.read_text(encoding="utf-8").splitlines()
            raise ModuleFailed(
                f"{path}:{_line_of(lines, name)}: {name} of [tool.dagger] must be {described}",
                hint="correct this line, or remove it",
            )


def _check_python(required: str, path: Path) -> None:
    """Refuse a bound of which the real engine makes an image's tag that is not valid."""
    if required[:2] in ("==", ">=") and not re.fullmatch(r"[\w.-]+", required[2:].strip()):
        line = line_of(path.read_text(encoding="utf-8"), required)
        raise ModuleFailed(
            f"{path}:{line}: requires-python is {required!r}: Dagger makes an image's tag of it, "
            "which is not valid",
            hint="write the version into .python-version, such as 3.12",
        )


# A value of another type than the one specified counts as missing: uv, which installs the
# project, reports what is wrong with it.


def _get(data: Mapping[str, Any], key: str, default: T) -> T:
    value = data.get(key)
    return value if isinstance(value, type(default)) else default
