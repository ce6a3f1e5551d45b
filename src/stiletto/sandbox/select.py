"""Chooses the provider: bubblewrap where this machine allows it, plain processes elsewhere."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.allowed import Notes, Remembered
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.cgroups import Limits, find_groups
from stiletto.sandbox.host_environment import refuse_missing_certificates
from stiletto.sandbox.network import Network, network_from
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import Sandbox, Step
from stiletto.sandbox.secret_files import sweep
from stiletto.sandbox.userland import userland_image

Choice: TypeAlias = Literal["auto", "bubblewrap", "plain"]

NO_LIMITS = Limits()
_SHORT_OF = tuple(
    map(
        os.strerror,
        (
            *(errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE),
            *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
        ),
    )
)
"""Messages of a machine that allows namespaces but cannot make them just now."""

_TOO_MANY = "_namespaces exceeded"
_BY_SIGNAL = 128

HINT_PLAIN = "use `--sandbox plain`, which needs none of this and isolates nothing"


class Exhausted(EnvironmentFailed):
    """The machine could isolate steps, but is short of something now."""


async def select(
    choice: Choice,
    base: Path,
    say: Callable[[str], None],
    limits: Limits = NO_LIMITS,
    host_env: Mapping[str, str] = os.environ,
    environ: Mapping[str, str] = os.environ,
    notes: Notes | None = None,
) -> Sandbox:
    """Return the provider for this machine; `say` gets a line when isolation or limits are off.

    `environ` has the settings of the session, `host_env` what steps see of the machine's. In
    `notes` is kept where bubblewrap works, so that it is not tried out in each session.

    Raises:
        EnvironmentFailed: bubblewrap was requested and cannot work here, or the machine's
            certificates are not there.
        UsageError: a setting is invalid.
        Exhausted: it cannot work just now. Isolation is not given up for that: a step
            itself may use up the machine's processes, memory or disk.
    """
    refuse_missing_certificates(host_env)
    sweep()
    why = "plain mode was requested"
    if choice != "plain":
        try:
            sandbox = await probe_bubblewrap(
                base,
                host_env,
                lambda program: network_from(environ, program, host_env, say),
                notes,
            )
        except Exhausted:
            raise
        except EnvironmentFailed as error:
            if choice == "bubblewrap":
                raise
            hint = f"; {error.hint}" if error.hint and error.hint != HINT_PLAIN else ""
            why = f"{error.message}{hint}"
        else:
            return _limited(sandbox, limits, say)
    say(f"steps run without isolation, as ordinary processes: {why}")
    if limits:
        say("memory and processes of steps are not limited: plain mode cannot")
    return Plain(base, host_env)


def _limited(sandbox: Bubblewrap, limits: Limits, say: Callable[[str], None]) -> Sandbox:
    if limits:
        try:
            sandbox.limit(limits, find_groups())
        except EnvironmentFailed as error:
            say(f"memory and processes of steps are not limited: {error.message}; {error.hint}")
    return sandbox


async def way_to_isolation(base: Path) -> str:
    """Return what a user in plain mode can do for isolation; "" if nothing helps."""
    try:
        await probe_bubblewrap(base)
    except EnvironmentFailed as error:
        return "" if error.hint is None or "--sandbox plain" in error.hint else error.hint
    return "leave out `--sandbox plain` (or STILETTO_SANDBOX=plain)"


async def probe_bubblewrap(
    base: Path,
    host_env: Mapping[str, str] = os.environ,
    separated: Callable[[Path], Network | None] | None = None,
    notes: Notes | None = None,
) -> Bubblewrap:
    """Return bubblewrap after it has run `true` over an overlay in `base`.

    It is not run where `notes` has that it worked here; then it is when a step cannot be run. Its
    steps get the network that `separated` returns for the program, begun meanwhile.

    Raises:
        EnvironmentFailed: it cannot; the message names what is missing.
        Exhausted: it cannot just now.
    """
    if sys.platform != "linux":
        raise EnvironmentFailed(
            f"bubblewrap needs Linux, and this is {platform.system()}", hint=HINT_PLAIN
        )
    sandbox = Bubblewrap(base, host_env=host_env)
    remembered = None if notes is None else Remembered(notes, sandbox.program, base)
    network = None if separated is None else separated(sandbox.program)
    if network is not None:
        network.begin()
    if remembered is not None and remembered.has_worked():
        sandbox.prove = lambda: _prove(sandbox.program, base, host_env, remembered)
        sandbox.begin()
    else:
        try:
            await _probe(sandbox, base)
        except BaseException:
            if network is not None:
                await network.close()
            raise
        if remembered is not None:
            remembered.worked()
    sandbox.separate(network)
    return sandbox


async def _prove(
    program: Path, base: Path, host_env: Mapping[str, str], remembered: Remembered
) -> None:
    """Try bubblewrap out after a step could not be run.

    Raises:
        EnvironmentFailed: it does not work any more.
        Exhausted: it cannot work just now.
    """
    remembered.forget()
    sandbox = Bubblewrap(base, program, host_env)
    try:
        await _probe(sandbox, base)
    except Exhausted:
        raise
    except EnvironmentFailed as error:
        again = "run the same command again: it looks anew at what this machine allows"
        raise EnvironmentFailed(error.message, hint=f"{error.hint}; or {again}") from error
    finally:
        await sandbox.end()
    remembered.worked()


async def _probe(sandbox: Bubblewrap, base: Path) -> None:
    """Run `true`.

    Raises:
        EnvironmentFailed: it does not run.
    """
    try:
        with _scratch(base) as (upper, work):
            # What images copy of the host takes time to look through, and `true` needs none of it.
            image = replace(userland_image("probe"), copies=())
            step = Step(("true",), image, (), upper, work)
            output = await sandbox.run(step, lambda _stream, _data: None)
    except EnvironmentFailed as error:
        if (exhausted := why_exhausted(error.message)) is not None:
            raise exhausted from error
        cause, hint = why_forbidden(error.message)
        raise EnvironmentFailed(f"bubblewrap cannot work here: {cause}", hint=hint) from error
    if output.exit_code != 0:
        output_text = output.stderr.decode(errors="replace").strip()
        if output.exit_code > _BY_SIGNAL or why_exhausted(output_text) is not None:
            raise _exhausted(f"`true` ended with {output.exit_code}: {output_text}")
        raise EnvironmentFailed(
            f"bubblewrap cannot work here: `true` ended with {output.exit_code}: {output_text}",
            hint=HINT_PLAIN,
        )


@contextmanager
def _scratch(base: Path) -> Iterator[tuple[Path, Path]]:
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".probe-", dir=base) as name:
        upper, work = Path(name, "upper"), Path(name, "work")
        upper.mkdir()
        work.mkdir()
        yield upper, work


def why_exhausted(message: str) -> Exhausted | None:
    """Return the error if a failed start shows a shortage, which may pass."""
    if _TOO_MANY in message:
        limits = Path("/proc/sys/user").glob("max_*_namespaces")
        # Zero is a switch that is off, not a shortage.
        forbidden = any(limit.read_text().strip() == "0" for limit in limits)
        return None if forbidden else _exhausted(message)
    return _exhausted(message) if any(reason in message for reason in _SHORT_OF) else None


def _exhausted(message: str) -> Exhausted:
    return Exhausted(
        f"steps cannot be isolated just now: {message.rstrip(': ')}",
        hint="end what takes the machine's processes, memory, disk or namespaces, and run it "
        "again; `--sandbox plain` needs no namespaces and isolates nothing",
    )


def why_forbidden(message: str, settings: Path = Path("/proc/sys")) -> tuple[str, str]:
    """Return the likely cause of a failed start, and how to allow it.

    Causes in the order in which they win: switches of the kernel, then AppArmor, then a filter
    around this process. `settings` is where the kernel shows its switches.
    """

    def switch(name: str) -> str:
        file = settings / name.replace(".", "/")
        return file.read_text().strip() if file.is_file() else ""

    if "overlay" in message:
        return (
            f"no overlay can be mounted ({message})",
            "keep the store on a disk that overlayfs can write to, such as ext4 or XFS",
        )
    if switch("user.max_user_namespaces") == "0":
        return (
            "user namespaces are switched off (user.max_user_namespaces=0)",
            "allow them with `sysctl user.max_user_namespaces=10000`",
        )
    if switch("kernel.unprivileged_userns_clone") == "0":
        return (
            "ordinary users may not make user namespaces (kernel.unprivileged_userns_clone=0)",
            "allow it with `sysctl kernel.unprivileged_userns_clone=1`",
        )
    if switch("kernel.apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor forbids user namespaces to programs without a profile "
            "(kernel.apparmor_restrict_unprivileged_userns=1)",
            "allow it with `sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
        )
    return (
        f"this process may not make namespaces ({message})",
        "in a container, start it with `--security-opt seccomp=unconfined "
        "--security-opt apparmor=unconfined`",
    )
