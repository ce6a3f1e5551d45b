"""The options of a release: each field is an argument, with its help and default.

Empty means the default. A function takes the groups that concern it (`module/takes.py`);
what it does not take has its default. Every process of the module reads this file, so what only a
release needs is imported where it is needed.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Self

import dagger

from wheelwright.errors import RequestError
from wheelwright.project.arguments import argument
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.urls import IndexUrls, is_pypi
from wheelwright.release.decide.version import Request

if TYPE_CHECKING:
    from wheelwright.release.act.http import Http
    from wheelwright.release.decide.pinned import PlanFile
    from wheelwright.release.decide.plan import RunIdentity


@dataclass(frozen=True)
class Branch:
    """The branch."""

    base: str = argument("The branch to release. Default: the remote's own default.", "")


@dataclass(frozen=True)
class Origin:
    """The repository, where a clone may name it."""

    remote: str = argument(
        "The repository's address. Default: origin; an ssh address is used by https.", ""
    )
    github_token: dagger.Secret | None = argument(
        "Token for git and GitHub: contents and pull requests, write.", None
    )


@dataclass(frozen=True)
class Target:
    """The repository, for those that have no clone of it."""

    remote: str = argument("The address of the repository, by https.")
    github_token: dagger.Secret = argument(
        "Token for git and GitHub: contents and pull requests, write."
    )


@dataclass(frozen=True)
class Api:
    """GitHub."""

    github_api: str = argument(
        "Address of GitHub's API. Default: the one that belongs to the remote.", ""
    )


@dataclass(frozen=True)
class Index:
    """The index, by its two addresses."""

    publish_url: str = argument("Where files are uploaded to, with --check-url.", "")
    check_url: str = argument("The index's simple listing, with --publish-url.", "")


@dataclass(frozen=True)
class NamedIndex(Index):
    """The index, where the package's own files may name it."""

    index: str = argument(
        "Name of a [[tool.uv.index]] with url and publish-url. Default: PyPI.", ""
    )
    index_rules: str = argument(
        "The index's rules for files: pypi, or none for an index that takes everything.", "pypi"
    )

    @property
    def pypi_rules(self) -> bool:
        """Whether the index refuses what PyPI refuses.

        Raises:
            RequestError: its rules have another name.
        """
        if self.index_rules not in ("", "pypi", "none"):
            seen = f"--index-rules {self.index_rules!r} is neither pypi nor none"
            raise RequestError(seen, "pass one of them")
        return self.index_rules != "none"


@dataclass(frozen=True)
class Credentials:
    """What the index accepts: a token, or the two variables of a workflow's OIDC identity."""

    index_token: dagger.Secret | None = argument(
        "Token for uploads, if there is no trusted publishing.", None
    )
    oidc_url: dagger.Secret | None = argument(
        "Trusted publishing: ACTIONS_ID_TOKEN_REQUEST_URL of a job with id-token: write.", None
    )
    oidc_token: dagger.Secret | None = argument(
        "Trusted publishing: ACTIONS_ID_TOKEN_REQUEST_TOKEN of that job.", None
    )

    @property
    def trusted(self) -> bool:
        """Whether trusted publishing is possible."""
        return self.oidc_url is not None and self.oidc_token is not None

    def uncredentialed(self) -> Problem | None:
        """Return the problem that no credential of the index is given; None where one is."""
        if self.trusted or self.index_token:
            return None
        seen = "neither --index-token nor --oidc-url and --oidc-token"
        return Problem(Reason.NO_CREDENTIALS, seen)


@dataclass(frozen=True)
class Upload(Credentials):
    """How files are uploaded."""

    attest: bool | None = argument(
        "Upload attestations (PEP 740). Default: with trusted publishing to PyPI or TestPyPI.", None
    )
    upload_timeout: int = argument("Seconds after which an upload fails.", 900)

    def attests(self, urls: IndexUrls) -> bool:
        """Whether attestations go along."""
        return self.trusted and is_pypi(urls) if self.attest is None else self.attest


@dataclass(frozen=True)
class Run:
    """Which run this is, and whose lock it may take."""

    run: str = argument(
        "Name of this run in the lock; a run with the same name continues a killed one.", ""
    )
    take_over: str = argument(
        "Continue the release of the killed run of this name, which holds the lock.", ""
    )
    log: str = argument("Address of the run's log, which the pull request links to.", "")


@dataclass(frozen=True)
class CommitOptions:
    """How commit and distributions are made."""

    requirements: bool | None = argument(
        "Write requirements.txt from uv.lock. Default: where a tool has exported one.", None
    )
    source_date_epoch: int = argument(
        "Time of the release, seconds since 1970, in commits and distributions. Default: now.", 0
    )


@dataclass(frozen=True)
class Notes:
    """What people are to read."""

    notes: dagger.File | None = argument(
        "The notes of the release, a file of Markdown. Default: what the changelog has of it.", None
    )


@dataclass(frozen=True)
class Given:
    """What was built elsewhere."""

    dist: dagger.Directory | None = argument(
        "Wheels that were built elsewhere, such as by cibuildwheel: the directory with them.", None
    )


@dataclass(frozen=True)
class Partly:
    """How much of a release."""

    until: str = argument(
        "Where to end: edits, checks, build or verify. A release ends with the branch pushed.", ""
    )

    plan: dagger.File | None = argument(
        "A plan of release-plan --format json: perform it exactly, or stop.", None
    )

    async def plan_file(self) -> PlanFile | None:
        """Return the plan that is performed exactly; None without one.

        Raises:
            RequestError: it is no plan that can be read.
        """
        from wheelwright.release.decide import pinned

        if self.plan is None:
            return None
        if (size := await self.plan.size()) > pinned.LONGEST_BYTES:
            raise RequestError(f"--plan has {size} bytes", "pass a plan of release-plan")
        try:
            return pinned.read(await self.plan.contents())
        except (ValueError, RecursionError) as error:
            hint = "pass what release-plan --format json has printed"
            raise RequestError(f"--plan cannot be read: {error}", hint) from error

    @property
    def part(self) -> Part | None:
        """Where it ends; None without an end before the last step.

        Raises:
            RequestError: there is no such step.
        """
        known = [each.value for each in Part]
        if not self.until or self.until in known:
            return Part(self.until) if self.until else None
        close = get_close_matches(self.until, known, 1)
        hint = f"did you mean {close[0]}" if close else f"pass one of {', '.join(known)}"
        raise RequestError(f'--until "{self.until}" is not a step of a release', hint)


@dataclass(frozen=True)
class PastPart:
    """How much of a release of the past is made again."""

    until: str = argument(
        "Where to end: edits, or build, which compares with the index's files, too.", ""
    )


@dataclass(frozen=True)
class Trust:
    """Which certificates to trust."""

    ca: dagger.File | None = argument(
        "Certificates (PEM) to trust beside the system's, for git, GitHub and the index.", None
    )

    async def http(self) -> Http:
        """Return the client for GitHub's API and the index's listing."""
        from wheelwright.release.act.http import Http

        return Http(await self.ca.contents() if self.ca is not None else "")


@dataclass(frozen=True)
class ReleaseOptions(
    Request,
    Branch,
    Origin,
    Api,
    NamedIndex,
    Upload,
    Run,
    CommitOptions,
    Notes,
    Given,
    Partly,
    Trust,
):
    """All options, and of which package.

    Attributes:
        package: its name, where the source has several.
        python: the version to work with; empty: the package's own.
        git: the directory whose `.git` names the remote.
        checkout: look at the remote in the clone that `git` is, and write nothing to it.
        stand_in: do so only where the remote cannot be read.
        at: the commit of the base branch that is released; empty: its newest.
    """

    package: str = ""
    python: str = ""
    git: dagger.Directory | None = None
    checkout: bool = False
    stand_in: bool = False
    at: str = ""

    def performing(self, planned: PlanFile | None) -> Self:
        """Return the options of a plan that is performed exactly; without one, these.

        Raises:
            RequestError: they have another version as well.
        """
        if planned is None:
            return self
        if self.as_options:
            raise RequestError(
                f"both --plan and {self.as_options} are given", "pass --plan without a version"
            )
        return replace(
            self,
            version=planned.version,
            base=planned.base,
            source_date_epoch=planned.epoch_s,
            at=planned.base_commit,
        )

    def identity(self) -> RunIdentity:
        """Return which run this is; each call makes a name where none is given.

        Raises:
            RequestError: the name cannot be in a commit's message.
        """
        from wheelwright.release.decide.plan import RunIdentity

        given = run_name(self.run)
        run = given or f"run-{uuid.uuid4().hex[:8]}"
        epoch_s = self.source_date_epoch or int(time.time())
        return RunIdentity(run, self.take_over, epoch_s, given=bool(given))


def run_name(run: str) -> str:
    """Return the name of a run, which is in the message of the lock's commit.

    Raises:
        RequestError: it is more than a line, or a long one.
    """
    from wheelwright.release.decide.refs import LONGEST_LINE, line

    if line(run) == run:
        return run
    raise RequestError(
        f"--run is not a line of at most {LONGEST_LINE} characters", "pass another name"
    )
