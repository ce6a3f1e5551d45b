"""Host images: programs of this machine in place of well-known images.

    python:X.Y[.Z][t][-flavour]   an interpreter of the machine, on the machine's userland
    pypy:X.Y[-flavour]            the same, a PyPy
    ghcr.io/astral-sh/uv[:tag]    uv and uvx from the installed wheel, at /uv and /uvx
    debian, ubuntu, alpine, ...   the machine's userland, see `userland`
    postgres, redis, ...          see `servers`

What was found enters the identity, and `provided_by` shows it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.layers.layer import Bind
from stiletto.sandbox.interpreters import Interpreter, Memory, Probes, interpreter_for
from stiletto.sandbox.plan import Image
from stiletto.sandbox.references import ImageRef, python_version
from stiletto.sandbox.rust import find_rust
from stiletto.sandbox.userland import (
    USER_PATH,
    identity,
    stamp,
    system,
    userland,
    userland_image,
    version_of,
    with_bind,
)

USERLANDS = frozenset(
    {"alpine", "alpine/git", "bitnami/git", "buildpack-deps", "busybox", "debian", "ubuntu"}
)
UV_IMAGES = frozenset({("ghcr.io", "astral-sh/uv"), ("", "astral/uv")})

PYTHON_LINKS = "/opt/stiletto/python/bin"


def find_uv() -> Path | None:
    """Return the uv program of the installed wheel, or the one on PATH."""
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        return Path(found) if found else None


class HostImages:
    """Resolves image addresses to what this machine has.

    `servers` is where wheels of servers are kept, of which there are none without it; `memory`
    keeps the facts about interpreters.
    """

    def __init__(self, servers: Path | None = None, memory: Memory | None = None) -> None:
        self._servers = servers
        self._probes = Probes(memory)
        self._lock = asyncio.Lock()

    async def resolve(self, address: str) -> Image:
        """Return the image for an address.

        Raises:
            EnvironmentFailed: the machine has no replacement for it.
            UsageError: it is not an address.
        """
        # One after the other: the facts of an executable serve all addresses.
        async with self._lock:
            return await self._resolve(address)

    async def _resolve(self, address: str) -> Image:
        # Imported here: 10 ms that a cached call need not pay.
        from stiletto.sandbox.servers import SERVERS, server_for, server_image

        ref = ImageRef.parse(address)
        if (ref.host, ref.name) in UV_IMAGES:
            return await asyncio.to_thread(_uv_image, address, ref)
        if ref.host == "" and ref.name in ("python", "pypy"):
            version = python_version(ref.tag)
            if version is None:
                raise UsageError(
                    f"{address} names no Python version",
                    hint="write it like python:3.12, python:3.12-slim or pypy:3.11",
                )
            if ref.name == "pypy":
                version = f"pypy{version}"
            interpreter = await interpreter_for(version, find_uv(), probes=self._probes)
            return python_image(address, interpreter)
        if server_for(ref) is not None:
            return await asyncio.to_thread(
                server_image, address, ref, os.environ, self._servers, find_uv()
            )
        if ref.host == "" and ref.name in USERLANDS:
            return userland_image(address)
        raise EnvironmentFailed(
            f"this machine cannot provide the image {address}",
            hint="run the same command with `dagger` instead of `stiletto`; stiletto provides "
            "python:X.Y, ghcr.io/astral-sh/uv, " + ", ".join(sorted({*USERLANDS, *SERVERS})),
        )


def python_image(
    address: str, python: Interpreter, env: Mapping[str, str] = os.environ, home: Path | None = None
) -> Image:
    """Return an interpreter on the machine's userland, with its Rust, as an image."""
    binds, files = userland()
    rust = find_rust(env, home or Path.home())
    for shown in rust.directories if rust else ():
        with_bind(binds, shown)
    for directory in (
        python.prefix,
        python.executable.resolve().parent,
        python.libdir,
    ):
        if directory is not None:
            with_bind(binds, directory)
    names = ["python", "python3", f"python{python.series}"]
    if python.free_threaded:
        names.append(f"python{python.name}")
    if python.implementation == "pypy":
        names += ["pypy", "pypy3", python.name]
    for name in names:
        files[f"{PYTHON_LINKS}/{name}"] = str(python.executable)
    path = dict.fromkeys((PYTHON_LINKS, str(python.executable.parent), *USER_PATH))
    path |= dict.fromkeys(rust.path if rust else ())
    facts = (python.name, python.text, stamp(python.executable.resolve()), system())
    return Image(
        address=address,
        identity=identity("python", *facts, *(rust.facts if rust else ())),
        provided_by=f"the host's {python.executable} ({_described(python)})",
        binds=tuple(binds),
        files=files,
        env={"PATH": ":".join(path), "PYTHON_VERSION": python.text, "LANG": "C.UTF-8"},
        default_args=("python3",),
    )


def _described(python: Interpreter) -> str:
    if python.implementation == "pypy":
        return f"PyPy {python.text}"
    return f"{python.text}t" if python.free_threaded else python.text


def _uv_image(address: str, ref: ImageRef) -> Image:
    uv = find_uv()
    if uv is None:
        raise EnvironmentFailed(
            f"there is no uv on this machine to use for {address}",
            hint="install it with `pip install uv`",
        )
    version = version_of(uv) or "unknown"
    requested = ref.tag.split("-", maxsplit=1)[0]
    other = requested not in ("", "latest") and requested[:1].isdigit()
    differs = other and not f"{version}.".startswith(f"{requested}.")
    uvx = uv.with_name("uvx")
    # The wheel's uv is linked with the machine's libc, which the real image does without.
    binds, files = userland()
    binds += [Bind(file.resolve(), f"/{name}") for name, file in (("uv", uv), ("uvx", uvx))]
    return Image(
        address=address,
        identity=identity("uv", version, stamp(uv.resolve())),
        provided_by=f"the host's uv {version}" + (f", not {requested}" if differs else ""),
        binds=tuple(bind for bind in binds if bind.host.exists()),
        files=files,
        env={"PATH": ":".join(USER_PATH)},
        entrypoint=("/uv",),
    )
