"""Runs git on the host.

Commands on files of a repository never read the machine's configuration, so that no filter, hook or
template of it changes what a checkout contains; which settings commands need that talk to a server
is in `access`. Nothing of the caller's own repository counts (`GIT_DIR` and its kind are set in
hooks), and git asks nobody anything: it has no terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.module.credentials import shown
from stiletto.visible import visible

_KEPT = re.compile(
    r"GIT_(CONFIG\w*|SSH\w*|SSL_\w+|PROXY_\w+|ASKPASS|HTTP_\w+|ALLOW_PROTOCOL|EXEC_PATH|TRACE\w*)"
)
"""Variables of git that say how to reach a server, not which repository is meant."""

UMASK = 0o022
"""Files have the same permission bits on each machine."""

_ALWAYS = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

NEUTRAL = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
}
"""Variables with which git reads no file of the machine's configuration."""

NO_HOOKS = ("core.hooksPath", os.devnull)
PLAIN = (
    NO_HOOKS,
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
    ("core.logAllRefUpdates", "false"),
    ("core.fsmonitor", "false"),
    ("fetch.prune", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("init.defaultBranch", "main"),
    ("advice.detachedHead", "false"),
)
"""Settings with which the same commit is the same checkout on each machine."""


class Program:
    """The git program with one session's variables."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = {
            name: value
            for name, value in environ.items()
            if not name.startswith("GIT_") or _KEPT.fullmatch(name)
        } | _ALWAYS
        if bundle := self.environ.get("SSL_CERT_FILE"):
            # The library of curl does not read it.
            self.environ.setdefault("GIT_SSL_CAINFO", bundle)

    @property
    def neutral(self) -> dict[str, str]:
        """The variables without the machine's configuration of git."""
        kept = {
            name: value for name, value in self.environ.items() if not name.startswith("GIT_CONFIG")
        }
        return kept | NEUTRAL

    async def on_files(
        self,
        args: Sequence[str],
        directory: Path,
        variables: Mapping[str, str] | None = None,
        *,
        accept: Collection[int] = (0,),
        umask: int = UMASK,
    ) -> str:
        """Run a command on a repository on the disk; `accept` has the exit codes of no error.

        Raises:
            EnvironmentFailed: it ended with an error.
        """
        given = {**self.neutral, "GIT_ALLOW_PROTOCOL": "file", **(variables or {})}
        settings = with_settings(given, PLAIN)
        return await self.run(args, settings, directory, accept=accept, umask=umask)

    async def run(
        self,
        args: Sequence[str],
        environ: Mapping[str, str],
        directory: Path | None = None,
        limit_s: float | None = None,
        *,
        accept: Collection[int] = (0,),
        umask: int = UMASK,
    ) -> str:
        """Run git with exactly these variables and return what it printed.

        Raises:
            EnvironmentFailed: it is missing, gave no answer in time, or ended with an error: its
                message, without passwords.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *args,
                cwd=directory,
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                umask=umask,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise EnvironmentFailed(
                "git is not installed", hint="install git to use repositories"
            ) from error
        except OSError as error:
            raise EnvironmentFailed(f"git cannot be run: {error.strerror}") from error
        try:
            out, err = await asyncio.wait_for(process.communicate(), limit_s)
        except TimeoutError:
            raise EnvironmentFailed(f"no answer in {limit_s:.0f} s") from None
        finally:
            if process.returncode is None:
                await _end(process)
        if process.returncode not in accept:
            raise EnvironmentFailed(_message(args[0], process.returncode or 0, os.fsdecode(err)))
        return os.fsdecode(out)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End git and the programs it started, which would wait for their server."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def with_settings(
    variables: Mapping[str, str], settings: Sequence[tuple[str, str]]
) -> dict[str, str]:
    """Return variables with settings of git added; those that were there come first."""
    count = variables.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isascii() and count.isdigit() else 0
    added = dict(variables)
    for number, (key, value) in enumerate(settings, first):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return added | {"GIT_CONFIG_COUNT": str(first + len(settings))}


def _message(command: str, code: int, stderr: str) -> str:
    """Return the line of git's output that says what is wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    line = next(iter(fatal or lines), f"git {command}: exit code {code}")
    return visible(shown(line))
