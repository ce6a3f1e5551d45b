"""The functions about releases, which the module's object inherits. They delegate only.

Each imports what it needs: a process of the module that runs another function loads none of it.
"""

# No postponed annotations here: the SDK reads them from the functions themselves.

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import dagger
from dagger import Doc, enum_type

from wheelwright.container.loading import LoadedProject
from wheelwright.module.args import Built, Checkout, Digest, Repository
from wheelwright.module.takes import takes
from wheelwright.module.uncached import uncached
from wheelwright.release.act.options import (
    Api,
    Branch,
    CommitOptions,
    Credentials,
    Given,
    Index,
    NamedIndex,
    Notes,
    Origin,
    Partly,
    PastPart,
    ReleaseOptions,
    Run,
    Target,
    Trust,
    Upload,
)
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.version import Bump, Request

if TYPE_CHECKING:
    from wheelwright.release.decide.rehearsed import Rehearsed
    from wheelwright.release.decide.report import Report
    from wheelwright.release.decide.status import Standings


@enum_type
class ReportFormat(Enum):
    """How `release` and `release-plan` print their report."""

    TEXT = "text"
    """Lines for a terminal."""
    MARKDOWN = "markdown"
    """A table for a step summary."""
    JSON = "json"
    """For programs."""


@enum_type
class VerifyFormat(Enum):
    """How `verify-release` prints what it found."""

    TEXT = "text"
    """For people."""
    JSON = "json"
    """For programs."""


@enum_type
class ReplayFormat(Enum):
    """How `release-replay` prints its result."""

    TEXT = "text"
    """Lines for a terminal."""
    JSON = "json"
    """For programs."""


Format: TypeAlias = Annotated[ReportFormat, Doc("How to print the report.")]


RELEASE: Final = (
    Request,
    Branch,
    Origin,
    NamedIndex,
    Api,
    Upload,
    Run,
    CommitOptions,
    Notes,
    Given,
    Partly,
    Trust,
)
"""The arguments of a release, and of its rehearsal."""


def _printed(report: "Report | Rehearsed | Standings", format_: ReportFormat) -> str:
    return {
        ReportFormat.TEXT: report.text,
        ReportFormat.MARKDOWN: report.markdown,
        ReportFormat.JSON: report.json,
    }[format_]()


class Releases:
    """What an object needs to have these functions: the package that it is of."""

    async def _of_package(
        self,
        options: ReleaseOptions,
        git: dagger.Directory,
        *,
        checkout: bool = False,
        stand_in: bool = False,
        releasing: bool = False,
    ) -> tuple[ReleaseOptions, LoadedProject]:
        raise NotImplementedError

    async def _release(
        self,
        options: ReleaseOptions,
        git: dagger.Directory,
        format_: ReportFormat,
        *,
        rehearsal: bool,
    ) -> str:
        from wheelwright.release.act import release
        from wheelwright.release.decide.report import Stopped

        # A rehearsal that builds has the steps of a release, so that its hashes are those, too.
        edits_only = rehearsal and options.part is Part.EDITS
        source = self._of_package(options, git, stand_in=edits_only, releasing=not edits_only)
        try:
            prepared = await release.begin(options, source, rehearsal=rehearsal)
            done = await (prepared.rehearse() if rehearsal else prepared.run())
            return _printed(done, format_)
        except Stopped as stopped:
            if stopped.report is None:
                raise
            raise Stopped(_printed(stopped.report, format_)) from stopped

    @uncached
    @takes(*RELEASE)
    async def release(
        self, git: Repository, format_: Format = ReportFormat.TEXT, *, options: ReleaseOptions
    ) -> str:
        """Release the package: publish first, then the pull request, the tag, the GitHub release.

        The version is never guessed: `--bump patch` or another of --bump, --pre, --post, --version.
        `release-plan` with the same arguments shows beforehand all that would be written.
        Every step is decided from what the index, git and GitHub show, so running it again after
        any failure continues the same release. Every stop ends with what is public, what is held
        and by whom, and the next command; `release-status` prints them at any time.
        """
        return await self._release(options, git, format_, rehearsal=False)

    @uncached
    @takes(Request, Branch, NamedIndex, CommitOptions, Notes, Given, Run, Trust)
    async def release_build(
        self,
        git: Checkout,
        tag: Annotated[str, Doc("Build an existing tag instead, such as v1.2.3.")] = "",
        *,
        options: ReleaseOptions,
    ) -> dagger.Directory:
        """Make the edits, run the checks, build twice and verify: the first job of a release.

        It needs no secret and writes nothing outside. What it returns is plain data, for
        `release-propose`, `release-publish` and `release-finish`, in this order: they get the
        secrets, and run no code of the repository. `release` does all of it in one call.
        """
        from wheelwright.release.act import release, tagged

        source = self._of_package(options, git, checkout=True, releasing=True)
        if tag:
            return await tagged.build(*await source, tag)
        return await (await release.begin(options, source, rehearsal=False)).build()

    @uncached
    @takes(Target, Index, Api, Run, Trust)
    async def release_propose(
        self, built: Built, digest: Digest = "", *, options: ReleaseOptions
    ) -> str:
        """Take the lock and push the release branch: the job between building and publishing.

        The commit is made from texts, and must be the one that was built.
        """
        from wheelwright.release.act import taking

        return (await taking.propose(options, built, digest)).text()

    @uncached
    @takes(Index, Upload, Trust)
    async def release_publish(
        self, built: Built, digest: Digest = "", *, options: ReleaseOptions
    ) -> str:
        """Compare the hashes, sign and upload: the one job that the index trusts."""
        from wheelwright.release.act import taking

        return await taking.publish(options, built, digest)

    @uncached
    @takes(Target, Index, Api, Run, Trust)
    async def release_finish(
        self, built: Built, digest: Digest = "", *, options: ReleaseOptions
    ) -> str:
        """Open the pull request, push the tag, make the GitHub release, unlock: the last job.

        If the index does not have the release, it releases the lock and stops.
        """
        from wheelwright.release.act import taking

        return (await taking.finish(options, built, digest)).text()

    @uncached
    @takes(*RELEASE)
    async def release_plan(
        self, git: Repository, format_: Format = ReportFormat.TEXT, *, options: ReleaseOptions
    ) -> str:
        """Rehearse `release` with the same arguments, and write nothing.

        It makes the release commit in its own clone, runs the checks, builds twice and verifies;
        then it prints the diff, the texts, the files with their hashes, and what is left to write.
        It stops where `release` would. `--until edits` needs no more than seconds.
        """
        return await self._release(options, git, format_, rehearsal=True)

    @uncached
    @takes(Branch, Origin, NamedIndex, Api, Trust)
    async def release_status(
        self, git: Repository, format_: Format = ReportFormat.TEXT, *, options: ReleaseOptions
    ) -> str:
        """Report what is public of the newest release, what is held by whom, the next command.

        It works at any time, writes nothing, and is what every stop of `release` ends with.
        """
        from wheelwright.release.act import status

        found = await status.status(*await self._of_package(options, git, stand_in=True))
        return _printed(found, format_)

    @uncached
    @takes(Bump, Branch, Origin, NamedIndex, Api, Trust)
    async def next_version(self, git: Repository, options: ReleaseOptions) -> str:
        """Print the version that `release` with the same arguments would release."""
        from wheelwright.release.act import release

        return await release.version(*await self._of_package(options, git, stand_in=True))

    @uncached
    @takes(Branch, NamedIndex, PastPart, Trust)
    async def release_replay(
        self,
        git: Checkout,
        tag: Annotated[str, Doc("The tag of the release to make again, such as v1.2.3.")] = "",
        last: Annotated[int, Doc("How many of the newest releases to make again. Default: 1.")] = 0,
        format_: Annotated[ReplayFormat, Doc("How to print the result.")] = ReplayFormat.TEXT,
        *,
        options: ReleaseOptions,
    ) -> str:
        """Make releases of the past again on a scratch copy, and compare with what was committed.

        It needs the clone only: neither a token nor the remote. Each release is made of the commit
        before it, without its tag and all later ones. The report has the version, the tag, the
        heading, each file with its difference, and the setting that would close a difference. It
        ends with the edits; `--until build` builds, too, and compares with the index's files. It
        fails only where a release would have been refused.
        """
        from wheelwright.release.act import replay
        from wheelwright.release.decide.replay.replayed import as_json, text
        from wheelwright.release.decide.report import Stopped

        builds = options.part is Part.BUILD
        source = await self._of_package(options, git, releasing=builds)
        found = await replay.replay(*source, tag, last)
        printed = as_json(found) if format_ is ReplayFormat.JSON else text(found)
        if any(each.refused for each in found):
            raise Stopped(printed)
        return printed

    @uncached
    @takes(Bump, Branch, Origin, NamedIndex, Api, Trust, bump="patch")
    async def changelog(self, git: Repository, options: ReleaseOptions) -> str:
        """Print the changelog's entry for the release; fail if there is none."""
        from wheelwright.release.act import release

        # A default bump must not contradict a version that the caller gave.
        if options.version or options.post:
            options = replace(options, bump="")
        return await release.changes(*await self._of_package(options, git, stand_in=True))

    @uncached
    @takes(Origin, Trust)
    async def verify_tag(
        self,
        git: Repository,
        tag: Annotated[str, Doc("The tag, such as v1.2.3.")],
        options: ReleaseOptions,
    ) -> str:
        """Check that a tag of the remote names the package's own version."""
        from wheelwright.release.act import tagged

        return await tagged.verify_tag(*await self._of_package(options, git), tag)

    @uncached
    @takes(Origin, NamedIndex, Upload, Trust)
    async def publish(
        self,
        git: Repository,
        tag: Annotated[str, Doc("The tag to publish, such as v1.2.3.")],
        options: ReleaseOptions,
    ) -> str:
        """Check, build, verify and publish the commit of an existing tag that you pushed."""
        from wheelwright.release.act import tagged

        source = await self._of_package(options, git, releasing=True)
        return await tagged.publish(*source, tag)

    @uncached
    @takes(Branch, Origin, Api, NamedIndex, Trust)
    async def verify_release(
        self,
        git: Repository,
        version: Annotated[str, Doc("The released version, such as 1.2.3.")],
        format_: Annotated[VerifyFormat, Doc("How to print the result.")] = VerifyFormat.TEXT,
        *,
        options: ReleaseOptions,
    ) -> str:
        """Compare a release as it is public: the index, the GitHub release, a rebuild of its tag.

        Each file is downloaded, and its SHA-256 compared with GitHub's and with what the tag's
        commit builds. Attestations are verified. Fails if anything differs.
        """
        from wheelwright.release.act import published
        from wheelwright.release.decide.report import Stopped

        source = await self._of_package(options, git, releasing=True)
        found = await published.verify_release(*source, version)
        printed = found.json() if format_ is VerifyFormat.JSON else found.text()
        if found.problems:
            raise Stopped(printed)
        return printed

    @uncached
    @takes(Branch, Origin, NamedIndex, Credentials, Trust)
    async def rehearse(self, git: Repository, *, options: ReleaseOptions) -> str:
        """Upload a development version to another index, such as --index testpypi, and try it.

        It builds twice under a version of its own, verifies, uploads without attestations,
        downloads, compares, installs from that index, and runs the tests. The repository stays
        as it is.
        """
        from wheelwright.release.act import trial

        source = await self._of_package(options, git, releasing=True)
        return await trial.rehearse(*source)
