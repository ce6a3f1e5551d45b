"""Layers of containers: base image, uv, dependencies, source.

    python:X.Y  ->  uv  ->  dependencies (pyproject.toml, uv.lock)  ->  source  ->  install
                     `->  tool (ruff, pyright, ...)

Every command is added by `steps`, which gives it what its kind may see and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

import anyio
import dagger
from dagger import dag

from wheelwright.container import fetching, packaged, steps, users
from wheelwright.container.cut import Tree
from wheelwright.container.packaged import Builds, Packaged
from wheelwright.container.privileges import BUILD, DOWNLOAD, INSTALL, Kind
from wheelwright.container.steps import (
    TOOLS,
    base,
    credentials,
    install,
    package,
    step,
    unavailable,
    with_variables,
)
from wheelwright.environment.plan import SOURCE, VENV, Environment
from wheelwright.environment.services import Server
from wheelwright.environment.system import System
from wheelwright.environment.tools import Tool
from wheelwright.errors import RequestError
from wheelwright.pins import RUST_IMAGE, slim_image
from wheelwright.project import building
from wheelwright.project.interpreters import cpython, is_free_threaded

_HELD = "/opt/held"
_RUST = "/opt/rust"

# -- layers ---------------------------------------------------------------------------------------


def tooled(python: str, tool: Tool, kind: Kind = INSTALL) -> dagger.Container:
    """Return a slim container with a tool in an environment of its own, and nothing else.

    It runs on CPython, whatever the tests run on. `kind` is `BUILD` where something that is
    installed beside it has no wheel.
    """
    if f"\n{tool.requirement} " in f"\n{_lock(tool.name)}" and not tool.beside:
        # The module's own version: all that it needs is then the same on any day.
        return hashed(python, tool.name)
    python = cpython(python)
    beside = [f"--with={each}" for each in tool.beside]
    command = ["uv", "tool", "install", tool.requirement, *beside]
    return step(base(slim_image(python), python), kind, command)


def hashed(python: str, name: str) -> dagger.Container:
    """Return a slim container with a tool of the module's own: `locks/NAME.txt`, with hashes.

    No cache is mounted, and no package's lock decides: what such a tool sees is worth stealing.
    """
    python = cpython(python)
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
    """Copy a tool into a container; it is installed where nothing of that container is."""
    container = container.with_directory(TOOLS, tooled(python, tool).directory(TOOLS))
    # Behind everything else: with a lock of ours it is among the programs of all that it needs.
    return container.with_env_variable("PATH", f"${{PATH}}:{TOOLS}/{tool.name}/bin", expand=True)


def over(container: dagger.Container, source: dagger.Directory) -> dagger.Container:
    """Copy the source into the container."""
    return container.with_directory(SOURCE, source)


async def dependencies(source: Tree, plan: Environment, user: str) -> dagger.Container:
    """Return the dependency layer: only `plan.inputs` of the source are in it.

    Its environment belongs to `user`, that of the settings. It is named by its identity: what is
    added to it is asked for without its whole recipe.
    """
    owner = _owner(plan, user)
    container = await _dependencies(source, plan, owner)
    return container if owner else users.owned(container, VENV, user)


def _owner(plan: Environment, user: str) -> str:
    """Return whom steps give the environment to; empty where it stays with root, or is copied."""
    # What programs an image of others has is not known.
    return "" if plan.system.named else users.owner(user)


async def _dependencies(source: Tree, plan: Environment, owner: str) -> dagger.Container:
    provided = await steps.provided(plan.system, plan.python)
    if owner:
        provided = users.with_program(provided, plan.imported)
    container = over(provided, await source.only(plan.inputs))
    for path, text in plan.written.items():
        container = container.with_new_file(path, text)
    container = container.with_workdir(plan.workdir)
    if not plan.locked:
        return await _resolved(container, plan, owner)
    sync, *others = plan.dependencies
    clean = container
    container, left = await _wheels(container, sync, plan.sdists, owner)
    if credentials():
        # What has a wheel is added before any foreign code has run there.
        container, others = await _added(container, clean, others, owner)
        fetchable = [each for each in plan.fetchable if each.name in left]
        if fetchable:
            container = await fetching.sdists(container, plan, fetchable, owner)
        left = [name for name in left if name not in {each.name for each in fetchable}]
        if left and plan.repositories:
            container = fetching.repositories(container, plan, (*sync, "--inexact"), owner)
            left = []
    built = [(*sync, "--inexact"), *others] if left else others
    # The environment has foreign code from here on: no secret, and no shared cache.
    return await _built(container, plan, built, owner).sync() if built else container


def _built(
    container: dagger.Container,
    plan: Environment,
    commands: Iterable[Iterable[str]],
    owner: str,
) -> dagger.Container:
    for args in commands:
        container = step(container, BUILD, args, volume=plan.volume, owner=owner)
    return container


async def _wheels(
    container: dagger.Container, sync: tuple[str, ...], sdists: tuple[str, ...], owner: str
) -> tuple[dagger.Container, list[str]]:
    """Install what has a wheel; return the names of what is left to be built as well."""
    left = list(sdists)
    while True:
        excluded = [f"--no-install-package={name}" for name in left]
        installed = install(container, [*sync, *excluded], owner)
        try:
            return await installed.sync(), left
        except dagger.ExecError as error:
            # Only wheels for other platforms: uv.lock does not have which fit.
            name = building.unbuilt(error.stderr)
            if not name or name in left:
                raise
            left.append(name)


async def _added(
    container: dagger.Container,
    clean: dagger.Container,
    commands: list[tuple[str, ...]],
    owner: str,
) -> tuple[dagger.Container, list[tuple[str, ...]]]:
    """Install wheels into an environment that has some; return what has to be built after all.

    uv runs the interpreter that it installs for, and with it every `.pth` file of its
    environment. So it gets an empty environment at the same place, and the real one as a prefix.
    """
    for number, args in enumerate(commands):
        installed = clean.with_directory(_HELD, container.directory(VENV))
        installed = install(install(installed, ["uv", "venv", VENV]), [*args, f"--prefix={_HELD}"])
        try:
            held = await installed.directory(_HELD).sync()
        except dagger.ExecError as error:
            if not building.needs_build(error.stderr):
                raise
            return container, commands[number:]
        container = container.without_directory(VENV).with_directory(VENV, held, owner=owner)
    return container, []


async def _resolved(container: dagger.Container, plan: Environment, owner: str) -> dagger.Container:
    """Install what the index has now.

    Whether that has to be built is known only by resolving, and without building, uv would take
    an older release that has a wheel. So all of it may build, and sees no secret. With
    credentials only wheels are tried first.
    """
    if credentials():
        installed = container
        for args in plan.dependencies:
            installed = install(installed, args, owner)
        try:
            return await installed.sync()
        except dagger.ExecError as error:
            if not building.needs_build(error.stderr):
                raise
        return await _synced(
            _built(container, plan, plan.dependencies, owner),
            "a package of a private host must be built from source",
            "run `uv lock`, and leave the resolution locked: what uv.lock names is downloaded "
            "before it is built",
        )
    return await _built(container, plan, plan.dependencies, owner).sync()


async def installed(
    source: Tree,
    plan: Environment,
    git: dagger.Directory | None = None,
    user: str = "",
    builds: Builds | None = None,
) -> dagger.Container:
    """Return the whole environment, the package itself installed; it belongs to the tests' user.

    `git` is a directory with .git, for a version that comes from it; `user` is that of the
    settings; `builds` are those that other environments share.
    """
    # Without a command between them there is one copy.
    later = plan.later if plan.install else ()
    given = await source.without(later)
    prepared: list[dagger.Container] = []
    packaged_: list[Packaged | None] = []
    fetched: list[dagger.Directory] = []
    builds = builds or Builds((plan.python,))

    async def depend() -> None:
        prepared.append(await dependencies(source, plan, user))

    async def build() -> None:
        packaged_.append(await builds.made(given, plan, git))

    async def fetch() -> None:
        fetched.append(await fetching.build_requirements(plan.system, plan.python, plan.requires))

    async with anyio.create_task_group() as group:
        group.start_soon(depend)
        if plan.apart:
            group.start_soon(build)
        elif plan.requires:
            group.start_soon(fetch)
    (container,) = prepared
    added: dagger.Container | None = None
    if packaged_ and (made := packaged_[0]) is not None:
        added = await packaged.added(container, made, given, plan, git, user)
    if added is None and plan.apart:
        await fetch()
    container = added or await _installed(container, given, plan, git, user, fetched)
    if later:
        rest = await source.only(later)
        container = container.with_directory(SOURCE, rest, owner=users.owner(user))
    return container


async def _installed(
    container: dagger.Container,
    source: dagger.Directory,
    plan: Environment,
    git: dagger.Directory | None,
    user: str,
    fetched: Iterable[dagger.Directory],
) -> dagger.Container:
    """Install the package over its dependencies, for this environment alone."""
    if git is None and not plan.install:
        # Nothing that belongs to root comes in between.
        container = users.owned(container, SOURCE, user)
        return container.with_directory(SOURCE, source, owner=users.owner(user))
    container = over(container, source)
    if plan.rust:
        container = await with_rust(container)
    container = packaged.ready(container, plan, git, fetched)
    for args in plan.install:
        container = package(container, args, owner=_owner(plan, user))
        if credentials() and args[:3] == ("uv", "pip", "install") and "--no-deps" not in args:
            await _synced(
                container,
                "the dependencies are known only when the package is built",
                "run `uv lock` and commit uv.lock, or write the dependencies into [project]",
            )
    return users.owned(packaged.built(container, plan), SOURCE, user)


async def _synced(container: dagger.Container, why: str, hint: str) -> dagger.Container:
    """Run a step that builds, and so sees no credential.

    Raises:
        RequestError: something is on a private host; `why` is the reason to build.
    """
    try:
        return await container.sync()
    except dagger.ExecError as error:
        if not building.needs_credential(error.stderr):
            raise
        refused = building.last_line(error.stderr)
        message = f"{why}, and builds do not get the credentials of --netrc: {refused}"
        raise RequestError(message, hint) from error


async def without_python(system: System, python: str) -> str:
    """Return why the engine cannot provide a Python; empty where it can."""
    why = await unavailable(system.image)
    if not why or system.named or not is_free_threaded(python):
        return why
    try:
        await steps.managed(system, python).sync()
    except dagger.ExecError as error:
        last = building.last_line(error.stderr)
        return f"neither an image has it, nor could uv download it: {last}"
    except dagger.QueryError as error:
        return str(error)
    return ""


async def with_rust(container: dagger.Container) -> dagger.Container:
    """Add a compiler of Rust; an engine without its image shows the machine's own."""
    if await unavailable(RUST_IMAGE):
        return container
    rust = dag.container().from_(RUST_IMAGE)
    return (
        container.with_directory(f"{_RUST}/cargo/bin", rust.directory("/usr/local/cargo/bin"))
        .with_directory(f"{_RUST}/rustup", rust.directory("/usr/local/rustup"))
        .with_env_variable("RUSTUP_HOME", f"{_RUST}/rustup")
        .with_env_variable("PATH", f"${{PATH}}:{_RUST}/cargo/bin", expand=True)
    )


def serving(container: dagger.Container, server: Server, cell: str) -> dagger.Container:
    """Give the container a server of its own: another `cell` gets another instance."""
    started = with_variables(dag.container().from_(server.image), server.env)
    service = (
        started.with_env_variable("WHEELWRIGHT_CELL", cell)
        .with_exposed_port(server.port)
        .with_docker_healthcheck(
            ["sh", "-c", server.probe], interval="1s", timeout="5s", start_period="1s", retries=60
        )
        .as_service()
    )
    bound = container.with_service_binding(server.alias, service)
    return with_variables(bound, server.variables)
