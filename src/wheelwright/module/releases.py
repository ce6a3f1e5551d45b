"""The functions about releases, which the module's object inherits. They delegate only."""

# No postponed annotations here: the SDK reads them from the functions themselves.

from enum import Enum
from typing import Annotated

import dagger
from dagger import Doc, enum_type

from wheelwright.container.failures import plainly
from wheelwright.module import release_args as releases
from wheelwright.module.uncached import uncached
from wheelwright.release.act import command, jobs, tagged, taking
from wheelwright.release.act.context import Context, Settings, Stopped
from wheelwright.release.act.workshop import Credentials
from wheelwright.release.decide.report import Report
from wheelwright.release.decide.version import Request


@enum_type
class ReportFormat(Enum):
    """How `release` and `release-plan` print their report."""

    TEXT = "text"
    """Lines for a terminal."""
    MARKDOWN = "markdown"
    """A table for a step summary."""
    JSON = "json"
    """For programs."""


async def _reported(
    context: Context, request: Request, format_: ReportFormat, *, dry_run: bool
) -> str:
    try:
        return _printed(await command.release(context, request, dry_run=dry_run), format_)
    except Stopped as stopped:
        if stopped.report is None:
            raise
        raise Stopped(_printed(stopped.report, format_)) from stopped


def _printed(report: Report, format_: ReportFormat) -> str:
    return {
        ReportFormat.TEXT: report.text,
        ReportFormat.MARKDOWN: report.markdown,
        ReportFormat.JSON: report.json,
    }[format_]()


class Releases:
    """What an object needs to have these functions: the package, as `_context` gives it."""

    async def _context(self, git: dagger.Directory, settings: Settings) -> Context:
        raise NotImplementedError

    @uncached
    @plainly
    async def release(
        self,
        git: releases.Repository,
        bump: releases.Bump = "",
        pre: releases.Pre = "",
        post: releases.Post = False,
        version: releases.Version = "",
        allow_lower: releases.AllowLower = False,
        dry_run: Annotated[bool, Doc("Write nothing; report what would be done.")] = False,
        base: releases.Base = "",
        remote: releases.Remote = "",
        index: releases.IndexName = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        github_api: releases.GitHubApi = "",
        github_token: releases.GitHubToken = None,
        index_token: releases.IndexToken = None,
        oidc_url: releases.OidcUrl = None,
        oidc_token: releases.OidcToken = None,
        attest: releases.Attest = None,
        run: releases.Run = "",
        take_over: releases.TakeOver = "",
        requirements: releases.Requirements = True,
        upload_timeout: releases.UploadTimeout = 900,
        source_date_epoch: releases.Epoch = 0,
        ca: releases.Ca = None,
        format_: Annotated[ReportFormat, Doc("How to print the report.")] = ReportFormat.TEXT,
    ) -> str:
        """Release the package: publish first, then the pull request, the tag, the GitHub release.

        Every step is decided from what the index, git and GitHub show, so running it again after
        any failure continues the same release. docs/release.md has the order and why,
        docs/recovery.md what to do when it stops.
        """
        settings = Settings(
            base=base,
            remote=remote,
            index=index,
            publish_url=publish_url,
            check_url=check_url,
            github_api=github_api,
            github_token=github_token,
            credentials=Credentials(index_token, oidc_url, oidc_token),
            attest=attest,
            run=run,
            take_over=take_over,
            requirements=requirements,
            upload_timeout_s=upload_timeout,
            epoch_s=source_date_epoch,
            ca=ca,
        )
        request = Request(bump, pre, post, version, allow_lower)
        context = await self._context(git, settings)
        return await _reported(context, request, format_, dry_run=dry_run)

    @uncached
    @plainly
    async def release_build(
        self,
        git: releases.Checkout,
        bump: releases.Bump = "",
        pre: releases.Pre = "",
        post: releases.Post = False,
        version: releases.Version = "",
        allow_lower: releases.AllowLower = False,
        tag: Annotated[str, Doc("Build an existing tag instead, such as v1.2.3.")] = "",
        base: releases.Base = "",
        index: releases.IndexName = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        requirements: releases.Requirements = True,
        source_date_epoch: releases.Epoch = 0,
        ca: releases.Ca = None,
    ) -> dagger.Directory:
        """Make the edits, run the checks, build twice and verify: the first job of a release.

        It needs no secret and writes nothing outside. What it returns is plain data, for
        `release-propose`, `release-publish` and `release-finish`, in this order: they get the
        secrets, and run no code of the repository. `release` does all of it in one call.
        """
        settings = Settings(
            base=base,
            index=index,
            publish_url=publish_url,
            check_url=check_url,
            requirements=requirements,
            epoch_s=source_date_epoch,
            checkout=True,
            ca=ca,
        )
        context = await self._context(git, settings)
        if tag:
            return await jobs.build_tag(context, tag)
        return await jobs.build(context, Request(bump, pre, post, version, allow_lower))

    @uncached
    @plainly
    async def release_propose(
        self,
        built: releases.Built,
        remote: releases.To,
        github_token: Annotated[
            dagger.Secret, Doc("Token for git and GitHub: contents and pull requests, write.")
        ],
        digest: releases.Digest = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        github_api: releases.GitHubApi = "",
        run: releases.Run = "",
        take_over: releases.TakeOver = "",
        ca: releases.Ca = None,
    ) -> str:
        """Take the lock and push the release branch: the job between building and publishing.

        The commit is made from texts, and must be the one that was built.
        """
        settings = Settings(
            remote=remote,
            publish_url=publish_url,
            check_url=check_url,
            github_api=github_api,
            github_token=github_token,
            run=run,
            take_over=take_over,
            ca=ca,
        )
        return (await taking.propose(settings, built, digest)).text()

    @uncached
    @plainly
    async def release_publish(
        self,
        built: releases.Built,
        digest: releases.Digest = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        index_token: releases.IndexToken = None,
        oidc_url: releases.OidcUrl = None,
        oidc_token: releases.OidcToken = None,
        attest: releases.Attest = None,
        upload_timeout: releases.UploadTimeout = 900,
        ca: releases.Ca = None,
    ) -> str:
        """Compare the hashes, sign and upload: the one job that the index trusts."""
        settings = Settings(
            publish_url=publish_url,
            check_url=check_url,
            credentials=Credentials(index_token, oidc_url, oidc_token),
            attest=attest,
            upload_timeout_s=upload_timeout,
            ca=ca,
        )
        return await taking.publish(settings, built, digest)

    @uncached
    @plainly
    async def release_finish(
        self,
        built: releases.Built,
        remote: releases.To,
        github_token: Annotated[
            dagger.Secret, Doc("Token for git and GitHub: contents and pull requests, write.")
        ],
        digest: releases.Digest = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        github_api: releases.GitHubApi = "",
        run: releases.Run = "",
        take_over: releases.TakeOver = "",
        ca: releases.Ca = None,
    ) -> str:
        """Open the pull request, push the tag, make the GitHub release, unlock: the last job.

        If the index does not have the release, it releases the lock and stops.
        """
        settings = Settings(
            remote=remote,
            publish_url=publish_url,
            check_url=check_url,
            github_api=github_api,
            github_token=github_token,
            run=run,
            take_over=take_over,
            ca=ca,
        )
        return (await taking.finish(settings, built, digest)).text()

    @uncached
    @plainly
    async def release_plan(
        self,
        git: releases.Repository,
        bump: releases.Bump = "",
        pre: releases.Pre = "",
        post: releases.Post = False,
        version: releases.Version = "",
        allow_lower: releases.AllowLower = False,
        base: releases.Base = "",
        remote: releases.Remote = "",
        index: releases.IndexName = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        github_api: releases.GitHubApi = "",
        github_token: releases.GitHubToken = None,
        index_token: releases.IndexToken = None,
        oidc_url: releases.OidcUrl = None,
        oidc_token: releases.OidcToken = None,
        run: releases.Run = "",
        take_over: releases.TakeOver = "",
        ca: releases.Ca = None,
        format_: Annotated[ReportFormat, Doc("How to print the report.")] = ReportFormat.TEXT,
    ) -> str:
        """Report what `release` with the same arguments would do, and write nothing."""
        settings = Settings(
            base=base,
            remote=remote,
            index=index,
            publish_url=publish_url,
            check_url=check_url,
            github_api=github_api,
            github_token=github_token,
            credentials=Credentials(index_token, oidc_url, oidc_token),
            run=run,
            take_over=take_over,
            ca=ca,
        )
        request = Request(bump, pre, post, version, allow_lower)
        context = await self._context(git, settings)
        return await _reported(context, request, format_, dry_run=True)

    @uncached
    @plainly
    async def next_version(
        self,
        git: releases.Repository,
        bump: releases.Bump = "",
        pre: releases.Pre = "",
        post: releases.Post = False,
        version: releases.Version = "",
        base: releases.Base = "",
        remote: releases.Remote = "",
        github_token: releases.GitHubToken = None,
        ca: releases.Ca = None,
    ) -> str:
        """Print the version that `release` with the same arguments would release."""
        settings = Settings(base=base, remote=remote, github_token=github_token, ca=ca)
        context = await self._context(git, settings)
        made = await command.version(context, Request(bump, pre, post, version))
        return made.version

    @uncached
    @plainly
    async def changelog(
        self,
        git: releases.Repository,
        bump: releases.Bump = "patch",
        pre: releases.Pre = "",
        post: releases.Post = False,
        version: releases.Version = "",
        base: releases.Base = "",
        remote: releases.Remote = "",
        github_token: releases.GitHubToken = None,
        ca: releases.Ca = None,
    ) -> str:
        """Print the changelog's entry for the release; fail if there is none."""
        settings = Settings(base=base, remote=remote, github_token=github_token, ca=ca)
        context = await self._context(git, settings)
        # A default bump must not contradict a version that the caller gave.
        bump = "" if version or post else bump
        return await command.changes(context, Request(bump, pre, post, version))

    @uncached
    @plainly
    async def verify_tag(
        self,
        git: releases.Repository,
        tag: Annotated[str, Doc("The tag, such as v1.2.3.")],
        remote: releases.Remote = "",
        github_token: releases.GitHubToken = None,
        ca: releases.Ca = None,
    ) -> str:
        """Check that a tag of the remote names the package's own version."""
        settings = Settings(remote=remote, github_token=github_token, ca=ca)
        return await tagged.verify_tag(await self._context(git, settings), tag)

    @uncached
    @plainly
    async def publish(
        self,
        git: releases.Repository,
        tag: Annotated[str, Doc("The tag to publish, such as v1.2.3.")],
        remote: releases.Remote = "",
        index: releases.IndexName = "",
        publish_url: releases.PublishUrl = "",
        check_url: releases.CheckUrl = "",
        github_token: releases.GitHubToken = None,
        index_token: releases.IndexToken = None,
        oidc_url: releases.OidcUrl = None,
        oidc_token: releases.OidcToken = None,
        attest: releases.Attest = None,
        upload_timeout: releases.UploadTimeout = 900,
        ca: releases.Ca = None,
    ) -> str:
        """Build, verify and publish the commit of an existing tag."""
        settings = Settings(
            remote=remote,
            index=index,
            publish_url=publish_url,
            check_url=check_url,
            github_token=github_token,
            credentials=Credentials(index_token, oidc_url, oidc_token),
            attest=attest,
            upload_timeout_s=upload_timeout,
            ca=ca,
        )
        return await tagged.publish(await self._context(git, settings), tag)
