"""Makes releases of the past again, on a scratch copy of the clone, and compares.

No remote, no index and no GitHub is asked; no credential is there. What is compared is made by
the code of a release: the same preflight, the same decision, the same edits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wheelwright.container.loading import LoadedProject
from wheelwright.distribution.file import File, file_version
from wheelwright.errors import RequestError, WheelwrightError
from wheelwright.release.act import loop, preparing, published, repository
from wheelwright.release.act import read as reading
from wheelwright.release.act.git import RemoteGit, printable
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import say
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.package import Package
from wheelwright.release.act.preflight import Preflight
from wheelwright.release.act.read import Read
from wheelwright.release.act.workshop import Containers
from wheelwright.release.decide import editing, last_release, noted, refs
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.plan import RunIdentity, decide
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.replay import building, choosing, closing
from wheelwright.release.decide.replay.building import Built
from wheelwright.release.decide.replay.choosing import Dated
from wheelwright.release.decide.replay.closing import Facts
from wheelwright.release.decide.replay.comparing import Compared, compared
from wheelwright.release.decide.replay.replayed import Replayed
from wheelwright.release.decide.report import Stopped
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.tags import Tags, VersionTag
from wheelwright.release.decide.world import Plan


async def replay(
    options: ReleaseOptions, loaded: LoadedProject, tag: str, last: int
) -> tuple[Replayed, ...]:
    """Make releases again; the newest first.

    Raises:
        RequestError: there is no complete clone, or no such tag, or the end is another.
    """
    if options.part not in (None, Part.EDITS, Part.BUILD):
        raise RequestError(f"a replay does not end with {options.until}", "pass edits or build")
    remote, observed = await repository.clone(options, loaded)
    say(remote.stands_in)
    base = options.base or observed.default
    head = observed.refs.get(f"refs/heads/{base}")
    if head is None:
        raise RequestError(f'the clone has no branch "{base}"', "pass --base")
    tags = (await reading.package_of(options, loaded, remote, head)).tags(observed)
    dated = {
        str(each.version): Dated(each.tag, observed.epochs.get(f"refs/tags/{each.tag}", 0))
        for each in tags.found
    }
    found = []
    for version in choosing.chosen(dated, tag, last):
        say(f"replay of {dated[version].tag}")
        hidden = choosing.later(dated, version)
        past = _Past(replace(options, base=base), loaded, remote, tags, version, hidden)
        found.append(await past.replayed())
    return tuple(found)


_ORDER = {Reason.NOT_HIGHER, Reason.BEHIND}
_ON_GITHUB = (
    "notes: the clone has none; a release takes GitHub's generated notes, if the last releases "
    "there have text"
)
_FIRST = (
    "no commit before it made this release: made again on the tag's own, with nothing to compare"
)


class _Past:
    """One release, and the scratch copy in which it is made again."""

    def __init__(
        self,
        options: ReleaseOptions,
        loaded: LoadedProject,
        remote: RemoteGit,
        tags: Tags,
        version: str,
        hidden: tuple[str, ...],
    ) -> None:
        self.options, self.loaded, self.remote, self.version = options, loaded, remote, version
        self.tags, self.hidden = tags, hidden
        self.own = next(each for each in tags.found if str(each.version) == version)

    async def replayed(self) -> Replayed:
        """Return the release as it would be made, beside the project's own."""
        theirs = await self._theirs()
        parent = theirs.parent or self.own.commit
        past = await self.remote.past(self.options.base, parent, self.hidden)
        facts = Facts(
            self.loaded.project.metadata.name,
            self.version,
            theirs.before,
            (theirs.tag, ""),
            (printable(theirs.message.partition("\n")[0]), ""),
            "",
            (),
        )
        request = f"--version {self.version}"
        try:
            return await self._again(theirs, past, parent, facts)
        except WheelwrightError as error:
            return Replayed(theirs.commit, parent, request, facts, refused=str(error))

    async def _theirs(self) -> LastRelease:
        own, before = self.own, self.tags.before(self.version)
        told = await self.remote.history(
            own.tag,
            before.commit if before else "",
            self.options.base,
            _spelled(own),
            locks=True,
        )
        return last_release.read(told, self.version, str(before.version) if before else "", own.tag)

    async def _again(
        self, theirs: LastRelease, past: RemoteGit, parent: str, facts: Facts
    ) -> Replayed:
        identity = RunIdentity("replay", "", await self._epoch(theirs))
        options = self.options
        read = await reading.read_of(options, self.loaded, past, await past.look(), identity)
        current = read.current
        start = "" if isinstance(current, Problem) else current
        bump = choosing.leading(start, self.version)
        options = replace(
            options, bump=bump.bump, pre=bump.pre, post=bump.post, version=bump.version
        )
        index = _Nothing(await options.http(), "", facts.name)
        facts = replace(facts, before=start)
        preflight = Preflight(options, read, index, None, plan_only=True, edits_only=True)
        survey = await preflight.look(identity)
        # That the clone is read is no news here.
        notes = tuple(each for each in survey.notes if each != past.stands_in)
        if survey.unexplained == noted.unseen(read.base):
            notes = (*notes, _ON_GITHUB)
            survey = replace(survey, changes=_ON_GITHUB, outside=_ON_GITHUB, unexplained=None)
        survey = replace(survey, notes=notes)
        request = bump.as_options
        plan = decide(options, identity, survey)
        if isinstance(plan, Stop) and _ORDER & {each.reason for each in plan.problems}:
            # As for a maintenance release.
            request = f"{request} --allow-lower"
            plan = decide(replace(options, allow_lower=True), identity, survey)
        made = Replayed(theirs.commit, parent, request, facts)
        if isinstance(plan, Stop):
            return replace(made, refused=plan.text())
        builds = options.part is Part.BUILD
        ours = await preparing.release_commit(options, past, read.observed, plan, requires=builds)
        made = replace(
            made,
            facts=_compared(facts, theirs, plan, ours, read),
            notes=_notes(read.package, ours, plan.version),
            remarks=(*plan.notes, *ours.notes, *_remarks(theirs, plan)),
        )
        if not builds:
            return made
        try:
            return replace(made, built=await self._built(read, past, plan, ours))
        except ActFailed as error:
            return replace(made, refused=f"the build failed: {error}")

    async def _built(
        self, read: Read, past: RemoteGit, plan: Plan, ours: ReleaseCommit
    ) -> tuple[Built, ...]:
        """Build the release commit, and compare with the files that the index has."""
        if isinstance(read.urls, Problem):
            raise Stopped(read.urls.text())
        workshop = Containers(self.options, past, read.observed, read.urls)
        journal = refs.journal_of(ours, await past.make_commit(ours))
        built = await workshop.described(plan, journal)
        index = SimpleIndex(await self.options.http(), read.urls.check, plan.package)
        listed = await loop.retry_while_busy(index.files)
        files = [each for each in listed if file_version(each.name) == plan.version]
        theirs = await published.described(files, self.remote.python, self.options.ca)
        return building.compared(theirs, built)

    async def _epoch(self, theirs: LastRelease) -> int:
        """Return the time of the release: the day in its changelog, else that of its commit."""
        commit = theirs.commit or self.own.commit
        for path in sorted(theirs.changes, key=lambda path: not closing.is_changelog(path)):
            before, after = theirs.changes[path]
            if epoch_s := closing.noon(Compared(path, before, after, before), self.version):
                return epoch_s
        return (await self.remote.trace(commit, self.options.base)).epoch_s


def _spelled(own: VersionTag) -> list[str]:
    """Return the version, normalized and as the tag has it."""
    return list(dict.fromkeys((str(own.version), own.form.spelling(own.tag))))


def _notes(package: Package, ours: ReleaseCommit, version: str) -> str:
    edited = package.edited(ours)
    return edited.notes(version) or edited.added(version, package)


def _remarks(theirs: LastRelease, plan: Plan) -> Iterator[str]:
    """Yield what is neither in the files nor in a text."""
    if not theirs.parent:
        yield _FIRST
    if theirs.annotated != plan.annotated:
        yield f"their tag is {'annotated' if theirs.annotated else 'not annotated'}, unlike ours"


def _compared(
    facts: Facts, theirs: LastRelease, plan: Plan, ours: ReleaseCommit, read: Read
) -> Facts:
    """Return the facts with what both commits have."""
    texts = read.package.project.files.texts
    edits = {each.path: each.text for each in ours.edits}
    package = read.package
    return replace(
        facts,
        tag=(facts.tag[0], plan.tag),
        title=(facts.title[0], ours.message.partition("\n")[0]),
        changelog=editing.changelog_path(package.project, package.changelog_source, plan.version),
        files=compared(theirs.changes if theirs.parent else {}, edits, texts),
    )


class _Nothing(SimpleIndex):
    """An index that has nothing yet: what it has by now is the release that is made again."""

    async def files(self) -> tuple[File, ...]:
        """Return no file."""
        return ()
