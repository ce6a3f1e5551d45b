"""The preflight: looks at everything before a plan is made, and collects every problem it sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from wheelwright.distribution.file import File
from wheelwright.errors import ToolFailed
from wheelwright.project.version import VersionSource, version_source
from wheelwright.release.act import announcing, given
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import retry_while_busy
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.practising import practice_of
from wheelwright.release.act.read import Read
from wheelwright.release.decide import refs, rules, wheels
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.plan import RunIdentity, Survey
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.practice import Practice
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.inside.plumbing import EMAIL

_Answer = TypeVar("_Answer")


@dataclass
class Preflight:
    """Looks, and writes nothing.

    Attributes:
        github: None where it cannot be reached.
        commands: those that messages name.
        plan_only: nothing is to be written later either, so that a missing credential is a note.
        edits_only: only the edits are made: no credential, and no wheel of another machine.
    """

    options: ReleaseOptions
    read: Read
    index: SimpleIndex
    github: GitHubRest | None
    plan_only: bool
    commands: Commands = field(default_factory=Commands)
    edits_only: bool = False
    _problems: list[Problem] = field(default_factory=list)

    async def look(self, identity: RunIdentity) -> Survey:
        """Look at everything, and note every problem."""
        options, read = self.options, self.read
        package, current = read.package, read.current
        if not self.edits_only:
            self._credentials()
        if github := self.github:
            self._problems += await self._answer(github.problems, ())
        if not package.project.installable:
            what = f"{package.name} {package.project.unbuildable}"
            self._note(Reason.NOT_BUILDABLE, what, "add a [build-system] to pyproject.toml")
        elif (
            wheels.are_built_elsewhere(package.project)
            and options.dist is None
            and not (self.edits_only or options.part is Part.EDITS)
        ):
            await self._needed_wheels()
        self._problems += [each for each in (read.urls, current) if isinstance(each, Problem)]
        found = await self._answer(
            lambda: announcing.announced(read, options, identity, github), None
        )
        version = read.version(options)
        practices = partial(practice_of, read.remote, read.observed, package, version)
        practice = await self._answer(partial(practices, github), None) or await practices(None)
        notes = await self._foresee(github, practice, version) if github and version else ()
        index: tuple[File, ...] = ()
        if isinstance(read.urls, IndexUrls):
            index = await self._answer(self.index.files, index)
        if self.plan_only:
            # Where a clone stands in for the remote, there may be no network at all.
            reasons = {Reason.NO_CREDENTIALS, Reason.NOT_GITHUB}
            if read.remote.stands_in:
                reasons.add(Reason.NO_ANSWER)
            missing = [each for each in self._problems if each.reason in reasons]
            self._problems = [each for each in self._problems if each not in missing]
            notes = (*notes, *(each.text() for each in missing))
        if read.remote.stands_in:
            notes = (*notes, read.remote.stands_in)
        return Survey(
            package=package.name,
            current="" if isinstance(current, Problem) else current,
            base=read.base,
            base_commit=read.head,
            lock=read.lock,
            journals=refs.journals(read.observed, package.name),
            branches=refs.branches(read.observed, package.name),
            practice=practice,
            tags=read.tags.commits,
            releases=refs.versions(read.observed, practice.tag, practice.branch),
            index=index,
            changelog_source=package.changelog_source,
            changes=found.notes if found else "",
            outside=found.outside if found else "",
            unexplained=found.problem if found else None,
            notes_later=bool(found and found.later),
            problems=tuple(self._problems),
            notes=(*(found.remarks if found else ()), *notes),
            lock_on_base=read.on_base,
            changelog=package.changelog_of(version),
            pypi_rules=options.pypi_rules,
            from_tags=version_source(package.project) is VersionSource.VCS,
            standings=read.earlier.standings,
            commands=self.commands,
        )

    async def _needed_wheels(self) -> None:
        """Note which wheels have to be there, of a package that cibuildwheel builds."""
        try:
            found = wheels.listed(await given.needed(self.read.package))
        except ToolFailed as error:
            self._note(Reason.WHEELS, error.message, error.hint)
        else:
            self._note(Reason.WHEELS, f"[tool.cibuildwheel] has\n{found}\n")

    def _credentials(self) -> None:
        hub, token = self.read.hub, self.options.github_token
        part = self.options.part
        if isinstance(hub, Problem) and hub.reason is Reason.NOT_GITHUB:
            # Whatever else is missing, it would not help.
            self._problems.append(hub)
            return
        if part is not Part.EDITS and (missing := self.options.uncredentialed()):
            self._problems.append(missing)
        if isinstance(hub, Problem) and not self.read.remote.stands_in:
            self._problems.append(hub)
        if token is None:
            self._note(Reason.NO_CREDENTIALS, "--github-token")
        elif not isinstance(hub, Problem) and (seen := hub.exposed):
            self._note(Reason.NO_CREDENTIALS, seen, "pass --remote and --github-api with https")

    async def _foresee(
        self, github: GitHubRest, practice: Practice, version: str
    ) -> tuple[str, ...]:
        """Note the problems of the refs that are still to be made; return other notes."""
        read, name = self.read, self.read.package.name
        branch, tag = practice.branch.name(version), practice.tag.name(version)
        title = practice.line(practice.title, name, version, "")
        message = refs.journal_message(name, version, title=title, sign_off=practice.sign_off)
        refs_to_create = rules.refs_to_create(read.observed.refs, branch, tag, message, EMAIL)
        nothing: tuple[tuple[Problem, ...], tuple[str, ...]] = ((), ())
        from_tags = version_source(read.package.project) is VersionSource.VCS
        problems, notes = await self._answer(
            lambda: github.foresee(read.base, refs_to_create, merge_commit=from_tags), nothing
        )
        self._problems += problems
        return notes

    async def _answer(self, ask: Callable[[], Awaitable[_Answer]], without: _Answer) -> _Answer:
        """Ask a server, again while it is busy; note a problem without an answer."""
        try:
            return await retry_while_busy(ask)
        except ActFailed as error:
            self._note(Reason.NO_ANSWER, error.message)
            return without

    def _note(self, reason: Reason, seen: str, hint: str = "") -> None:
        self._problems.append(Problem(reason, seen, hint))
