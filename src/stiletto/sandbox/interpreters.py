"""Finds the Python interpreters of this machine.

Each candidate is run once to get its facts; a shim that points nowhere prints nothing and is left
out. The facts are cached: running six of them takes half a second.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.process import kill_group

PROBE = """
import importlib.util as u, json, sys, sysconfig
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "final": sys.version_info[3] == "final",
    "prefix": sys.prefix,
    "base_prefix": sys.base_prefix,
    "executable": getattr(sys, "_base_executable", sys.executable) or sys.executable,
    "libdir": sysconfig.get_config_var("LIBDIR") or "",
    "shared": bool(sysconfig.get_config_var("Py_ENABLE_SHARED")),
    "venv": bool(u.find_spec("ensurepip") and u.find_spec("venv")),
    "implementation": sys.implementation.name,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))
"""
PROBE_TIMEOUT_S = 10.0
PROBES_AT_ONCE = 4
INSTALL_TIMEOUT_S = 60.0
RETRIES = "UV_HTTP_RETRIES"
DOWNLOAD = "Failed to download"
"""In uv's message: there is such a version, and it did not arrive."""
UNREACHABLE = "client error (Connect)"
"""In uv's message: no answer from the host, such as without a network."""
RECORDS = "interpreters"
NAME = re.compile(r"python3\.\d+t?|pypy3(\.\d+)?")
IMPLEMENTATIONS = ("cpython", "pypy")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One CPython or PyPy.

    Attributes:
        version: of the language, (major, minor, patch).
        libdir: set where it lies outside of `prefix`.
        free_threaded: whether it is without the global lock (PEP 703).
    """

    executable: Path
    version: tuple[int, int, int]
    prefix: Path
    libdir: Path | None = None
    can_venv: bool = True
    final: bool = True
    implementation: str = "cpython"
    free_threaded: bool = False

    @property
    def name(self) -> str:
        """The version as it is asked for: X.Y, X.Yt or pypyX.Y."""
        front = "" if self.implementation == "cpython" else self.implementation
        return f"{front}{self.series}{'t' if self.free_threaded else ''}"

    @property
    def series(self) -> str:
        """The version as X.Y."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def text(self) -> str:
        """The version as X.Y.Z."""
        return ".".join(map(str, self.version))


class Memory(Protocol):
    """Keeps facts between processes; the store is one."""

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return what was put."""
        ...

    def put_record(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Keep facts."""
        ...


class Probes:
    """Facts of executables, valid for as long as they are the same files."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory
        self._known: dict[str, dict[str, Any]] = {}
        self._at_once = asyncio.Semaphore(PROBES_AT_ONCE)

    async def probe(self, executable: Path) -> Interpreter | None:
        """Return what an executable is; None if it is no working interpreter."""
        key = _key(executable)
        if key is None:
            return None
        facts = self._known.get(key)
        if facts is None and self._memory:
            facts = _fitting(self._memory.record(RECORDS, key))
        if facts is None:
            async with self._at_once:
                facts = await _facts(executable)
            # A failure is not cached: it may pass, as while a library is being installed.
            if facts is not None and self._memory:
                self._memory.put_record(RECORDS, key, facts)
        if facts is None:
            return None
        self._known[key] = facts
        return _interpreter(facts)


def _fitting(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return kept facts; None if they have another shape, as of another version."""
    try:
        _interpreter(facts or {})
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    return facts


def candidates(env: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Yield where an interpreter may be, best places first; most of them do not exist."""
    managed = env.get("UV_PYTHON_INSTALL_DIR")
    data = Path(env.get("XDG_DATA_HOME") or home / ".local" / "share")
    for root in [Path(managed)] if managed else [data / "uv" / "python"]:
        yield from _glob(root, "cpython-*/bin/python3")
        yield from _glob(root, "pypy-*/bin/pypy3")
    pyenv = Path(env.get("PYENV_ROOT") or home / ".pyenv")
    yield from _glob(pyenv, "versions/*/bin/python")
    yield from _glob(Path("/opt/python"), "*/bin/python3")
    base = getattr(sys, "_base_executable", "") or sys.executable
    if base:
        yield Path(base)
    folders = [Path(part) for part in env.get("PATH", "").split(os.pathsep) if part]
    for folder in [*folders, Path("/usr/local/bin"), Path("/usr/bin")]:
        # pyenv's shims run the version that is selected; the versions are found above.
        if folder.name != "shims":
            yield from _named(folder)


def _glob(root: Path, pattern: str) -> Sequence[Path]:
    """Return what matches; a directory that is closed to this user has nothing."""
    try:
        return list(root.glob(pattern))
    except OSError:
        return ()


def _named(folder: Path) -> Sequence[Path]:
    """Return the interpreters of a directory of programs, those of CPython first.

    Such a directory has thousands of names: to match them as paths took 40 ms.
    """
    try:
        with os.scandir(folder) as found:
            names = [each.name for each in found if NAME.fullmatch(each.name)]
    except OSError:
        return ()
    return [folder / name for name in sorted(names, key=lambda name: name.startswith("pypy"))]


def _key(executable: Path) -> str | None:
    """Return what distinguishes a file from another at the same path, and the path."""
    try:
        found = executable.stat()
    except OSError:
        return None
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino} {executable}"


async def _output(
    argv: list[str], timeout_s: float, env: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a program to its end, or kill it at the time limit.

    Raises:
        OSError: it could not be started.
        TimeoutError: it took longer.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=env,
    )
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()
    return process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace")


async def _facts(executable: Path) -> dict[str, Any] | None:
    try:
        code, out, _ = await _output([str(executable), "-I", "-c", PROBE], PROBE_TIMEOUT_S)
        facts = json.loads(out) if code == 0 else None
    except (OSError, TimeoutError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


def _interpreter(facts: Mapping[str, Any]) -> Interpreter | None:
    if facts["implementation"] not in IMPLEMENTATIONS or facts["prefix"] != facts["base_prefix"]:
        return None
    prefix = Path(facts["prefix"])
    libdir = Path(facts["libdir"]) if facts["shared"] and facts["libdir"] else None
    if libdir is not None and libdir.is_relative_to(prefix):
        libdir = None
    major, minor, patch = map(int, facts["version"].split("."))
    return Interpreter(
        executable=Path(facts["executable"]),
        version=(major, minor, patch),
        prefix=prefix,
        libdir=libdir,
        can_venv=facts["venv"],
        final=facts["final"],
        implementation=facts["implementation"],
        free_threaded=facts["free_threaded"],
    )


async def find_interpreters(
    env: Mapping[str, str] = os.environ, home: Path | None = None, probes: Probes | None = None
) -> list[Interpreter]:
    """Return every interpreter of this machine, each once, best places first."""
    known = probes or Probes()
    paths = list(dict.fromkeys(candidates(env, home or Path.home())))
    found = await asyncio.gather(*map(known.probe, paths))
    by_file = {python.executable.resolve(): python for python in reversed(found) if python}
    return list(reversed(by_file.values()))


def choose(wanted: str, found: Iterable[Interpreter]) -> Interpreter | None:
    """Return the best interpreter for "3", "3.12" or "3.12.1": able to make a venv, then newest.

    The plain "3" means the newest release; a pre-release is chosen only by its own X.Y. "3.14t" is
    one without the global lock, "pypy3.11" a PyPy: no other serves for these, nor they for others.
    """
    pypy, free_threaded = wanted.startswith("pypy"), wanted.endswith("t")
    found = [
        python
        for python in found
        if (python.implementation == "pypy") == pypy and python.free_threaded == free_threaded
    ]
    parts = tuple(int(part) for part in re.findall(r"\d+", wanted)[:3])
    fitting = [
        python
        for python in found
        if python.version[: len(parts)] == parts and (python.final or len(parts) > 1)
    ]
    if len(parts) == 1 and fitting:
        newest = max(python.version[:2] for python in fitting)
        fitting = [python for python in fitting if python.version[:2] == newest]
    return max(
        fitting,
        key=lambda python: (python.can_venv, python.final, python.version),
        default=None,
    )


class Installs:
    """Lets uv install interpreters. What failed in this session is not tried again in it."""

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}
        self._unreachable = ""

    async def install(self, version: str, uv: Path, env: Mapping[str, str] = os.environ) -> str:
        """Let uv install an interpreter; return "" or, if it could not, why.

        uv's repeated attempts take 8 s and more, for nothing where there is no network: the first
        attempt is one without them. A host that it could not connect to is not asked for other
        versions, either.
        """
        why = self._failed.get(version) or self._unreachable
        if why:
            return f"uv python install {version} failed: {why}"
        # A person's own number of attempts stays as it is.
        tries = [env] if RETRIES in env else [{**env, RETRIES: "0"}, env]
        for each in tries:
            code, err = await _install(version, uv, each)
            if code == 0:
                return ""
            if UNREACHABLE in err or DOWNLOAD not in err:
                break
        lines = err.strip().splitlines() or ["no message"]
        why = lines[-1].strip().removeprefix("cause: ").removeprefix("error: ")
        host = re.search(r"https?://(?:[^/\s@]*@)?([^/\s]+)", err)
        if UNREACHABLE in err and host is not None:
            why = self._unreachable = f"{host[1]} cannot be reached: {why}"
        self._failed[version] = why
        return f"uv python install {version} failed: {why}"


async def _install(version: str, uv: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Run uv once; return its exit code and what it wrote."""
    try:
        code, _, err = await _output(
            [str(uv), "python", "install", version], INSTALL_TIMEOUT_S, env
        )
    except TimeoutError:
        return 1, f"it took longer than {INSTALL_TIMEOUT_S:.0f} s"
    except OSError as error:
        return 1, f"{uv} cannot be run: {error}"
    return code, err


async def interpreter_for(
    version: str,
    uv: Path | None,
    env: Mapping[str, str] = os.environ,
    home: Path | None = None,
    probes: Probes | None = None,
    installs: Installs | None = None,
) -> Interpreter:
    """Return an interpreter of this version, installed by uv if there is none.

    Raises:
        EnvironmentFailed: there is none, and none could be installed.
    """
    found = await find_interpreters(env, home, probes)
    chosen = choose(version, found)
    tried = ""
    if chosen is None and uv is not None and env.get("STILETTO_PYTHON_INSTALL") != "0":
        tried = await (installs or Installs()).install(version, uv, env)
        found = await find_interpreters(env, home, probes)
        chosen = choose(version, found)
    if chosen is not None:
        return chosen
    exact = version.count(".") == 2
    other = choose("3", found)
    versions = {python.text if exact else python.name: python.version for python in found}
    listed = ", ".join(sorted(versions, key=lambda name: (versions[name], name))) or "none"
    # What has just failed is no advice.
    way = (
        "install it with pyenv or the system's packages, let UV_PYTHON_INSTALL_MIRROR name a mirror"
        if tried
        else f"install it, for instance with `uv python install {version}`"
    )
    raise EnvironmentFailed(
        f"no Python {version} on this machine; found {listed}" + (f"; {tried}" if tried else ""),
        hint=f"{way}, or choose one of those"
        + (f", such as --python {other.text if exact else other.name}" if other else ""),
    )
