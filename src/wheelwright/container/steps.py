"""Adds commands to containers, each with what the table in `privileges` gives to its kind.

`step` mounts the cache and the secrets of a row for one command, and takes them away after it;
nothing is mounted otherwise. A step that sees a secret or the shared cache starts from `base`,
which has no foreign code: uv runs the interpreter that it installs for, and the `.pth` files of
its environment with it.

Nothing here writes beneath /usr, so that an engine may show the host's own read-only.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import dagger
from dagger import dag

from wheelwright.container import certificates, users
from wheelwright.container.limits import limited, under_way
from wheelwright.container.output import Output
from wheelwright.container.privileges import (
    BUILD,
    CODE,
    DATA,
    IMAGE,
    INSTALL,
    PACKAGE,
    SYSTEM,
    Cache,
    Credential,
    Kind,
    released,
)
from wheelwright.container.together import together
from wheelwright.environment.plan import SOURCE, VENV
from wheelwright.environment.system import System
from wheelwright.errors import RequestError
from wheelwright.pins import GIT_IMAGE, SLIM_SYSTEM_IMAGE, SYSTEM_IMAGE, UV_IMAGE, slim_image
from wheelwright.project import building
from wheelwright.project.interpreters import is_free_threaded

# Where uv, git and everything built on libcurl look for credentials of a private host.
_NETRC = "/root/.netrc"

_UV = "/opt/uv/bin"
TOOLS = "/opt/tools"

CACHE = "/opt/wheelwright/cache"
"""uv's cache where none is mounted: part of the layer, and of no other container."""
_UV_SETTINGS = {
    "UV_CACHE_DIR": CACHE,
    # A mounted cache is another file system: links into it would dangle without it.
    "UV_LINK_MODE": "copy",
    "UV_NO_PROGRESS": "1",
    "UV_PROJECT_ENVIRONMENT": VENV,
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_PYTHON_PREFERENCE": "only-system",
    "UV_TOOL_BIN_DIR": f"{TOOLS}/bin",
    "UV_TOOL_DIR": TOOLS,
}
_MOUNTS = {Cache.SHARED: "/cache/uv", Cache.OWN: "/cache/own", Cache.SYSTEM: "/var/cache/apt"}
_SHARED = "wheelwright-uv"
_APT = "wheelwright-apt"
_VERSION = "import platform; print(platform.python_version())"
_TRUSTED = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}
"""All repositories are trusted, whoever owns their files."""
_SYSTEM_PROGRAM = "/opt/wheelwright/system-packages.sh"

_netrc: ContextVar[dagger.Secret | None] = ContextVar("netrc", default=None)
_release: ContextVar[str] = ContextVar("release", default="")
_call: ContextVar[str] = ContextVar("call", default="")
_foreign: ContextVar[bool] = ContextVar("foreign", default=False)


@dataclass(frozen=True, slots=True)
class StepSecret:
    """A secret to give to one step, as a variable of its environment."""

    what: Credential
    name: str
    value: dagger.Secret


def set_credentials(netrc: dagger.Secret | None) -> None:
    """Give this call's installing steps, and no others, the credentials of private hosts."""
    _netrc.set(netrc)


def set_foreign_image() -> None:
    """Note that this call installs into an image that the project names: as foreign as itself.

    Then installing steps see no secret and no shared cache.
    """
    _foreign.set(True)


def credentials() -> bool:
    """Whether this call has credentials of private hosts."""
    return _netrc.get() is not None


def begin_release() -> None:
    """Make every further container of this call one of this release only.

    No result of another call is used for its steps, and no cache is mounted in them.
    """
    _release.set(uuid.uuid4().hex)


def begin_call(*, releasing: bool = False) -> None:
    """Forget the release of an earlier call; with `releasing` begin one before anything is read."""
    _release.set("")
    _call.set(uuid.uuid4().hex)
    _foreign.set(False)
    if releasing:
        begin_release()


def once_in_each_call(container: dagger.Container) -> dagger.Container:
    """Return a container whose steps run again in each call."""
    if release := _release.get():
        container = container.with_env_variable("WHEELWRIGHT_RELEASE", release)
    return container.with_env_variable("WHEELWRIGHT_CALL", _call.get())


def releasing() -> bool:
    """Whether the steps from here on are parts of a release."""
    return bool(_release.get())


def base(
    image: str, python: str, packages: Iterable[str] = (), *, named: bool = False
) -> dagger.Container:
    """Return an image of Python with uv, set to use that interpreter.

    Debian `packages` are installed before everything else.
    """
    settings = {**_UV_SETTINGS, "UV_PYTHON": python, "VIRTUAL_ENV": VENV}
    settings |= {**certificates.EVERYWHERE, **certificates.OF_TOOLS}
    if release := _release.get():
        settings["WHEELWRIGHT_RELEASE"] = release
    container = dag.container().from_(image)
    if named:
        # Images of others may have another user, who can install nothing.
        container = container.with_user("root")
    container = _with_packages(container, packages)
    container = container.with_file(f"{_UV}/uv", dag.container().from_(UV_IMAGE).file("/uv"))
    path = f"{VENV}/bin:{TOOLS}/bin:{_UV}:${{PATH}}"
    return (
        with_variables(container, settings)
        .with_env_variable("PATH", path, expand=True)
        .with_workdir(SOURCE)
    )


def _with_packages(container: dagger.Container, packages: Iterable[str]) -> dagger.Container:
    """Install Debian packages; in a release they are installed anew."""
    packages = tuple(packages)
    if not packages:
        return container
    program = (files("wheelwright.inside") / "system-packages.sh").read_text(encoding="utf-8")
    container = container.with_new_file(_SYSTEM_PROGRAM, program)
    if release := _release.get():
        container = container.with_env_variable("WHEELWRIGHT_RELEASE", release)
    return step(container, SYSTEM, ["sh", _SYSTEM_PROGRAM, *packages])


async def provided(system: System, python: str) -> dagger.Container:
    """Return `base`; where the engine has no image of a free-threaded Python, on uv's own.

    Raises:
        RequestError: the image that was named cannot be had, or has not that Python.
    """
    if system.named:
        return await _named(system, python)
    if is_free_threaded(python) and await unavailable(system.image):
        return managed(system, python)
    return base(system.image, python, system.packages)


async def _named(system: System, python: str) -> dagger.Container:
    if why := await unavailable(system.image):
        raise RequestError(f"image {system.image}: {why}", "name another, or leave image out")
    container = base(system.image, python, system.packages, named=True)
    program = "pypy3" if python.startswith("pypy") else "python3"
    ran = await output(step(container, DATA, [program, "-c", _VERSION], may_fail=True))
    found, wanted = ran.stdout.strip(), python.removeprefix("pypy").removesuffix("t")
    if ran.exit_code or not f"{found}.".startswith(f"{wanted}."):
        what = f"Python {found}, not {python}" if found else f"no {program}"
        raise RequestError(f"image {system.image} has {what}", "name an image that has it")
    return container


def managed(system: System, python: str) -> dagger.Container:
    """Return `base` with a Python that uv downloads: CPython as its developers build it."""
    image = SLIM_SYSTEM_IMAGE if system.image == slim_image(python) else SYSTEM_IMAGE
    settings = {
        "UV_PYTHON_DOWNLOADS": "manual",
        "UV_PYTHON_INSTALL_DIR": "/opt/python",
        "UV_PYTHON_PREFERENCE": "only-managed",
    }
    container = with_variables(base(image, python, system.packages), settings)
    return install(container, ["uv", "python", "install", python])


async def unavailable(image: str) -> str:
    """Return why the engine has no such image; empty where it has."""
    try:
        await dag.container().from_(image).sync()
    except dagger.QueryError as error:
        return str(error)
    return ""


def git() -> dagger.Container:
    """Return a small image with git alone; what a repository's files belong to does not matter."""
    trusted = dict(_TRUSTED)
    if release := _release.get():
        trusted["WHEELWRIGHT_RELEASE"] = release
    return with_variables(dag.container().from_(GIT_IMAGE), trusted)


def with_git(
    container: dagger.Container, git: dagger.Directory, where: str = SOURCE, owner: str = ""
) -> dagger.Container:
    """Copy .git onto the source; git has to trust it, because its files have another owner."""
    return with_variables(container.with_directory(where, git, owner=owner), _TRUSTED)


# -- steps ----------------------------------------------------------------------------------------


def step(
    container: dagger.Container,
    kind: Kind,
    args: Iterable[str],
    *,
    secrets: Iterable[StepSecret] = (),
    volume: str = "",
    may_fail: bool = False,
    log: str = "",
    errors: str = "",
    stdin: str = "",
    owner: str = "",
) -> dagger.Container:
    """Add a command with what the table gives to its kind, for this command only.

    `volume` names the volume of a kind that has one of its own. With `may_fail` the exit code is
    kept, to be judged by the caller. `log` gets its stdout, `errors` its stderr. `owner` gets what
    it adds to the environment, in a container with the program of `users`.
    """
    if kind is INSTALL and _foreign.get():
        kind = IMAGE
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
    if mount is not None and kind.cache is Cache.SYSTEM:
        # apt-get waits for no other: one step after the other.
        locked = dagger.CacheSharingMode.LOCKED
        container = container.with_mounted_cache(mount, dag.cache_volume(_APT), sharing=locked)
    elif mount is not None:
        name = _SHARED if kind.cache is Cache.SHARED else f"wheelwright-own-{volume}"
        # Without further arguments: those would name another volume.
        container = container.with_mounted_cache(mount, dag.cache_volume(name))
        container = container.with_env_variable("UV_CACHE_DIR", mount)
    # What is built from source runs code of its own.
    command = tuple(args) if kind.foreign else building.without_builds(args)
    command = users.installing(command, owner) if owner else command
    container = container.with_exec(
        limited(command),
        stdin=stdin,
        expect=dagger.ReturnType.ANY if may_fail else dagger.ReturnType.SUCCESS,
        redirect_stdout=log,
        redirect_stderr=errors,
    )
    if mount is not None:
        container = container.without_mount(mount)
        if kind.cache is not Cache.SYSTEM:
            container = container.with_env_variable("UV_CACHE_DIR", CACHE)
    if netrc is not None:
        container = container.without_mount(_NETRC)
    for held in secrets:
        container = container.without_secret_variable(held.name)
    return container


def observe(
    container: dagger.Container,
    args: Iterable[str],
    log: str = "",
    kind: Kind = CODE,
    *,
    errors: str = "",
) -> dagger.Container:
    """Add a command whose exit code is kept, to be judged by the caller.

    `log` gets its stdout, `errors` its stderr.
    """
    return step(container, kind, args, may_fail=True, log=log, errors=errors)


def run(
    container: dagger.Container, args: Iterable[str], log: str = "", kind: Kind = CODE
) -> dagger.Container:
    """Add a command that has to succeed; `log` gets its stdout."""
    return step(container, kind, args, log=log)


def install(container: dagger.Container, args: Iterable[str], owner: str = "") -> dagger.Container:
    """Add a command that installs wheels and has to succeed, where no foreign code is."""
    return step(container, INSTALL, args, owner=owner)


async def output(container: dagger.Container, name: str = "a step") -> Output:
    """Run, and return what the last command left; `name` is for the error of a timeout."""
    return await left(await settled(container, name))


async def settled(container: dagger.Container, name: str = "a step") -> dagger.Container:
    """Run, and return the container by its identity; `name` is for the error of a timeout.

    A query names everything that a container is made of, with the texts of its files, as often as
    something is asked of it. By its identity it is a line.
    """
    with under_way(name):
        return await container.sync()


async def left(container: dagger.Container) -> Output:
    """Return what the last command of a settled container left."""
    texts = await together(
        {
            "stdout": partial(printed_text, container.stdout),
            "stderr": partial(printed_text, container.stderr),
        }
    )
    return Output(await container.exit_code(), texts["stdout"], texts["stderr"])


async def printed_text(read: Callable[[], Awaitable[str]]) -> str:
    """Return what was printed; a remark where that is more than an engine returns.

    Both engines return at most 128 MiB. A verdict must not depend on how much a test prints.
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

    What builds sees no credential, and of caches only the volume of that name. With
    `builds` any failure may come from not building.
    """
    args = tuple(args)
    ended = await output(step(container, INSTALL, args, may_fail=True), name)
    if ended.exit_code and (builds or building.needs_build(ended.stderr)):
        return await output(step(container, BUILD, args, volume=volume, may_fail=True), name)
    return ended


def package(
    container: dagger.Container, args: Iterable[str], *, may_fail: bool = False, owner: str = ""
) -> dagger.Container:
    """Add a command that builds the package; it has to succeed unless it `may_fail`."""
    command = offline(args) if credentials() else args
    return step(container, PACKAGE, command, may_fail=may_fail, owner=owner)


def offline(args: Iterable[str]) -> list[str]:
    """Return a command of uv that uses what was fetched first, and an index only after that."""
    return ["sh", "-c", 'UV_OFFLINE=1 "$@" || exec "$@"', "sh", *args]


def with_variables(container: dagger.Container, variables: Mapping[str, str]) -> dagger.Container:
    """Set variables of the environment."""
    for name, value in variables.items():
        container = container.with_env_variable(name, value)
    return container


def without_variables(container: dagger.Container, names: Iterable[str]) -> dagger.Container:
    """Take variables out of the environment."""
    for name in names:
        container = container.without_env_variable(name)
    return container


def without_settings(container: dagger.Container) -> dagger.Container:
    """Take the settings of `base` away, for uv and tools: the tests have those of the project."""
    settings = (*_UV_SETTINGS, *certificates.OF_TOOLS, "UV_PYTHON", "UV_PYTHON_INSTALL_DIR")
    return without_variables(container, settings)
