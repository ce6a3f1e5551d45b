"""Protocols of the systems that a release needs, each with one real implementation.

`git.py`, `index.py`, `github.py` and `workshop.py` have these; nothing else of a release has
effects. Acts raise `ActFailed` and nothing else on purpose; every act may be repeated, and
writes the same thing when it is.

What the real ones request of the servers:

    git      ls-remote (--symref for the default branch); fetch of all heads, tags and the lock's
             ref; push with --force-with-lease of refs/wheelwright/lock/PACKAGE,
             refs/heads/release/TAG, refs/tags/TAG; delete of the lock's ref
    index    GET CHECK_URL/PACKAGE/ as application/vnd.pypi.simple.v1+json (PEP 691);
             `uv publish --publish-url ... --check-url ...`
    GitHub   GET    /repos/O/R                                  whether it is seen, archived
             GET    PAGE.git/info/refs?service=git-receive-pack whether the token may push
             POST   GRAPHQL {viewer{login}}                     of an app's token: is it Actions'?
             GET    /repos/O/R/actions/permissions/workflow     of Actions' own: may open pulls
             GET    /repos/O/R/branches/BASE                    protected
             GET    /repos/O/R/rules/branches/BRANCH            before a release branch is made
             GET    /repos/O/R/rulesets?targets=tag             before a tag is made
             GET    /repos/O/R/rulesets/ID                      conditions, rules, who bypasses
             GET    /repos/O/R/pulls?head=O:BRANCH&state=all
             GET    /repos/O/R/pulls/NUMBER                     of open ones: mergeable
             POST   /repos/O/R/pulls
             GET    /repos/O/R/commits/COMMIT/pulls             of the last release commit
             GET    /repos/O/R/releases/tags/TAG                of the last release: its name
             GET    /repos/O/R/actions/runs?head_sha=COMMIT     of Actions' own pulls: who waits
             POST   /repos/O/R/actions/workflows/ci.yml/dispatches
             GET    /repos/O/R/releases?per_page=100&page=N
             POST   /repos/O/R/releases                         draft
             GET    /repos/O/R/releases/ID                      upload_url
             PATCH  /repos/O/R/releases/ID                      publish
             POST   UPLOAD_URL?name=NAME                        octet-stream
             DELETE /repos/O/R/releases/assets/ID
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from wheelwright.distribution.file import File
from wheelwright.errors import WheelwrightError
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.report import Links
from wheelwright.release.decide.world import (
    CheckResult,
    FailureKind,
    GitHubRelease,
    Journal,
    Lock,
    Made,
    Plan,
    Pull,
)


class ActFailed(WheelwrightError):
    """An act failed, as far as the response shows."""

    def __init__(self, kind: FailureKind, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Refs:
    """What git shows of one release; `releases` and `based` as in `World`."""

    lock: Lock | None
    branch: Journal | None
    tag: Journal | None
    releases: frozenset[str]
    based: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """A release commit beside what a release makes.

    Attributes:
        foreign: what is not a release's, for people; empty where all of it is.
        own_commit: the commit that the plan makes now; empty if it is another one.
    """

    foreign: str = ""
    own_commit: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """The result of two builds: the files, and the members in which they differ.

    Attributes:
        materials: files for the GitHub release beside them.
    """

    files: tuple[File, ...]
    differing: tuple[str, ...] = ()
    materials: tuple[File, ...] = ()


class Clock(Protocol):
    """The time, and how to let it pass."""

    def now_s(self) -> float:
        """Return seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Git(Protocol):
    """The remote repository."""

    async def observe(self, plan: Plan) -> Refs:
        """Look at the remote's refs, now."""

    async def lock(self, plan: Plan, expected: str) -> str:
        """Push a lock commit that no other run makes; return it.

        Raises:
            ActFailed: RACE when the ref is not `expected` (a commit; empty: no ref) any more.
        """

    async def unlock(self, plan: Plan, commit: str) -> None:
        """Delete the lock's ref if it still is `commit`.

        Raises:
            ActFailed: RACE when it is not.
        """

    async def push_commit(self, plan: Plan, commit: ReleaseCommit, expected: str) -> str:
        """Push a release commit as the release branch, where that is `expected` still; return it.

        Raises:
            ActFailed: RACE when it is not.
        """

    async def push_tag(self, plan: Plan, commit: str) -> None:
        """Push the tag, never over another."""


class Index(Protocol):
    """The package index's listing."""

    async def files(self) -> tuple[File, ...]:
        """Return every file of the package, of all versions; none for an unknown package."""


class GitHub(Protocol):
    """The repository's pull requests and releases."""

    async def pulls(self, branch: str) -> tuple[Pull, ...]:
        """Return the pull requests with that head, newest first."""

    async def open_pull(self, plan: Plan, body: str) -> None:
        """Open the pull request from the release branch to the base."""

    async def start_checks(self, plan: Plan) -> None:
        """Start the checks of the release branch, where they would wait for an approval."""

    async def release(self, tag: str) -> GitHubRelease | None:
        """Return the release of a tag; a published one before a draft."""

    async def draft(self, plan: Plan, commit: str, body: str) -> None:
        """Make the draft."""

    async def upload(self, release: GitHubRelease, name: str, contents: bytes) -> None:
        """Add a file to a draft."""

    async def delete_asset(self, asset_id: int) -> None:
        """Remove a file from a draft; a missing one is not an error."""

    async def publish(self, release: GitHubRelease, *, latest: bool) -> None:
        """Make a draft public, and what GitHub shows as "Latest" where that is wanted."""


class Workshop(Protocol):
    """What happens in containers."""

    async def make_commit(self, plan: Plan) -> Made:
        """Make the edits on the plan's base commit, and the commit in this run's clone."""

    async def verify(self, plan: Plan, journal: Journal) -> Compared:
        """Compare a commit with the edits made again on its parent; write nothing."""

    async def gates(self, plan: Plan, journal: Journal) -> CheckResult:
        """Run the checks of `ci`."""

    async def build(self, plan: Plan, journal: Journal) -> Built:
        """Build twice, in different places."""

    async def check(self, plan: Plan, journal: Journal) -> CheckResult:
        """Verify metadata and contents; install each file by itself, and test it."""

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        """Upload these files of the build, and no others."""

    async def contents(self, name: str) -> bytes:
        """Return a built file."""

    async def notes(self, plan: Plan, journal: Journal) -> str:
        """Return the changelog's section of the version, as the journal commit has it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of the outside. `links` are for texts that people read there."""

    git: Git
    index: Index
    github: GitHub
    workshop: Workshop
    clock: Clock
    links: Links = field(default_factory=Links)
