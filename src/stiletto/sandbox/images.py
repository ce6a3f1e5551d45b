"""Host images: programs of this machine in place of well-known images.

    python:X.Y[.Z][t][-flavour]   an interpreter of the machine, on the machine's userland
    pypy:X.Y[-flavour]            the same, a PyPy
    ghcr.io/astral-sh/uv[:tag]    uv and uvx of the installed wheel, at /uv and /uvx; of a tag like
                                  python3.12-bookworm-slim or debian on PATH, with that Python
    debian, ubuntu, alpine, ...   the machine's userland, see `userland`
    postgres, redis, ...          see `servers`

What was found enters the identity, and `provided_by` shows it.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stiletto.errors import USE_DAGGER, EnvironmentFailed
from stiletto.layers.layer import Bind
from stiletto.sandbox.interpreters import (
    Installs,
    Interpreter,
    Memory,
    Probes,
    interpreter_for,
)
from stiletto.sandbox.plan import Image
from stiletto.sandbox.preinstalled import packages_of
from stiletto.sandbox.references import ImageRef, python_version, userland_tag, uv_tag
from stiletto.sandbox.rust import find_rust
from stiletto.sandbox.userland import (
    USER_PATH,
    apt_get,
    configuration,
    identity,
    stamp,
    system,
    userland,
    userland_image,
    version_of,
    with_bind,
)

USERLAND_EXAMPLES = {
    "alpine": "3.22 and edge",
    "alpine/git": "v2.52.0",
    "bitnami/git": "2.52.0",
    "buildpack-deps": "trixie and trixie-curl",
    "busybox": "1.37 and musl",
    "debian": "trixie, 13 and trixie-slim",
    "ubuntu": "24.04 and noble",
}
USERLANDS = frozenset(USERLAND_EXAMPLES)
UV_IMAGES = frozenset({("ghcr.io", "astral-sh/uv"), ("", "astral/uv")})

PYTHON_LINKS = "/opt/stiletto/python/bin"
UV_LINKS = "/opt/stiletto/uv/bin"


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
        self._installs = Installs()
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
            return await self._uv(address, ref)
        if ref.host == "" and ref.name in ("python", "pypy"):
            version = python_version(ref.tag)
            if version is None:
                raise _unknown_tag(address, "3.12, 3.12-slim and 3.12-slim-bookworm")
            if ref.digest and not ref.tag:
                raise EnvironmentFailed(
                    f"this machine cannot provide the image {address}: no tag names the version",
                    hint=f"{USE_DAGGER}, or write the tag before the digest: "
                    f"{ref.name}:3.12@{ref.digest[:14]}...",
                )
            if ref.name == "pypy":
                version = f"pypy{version}"
            interpreter = await self._interpreter(version)
            return _not_of(ref, python_image(address, interpreter))
        if server_for(ref) is not None:
            return await asyncio.to_thread(
                server_image, address, ref, os.environ, self._servers, find_uv()
            )
        if ref.host == "" and ref.name in USERLANDS:
            if not userland_tag(ref.name, ref.tag):
                raise _unknown_tag(address, USERLAND_EXAMPLES[ref.name])
            return _not_of(ref, _with_release(userland_image(address), ref))
        raise EnvironmentFailed(
            f"this machine cannot provide the image {address}",
            hint=f"{USE_DAGGER}; stiletto provides "
            "python:X.Y, ghcr.io/astral-sh/uv, " + ", ".join(sorted({*USERLANDS, *SERVERS})),
        )

    async def _interpreter(self, version: str) -> Interpreter:
        return await interpreter_for(
            version, find_uv(), probes=self._probes, installs=self._installs
        )

    async def _uv(self, address: str, ref: ImageRef) -> Image:
        tag = uv_tag(ref.tag)
        if tag is None:
            raise _unknown_tag(address, "0.9, python3.12-bookworm-slim and debian-slim")
        if not tag.base:
            return _not_of(ref, await asyncio.to_thread(_uv_image, address, tag.version))
        if tag.python:
            interpreter = await self._interpreter(tag.python)
            base = python_image(address, interpreter)
        else:
            base = userland_image(address)
        return _not_of(ref, await asyncio.to_thread(_with_uv, base, tag.version))


def _unknown_tag(address: str, known: str) -> EnvironmentFailed:
    return EnvironmentFailed(
        f"this machine cannot provide the image {address}: its tag is not known",
        hint=f"{USE_DAGGER}; stiletto knows tags like {known}",
    )


def _not_of(ref: ImageRef, image: Image) -> Image:
    """Return an image whose description says that a digest that was named is not its own."""
    if not ref.digest:
        return image
    return replace(image, provided_by=f"{image.provided_by}, not the contents of the digest")


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
    files |= apt_get(address, PYTHON_LINKS)
    path = dict.fromkeys((PYTHON_LINKS, str(python.executable.parent), *USER_PATH))
    path |= dict.fromkeys(rust.path if rust else ())
    hidden = (*marks_of(python), *packages_of(python))
    facts = (python.name, python.text, stamp(python.executable.resolve()), system(), *hidden)
    return Image(
        address=address,
        identity=identity("python", *facts, *(rust.facts if rust else ())),
        provided_by=f"the host's {python.executable} ({_described(python)})",
        binds=tuple(binds),
        copies=configuration(),
        hidden=hidden,
        files=files,
        env={"PATH": ":".join(path), "LANG": "C.UTF-8", "PYTHON_VERSION": python.text},
        default_args=("python3",),
    )


def marks_of(python: Interpreter) -> tuple[str, ...]:
    """Return the files that keep pip out of an interpreter (PEP 668); images have none."""
    libraries = (python.prefix, *([] if python.libdir is None else [python.libdir.parent]))
    marks = (each / "lib" / f"python{python.name}" / "EXTERNALLY-MANAGED" for each in libraries)
    return tuple(str(mark) for mark in marks if mark.exists())


def _described(python: Interpreter) -> str:
    if python.implementation == "pypy":
        return f"PyPy {python.text}"
    return f"{python.text}t" if python.free_threaded else python.text


@dataclass(frozen=True, slots=True)
class _Uv:
    """The machine's uv: its programs by name, its identity, and what to call it."""

    programs: Mapping[str, Path]
    facts: tuple[str, ...]
    described: str


def _uv_of(address: str, requested: str) -> _Uv:
    uv = find_uv()
    if uv is None:
        raise EnvironmentFailed(
            f"there is no uv on this machine to use for {address}",
            hint="install it with `pip install uv`",
        )
    version = version_of(uv) or "unknown"
    differs = bool(requested) and not f"{version}.".startswith(f"{requested}.")
    found = {"uv": uv.resolve(), "uvx": uv.with_name("uvx").resolve()}
    return _Uv(
        {name: file for name, file in found.items() if file.exists()},
        (version, stamp(uv.resolve())),
        f"the host's uv {version}" + (f", not {requested}" if differs else ""),
    )


def _with_uv(base: Image, requested: str) -> Image:
    """Return an image with uv and uvx on PATH; as in uv's own images, no entrypoint."""
    uv = _uv_of(base.address, requested)
    binds = (Bind(file, f"{UV_LINKS}/{name}") for name, file in uv.programs.items())
    return replace(
        base,
        identity=identity("uv", base.identity, *uv.facts),
        provided_by=f"{base.provided_by} with {uv.described}",
        binds=(*base.binds, *binds),
        env={**base.env, "PATH": f"{UV_LINKS}:{base.env['PATH']}"},
        default_args=("uv",),
    )


def _with_release(image: Image, ref: ImageRef) -> Image:
    """Return an Alpine whose version its tag names in full with that version in its file."""
    if ref.name != "alpine" or not re.fullmatch(r"\d+\.\d+\.\d+", ref.tag):
        return image
    return replace(
        image,
        identity=identity("alpine", ref.tag, image.identity),
        files={**image.files, "/etc/alpine-release": f"{ref.tag}\n".encode()},
    )


def _uv_image(address: str, requested: str) -> Image:
    uv = _uv_of(address, requested)
    # The wheel's uv is linked with the machine's libc, which the real image does without.
    binds, files = userland()
    binds += [Bind(file, f"/{name}") for name, file in uv.programs.items()]
    return Image(
        address=address,
        identity=identity("uv", *uv.facts),
        provided_by=uv.described,
        binds=tuple(bind for bind in binds if bind.host.exists()),
        copies=configuration(),
        files=files,
        env={"PATH": ":".join(USER_PATH)},
        entrypoint=("/uv",),
    )
