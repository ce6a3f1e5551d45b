"""The only place that chains containers: base image, uv, dependency layer, source layer.

    python:X.Y  ->  uv  ->  dependencies (pyproject.toml, uv.lock)  ->  source  ->  install
                     `->  tool (ruff, pyright, ...)

Nothing here writes beneath /usr, so that an engine may show the host's own read-only. uv's
cache is a volume; nothing depends on what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar

import dagger
from dagger import dag

from wheelwright.environment import SOURCE, VENV, Environment
from wheelwright.gates.result import Output
from wheelwright.limits import limited, under_way
from wheelwright.pins import UV_IMAGE
from wheelwright.project.files import literal
from wheelwright.project.tools import Tool
from wheelwright.testing.services import Server

__all__ = [
    "base",
    "dependencies",
    "hold_credentials",
    "install",
    "installed",
    "observe",
    "output",
    "over",
    "resolve",
    "run",
    "serving",
    "with_git",
    "with_tool",
]

# Where uv, git and everything built on libcurl look for credentials of a private host.
_NETRC = "/root/.netrc"

_UV = "/opt/uv/bin"
_TOOLS = "/opt/tools"


_netrc: ContextVar[dagger.Secret | None] = ContextVar("netrc", default=None)


def hold_credentials(netrc: dagger.Secret | None) -> None:
    """Give this call's installing steps, and no others, the credentials of private hosts."""
    _netrc.set(netrc)


def base(image: str, python: str) -> dagger.Container:
    """Return an image of Python with uv, and uv told to take that interpreter."""
    settings = {
        "UV_CACHE_DIR": "/cache/uv",
        # The cache is another file system: links into it would dangle without it.
        "UV_LINK_MODE": "copy",
        "UV_NO_PROGRESS": "1",
        "UV_PROJECT_ENVIRONMENT": VENV,
        "UV_PYTHON": python,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_PREFERENCE": "only-system",
        "UV_TOOL_BIN_DIR": f"{_TOOLS}/bin",
        "UV_TOOL_DIR": _TOOLS,
        "VIRTUAL_ENV": VENV,
    }
    container = (
        dag.container()
        .from_(image)
        .with_file(f"{_UV}/uv", dag.container().from_(UV_IMAGE).file("/uv"))
        # Without further arguments: those would name another volume.
        .with_mounted_cache("/cache/uv", dag.cache_volume("wheelwright-uv"))
    )
    path = f"{VENV}/bin:{_TOOLS}/bin:{_UV}:${{PATH}}"
    return (
        _with_variables(container, settings)
        .with_env_variable("PATH", path, expand=True)
        .with_workdir(SOURCE)
    )


def with_tool(container: dagger.Container, tool: Tool) -> dagger.Container:
    """Install a tool in an environment of its own, beside the project's."""
    return install(container, ["uv", "tool", "install", tool.requirement])


def over(container: dagger.Container, source: dagger.Directory) -> dagger.Container:
    """Lay the source into the container."""
    return container.with_directory(SOURCE, source)


def dependencies(source: dagger.Directory, plan: Environment) -> dagger.Container:
    """Return the dependency layer: only `plan.inputs` of the source are in it."""
    container = over(base(plan.image, plan.python), source.filter(include=literal(plan.inputs)))
    for path, text in plan.written.items():
        container = container.with_new_file(path, text)
    return _run(container.with_workdir(plan.workdir), plan.dependencies)


def installed(
    source: dagger.Directory, plan: Environment, git: dagger.Directory | None = None
) -> dagger.Container:
    """Return the whole environment, the package itself installed.

    `git` is a directory that holds .git, for a version that comes from it.
    """
    built = source
    for path in plan.later:
        built = built.without_directory(path)
    container = over(dependencies(source, plan), built)
    if git is not None:
        container = with_git(container, git)
    container = _run(_with_variables(container, plan.variables), plan.install)
    for path in plan.later:
        container = container.with_directory(f"{SOURCE}/{path}", source.directory(path))
    return container


def with_git(container: dagger.Container, git: dagger.Directory) -> dagger.Container:
    """Lay .git over the source; its files belong to somebody else, which git has to be told."""
    trusted = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    return _with_variables(over(container, git), trusted)


def serving(container: dagger.Container, server: Server, cell: str) -> dagger.Container:
    """Give the container a server of its own: another `cell` gets another instance."""
    started = _with_variables(dag.container().from_(server.image), server.env)
    service = (
        started.with_env_variable("WHEELWRIGHT_CELL", cell)
        .with_exposed_port(server.port)
        .with_docker_healthcheck(
            ["sh", "-c", server.probe], interval="1s", timeout="5s", start_period="1s", retries=60
        )
        .as_service()
    )
    bound = container.with_service_binding(server.alias, service)
    return _with_variables(bound, server.variables)


def observe(container: dagger.Container, args: Iterable[str], log: str = "") -> dagger.Container:
    """Add a command whose exit code is kept, to be judged by the caller; `log` gets its stdout."""
    return container.with_exec(limited(args), expect=dagger.ReturnType.ANY, redirect_stdout=log)


def install(container: dagger.Container, args: Iterable[str]) -> dagger.Container:
    """Add a command that has to succeed, and that may ask private hosts for packages."""
    return _closed(run(_open(container), args))


def resolve(container: dagger.Container, args: Iterable[str]) -> dagger.Container:
    """Add a command to be judged by the caller, that may ask private hosts for packages."""
    return _closed(observe(_open(container), args))


def _open(container: dagger.Container) -> dagger.Container:
    netrc = _netrc.get()
    return container.with_mounted_secret(_NETRC, netrc) if netrc else container


def _closed(container: dagger.Container) -> dagger.Container:
    return container.without_mount(_NETRC) if _netrc.get() else container


def run(container: dagger.Container, args: Iterable[str], log: str = "") -> dagger.Container:
    """Add a command that has to succeed; `log` gets its stdout."""
    return container.with_exec(limited(args), redirect_stdout=log)


async def output(container: dagger.Container, name: str = "a step") -> Output:
    """Run, and return what the last command left; `name` is for who waits for it in vain."""
    # One after the other: the first answer runs it, the others read what it left.
    with under_way(name):
        exit_code = await container.exit_code()
    return Output(exit_code, await container.stdout(), await container.stderr())


def _run(container: dagger.Container, commands: Iterable[Iterable[str]]) -> dagger.Container:
    for args in commands:
        container = install(container, args)
    return container


def _with_variables(container: dagger.Container, variables: Mapping[str, str]) -> dagger.Container:
    for name, value in variables.items():
        container = container.with_env_variable(name, value)
    return container
