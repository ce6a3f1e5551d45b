"""How a repository at an address is reached: with whose configuration and which credentials.

    the user's       git's own configuration and helpers, and the agent of ssh: for what the command
                     line, a program or a `.env` names
    a module's       the machine's proxies and certificates alone: the code of others reads public
                     repositories, and private ones with the secrets that it was given

No credential is in an argument. A password of an address reaches git through a helper that reads
the environment, a token or a header through a setting in the environment, each for the address's
own host. What writes files of a submodule gets the settings for the way and no others.

Source: core/schema/git.go and util/gitutil/cli.go of v0.21.8.
"""

from __future__ import annotations

import base64
import contextlib
import re
import shlex
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stiletto.engine.git.program import NO_HOOKS, PLAIN, Program, with_settings
from stiletto.errors import UsageError
from stiletto.module.credentials import Credential, git_variables, shown

ANSWER_S = 60
"""How long a repository may take to list its refs, and a transfer may stand still."""

REMOTE_PROTOCOLS = "git:http:https:ssh"
"""What a module's code and submodules may name: nothing of this machine."""

_OF_MACHINE = re.compile(r"http\.(.*\.)?(proxy|sslcainfo|sslcapath|proxysslcainfo)", re.DOTALL)
_OF_USER = re.compile(
    r"(http|credential|url)\..*|core\.(sshcommand|gitproxy|askpass)|ssh\.variant", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Access:
    """What git is given to reach one repository.

    Attributes:
        users: whether the user's configuration, helpers and agent count.
        credential: user and password of the address.
        authorization: the Authorization header of every request.
        known_hosts: the lines by which ssh knows the host; empty: those of the machine.
    """

    users: bool = True
    credential: Credential | None = None
    authorization: str = field(default="", repr=False)
    known_hosts: str = ""


def basic(remote: str, user: str, token: str) -> str:
    """Return the header of a token; without a user, the name that its host takes."""
    host = urlsplit(remote).hostname or ""
    named = user or ("x-token-auth" if host == "bitbucket.org" else "x-access-token")
    pair = f"{named}:{token}".encode("utf-8", "surrogateescape")
    return "Basic " + base64.b64encode(pair).decode("ascii")


class Reach:
    """Runs git on repositories at addresses, for one session."""

    def __init__(self, program: Program, answer_s: float = ANSWER_S) -> None:
        self._program = program
        self._answer_s = answer_s
        self._configured: list[tuple[str, str]] | None = None

    async def refs(self, remote: str, access: Access, *, symbolic: bool = True) -> str:
        """Return what `git ls-remote` prints, with what symbolic refs lead to if `symbolic`.

        Raises:
            EnvironmentFailed: git ended with an error, or gave no answer.
            UsageError: ssh cannot be used.
        """
        args = ["ls-remote", *["--symref"] * symbolic, "--", remote]
        async with self._known(access) as hosts:
            if access.users:
                environ = with_settings(self._program.environ, [NO_HOOKS])
                variables = self._variables(environ, remote, access, hosts)
            else:
                variables = await self._neutral(remote, access, hosts)
            return await self._program.run(args, variables, Path("/"), self._answer_s)

    async def run(
        self,
        args: Sequence[str],
        remote: str,
        access: Access,
        directory: Path,
        *,
        protocols: str = "",
    ) -> str:
        """Run a command that reads from the repository and writes into a directory.

        Raises:
            EnvironmentFailed: it ended with an error.
            UsageError: ssh cannot be used.
        """
        async with self._known(access) as hosts:
            if access.users and not protocols:
                environ = with_settings(self._program.environ, PLAIN)
                variables = self._variables(environ, remote, access, hosts)
            else:
                # A submodule is checked out: nothing of the user's may change its files.
                variables = await self._neutral(remote, access, hosts)
            if protocols:
                variables["GIT_ALLOW_PROTOCOL"] = protocols
            return await self._program.run(args, variables, directory)

    async def _neutral(self, remote: str, access: Access, hosts: str) -> dict[str, str]:
        wanted = _OF_USER if access.users else _OF_MACHINE
        settings = [pair for pair in await self._settings() if wanted.fullmatch(pair[0])]
        environ = with_settings(self._program.neutral, [*settings, *PLAIN])
        if not access.users:
            environ.pop("GIT_ASKPASS", None)
            environ.pop("SSH_ASKPASS", None)
            environ["HOME"] = "/nonexistent"  # curl reads ~/.netrc
        return self._variables(environ, remote, access, hosts)

    async def _settings(self) -> list[tuple[str, str]]:
        """Return the user's whole configuration, in its order."""
        if self._configured is None:
            args = ["config", "--null", "--list"]
            text = await self._program.run(args, self._program.environ, Path("/"))
            pairs = (entry.partition("\n") for entry in text.split("\0") if entry)
            # A setting without a value means true.
            self._configured = [(key, value if mark else "true") for key, mark, value in pairs]
        return self._configured

    def _variables(
        self, environ: Mapping[str, str], remote: str, access: Access, hosts: str
    ) -> dict[str, str]:
        slow = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": str(ANSWER_S)}
        given = {**slow, **environ}
        if access.authorization:
            host = re.match(r"https?://[^/]*", remote)
            section = f"http.{host[0] if host else remote}/.extraheader"
            header = f"Authorization: {access.authorization}"
            given = with_settings(given, [(section, header)])
        if hosts:
            options = ("BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=none")
            named = [f"-o{option}" for option in (*options, f"UserKnownHostsFile={hosts}")]
            given["GIT_SSH_COMMAND"] = shlex.join(["ssh", *named])
        elif not {"GIT_SSH", "GIT_SSH_COMMAND"} & given.keys() and not self._own_ssh(given):
            given["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
        given |= git_variables(access.credential, given)
        if not access.users:
            given["GIT_ALLOW_PROTOCOL"] = REMOTE_PROTOCOLS
        return given

    @staticmethod
    def _own_ssh(variables: Mapping[str, str]) -> bool:
        return any(
            name.startswith("GIT_CONFIG_KEY_") and value.lower() == "core.sshcommand"
            for name, value in variables.items()
        )

    @contextlib.asynccontextmanager
    async def _known(self, access: Access) -> AsyncIterator[str]:
        """Give ssh a file of the known hosts while a command runs."""
        if not access.known_hosts:
            yield ""
            return
        with tempfile.NamedTemporaryFile("w", prefix="stiletto-hosts-") as file:
            file.write(access.known_hosts.rstrip("\n") + "\n")
            file.flush()
            yield file.name


def check_ssh(remote: str, access: Access, environ: Mapping[str, str]) -> None:
    """Refuse ssh where Dagger has no agent to reach a repository with.

    Raises:
        UsageError: a module's code names the address, or no agent runs.
    """
    if re.match(r"(https?|git|file)://|/", remote):
        return
    if not access.users:
        raise UsageError(
            f"{shown(remote)}: a module's code cannot use the agent of ssh",
            hint="take the GitRepository or the Directory as an argument",
        )
    if not environ.get("SSH_AUTH_SOCK"):
        raise UsageError(
            f"{shown(remote)}: ssh needs an agent, and SSH_AUTH_SOCK names none",
            hint="start one: eval $(ssh-agent) && ssh-add",
        )
