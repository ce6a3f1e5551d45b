"""Decides what is released: the request and a survey of the outside make a `Plan`, or a `Stop`.

Everything wrong is named at once, and nothing has been written yet. Three cases:

    continue   the lock is of this run, or of the one to take over: its version and its base
               commit are the plan. What its message has passes the same checks as a request:
               anyone who may push a branch may push a lock
    complete   the version is on the index and its journal commit is there: the release that
               an earlier run began; the journal commit's parent is the base commit
    begin      a new version, which has to pass every check below
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from packaging.version import Version

from wheelwright.distribution.file import File, file_version
from wheelwright.project.reading import parse_version
from wheelwright.release.decide import order
from wheelwright.release.decide.again import Earlier, Standing, counted_from, same, versioned
from wheelwright.release.decide.changelog.notes import content_lines
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.practice import Practice
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.version import Request, Versioned, newest
from wheelwright.release.decide.world import Asked, Journal, Lock, Plan

_MERGE_COMMIT: Final = (
    "the version comes from tags: merge the pull request with a merge commit, not by a squash"
)

# Neither a branch nor a tag: no workflow starts for it, no clone fetches it.
LOCKS: Final = "refs/wheelwright/lock"


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which run this is, and whose lock it may take; `given`: the name is the caller's own."""

    run: str
    take_over: str = ""
    epoch_s: int = 0
    given: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What is seen before a plan is made.

    Attributes:
        current: the version on the base, or the newest tag's where version control decides.
        journals: journal commits by version, of release branches and tags.
        branches: release branches whose head is such a commit, by version.
        practice: how the project makes its releases.
        tags: commits by version.
        releases: versions that have a tag or a release branch.
        index: all files of the package.
        changelog_source: how the changelog is kept.
        changes: the notes of this release.
        outside: the same where no file of the repository has them.
        unexplained: why there are none.
        notes_later: a job with a token gets them from GitHub.
        problems: credentials, permissions and settings that are known to be wrong.
        notes: about them, and what may be wrong.
        lock_on_base: the commit that the lock names is in the base branch's history.
        standings: what GitHub shows of earlier releases, by version.
        commands: how this run's caller would type another one.
        changelog: its path from the repository's root; empty where there is none.
        from_tags: the version comes from tags.
        pypi_rules: the index has PyPI's rules for files.
    """

    package: str
    current: str
    base: str
    base_commit: str
    lock: Lock | None = None
    journals: Mapping[str, Journal] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=dict)
    practice: Practice = field(default_factory=Practice)
    tags: Mapping[str, str] = field(default_factory=dict)
    releases: frozenset[str] = frozenset()
    index: tuple[File, ...] = ()
    changelog_source: ChangelogSource = ChangelogSource.HAND
    changes: str = ""
    outside: str = ""
    unexplained: Problem | None = None
    notes_later: bool = False
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    lock_on_base: bool = False
    standings: Mapping[str, Standing] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)

    changelog: str = ""
    from_tags: bool = False
    pypi_rules: bool = True

    @property
    def earlier(self) -> Earlier:
        """The earlier releases."""
        return Earlier(frozenset(self.released), self.tags, self.journals, self.standings)

    @property
    def released(self) -> dict[str, list[File]]:
        """The files on the index by version."""
        found: dict[str, list[File]] = {}
        for file in self.index:
            if version := file_version(file.name):
                found.setdefault(version, []).append(file)
        return found


def lock_ref(package: str) -> str:
    """Return the ref of the lock: one for a package, since a patch and a minor race too."""
    return f"{LOCKS}/{package}"


def decide(request: Request, identity: RunIdentity, survey: Survey) -> Plan | Stop:
    """Return the plan, or every reason why there is none."""
    if (lock := survey.lock) and lock.run in (identity.run, identity.take_over):
        return _continue(request, identity, survey, lock)
    if refusal := request.refusal():
        return Stop.among((*refusal.problems, *survey.problems)) or refusal
    asked = _asked(request, identity)
    if made := survey.earlier.made_by(asked):
        answer = f"{made} was released by run {identity.run}"
        plan = _plan(asked, identity, survey, Versioned(made), survey.journals[made].parent)
        return replace(plan, answer=answer)
    found = versioned(request, survey.current, survey.earlier, survey.base)
    if isinstance(found, Stop):
        return Stop.among((*found.problems, *survey.problems)) or found
    current, _ = counted_from(survey.current, survey.earlier, survey.base)
    survey = replace(survey, current=current)
    version = found.version
    journal = survey.journals.get(version)
    if journal and same(version, survey.released):
        stop = Stop.among(survey.problems)
        return stop or _plan(asked, identity, survey, found, journal.parent)
    # A bump of a version that nobody knows leads to none that could be compared.
    unknown = not request.version and any(
        each.reason is Reason.NOT_BUILDABLE for each in survey.problems
    )
    compared = () if unknown else _versions(request, survey, version)
    problems = (*compared, *_changes(survey), *survey.problems)
    if lock:
        return Stop.among(
            (lock.problem(lock_ref(survey.package), survey.commands), *problems)
        ) or Stop(())
    return Stop.among(problems) or _plan(asked, identity, survey, found, survey.base_commit)


def _asked(request: Request, identity: RunIdentity) -> Asked:
    """Return what the release commit has of a request that was checked."""
    return Asked(identity.run if identity.given else "", request.as_options)


def _continue(request: Request, identity: RunIdentity, survey: Survey, lock: Lock) -> Plan | Stop:
    requested = request.version
    if requested and parse_version(requested) != parse_version(lock.version):
        return Stop((lock.problem(lock_ref(survey.package), survey.commands),))
    problems = [*_foreign_lock(request, survey, lock), *survey.problems]
    if not problems and not same(lock.version, survey.released):
        # What is on the index has passed these, and has to be completed.
        problems += [*_order(request, survey, lock.version), *_changes(survey)]
    if stop := Stop.among(problems):
        return stop
    note = f'continues {lock.version} of run "{lock.run}"'
    epoch = RunIdentity(identity.run, identity.take_over, lock.epoch_s or identity.epoch_s)
    found = Versioned(lock.version, note)
    return _plan(_asked(request, identity), epoch, survey, found, lock.base_commit)


def _foreign_lock(request: Request, survey: Survey, lock: Lock) -> Iterator[Problem]:
    """Return what in a lock's message cannot be of a run with this request."""
    ref = lock_ref(survey.package)
    delete = survey.commands.deleting(ref)
    unknown = f"find out who made it; to delete it: {delete}"
    version = parse_version(lock.version)
    if version is None or str(version) != lock.version:
        yield Problem(Reason.FOREIGN_LOCK, f"{ref} names no version", unknown)
        return
    if not survey.lock_on_base:
        named = lock.base_commit[:12] or "no commit"
        seen = f"{ref} names {named}, which is not in the history of {survey.base}"
        yield Problem(Reason.FOREIGN_LOCK, seen, unknown)
    if request.version or request.refusal():
        # The version was compared, or none is requested.
        return
    # A run that has the lock has not given its version up, even if its pull request was closed.
    earlier = survey.earlier.without(lock.version)
    found = versioned(request, survey.current, earlier, survey.base)
    if isinstance(found, Versioned) and found.version != lock.version:
        seen = f"{ref} is for {lock.version}, and the request gives {found.version}"
        again = survey.commands.of_version(lock.version)
        hint = f"continue it: {again}; or delete the lock: {delete}"
        yield Problem(Reason.FOREIGN_LOCK, seen, hint)


def _plan(
    asked: Asked, identity: RunIdentity, survey: Survey, found: Versioned, base_commit: str
) -> Plan:
    package, version, practice = survey.package, found.version, survey.practice
    date = datetime.fromtimestamp(identity.epoch_s, UTC).date().isoformat()
    return Plan(
        package=package,
        version=version,
        base=survey.base,
        base_commit=base_commit,
        branch=survey.branches.get(version) or practice.branch.name(version),
        tag=practice.tag.name(version),
        lock_ref=lock_ref(package),
        run=identity.run,
        take_over=identity.take_over,
        epoch_s=identity.epoch_s,
        known=survey.releases,
        yanked=order.yanked(version, survey.released),
        notes=(
            *filter(None, (found.note, *_order_notes(asked.request, survey, version))),
            *practice.notes(package, version, date),
            *((_MERGE_COMMIT,) if survey.from_tags else ()),
            *survey.notes,
        ),
        asked=asked,
        previous=survey.current,
        commands=survey.commands,
        changelog=survey.changelog,
        outside_notes=survey.outside,
        notes_later=survey.notes_later,
        merge_commit=survey.from_tags,
        pypi_rules=survey.pypi_rules,
        tag_form=practice.tag,
        branch_form=practice.branch,
        title=practice.line(practice.title, package, version, date),
        release_name=practice.line(practice.release_name, package, version, date),
        annotated=practice.annotated,
        sign_off=practice.sign_off,
        since=practice.tags.since(version),
    )


def _versions(request: Request, survey: Survey, version: str) -> Iterator[Problem]:
    released, tags = survey.released, survey.tags
    if there := same(version, released):
        names = ", ".join(f.name + (" (yanked)" if f.yanked else "") for f in released[there])
        yield Problem(Reason.ON_INDEX, f"{survey.package} {there}: {names}")
    if (tagged := same(version, tags)) and version not in survey.journals:
        all_tags = survey.practice.tags
        hint = ""
        if all_tags.shared:
            command = survey.commands.from_tag(all_tags.tag(tagged))
            hint = (
                f"it stands for all members of the workspace; publish this one from it: {command}"
            )
        yield Problem(Reason.TAG_TAKEN, f"the tag of {tagged} is {tags[tagged][:12]}", hint)
    for each in survey.earlier.unfinished():
        if each != version:
            hint = f"finish it first: {survey.commands.of_version(each)}"
            yield Problem(Reason.UNFINISHED, each, hint)
    yield from _order(request, survey, version)


def _order(request: Request, survey: Survey, version: str) -> Iterator[Problem]:
    """Return the problem of a version that comes before what is released."""
    if request.allow_lower:
        return
    above, _ = order.higher(version, survey.current, survey.released, survey.tags)
    current, latest = survey.current, newest((*survey.released, *survey.tags))
    if above:
        hint = f"pass a higher version; for an older line: {survey.commands.below()}"
        yield Problem(Reason.NOT_HIGHER, f"{version} is lower than {above}", hint)
    elif latest and current and Version(current) < Version(latest):
        below = survey.commands.below()
        hint = f"merge its pull request, then run again; for a line of its own: {below}"
        if Version(version) > Version(latest) and not survey.earlier.is_elsewhere(latest):
            yield Problem(Reason.BEHIND, f"{survey.base} has {current}, not {latest}", hint)


def _order_notes(request: str, survey: Survey, version: str) -> Iterator[str]:
    """Return notes about releases that do not stop this one, and about one that is left out."""
    current = survey.current
    _, passed = order.higher(version, current, survey.released, survey.tags)
    if note := passed or _elsewhere(survey, version):
        yield note
    if "--version" not in request and _is_left_out(survey, version):
        once = survey.commands.of_version(current)
        yield f"{survey.base} has {current}, which was never released: {once} would release it"


def _elsewhere(survey: Survey, version: str) -> str:
    """Return a note about a higher version than the base's that no pull request brings to it."""
    latest, current = newest((*survey.released, *survey.tags)), survey.current
    if not latest or not current or Version(latest) <= Version(current):
        return ""
    if same(version, (latest,)) or not survey.earlier.is_elsewhere(latest):
        return ""
    return f"{latest} is released from another branch, and {survey.base} has {current}"


def _is_left_out(survey: Survey, version: str) -> bool:
    """Whether the base branch has a final version that was never released, and is not now."""
    current = parse_version(survey.current)
    if current is None or current.is_prerelease or survey.from_tags:
        return False
    return not same(survey.current, (version, *survey.released, *survey.tags))


def _released_last(survey: Survey) -> str:
    """Return the release that the base branch has, if it was made here and nothing is above it."""
    latest = newest((*survey.released, *survey.tags))
    here = latest and same(latest, survey.released) and latest in survey.journals
    return latest if here and same(latest, (survey.current,)) else ""


def _changes(survey: Survey) -> Iterator[Problem]:
    if survey.notes_later or (content_lines(survey.changes) and not survey.unexplained):
        return
    if done := _released_last(survey):
        seen = f"{done} is released, {survey.base} has no entry since"
        yield Problem(Reason.NOTHING_NEW, seen)
    else:
        seen = f"kept by {survey.changelog_source.value}"
        yield survey.unexplained or Problem(Reason.EMPTY_CHANGELOG, seen)
