"""What every function about releases works with: settings, the remote, addresses, containers."""

from __future__ import annotations

import sys
import time
import uuid
from dataclasses import dataclass, field

import anyio
import dagger

from wheelwright import pipeline
from wheelwright.container.loading import Bench
from wheelwright.errors import RequestError, WheelwrightError
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.http import Http
from wheelwright.release.act.preparing import Commit, Preparing
from wheelwright.release.act.workshop import Containers, Credentials
from wheelwright.release.decide.plan import Who, tag_of
from wheelwright.release.decide.refs import LONGEST_LINE, Seen, line
from wheelwright.release.decide.report import Report
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.urls import IndexUrls, https, index_urls, is_pypi, origin


class Stopped(WheelwrightError):
    """A release ended before it was done; the message is its report, where there is one."""

    def __init__(self, fact: str, act: str = "", report: Report | None = None) -> None:
        super().__init__(fact, act)
        self.report = report


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a caller may say about where and how; empty means: found out.

    Attributes:
        checkout: look at the remote in the clone that `git` is, and write nothing to it.
    """

    base: str = ""
    remote: str = ""
    index: str = ""
    publish_url: str = ""
    check_url: str = ""
    github_api: str = ""
    github_token: dagger.Secret | None = None
    credentials: Credentials = field(default_factory=Credentials)
    attest: bool | None = None
    run: str = ""
    take_over: str = ""
    requirements: bool = True
    upload_timeout_s: int = 900
    epoch_s: int = 0
    checkout: bool = False
    ca: dagger.File | None = None


def say(line: str) -> None:
    """Tell what goes on: a function's own output is part of the engine's progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def run_name(run: str) -> str:
    """Return the name of a run, which stands in the message of the lock's commit.

    Raises:
        RequestError: it is more than a line, or a long one.
    """
    if line(run) == run:
        return run
    raise RequestError(
        f"--run is not a line of at most {LONGEST_LINE} characters", "pass another name"
    )


class MachineClock:
    """The time of this machine."""

    def now_s(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)


def tag_prefix(commit: Commit) -> str:
    """Return what tags of the package begin with: v, or NAME-v where it is one of several."""
    return tag_of(commit.project.package.name, "", member=bool(commit.where))


@dataclass(frozen=True, slots=True)
class Context:
    """One call of a function about releases, for the package of a bench.

    Attributes:
        package: the name that the caller gave; empty where there is only one.
        git: the directory whose `.git` names the remote.
    """

    bench: Bench
    package: str
    python: str
    git: dagger.Directory
    settings: Settings

    def who(self) -> Who:
        """Return which run this is; each call makes up a name where none was given.

        Raises:
            RequestError: the name cannot stand in a commit's message.
        """
        said = self.settings
        run = run_name(said.run) or f"run-{uuid.uuid4().hex[:8]}"
        return Who(run, said.take_over, said.epoch_s or int(time.time()))

    def uncredentialed(self) -> Problem | None:
        """Return the problem that nothing was given which the index accepts."""
        have = self.settings.credentials
        if have.trusted or have.token:
            return None
        seen = "neither --index-token nor --oidc-url and --oidc-token"
        return Problem(Reason.NO_CREDENTIALS, seen)

    async def remote(self) -> RemoteGit:
        """Return the repository to release from.

        Raises:
            RequestError: nothing says which.
        """
        given = self.settings.remote
        if not given and await self.git.exists(".git/config"):
            given = origin(await self.git.file(".git/config").contents())
        if not given:
            raise RequestError(
                "the repository to release from is unknown", "pass --remote with its address"
            )
        python = pipeline.python_of(self.bench, self.python)
        token, ca = self.settings.github_token, self.settings.ca
        return RemoteGit(https(given), python, token, ca, await self._checkout())

    async def _checkout(self) -> dagger.Directory | None:
        """Return the clone that is looked at in the remote's place, if it shall be.

        Raises:
            RequestError: it has not all of the history.
        """
        if not self.settings.checkout:
            return None
        if not await self.git.exists(".git/objects") or await self.git.exists(".git/shallow"):
            raise RequestError(
                "the checkout is not a whole clone, with all branches and tags",
                "fetch all of it (actions/checkout: fetch-depth: 0)",
            )
        return self.git

    def base(self, remote: RemoteGit, seen: Seen) -> tuple[str, str]:
        """Return the base branch and its commit.

        Raises:
            RequestError: the remote has no such branch.
        """
        heads = "refs/heads/"
        base = self.settings.base or seen.default
        commit = seen.refs.get(f"{heads}{base}")
        if not base or commit is None:
            known = [ref.removeprefix(heads) for ref in sorted(seen.refs) if ref.startswith(heads)]
            raise RequestError(
                f'{remote.url} has no branch "{base}" (it has: {", ".join(known) or "none"})',
                "correct --base",
            )
        return base, commit

    def preparing(self, remote: RemoteGit) -> Preparing:
        """Return what reads the package from the remote's commits."""
        return Preparing(remote, self.package, self.python, self.settings.requirements)

    async def commit(self, preparing: Preparing, commit: str) -> Commit:
        """Return the package as a commit has it.

        Raises:
            RequestError: the commit holds another package than the source.
        """
        found = await preparing.commit(commit)
        # With -m the default of `git` is the module's own repository: never release that instead.
        mine, theirs = self.bench.project.package.name, found.project.package.name
        if mine != theirs:
            raise RequestError(
                f'the source is "{mine}", and {preparing.remote.url} has "{theirs}"',
                "pass --remote with the address of the source's repository",
            )
        return found

    async def http(self) -> Http:
        """Return the client for GitHub's API and the index's listing."""
        ca = self.settings.ca
        return Http(await ca.contents() if ca is not None else "")

    def urls(self, commit: Commit) -> IndexUrls | Problem:
        """Return the addresses of the index."""
        said, name = self.settings, commit.project.package.name
        return index_urls(commit.project, name, said.index, said.publish_url, said.check_url)

    def workshop(self, preparing: Preparing, urls: IndexUrls) -> Containers:
        """Return what builds, verifies and uploads."""
        said = self.settings
        attest = said.attest
        if attest is None:
            attest = said.credentials.trusted and is_pypi(urls)
        return Containers(preparing, urls, said.credentials, attest, said.upload_timeout_s, said.ca)
