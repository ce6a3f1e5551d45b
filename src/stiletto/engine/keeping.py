"""Which processes of modules are kept between commands, and by which key.

The key is all that a process has imported, or was started with: the module's code and environment,
the interpreter, this engine, certificates and proxies, and what a process inherits (its limits,
priority, processors, control group and namespaces). Where one of them differs, another process
is started.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiletto import distribution, kept, sandbox
from stiletto.api import container as c
from stiletto.engine.commands import Commands
from stiletto.graph.recipe import digest_of
from stiletto.kept.lease import Lease, leased
from stiletto.kept.request import Request, idle_s_from
from stiletto.sandbox.certificates import machine_bundle
from stiletto.sandbox.host_environment import CERTIFICATES, passed_on
from stiletto.sandbox.network import LOOPBACK
from stiletto.sandbox.plan import Sandbox
from stiletto.sandbox.relay import Relayed

FORMAT = 1
NAME_CHARS = 16
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
NETWORK_FILES = ("/etc/hosts", "/etc/resolv.conf", "/proc/net/route", "/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Finds and starts the kept processes of one session."""

    root: Path
    host_env: Mapping[str, str]
    network: Mapping[str, str]
    idle_s: float

    async def lease(self, commands: Commands, exec_: c.Exec, module: str) -> Lease | None:
        """Return a lease of a process that runs this command; None if there can be none now."""
        step, seen = await commands.lasting(exec_)
        key = digest_of([FORMAT, seen, await asyncio.to_thread(self._surroundings)])
        names = [digest_of(part).removeprefix("sha256:")[:NAME_CHARS] for part in (module, key)]
        request = Request(
            self.root, "-".join(names), step, self.host_env, self.network, self.idle_s
        )
        try:
            return await leased(request, names[0])
        except OSError:
            return None  # as without it

    def _surroundings(self) -> list[Any]:
        """Return what a process would inherit, or be shown, of this machine and user."""
        passed = passed_on(self.host_env)
        shown = {name: _facts(Path(passed[name])) for name in CERTIFICATES if name in passed}
        bundle = machine_bundle()
        limits = [name for name in dir(resource) if name.startswith("RLIMIT_")]
        return [
            [distribution.version(), sys.executable, sys.version, _code()],
            [passed, shown, None if bundle is None else _facts(Path(bundle))],
            [dict(self.network), [_text(name) for name in NETWORK_FILES]],
            [os.geteuid(), os.getegid(), sorted(os.getgroups())],
            [list(resource.getrlimit(getattr(resource, name))) for name in sorted(limits)],
            [os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))],
            [str(Path("/proc/self/ns", name).readlink()) for name in NAMESPACES],
        ]


def keeping_from(
    root: Path, provider: Sandbox, host: Relayed, environ: Mapping[str, str], *, limited: bool
) -> Keeping | None:
    """Return what keeps the processes of a session, None if none is kept.

    None is kept without a sandbox, which separates one call from the next, nor with limits, which
    are of one command; nor where a proxy has a password, which a process would have to know.

    Raises:
        UsageError: the variable is not a duration.
    """
    idle_s = idle_s_from(environ)
    if idle_s == 0 or provider.name != "bubblewrap" or limited or host.secrets:
        return None
    network = {LOOPBACK: environ[LOOPBACK]} if LOOPBACK in environ else {}
    return Keeping(root, passed_on(host.environ), network, idle_s)


def _facts(path: Path) -> list[int]:
    """Return what shows that a file has changed."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _code() -> list[list[int]]:
    """Return the state of the engine's code that a kept process runs."""
    found = [Path(place) for package in (kept, sandbox) for place in package.__path__]
    return [_facts(file) for place in found for file in sorted(place.glob("*.py"))]
