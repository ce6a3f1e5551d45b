"""The preflight: looks at everything before a plan is made, and collects every problem it sees."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from wheelwright.release.act.context import Context, MachineClock, say, tag_prefix
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.http import Http, token_of
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import patiently
from wheelwright.release.act.preparing import Commit, Preparing
from wheelwright.release.decide import edits, refs
from wheelwright.release.decide.plan import Survey, Who, branch_of, lock_ref, tag_of
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.refs import Seen
from wheelwright.release.decide.rules import Making
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.urls import Hub, IndexUrls, hub_of
from wheelwright.release.decide.version import Request, Versioned, newest, next_version
from wheelwright.release.decide.world import Lock
from wheelwright.release.inside.refs import EMAIL

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Based:
    """The package on the base branch, among the remote's refs.

    Attributes:
        head: the base branch's commit.
        continued: the lock that this run goes on with; None where it begins.
        on_base: the commit that it names is in the base branch's history.
        commit: what is released: what the lock says, else the head.
    """

    preparing: Preparing
    seen: Seen
    base: str
    head: str
    continued: Lock | None
    on_base: bool
    commit: Commit

    @property
    def remote(self) -> RemoteGit:
        """The repository."""
        return self.preparing.remote

    @property
    def prefix(self) -> str:
        """What tags of the package begin with."""
        return tag_prefix(self.commit)

    @property
    def version(self) -> str | Problem:
        """The version that a bump starts from, or why there is none."""
        found = edits.current_version(self.commit.project)
        # What goes on may have its tag already, which must not count as an earlier one.
        base = self.continued.base_commit if self.continued else self.head
        return found or newest(refs.earlier(self.seen, self.prefix, base))

    def asked(self, request: Request) -> str:
        """Return the version that is asked for; empty where there is none."""
        current = self.version
        made = next_version("" if isinstance(current, Problem) else current, request)
        return made.version if isinstance(made, Versioned) else ""

    async def changes(self, request: Request, who: Who) -> str:
        """Return what the changelog would say of the version that is asked for."""
        version = self.continued.version if self.continued else self.asked(request) or "0"
        date = time.strftime("%Y-%m-%d", time.gmtime(who.epoch_s))
        tag = f"{self.prefix}{version}"
        since = refs.since(self.seen, self.prefix, version)
        return await self.preparing.changes(self.commit, version, tag, date, since)


@dataclass(frozen=True, slots=True)
class Ready:
    """What was seen, and the adapters that saw it; no GitHub where it cannot be asked."""

    based: Based
    survey: Survey
    hub: Hub | Problem
    github: GitHubRest | None
    index: SimpleIndex
    urls: IndexUrls


@dataclass
class Preflight:
    """Looks, and writes nothing.

    Attributes:
        plan_only: nothing is to be written later either, so that a missing credential is a note.
    """

    context: Context
    plan_only: bool = False
    _problems: list[Problem] = field(default_factory=list)

    async def based(self, who: Who | None = None) -> Based:
        """Return the package on the base branch, or of the lock that a run may continue."""
        context = self.context
        remote = await context.remote()
        preparing = context.preparing(remote)
        seen = await remote.look()
        base, head = context.base(remote, seen)
        lock = seen.locks.get(lock_ref(context.bench.project.package.name))
        continued = lock if lock and who and lock.run in (who.run, who.take_over) else None
        on_base = continued is not None and await _on_base(remote, seen, continued, base)
        # What a continued release is made of is the lock's base, not what main is by now.
        at = continued.base_commit if continued and on_base else head
        commit = await context.commit(preparing, at)
        return Based(preparing, seen, base, head, continued, on_base, commit)

    async def look(self, request: Request, who: Who) -> Ready:
        """Look at everything, and note every problem."""
        based = await self.based(who)
        commit, seen, package = based.commit, based.seen, based.commit.project.package
        http = await self.context.asked.http()
        hub = hub_of(based.remote.url, self.context.asked.github_api)
        self._credentials(hub)
        github = await self._github(hub, http)
        if not commit.project.installable:
            what = f"{package.path} has no [build-system]"
            self._note(Reason.NOT_BUILDABLE, what, "add it, then run again")
        urls = self.context.urls(commit)
        if isinstance(urls, Problem):
            self._problems.append(urls)
            urls = IndexUrls("", "")
        index = SimpleIndex(http, urls.check, package.name)
        current = based.version
        if isinstance(current, Problem):
            self._problems.append(current)
            current = ""
        version = based.continued.version if based.continued else based.asked(request)
        notes = await self._foresee(github, based, version) if github and version else ()
        if self.plan_only:
            missing = [each for each in self._problems if each.reason is Reason.NO_CREDENTIALS]
            self._problems = [each for each in self._problems if each not in missing]
            notes = (*notes, *(each.text() for each in missing))
        survey = Survey(
            package=package.name,
            current=current,
            base=based.base,
            base_commit=based.head,
            member=bool(commit.where),
            lock=seen.locks.get(lock_ref(package.name)),
            journals=refs.journals(seen, package.name),
            tags=refs.tags(seen, based.prefix),
            releases=refs.versions(seen, based.prefix),
            index=await self._asked(index.files, ()) if urls.check else (),
            keeper=commit.keeper,
            changes=await based.changes(request, who),
            problems=tuple(self._problems),
            notes=notes,
            lock_on_base=based.on_base,
        )
        return Ready(based, survey, hub, github, index, urls)

    async def _github(self, hub: Hub | Problem, http: Http) -> GitHubRest | None:
        token = self.context.asked.github_token
        if token is None or isinstance(hub, Problem):
            return None
        if seen := hub.exposed:
            self._note(Reason.NO_CREDENTIALS, seen, "pass --remote and --github-api with https")
            return None
        github = GitHubRest(http, hub, await token_of(token))
        self._problems += await self._asked(github.problems, ())
        return github

    def _credentials(self, hub: Hub | Problem) -> None:
        if missing := self.context.asked.uncredentialed():
            self._problems.append(missing)
        if isinstance(hub, Problem):
            self._problems.append(hub)
        if self.context.asked.github_token is None:
            self._note(Reason.NO_CREDENTIALS, "--github-token")

    async def _foresee(self, github: GitHubRest, based: Based, version: str) -> tuple[str, ...]:
        """Note the problems of what is still to be made, and return what people should know."""
        commit = based.commit
        package, member = commit.project.package.name, bool(commit.where)
        branch = f"refs/heads/{branch_of(package, version, member=member)}"
        tag = f"refs/tags/{tag_of(package, version, member=member)}"
        makings = []
        if tag not in based.seen.refs:
            makings.append(Making(tag))
            # With a tag the branch was there, and may be deleted after its pull request.
            if branch not in based.seen.refs:
                makings.append(Making(branch, refs.journal_message(package, version), EMAIL))
        nothing: tuple[tuple[Problem, ...], tuple[str, ...]] = ((), ())
        problems, notes = await self._asked(lambda: github.foresee(based.base, makings), nothing)
        self._problems += problems
        return notes

    async def _asked(self, ask: Callable[[], Awaitable[_Answer]], without: _Answer) -> _Answer:
        """Ask a server, again while it is busy; note the problem where it does not answer."""
        try:
            return await patiently(ask, MachineClock(), say)
        except ActFailed as error:
            self._note(Reason.NO_ANSWER, error.said)
            return without

    def _note(self, reason: Reason, seen: str, act: str = "") -> None:
        self._problems.append(Problem(reason, seen, act))


async def _on_base(remote: RemoteGit, seen: Seen, lock: Lock, base: str) -> bool:
    """Whether a lock names a commit of the base branch: its message is text of somebody."""
    if not lock.base_commit:
        return False
    if lock.base_commit == seen.refs.get(f"refs/heads/{base}"):
        return True
    try:
        return (await remote.trace(lock.base_commit, base)).merged
    except ActFailed:
        # No commit of the remote at all.
        return False
