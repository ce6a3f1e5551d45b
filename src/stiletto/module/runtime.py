"""How a module's code runs: an environment of its own, then the SDK's entry point.

The environment is made by the engine itself, as a container: an interpreter, uv, the locked
dependencies, then the module's files. So it is cached, sandboxed and explained like any other
step. Pure: this builds values, `stiletto.engine.functions` runs them.
"""

from __future__ import annotations

import inspect
import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from stiletto.api import configuration, filesystem
from stiletto.api import container as c
from stiletto.api.execution import with_exec
from stiletto.api.files import Directory
from stiletto.api.secrets import CacheVolume
from stiletto.graph.tree import Dir, File
from stiletto.module import compilation, worker
from stiletto.module.installation import VENV, Installation
from stiletto.module.metadata import dist_info
from stiletto.module.naming import camel
from stiletto.module.source import LoadedModule, ModuleProject

UV_IMAGE = "ghcr.io/astral-sh/uv:0.10.3"  # the version that the real runtime uses
SOURCE = "/module"
BINDINGS = "/opt/bindings"
_CAUSE_CHARS = 500
_UV_CACHE = "/cache/uv"

COMPILED_FROM_BYTES = 200_000
"""The size of a package's sources from which on a step that compiles them takes less time than the
process that imports them: about 0.08 s."""

KNOWN_PYTHONS = ("3.14", "3.13", "3.12", "3.11", "3.10")
"""Tried in this order if the version that a module requests is not found."""


def python_tags(wanted: str) -> Sequence[str]:
    """Return the interpreters to try, best first.

    The first version named is the one the real runtime takes (`>=3.11` gives 3.11, and what is
    not a bound of this form its own default); where it is only a lower bound, newer ones do as
    well.
    """
    found = re.fullmatch(r"(==|>=)?\s*(3\.\d+)[\w.-]*", wanted)
    if found is None:
        return KNOWN_PYTHONS
    bound, first = found.groups()
    if bound != ">=":
        return (first,)
    minor = int(first.split(".")[1])
    return (first, *(tag for tag in reversed(KNOWN_PYTHONS) if int(tag.split(".")[1]) > minor))


def environment(
    base: c.Container, uv: c.Container, files: Directory, source: str, plan: Installation
) -> c.Container:
    """Return a container with the module's dependencies and its files at `/module`."""
    at = posixpath.normpath(posixpath.join(SOURCE, source))
    path = f"/opt/uv/bin:{base.variable('PATH')}"
    container = filesystem.with_file(base, "/opt/uv/bin/uv", filesystem.file(uv, "/uv"))
    for name, value in {
        "PATH": path,
        "UV_CACHE_DIR": _UV_CACHE,
        "UV_LINK_MODE": "copy",
        "UV_NO_CONFIG": "1",
        "UV_PROJECT_ENVIRONMENT": VENV,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_PREFERENCE": "only-system",
        "UV_SYSTEM_CERTS": "1",
        **plan.variables,
    }.items():
        container = configuration.with_env_variable(container, name, value)
    container = filesystem.with_mounted_cache(container, _UV_CACHE, CacheVolume("uv", "stiletto"))
    if plan.needs_source:
        container = filesystem.with_directory(container, SOURCE, files)
    for name, text in plan.files.items():
        container = filesystem.with_new_file(container, f"{at}/{name}", text)
    container = configuration.with_workdir(container, at)
    for command in plan.commands:
        container = with_exec(container, command)
    # No code that is installed runs where it could write to what others are installed from.
    container = filesystem.without_mount(container, _UV_CACHE)
    container = _compiled(container, f"{VENV}/lib")
    return filesystem.with_directory(container, SOURCE, files)


def untrusted(printed: str) -> str:
    """Return the server whose certificate uv did not trust; empty where that was not why."""
    if "invalid peer certificate: UnknownIssuer" not in printed:
        return ""
    found = re.search(r"https://(?:[^/\s@]*@)?([^/\s`)]+)", printed)
    return f"https://{found[1]}" if found else "the package index"


def install_failure(printed: str) -> str:
    """Return in one line why uv installed nothing: its error, and the cause beneath it."""
    lines = [re.sub(r"^[\W_]+|^error:\s*", "", line) for line in printed.splitlines()]
    lines = [line.strip() for line in lines if line.strip() and not line.startswith("hint:")]
    text = ": ".join(line.rstrip(":.") for line in lines[:3])
    return text if len(text) <= _CAUSE_CHARS else f"{text[:_CAUSE_CHARS]} [...]"


def with_bindings(base: c.Container, text: str) -> c.Container:
    """Return the environment with a `dagger_gen.py`, which the SDK imports where it can."""
    return filesystem.with_new_file(base, f"{BINDINGS}/dagger_gen.py", text)


def with_metadata(base: c.Container, module: LoadedModule, pyproject: str) -> c.Container:
    """Return the environment with the project's own metadata, as if it were installed."""
    for path, text in dist_info(pyproject, _direct_url(module, pyproject)).items():
        base = filesystem.with_new_file(base, f"{BINDINGS}/{path}", text)
    return base


def _direct_url(module: LoadedModule, pyproject: str) -> Mapping[str, Any]:
    """Return which commit the module is of; for a copy of what came with this command, of that.

    It enters no key of a function: the code decides what a function returns.
    """
    from stiletto import distribution

    place = module.place
    if place.commit:
        directory = place.root.relative_to(place.context) / module.config.source
        inside = posixpath.normpath(directory.as_posix())
        return distribution.of_commit(place.url, place.commit, "" if inside == "." else inside)
    name = tomllib.loads(pyproject).get("project", {}).get("name", "")
    came = distribution.direct_url() if name == distribution.NAME else {}
    return came if distribution.is_of_commit(came) else {}


def with_compiled(
    base: c.Container, module: LoadedModule, project: ModuleProject, tree: Dir
) -> c.Container:
    """Return the environment with the bytecode of the module's package beside its files.

    It is in a layer of its own: nothing that a module can write to is read by another one. A small
    package is compiled by each process. `tree` has the files of the module.
    """
    package = runtime_variables(module, project)["DAGGER_DEFAULT_PYTHON_PACKAGE"]
    at = posixpath.normpath(module.config.source)
    places = (posixpath.normpath(f"{at}/{of}/{package.partition('.')[0]}") for of in ("src", "."))
    found = {place: entry for place in places if isinstance(entry := tree.get(place), Dir)}
    size_bytes = sum(
        file.size_bytes
        for entry in found.values()
        for path, file in entry.walk()
        if isinstance(file, File) and path.endswith(".py")
    )
    if size_bytes < COMPILED_FROM_BYTES:
        return base
    return _compiled(base, *(f"{SOURCE}/{place}" for place in found))


def _compiled(base: c.Container, *places: str) -> c.Container:
    """Return a container after a step that compiles what is at these places, and runs none of it.

    Its exit code does not matter: what is not compiled is compiled by whoever imports it.
    """
    program = inspect.getsource(compilation)
    command = ("python", "-I", "-S", "-W", "ignore", "-c", program, *places)
    return with_exec(base, command, expect="ANY")


def run(base: c.Container, module: LoadedModule, project: ModuleProject) -> c.Exec:
    """Return the command that runs the module's calls, one process each."""
    at = posixpath.normpath(posixpath.join(SOURCE, module.config.source))
    container = filesystem.with_mounted_temp(base, "/scratch")
    container = configuration.with_workdir(container, "/scratch")
    for name, value in runtime_variables(module, project).items():
        container = configuration.with_env_variable(container, name, value)
    for name, value in {
        "PYTHONPATH": f"{BINDINGS}:{at}/src:{at}",
        "PYTHONUNBUFFERED": "1",
    }.items():
        container = configuration.with_env_variable(container, name, value)
    program = inspect.getsource(worker)
    done = with_exec(container, [f"{VENV}/bin/python", "-B", "-c", program], expect="ANY")
    assert done.last_exec is not None
    return done.last_exec


def runtime_variables(module: LoadedModule, project: ModuleProject) -> dict[str, str]:
    """Return the variables by which the SDK finds the module's code."""
    package, main = project.package, camel(module.config.name)
    # `module:object [extra]`, blanks allowed: as an entry point is read.
    if found := re.match(r"\s*([\w.]+)\s*:\s*([\w.]+)", project.main_object):
        package, main = found.groups()
    return {
        "DAGGER_MODULE": module.config.name,
        "DAGGER_MAIN_OBJECT": main,
        "DAGGER_DEFAULT_PYTHON_PACKAGE": package,
    }
