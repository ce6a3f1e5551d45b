"""What the benchmark runs on, and the programs and interpreters that all columns share."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from stiletto.sandbox.interpreters import choose, find_interpreters
from tests.e2e.bench import REPOSITORY, host_environ

REFERENCE = "import asyncio, json, hashlib"
"""What R is the time of."""

OF_TESTS = ("STILETTO_CACHING", "STILETTO_IDLE", "STILETTO_CACHE_SIZE")
"""Settings of the tests' commands that nobody else has: here the defaults are measured."""

PEERS = ("tox", "tox-uv", "nox")


@dataclass(frozen=True)
class Machine:
    """Directories that the columns share.

    Attributes:
        at: of everything that the benchmark writes.
        programs: `uv`, `tox`, `nox`, and the interpreters by name.
        pythons: what the package is tested on.
        store: of stiletto, shared by its columns; each has one of its own where this is None.
    """

    at: Path
    pythons: tuple[str, ...]
    store: Path | None = None

    @property
    def programs(self) -> Path:
        """The only directory of PATH beside the system's."""
        return self.at / "programs"

    def environ(self, place: Path) -> dict[str, str]:
        """Return the environment of a column's commands: caches of its own, the same programs."""
        home = place / "home"
        home.mkdir(parents=True, exist_ok=True)
        kept = host_environ(home, self.store or place / "store")
        for name in OF_TESTS:
            kept.pop(name, None)
        own = {
            "PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin",
            "UV_CACHE_DIR": str(place / "uv"),
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "STILETTO_PYTHON_INSTALL": "0",
        }
        return {**kept, **own}


def made(at: Path, wanted: Sequence[str], peers: bool, store: Path | None) -> Machine:
    """Link the interpreters, and install the peers in the versions of uv.lock.

    Raises:
        SystemExit: an interpreter is missing.
    """
    found = asyncio.run(find_interpreters())
    machine = Machine(at, tuple(wanted), store)
    machine.programs.mkdir(parents=True)
    for each in wanted:
        python = choose(each, found)
        if python is None:
            raise SystemExit(f"Python {each} is not on this machine")
        (machine.programs / f"python{each}").symlink_to(python.executable.resolve())
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert uv is not None
    (machine.programs / "uv").symlink_to(uv)
    if peers:
        environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(at / "peers")}
        group = ("sync", "--quiet", "--frozen", "--only-group", "benchmark")
        subprocess.run([uv, *group], cwd=REPOSITORY, env=environ, check=True)
        for name in ("tox", "nox"):
            (machine.programs / name).symlink_to(at / "peers" / "bin" / name)
    return machine


def reference_s(times: int = 5) -> float:
    """Return R: the median time in which a Python starts that imports a little."""
    taken = []
    for _ in range(times):
        began_s = time.perf_counter()
        subprocess.run([sys.executable, "-c", REFERENCE], check=True)
        taken.append(time.perf_counter() - began_s)
    return statistics.median(taken)


def facts(machine: Machine) -> Mapping[str, str]:
    """Return what a reader has to know of the machine and of the versions."""
    return {
        "processor": _line("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_line('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "file system": _output("stat", "-f", "-c", "%T", str(machine.at)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "pythons": ", ".join(machine.pythons),
        "uv": _output("uv", "--version").partition(" ")[2].partition(" ")[0],
        **{name: _peer(machine, name) for name in PEERS},
        "stiletto": version("wheelwright-pipeline"),
        "commit": _output("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"),
        "load": " ".join(f"{each:.1f}" for each in os.getloadavg()),
    }


def _peer(machine: Machine, name: str) -> str:
    python = machine.at / "peers" / "bin" / "python"
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return _output(str(python), "-c", code) if python.exists() else ""


def _line(file: str, name: str) -> str:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next((each.partition(":")[2].strip() for each in lines if each.startswith(name)), "")


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
