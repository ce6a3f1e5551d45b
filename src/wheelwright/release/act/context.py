"""What every function about releases works with: settings, the remote, addresses, containers."""

from __future__ import annotations

import sys
import time
import uuid
from dataclasses import dataclass

import anyio
import dagger

from wheelwright.container.loading import Bench, python_of
from wheelwright.errors import RequestError, WheelwrightError
from wheelwright.release.act.asked import Asked
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.preparing import Commit, Preparing
from wheelwright.release.act.workshop import Containers
from wheelwright.release.decide.plan import Who, tag_of
from wheelwright.release.decide.refs import LONGEST_LINE, Seen, line
from wheelwright.release.decide.report import Report
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import IndexUrls, https, index_urls, origin


class Stopped(WheelwrightError):
    """A release ended before it was done; the message is its report, where there is one."""

    def __init__(self, message: str, hint: str = "", report: Report | None = None) -> None:
        super().__init__(message, hint)
        self.report = report


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
        checkout: look at the remote in the clone that `git` is, and write nothing to it.
    """

    bench: Bench
    package: str
    python: str
    git: dagger.Directory
    asked: Asked
    checkout: bool = False

    def who(self) -> Who:
        """Return which run this is; each call makes up a name where none was given.

        Raises:
            RequestError: the name cannot stand in a commit's message.
        """
        said = self.asked
        run = run_name(said.run) or f"run-{uuid.uuid4().hex[:8]}"
        return Who(run, said.take_over, said.source_date_epoch or int(time.time()))

    async def remote(self) -> RemoteGit:
        """Return the repository to release from.

        Raises:
            RequestError: nothing says which.
        """
        given = self.asked.remote
        if not given and await self.git.exists(".git/config"):
            given = origin(await self.git.file(".git/config").contents())
        if not given:
            raise RequestError(
                "the repository to release from is unknown", "pass --remote with its address"
            )
        python = python_of(self.bench, self.python)
        token, ca = self.asked.github_token, self.asked.ca
        return RemoteGit(https(given), python, token, ca, await self._checkout())

    async def _checkout(self) -> dagger.Directory | None:
        """Return the clone that is looked at in the remote's place, if it shall be.

        Raises:
            RequestError: it has not all of the history.
        """
        if not self.checkout:
            return None
        if not await self.git.exists(".git/objects") or await self.git.exists(".git/shallow"):
            raise RequestError(
                "the checkout is not a complete clone, with all branches and tags",
                "fetch all of it (actions/checkout: fetch-depth: 0)",
            )
        return self.git

    def base(self, remote: RemoteGit, seen: Seen) -> tuple[str, str]:
        """Return the base branch and its commit.

        Raises:
            RequestError: the remote has no such branch.
        """
        heads = "refs/heads/"
        base = self.asked.base or seen.default
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
        return Preparing(remote, self.package, self.python, self.asked.requirements)

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

    def urls(self, commit: Commit) -> IndexUrls | Problem:
        """Return the addresses of the index."""
        said, name = self.asked, commit.project.package.name
        return index_urls(commit.project, name, said.index, said.publish_url, said.check_url)

    def workshop(self, preparing: Preparing, urls: IndexUrls) -> Containers:
        """Return what builds, verifies and uploads."""
        return Containers(preparing, urls, self.asked)
