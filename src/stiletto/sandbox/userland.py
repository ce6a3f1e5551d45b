"""The machine's userland as an image, below interpreters and servers.

It is `/usr` and the few files of `/etc` that programs need; nothing of the machine's own
configuration.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import subprocess
from pathlib import Path

from stiletto.layers.layer import Bind
from stiletto.layers.paths import parents, relative
from stiletto.sandbox import certificates
from stiletto.sandbox.plan import Image

ROOTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
CONFIGURATION = (
    "/etc/adduser.conf",
    "/etc/alternatives",
    "/etc/debian_version",
    "/etc/default/useradd",
    "/etc/deluser.conf",
    "/etc/host.conf",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/login.defs",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/protocols",
    "/etc/services",
    "/etc/shells",
    "/etc/skel",
    "/etc/terminfo",
    "/etc/timezone",
)
"""Needed to find libraries, hosts and the time, and to make users; none of it is private."""

SHOWN = ("/etc/hosts", "/etc/resolv.conf")
"""What a container's runtime mounts over the image's."""

INSTALLED = (
    "bin",
    "include",
    "lib",
    "lib64",
    "libexec",
    "share/pgsql",
    "share/postgresql",
    "share/terminfo",
)
"""What programs need of where they were installed."""

VERSION = re.compile(r"\d+(?:\.\d+)*")
VERSION_TIMEOUT_S = 10.0

STAND_INS = "/opt/stiletto/bin"
"""Where programs are that the machine's own must not be used for."""

USER_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def identity(*facts: str) -> str:
    """Return an identity made of all that distinguishes two images."""
    return "host:" + hashlib.sha256("\0".join(facts).encode()).hexdigest()


def stamp(file: Path) -> str:
    """Return what changes when a file does."""
    found = file.stat()
    return f"{file} {found.st_size} {found.st_mtime_ns}"


def version_of(program: Path | str) -> str | None:
    """Return the first number that a program gives for `--version`; None where it does not run."""
    command = [str(program), "--version"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=VERSION_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = VERSION.search(output.stdout)
    return found.group() if output.returncode == 0 and found else None


def system() -> str:
    """Return which system this machine has."""
    release = Path("/etc/os-release")
    return release.read_text() if release.is_file() else "unknown"


def userland() -> tuple[list[Bind], dict[str, bytes | str]]:
    """Return the binds and links that make the machine's programs run."""
    binds = [Bind(Path("/usr"), "/usr")]
    files: dict[str, bytes | str] = {}
    for name in ROOTS:
        root = Path("/") / name
        if root.is_symlink():
            files[f"/{name}"] = str(root.readlink())
        elif root.is_dir():
            binds.append(Bind(root, f"/{name}"))
    for name in SHOWN:
        here = Path(name)
        if here.exists():
            binds.append(Bind(here.resolve(), name))
    return [*binds, *certificates.store_binds()], files


def configuration() -> tuple[Bind, ...]:
    """Return the host's configuration that programs and users need, to be copied."""
    return tuple(Bind(Path(name).resolve(), name) for name in CONFIGURATION if Path(name).exists())


def with_bind(binds: list[Bind], directory: Path) -> None:
    """Show an installation at its own path, unless a bind above it does already.

    One in a user's home, or around it, is shown by the directories that programs are installed
    into: beside them lie keys and settings.
    """
    places = [directory]
    if _holds_a_home(directory):
        places = [directory / name for name in INSTALLED if (directory / name).is_dir()]
    for place in places:
        wanted = relative(str(place))
        covered = any(
            relative(bind.target) in parents(wanted)
            and relative(str(bind.host)) == relative(bind.target)
            for bind in binds
        )
        if not covered:
            binds.append(Bind(place, str(place)))


def _holds_a_home(directory: Path) -> bool:
    here = directory.resolve()
    homes = {Path("/root"), Path("/home")}
    with contextlib.suppress(KeyError, RuntimeError):  # a user without an entry
        homes.add(Path.home().resolve())
        homes.add(Path(pwd.getpwuid(os.geteuid()).pw_dir).resolve())
    own = {home / ".local" for home in homes}
    return (
        here in own
        or here.parent == Path("/home")
        or any(home.is_relative_to(here) for home in homes)
    )


def apt_get(address: str, directory: str) -> dict[str, bytes | str]:
    """Return the file that stands in for apt-get; none in an image of a system without it.

    The machine's own must not run: it would change the machine, or what is read-only here.
    """
    if "alpine" in address or "busybox" in address:
        return {}
    program = Path(__file__).with_name("entrypoints") / "apt-get.sh"
    return {f"{directory}/apt-get": program.read_bytes()}


def userland_image(address: str) -> Image:
    """Return the machine's userland as an image."""
    binds, files = userland()
    stand_in = apt_get(address, STAND_INS)
    files |= stand_in
    path = (*([STAND_INS] if stand_in else []), *USER_PATH)
    return Image(
        address=address,
        identity=identity("userland", system(), str(bool(stand_in))),
        provided_by="the host's userland",
        binds=tuple(binds),
        copies=configuration(),
        files=files,
        env={"PATH": ":".join(path)},
        default_args=("/bin/sh",),
    )
