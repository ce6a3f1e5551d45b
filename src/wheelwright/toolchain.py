"""The only place that chains containers: base image, uv, dependency layer, source layer.

    python:X.Y  ->  uv  ->  dependencies (pyproject.toml, uv.lock)  ->  source  ->  install
                     `->  tool (ruff, pyright, ...)

Every command is added by `step`, which takes a row of the table in `privileges`: it mounts that
row's cache and secrets for this one command and takes them away after it. Nothing is mounted
otherwise. A step that sees a secret or the shared cache starts from `base`, where no foreign code
lies: uv runs the interpreter that it installs for, and an environment's `.pth` files with it.

Nothing here writes beneath /usr, so that an engine may show the host's own read-only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.resources import files

import anyio
import dagger
from dagger import dag

from wheelwright.environment import SOURCE, VENV, Environment
from wheelwright.gates.result import Output
from wheelwright.limits import limited, under_way
from wheelwright.pins import UV_IMAGE, slim_image
from wheelwright.privileges import (
    BUILD,
    CODE,
    DOWNLOAD,
    INSTALL,
    PACKAGE,
    Cache,
    Credential,
    Kind,
    released,
)
from wheelwright.project import building
from wheelwright.project.files import literal
from wheelwright.project.tools import Tool
from wheelwright.testing.services import Server

__all__ = [
    "CACHE",
    "TOOLS",
    "Held",
    "base",
    "begin_release",
    "builder",
    "dependencies",
    "hashed",
    "hold_credentials",
    "install",
    "installed",
    "observe",
    "output",
    "over",
    "package",
    "releasing",
    "resolve",
    "run",
    "serving",
    "step",
    "tooled",
    "with_git",
    "with_tool",
]

# Where uv, git and everything built on libcurl look for credentials of a private host.
_NETRC = "/root/.netrc"

_UV = "/opt/uv/bin"
TOOLS = "/opt/tools"

CACHE = "/opt/wheelwright/cache"
"""uv's cache where none is mounted: part of the layer, and of no other container."""
_REQUIRES = "/opt/wheelwright/requires"
_MOUNTS = {Cache.SHARED: "/cache/uv", Cache.OWN: "/cache/own"}
_SHARED = "wheelwright-uv"

_netrc: ContextVar[dagger.Secret | None] = ContextVar("netrc", default=None)
_release: ContextVar[str] = ContextVar("release", default="")


@dataclass(frozen=True, slots=True)
class Held:
    """A secret to give to one step, as a variable of its environment."""

    what: Credential
    name: str
    value: dagger.Secret


def hold_credentials(netrc: dagger.Secret | None) -> None:
    """Give this call's installing steps, and no others, the credentials of private hosts."""
    _netrc.set(netrc)
    _release.set("")


def begin_release() -> None:
    """Make every container of this call from here on one of this release alone.

    Nothing that any other call made answers a step of it, and no cache is mounted in one.
    """
    _release.set(uuid.uuid4().hex)


def releasing() -> bool:
    """Whether the steps from here on are parts of a release."""
    return bool(_release.get())


def base(image: str, python: str) -> dagger.Container:
    """Return an image of Python with uv, and uv told to take that interpreter."""
    settings = {
        "UV_CACHE_DIR": CACHE,
        # A mounted cache is another file system: links into it would dangle without it.
        "UV_LINK_MODE": "copy",
        "UV_NO_PROGRESS": "1",
        "UV_PROJECT_ENVIRONMENT": VENV,
        "UV_PYTHON": python,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_PREFERENCE": "only-system",
        "UV_TOOL_BIN_DIR": f"{TOOLS}/bin",
        "UV_TOOL_DIR": TOOLS,
        "VIRTUAL_ENV": VENV,
    }
    if release := _release.get():
        settings["WHEELWRIGHT_RELEASE"] = release
    container = (
        dag.container()
        .from_(image)
        .with_file(f"{_UV}/uv", dag.container().from_(UV_IMAGE).file("/uv"))
    )
    path = f"{VENV}/bin:{TOOLS}/bin:{_UV}:${{PATH}}"
    return (
        _with_variables(container, settings)
        .with_env_variable("PATH", path, expand=True)
        .with_workdir(SOURCE)
    )


# -- steps ----------------------------------------------------------------------------------------


def step(
    container: dagger.Container,
    kind: Kind,
    args: Iterable[str],
    *,
    secrets: Iterable[Held] = (),
    volume: str = "",
    may_fail: bool = False,
    log: str = "",
    stdin: str = "",
) -> dagger.Container:
    """Add a command of a kind: with what the table gives to that kind, for this command alone.

    `volume` names the volume of a kind that has one of its own. With `may_fail` the exit code is
    kept, to be judged by the caller. `log` gets its stdout.
    """
    kind = released(kind) if _release.get() else kind
    secrets = tuple(secrets)
    for held in secrets:
        assert held.what in kind.secrets, f"{kind.name}: not given the {held.what.value}"
        container = container.with_secret_variable(held.name, held.value)
    netrc = _netrc.get() if Credential.INDEX in kind.secrets else None
    if netrc is not None:
        container = container.with_mounted_secret(_NETRC, netrc)
    mount = _MOUNTS.get(kind.cache)
    if kind.cache is Cache.OWN and not volume:
        mount = None
    if mount is not None:
        name = _SHARED if kind.cache is Cache.SHARED else f"wheelwright-own-{volume}"
        # Without further arguments: those would name another volume.
        container = container.with_mounted_cache(mount, dag.cache_volume(name))
        container = container.with_env_variable("UV_CACHE_DIR", mount)
    # What is built from source runs code of its own.
    command = tuple(args) if kind.foreign else building.without_builds(args)
    container = container.with_exec(
        limited(command),
        stdin=stdin,
        expect=dagger.ReturnType.ANY if may_fail else dagger.ReturnType.SUCCESS,
        redirect_stdout=log,
    )
    if mount is not None:
        container = container.without_mount(mount).with_env_variable("UV_CACHE_DIR", CACHE)
    if netrc is not None:
        container = container.without_mount(_NETRC)
    for held in secrets:
        container = container.without_secret_variable(held.name)
    return container


def observe(
    container: dagger.Container, args: Iterable[str], log: str = "", kind: Kind = CODE
) -> dagger.Container:
    """Add a command whose exit code is kept, to be judged by the caller; `log` gets its stdout."""
    return step(container, kind, args, may_fail=True, log=log)


def run(
    container: dagger.Container, args: Iterable[str], log: str = "", kind: Kind = CODE
) -> dagger.Container:
    """Add a command that has to succeed; `log` gets its stdout."""
    return step(container, kind, args, log=log)


def install(container: dagger.Container, args: Iterable[str]) -> dagger.Container:
    """Add a command that installs wheels and has to succeed; no foreign code may lie about."""
    return step(container, INSTALL, args)


async def output(container: dagger.Container, name: str = "a step") -> Output:
    """Run, and return what the last command left; `name` is for who waits for it in vain."""
    # One after the other: the first answer runs it, the others read what it left.
    with under_way(name):
        exit_code = await container.exit_code()
    return Output(exit_code, await _text(container.stdout), await _text(container.stderr))


async def _text(read: Callable[[], Awaitable[str]]) -> str:
    """Return what was printed; words in its place where that is more than an engine gives.

    Both engines give at most 128 MiB. A verdict must not hang on how much a test prints.
    """
    try:
        return await read()
    except dagger.ExecError:
        raise
    except dagger.QueryError as error:
        if not re.search(r"\bexceeds? (?:the )?limit\b", str(error)):
            raise
        return f"(left out, because it is too long: {str(error).partition(': redirect')[0]})\n"


async def resolve(
    container: dagger.Container,
    args: Iterable[str],
    *,
    volume: str = "",
    name: str = "a step",
    builds: bool = False,
) -> Output:
    """Run a resolution without building anything; only where that fails, let it build.

    What builds sees no credential, and of caches only the volume of that name. `builds` says that
    a "no" may come of not building alone.
    """
    args = tuple(args)
    ended = await output(step(container, INSTALL, args, may_fail=True), name)
    if ended.exit_code and (builds or building.needs_build(ended.stderr)):
        return await output(step(container, BUILD, args, volume=volume, may_fail=True), name)
    return ended


# -- layers ---------------------------------------------------------------------------------------


def tooled(python: str, tool: Tool) -> dagger.Container:
    """Return a slim container with a tool in an environment of its own, and nothing else."""
    if f"\n{tool.requirement} " in f"\n{_lock(tool.name)}":
        # The module's own version: all that it needs is then the same on any day.
        return hashed(python, tool.name)
    return install(base(slim_image(python), python), ["uv", "tool", "install", tool.requirement])


def hashed(python: str, name: str) -> dagger.Container:
    """Return a slim container with a tool of the module's own: `locks/NAME.txt`, with hashes.

    No cache is mounted, and no package's lock decides: what such a tool sees is worth stealing.
    """
    listed, home = f"{TOOLS}/{name}.txt", f"{TOOLS}/{name}"
    container = base(slim_image(python), python).with_new_file(listed, _lock(name))
    flags = (f"--python={home}/bin/python", "--require-hashes", "--requirements", listed)
    container = step(container, DOWNLOAD, ["uv", "venv", home])
    container = step(container, DOWNLOAD, ["uv", "pip", "install", *flags])
    return container.with_env_variable("PATH", f"{home}/bin:${{PATH}}", expand=True)


def _lock(name: str) -> str:
    """Return the module's own lock of a tool; empty where there is none."""
    found = files("wheelwright") / "locks" / f"{name}.txt"
    return found.read_text(encoding="utf-8") if found.is_file() else ""


def with_tool(container: dagger.Container, tool: Tool, python: str) -> dagger.Container:
    """Lay a tool beside what the container holds; it is installed where none of that is."""
    container = container.with_directory(TOOLS, tooled(python, tool).directory(TOOLS))
    # Behind everything else: with a lock of ours it lies among the programs of all that it needs.
    return container.with_env_variable("PATH", f"${{PATH}}:{TOOLS}/{tool.name}/bin", expand=True)


def over(container: dagger.Container, source: dagger.Directory) -> dagger.Container:
    """Lay the source into the container."""
    return container.with_directory(SOURCE, source)


async def dependencies(source: dagger.Directory, plan: Environment) -> dagger.Container:
    """Return the dependency layer: only `plan.inputs` of the source are in it."""
    container = over(base(plan.image, plan.python), source.filter(include=literal(plan.inputs)))
    for path, text in plan.written.items():
        container = container.with_new_file(path, text)
    container = container.with_workdir(plan.workdir)
    if not plan.locked:
        return await _resolved(container, plan)
    sync, *others = plan.dependencies
    container, left = await _wheels(container, sync, plan.sdists)
    built = [(*sync, "--inexact"), *others] if left else others
    # The environment holds foreign code from here on: no secret, and no cache of others.
    return _built(container, plan, built)


def _built(
    container: dagger.Container, plan: Environment, commands: Iterable[Iterable[str]]
) -> dagger.Container:
    for args in commands:
        container = step(container, BUILD, args, volume=plan.volume)
    return container


async def _wheels(
    container: dagger.Container, sync: tuple[str, ...], sdists: tuple[str, ...]
) -> tuple[dagger.Container, list[str]]:
    """Install what has a wheel; return the names of what is left to be built as well."""
    left = list(sdists)
    while True:
        excluded = [f"--no-install-package={name}" for name in left]
        made = install(container, [*sync, *excluded])
        try:
            return await made.sync(), left
        except dagger.ExecError as error:
            # Wheels for other platforms alone: uv.lock does not say which fit.
            name = building.unbuilt(error.stderr)
            if not name or name in left:
                raise
            left.append(name)


async def _resolved(container: dagger.Container, plan: Environment) -> dagger.Container:
    """Install what the index has now.

    Whether that has to be built is known only by resolving, and without building, uv would take
    an older release that has a wheel. So all of it may build, and sees no secret. With
    credentials the wheels alone are tried first.
    """
    if _netrc.get() is not None:
        made = container
        for args in plan.dependencies:
            made = install(made, args)
        try:
            return await made.sync()
        except dagger.ExecError as error:
            if not building.needs_build(error.stderr):
                raise
    return _built(container, plan, plan.dependencies)


async def installed(
    source: dagger.Directory, plan: Environment, git: dagger.Directory | None = None
) -> dagger.Container:
    """Return the whole environment, the package itself installed.

    `git` is a directory that holds .git, for a version that comes from it.
    """
    built = source
    for path in plan.later:
        built = built.without_directory(path)
    made: list[dagger.Container] = []
    fetched: list[dagger.Directory] = []

    async def depend() -> None:
        made.append(await dependencies(source, plan))

    async def fetch() -> None:
        fetched.append(await _fetched(plan.image, plan.python, plan.requires))

    async with anyio.create_task_group() as group:
        group.start_soon(depend)
        if plan.requires:
            group.start_soon(fetch)
    container = over(made[0], built)
    for directory in fetched:
        container = container.with_directory(CACHE, directory)
    if git is not None:
        container = with_git(container, git)
    container = _with_variables(container, plan.variables)
    for args in plan.install:
        container = package(container, args)
    for path in plan.later:
        container = container.with_directory(f"{SOURCE}/{path}", source.directory(path))
    return container


async def builder(image: str, python: str, requires: Mapping[str, str]) -> dagger.Container:
    """Return a base to build the package in: what `requires` asks for is fetched already."""
    return base(image, python).with_directory(CACHE, await _fetched(image, python, requires))


def package(container: dagger.Container, args: Iterable[str]) -> dagger.Container:
    """Add a command that builds the package, and that has to succeed."""
    if _netrc.get() is not None:
        # It sees no credential: first with what an installing step has fetched with it.
        args = ["sh", "-c", 'UV_OFFLINE=1 "$@" || exec "$@"', "sh", *args]
    return step(container, PACKAGE, args)


async def _fetched(image: str, python: str, requires: Mapping[str, str]) -> dagger.Directory:
    """Return a cache with what builds need, so that they ask no index, and need no credential."""
    container = base(image, python).with_workdir(_REQUIRES)
    for name, text in requires.items():
        container = container.with_new_file(f"{_REQUIRES}/{name}", text)
    flags = (f"--cache-dir={CACHE}", f"--target={_REQUIRES}/unused", "-r", "pyproject.toml")
    made = install(container, ["uv", "pip", "install", "--quiet", *flags])
    try:
        return await made.directory(CACHE).sync()
    except dagger.ExecError:
        # Requirements without a wheel, or two packages of a workspace that need different ones:
        # then the build asks for what it needs by itself, without a credential.
        return dag.directory()


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


def _with_variables(container: dagger.Container, variables: Mapping[str, str]) -> dagger.Container:
    for name, value in variables.items():
        container = container.with_env_variable(name, value)
    return container
