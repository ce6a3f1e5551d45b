"""The functions of a release, put together: survey, plan, loop, report."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import cast

import anyio
import dagger

from wheelwright import pipeline
from wheelwright.errors import RequestError, WheelwrightError
from wheelwright.loading import Bench
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release import edits, loop, refs, report
from wheelwright.release.changelog import Keeper, gist
from wheelwright.release.git import RemoteGit
from wheelwright.release.github import GitHubRest
from wheelwright.release.http import Http
from wheelwright.release.index import SimpleIndex
from wheelwright.release.inside.refs import EMAIL
from wheelwright.release.plan import (
    Survey,
    Who,
    branch_of,
    decide,
    file_version,
    lock_ref,
    tag_of,
)
from wheelwright.release.ports import ActFailed, Git, GitHub, Ports, Refs
from wheelwright.release.preparing import Commit, Preparing
from wheelwright.release.refs import Seen
from wheelwright.release.report import Links, Report
from wheelwright.release.rules import Making
from wheelwright.release.step import Done, Next, next_step, next_upload
from wheelwright.release.stops import Problem, Reason, Stop
from wheelwright.release.version import Request, Versioned, newest, next_version, parse
from wheelwright.release.where import (
    Hub,
    IndexUrls,
    https,
    hub_of,
    index_urls,
    is_pypi,
    origin,
)
from wheelwright.release.workshop import Containers, Credentials
from wheelwright.release.world import Act, Here, Journal, Plan, Verdict, World

__all__ = ["Releasing", "Settings", "Stopped"]


class Stopped(WheelwrightError):
    """A release ended before it was done; the message is its report, where there is one."""

    def __init__(self, fact: str, act: str = "", report: Report | None = None) -> None:
        super().__init__(fact, act)
        self.report = report


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a caller may say about where and how; empty means: found out."""

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
    ca: dagger.File | None = None


def _say(line: str) -> None:
    """Tell what goes on: a function's own output is part of the engine's progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class _Clock:
    def now_s(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


@dataclass
class _RealGit:
    """The remote's refs, with the edits of this package."""

    remote: RemoteGit
    preparing: Preparing
    since: str = ""

    async def observe(self, plan: Plan) -> Refs:
        return await self.remote.observe(plan)

    async def lock(self, plan: Plan, expected: str) -> str:
        return await self.remote.lock(plan, expected)

    async def unlock(self, plan: Plan, commit: str) -> None:
        await self.remote.unlock(plan, commit)

    async def push_branch(self, plan: Plan, expected: str) -> None:
        await self.preparing.push(plan, self.since, expected)

    async def push_tag(self, plan: Plan, commit: str) -> None:
        await self.remote.push_tag(plan, commit)


@dataclass
class Releasing:
    """One call of a function about releases, for the package of a bench."""

    bench: Bench
    package: str
    python: str
    git: dagger.Directory
    settings: Settings
    _problems: list[Problem] = field(default_factory=list)

    # -- the parts --------------------------------------------------------------------------------

    async def _remote(self) -> RemoteGit:
        given = self.settings.remote
        if not given and await self.git.exists(".git/config"):
            given = origin(await self.git.file(".git/config").contents())
        if not given:
            raise RequestError(
                "nothing says which repository to release from", "pass --remote with its address"
            )
        python = pipeline.python_of(self.bench, self.python)
        settings = self.settings
        return RemoteGit(https(given), python, settings.github_token, settings.ca)

    async def _http(self) -> Http:
        ca = self.settings.ca
        return Http(await ca.contents() if ca is not None else "")

    def _preparing(self, remote: RemoteGit) -> Preparing:
        return Preparing(remote, self.package, self.python, self.settings.requirements)

    async def _base(self, remote: RemoteGit, seen: Seen) -> tuple[str, str]:
        base = self.settings.base or seen.default
        commit = seen.refs.get(f"refs/heads/{base}")
        if not base or commit is None:
            known = ", ".join(
                ref.removeprefix("refs/heads/")
                for ref in sorted(seen.refs)
                if ref.startswith("refs/heads/")
            )
            raise RequestError(
                f'{remote.url} has no branch "{base}" (it has: {known or "none"})', "correct --base"
            )
        return base, commit

    def _same_package(self, commit: Commit, remote: RemoteGit) -> None:
        # With -m the default of `git` is the module's own repository: never release that instead.
        mine, theirs = self.bench.project.package.name, commit.project.package.name
        if mine != theirs:
            raise RequestError(
                f'the source is "{mine}", and {remote.url} holds "{theirs}"',
                "pass --remote with the address of the source's repository",
            )

    def _urls(self, commit: Commit) -> IndexUrls | Problem:
        said = self.settings
        name = commit.project.package.name
        return index_urls(commit.project, name, said.index, said.publish_url, said.check_url)

    # -- before the plan --------------------------------------------------------------------------

    def _current(self, commit: Commit, seen: Seen, prefix: str, base_commit: str) -> str:
        """Return the version that a bump starts from; where it stands nowhere, note the problem."""
        found = edits.current_version(commit.project)
        if isinstance(found, Problem):
            self._problems.append(found)
            return ""
        return found or newest(_earlier(seen, prefix, base_commit))

    def _since(self, seen: Seen, prefix: str, base_commit: str) -> str:
        """Return where the changes of a release begin: the release before, on the base branch.

        Its tag names the release commit, which a squash merge leaves out of the base's history;
        that commit's parent is in it.
        """
        tags = _earlier(seen, prefix, base_commit)
        latest = newest(tags)
        if not latest:
            return ""
        ref = f"refs/tags/{prefix}{latest}"
        journal = seen.journals.get(ref)
        return journal[2].parent if journal else tags[latest]

    async def _credentials(self, hub: Hub | Problem, http: Http) -> GitHubRest | None:
        have = self.settings
        if not (have.credentials.trusted or have.credentials.token):
            seen = "neither --index-token nor --oidc-url and --oidc-token"
            self._problems.append(Problem(Reason.NO_CREDENTIALS, seen))
        if isinstance(hub, Problem):
            self._problems.append(hub)
        if have.github_token is None:
            self._problems.append(Problem(Reason.NO_CREDENTIALS, "--github-token"))
        if isinstance(hub, Problem) or have.github_token is None:
            return None
        github = GitHubRest(http, hub, (await have.github_token.plaintext()).strip())
        try:
            self._problems += await github.problems()
        except ActFailed as error:
            self._problems.append(Problem(Reason.NO_ANSWER, error.said))
        return github

    async def _foresee(
        self, github: GitHubRest | None, seen: Seen, base: str, version: str, *, member: bool
    ) -> tuple[str, ...]:
        """Note the problems of what is still to be made, and return what people should know."""
        if github is None or not version:
            return ()
        package = self.bench.project.package.name
        branch = f"refs/heads/{branch_of(package, version, member=member)}"
        tag = f"refs/tags/{tag_of(package, version, member=member)}"
        makings = []
        if tag not in seen.refs:
            makings.append(Making(tag))
            # With a tag the branch was there, and may be deleted after its pull request.
            if branch not in seen.refs:
                message = refs.journal_message(package, version)
                makings.append(Making(branch, message, EMAIL))
        try:
            problems, notes = await github.foresee(base, makings)
        except ActFailed as error:
            problems, notes = (Problem(Reason.NO_ANSWER, error.said),), ()
        self._problems += problems
        return notes

    def _buildable(self, commit: Commit) -> None:
        if not commit.project.installable:
            seen = f"{commit.project.package.path} has no [build-system]"
            self._problems.append(Problem(Reason.NOT_BUILDABLE, seen, "add it, then run again"))

    # -- release ----------------------------------------------------------------------------------

    async def release(self, request: Request, *, dry_run: bool) -> Report:
        """Release, or with `dry_run` say what that would do.

        Raises:
            Stopped: it is not done; the message is the report.
        """
        # Whatever else is wrong, nothing is looked up for a request that cannot be followed.
        if not self.settings.take_over and (refusal := request.refusal()):
            raise _stopped(self._report(None, None, (), refusal, Links()))
        remote = await self._remote()
        preparing = self._preparing(remote)
        http = await self._http()
        seen = await remote.look()
        hub = hub_of(remote.url, self.settings.github_api)
        base, base_commit = await self._base(remote, seen)
        who = self._who()
        # What a continued release is made of is the lock's base, not what main is by now.
        lock = seen.locks.get(lock_ref(self.bench.project.package.name))
        mine = lock is not None and lock.run in (who.run, who.take_over)
        commit = await preparing.commit(lock.base_commit if lock and mine else base_commit)
        self._same_package(commit, remote)
        package = commit.project.package.name
        member = bool(commit.project.where)
        prefix = tag_of(package, "", member=member)
        github = await self._credentials(hub, http)
        self._buildable(commit)
        urls = self._urls(commit)
        if isinstance(urls, Problem):
            self._problems.append(urls)
            urls = IndexUrls("", "")
        index = SimpleIndex(http, urls.check, package)
        since = self._since(seen, prefix, base_commit)
        current = self._current(commit, seen, prefix, base_commit)
        version = lock.version if lock and mine else _version(current, request)
        notes = await self._foresee(github, seen, base, version, member=member)
        survey = Survey(
            package=package,
            current=current,
            base=base,
            base_commit=base_commit,
            member=member,
            lock=lock,
            journals=_journals(seen, package),
            tags=_tags(seen, prefix),
            releases=refs.versions(seen, prefix),
            index=await index.files() if urls.check else (),
            keeper=commit.keeper,
            changes=await self._changes(preparing, commit, request, who, prefix, since, current),
            problems=tuple(self._problems),
            notes=notes,
        )
        plan = decide(request, who, survey)
        links = Links(hub.page if isinstance(hub, Hub) else "", urls.page)
        if isinstance(plan, Stop) or github is None:
            end = plan if isinstance(plan, Stop) else Stop.at(Reason.NO_CREDENTIALS)
            raise _stopped(self._report(None, None, (), end, links))
        ports = Ports(
            git=_RealGit(remote, preparing, since),
            index=index,
            github=github,
            workshop=self._workshop(preparing, urls),
            clock=_Clock(),
        )
        if dry_run:
            world = await loop.look(plan, ports, Here())
            planned = self._report(plan, world, (), next_step(plan, world), links)
            if planned.end == "stopped":
                raise _stopped(planned)
            return planned
        outcome = await loop.run(plan, ports, _say)
        made = self._report(plan, outcome.world, outcome.acts, outcome.end, links)
        if not isinstance(outcome.end, Done):
            raise _stopped(made)
        return made

    def _who(self) -> Who:
        said = self.settings
        run = said.run or f"run-{uuid.uuid4().hex[:8]}"
        return Who(run, said.take_over, said.epoch_s or int(time.time()))

    async def _changes(
        self,
        preparing: Preparing,
        commit: Commit,
        request: Request,
        who: Who,
        prefix: str,
        since: str,
        current: str,
    ) -> str:
        version = _version(current, request) or "0"
        date = time.strftime("%Y-%m-%d", time.gmtime(who.epoch_s))
        return await preparing.changes(commit, version, f"{prefix}{version}", date, since)

    def _workshop(self, preparing: Preparing, urls: IndexUrls) -> Containers:
        said = self.settings
        attest = said.attest
        if attest is None:
            attest = said.credentials.trusted and is_pypi(urls)
        return Containers(preparing, urls, said.credentials, attest, said.upload_timeout_s, said.ca)

    def _report(
        self,
        plan: Plan | None,
        world: World | None,
        acts: Iterable[Act],
        end: Next,
        links: Links,
    ) -> Report:
        word = "stopped" if isinstance(end, Stop) else "released" if end == Done() else "planned"
        return Report(
            package=plan.package if plan else self.bench.project.package.name,
            version=plan.version if plan else "",
            end=word,
            rows=report.rows(plan, world, tuple(acts), end, links),
        )

    # -- the small ones ---------------------------------------------------------------------------

    async def next_version(self, request: Request) -> Versioned:
        """Return the version that a release would have.

        Raises:
            Stopped: the request cannot be followed.
        """
        commit, seen, prefix, base_commit = await self._survey()
        made = next_version(self._current(commit, seen, prefix, base_commit), request)
        if self._problems:
            raise Stopped("\n".join(problem.text() for problem in self._problems))
        if isinstance(made, Stop):
            raise Stopped(made.text())
        return made

    async def changelog(self, request: Request) -> str:
        """Return what the changelog would say of the release.

        Raises:
            Stopped: it would say nothing.
        """
        remote = await self._remote()
        commit, seen, prefix, base_commit = await self._survey(remote)
        since = self._since(seen, prefix, base_commit)
        current = self._current(commit, seen, prefix, base_commit)
        preparing = self._preparing(remote)
        who = self._who()
        text = await self._changes(preparing, commit, request, who, prefix, since, current)
        if commit.keeper is Keeper.NOBODY or not gist(text):
            by = f"kept by {commit.keeper.value}"
            raise Stopped(Stop.at(Reason.EMPTY_CHANGELOG, by).text())
        return text.strip() + "\n"

    async def _survey(self, remote: RemoteGit | None = None) -> tuple[Commit, Seen, str, str]:
        remote = remote or await self._remote()
        seen = await remote.look()
        _, base_commit = await self._base(remote, seen)
        commit = await self._preparing(remote).commit(base_commit)
        self._same_package(commit, remote)
        name, member = commit.project.package.name, bool(commit.project.where)
        return commit, seen, tag_of(name, "", member=member), base_commit

    # -- from a tag -------------------------------------------------------------------------------

    async def _tagged(self, tag: str) -> tuple[RemoteGit, Commit, Plan, Journal]:
        """Return the package at a tag that equals its version.

        Raises:
            Stopped: there is no such tag, or it names another version.
        """
        remote = await self._remote()
        seen = await remote.look()
        head = seen.refs.get(f"refs/tags/{tag}")
        if head is None:
            raise RequestError(f'{remote.url} has no tag "{tag}"', "push it, or correct --tag")
        commit = await self._preparing(remote).commit(head)
        self._same_package(commit, remote)
        project = commit.project
        prefix = tag_of(project.package.name, "", member=bool(project.where))
        version = parse(tag.removeprefix(prefix)) if tag.startswith(prefix) else None
        found = edits.current_version(project)
        current = parse(found) if isinstance(found, str) and found else None
        vcs = version_source(project.package) is VersionSource.VCS
        if version is None or (not vcs and version != current):
            says = found if isinstance(found, str) else found.text()
            raise Stopped(
                f'the tag "{tag}" is not the version {says} of {project.name}',
                f"tag {prefix}{says}, or correct the version",
            )
        epoch = await commit.container.with_exec(
            ["git", "-c", "safe.directory=*", "-C", "/repo", "show", "-s", "--format=%ct", head]
        ).stdout()
        # A tag of a release says what it was built with; one that a person made does not.
        found_journal = seen.journals.get(f"refs/tags/{tag}")
        mine = found_journal is not None and found_journal[2].commit == head
        build_requires = found_journal[2].build_requires if found_journal and mine else ()
        journal = Journal(head, "", head, int(epoch), build_requires)
        plan = Plan(
            package=project.package.name,
            version=str(version),
            base="",
            base_commit=head,
            branch="",
            tag=tag,
            lock_ref="",
            run="",
            epoch_s=int(epoch),
        )
        return remote, commit, plan, journal

    async def verify_tag(self, tag: str) -> str:
        """Return the sentence that a tag equals the package's version."""
        _, commit, plan, journal = await self._tagged(tag)
        return f"{tag} is {commit.project.name} {plan.version} at {journal.commit[:12]}"

    async def publish(self, tag: str) -> str:
        """Build, verify and publish what a tag names.

        Raises:
            Stopped: it is not published.
        """
        have = self.settings.credentials
        if not (have.trusted or have.token):
            seen = "neither --index-token nor --oidc-url and --oidc-token"
            raise Stopped(Stop.at(Reason.NO_CREDENTIALS, seen).text())
        remote, commit, plan, journal = await self._tagged(tag)
        urls = self._urls(commit)
        if isinstance(urls, Problem):
            raise Stopped(urls.text())
        preparing = self._preparing(remote)
        index = SimpleIndex(await self._http(), urls.check, plan.package)
        workshop = self._workshop(preparing, urls)
        ports = Ports(cast("Git", None), index, cast("GitHub", None), workshop, _Clock())

        async def observe(plan: Plan, ports: Ports, here: Here) -> World:
            files = await ports.index.files()
            mine = tuple(f for f in files if file_version(f.name) == plan.version)
            # The tag's own workflow runs the checks; here the distributions are what is at stake.
            here = replace(here, gates=Verdict.PASSED)
            return World(branch=journal, tag=journal, index=mine, here=here)

        outcome = await loop.run(plan, ports, _say, observe=observe, decide=next_upload)
        if isinstance(outcome.end, Stop):
            raise Stopped(outcome.end.text())
        names = ", ".join(file.name for file in outcome.world.index)
        word = "published" if Act.PUBLISH in outcome.acts else "already published"
        return f"{plan.package} {plan.version}: {word}: {names}"


def _stopped(made: Report) -> Stopped:
    return Stopped(made.text(), report=made)


def _version(current: str, request: Request) -> str:
    """Return the version that is asked for; empty where there is none."""
    versioned = next_version(current, request)
    return versioned.version if isinstance(versioned, Versioned) else ""


def _tags(seen: Seen, prefix: str) -> dict[str, str]:
    start = f"refs/tags/{prefix}"
    return {
        str(version): commit
        for ref, commit in seen.refs.items()
        if ref.startswith(start) and (version := parse(ref.removeprefix(start)))
    }


def _earlier(seen: Seen, prefix: str, base_commit: str) -> dict[str, str]:
    """Return the tags that a release of a base commit comes after.

    A tag whose release was made of this very commit is no earlier one: it is that release, and a
    second run with the same words has to find it.
    """
    return {
        version: commit
        for version, commit in _tags(seen, prefix).items()
        if (found := seen.journals.get(f"refs/tags/{prefix}{version}")) is None
        or found[2].parent != base_commit
    }


def _journals(seen: Seen, package: str) -> dict[str, Journal]:
    return {
        version: journal for name, version, journal in seen.journals.values() if name == package
    }
