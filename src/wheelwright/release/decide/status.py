"""Where a release stands, in three lines: what is public, what is held, the next command. Pure.

    public: demo 1.2.4: 2 files on the index, tag v1.2.4; missing: GitHub release
    held: the lock refs/wheelwright/lock/demo by run "777" since 2026-11-27 03:12 UTC (4 min)
    next: dagger call wheelwright release --version 1.2.4

They end every stop, and are what `release-status` prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from wheelwright.container.harmless import harmless, markdown
from wheelwright.distribution.file import File
from wheelwright.release.decide import order
from wheelwright.release.decide.again import Standing, same
from wheelwright.release.decide.plan import Survey, lock_ref
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import Act, Lock, Plan, PullState, World

NOTHING: Final = "nothing"

# After these the version cannot be released any more: the next one can.
_SPENT: Final = frozenset(
    {Reason.BURNED, Reason.OTHER_BYTES, Reason.ON_INDEX, Reason.NOT_HIGHER, Reason.TAG_TAKEN}
)


@dataclass(frozen=True, slots=True)
class Status:
    """The three lines."""

    public: str
    held: str
    next: str

    def lines(self) -> tuple[str, ...]:
        """Return them for people."""
        return f"public: {self.public}", f"held: {self.held}", f"next: {self.next}"


def of_world(
    plan: Plan, world: World, acts: tuple[Act, ...], end: object, now_s: float = 0.0
) -> Status:
    """Return where the release of a plan stands after a run.

    `acts` is what the run did, `end` how it ended; `now_s` is the time, for how long a lock has
    been there, and 0 leaves that out.
    """
    pull, release = world.pull, world.release
    parts = {
        _files(world.index): bool(world.index),
        f"pull request {_pull(pull.number, pull.state)}" if pull else "pull request": bool(pull),
        f"tag {plan.tag}": world.tag is not None,
        "GitHub release": release is not None and not release.draft,
    }
    there = [part for part, is_there in parts.items() if is_there]
    missing = [part for part, is_there in parts.items() if not is_there]
    named = f"{plan.package} {plan.version}"
    if not world.index:
        public = f"nothing of {named}"
    else:
        public = f"{named}: {', '.join(there)}"
        public += f"; missing: {', '.join(missing)}" if missing else ""
    given_back = Act.UNLOCK in acts and (world.lock is None or world.lock.run == plan.run)
    lock = None if given_back else world.lock
    held = _held(lock, plan.lock_ref, now_s)
    if world.branch and not world.index:
        held += f"; the branch {plan.branch} is left, and the next run uses or replaces it"
    return Status(public, held, _next(plan, world, lock, end))


def _next(plan: Plan, world: World, lock: Lock | None, end: object) -> str:
    commands = plan.commands
    reasons = {problem.reason for problem in end.problems} if isinstance(end, Stop) else set()
    if Reason.PULL_CLOSED in reasons or reasons & _SPENT:
        return commands.bumped("patch")
    if Reason.FOREIGN_LOCK in reasons:
        return commands.status
    if lock and lock.commit == world.state.lock:
        return commands.continuing(plan.run, named=bool(plan.asked.run))
    # A run that took over another may have had no request of its own.
    known = commands.request or commands.jobs
    return commands.again if known and not world.index else commands.of_version(plan.version)


def of_survey(survey: Survey, end: object = None, now_s: float = 0.0) -> Status:
    """Return where the package stands before a release, or with none under way."""
    begun = [each for each in survey.journals if same(each, (*survey.released, *survey.tags))]
    latest = order.latest(survey.current, survey.released, survey.tags, begun)
    public = _public(survey, latest) if latest else f"nothing of {survey.package}"
    held = _held(survey.lock, lock_ref(survey.package), now_s)
    return Status(public, held, _next_of(survey, end))


def of_nothing(again: str) -> Status:
    """Return where a run stands that ended before it had looked at everything."""
    return Status("nothing was written by this run", "nothing by this run", again)


def _public(survey: Survey, version: str) -> str:
    indexed = survey.released.get(same(version, survey.released), ())
    standing = survey.earlier.standing(version)
    tagged = same(version, survey.tags)
    tag = f"tag {survey.practice.tags.tag(version)}"
    parts = {_files(indexed): bool(indexed), tag: bool(tagged)}
    parts |= _seen(standing) if standing else {}
    there = [part for part, is_there in parts.items() if is_there]
    missing = [part for part, is_there in parts.items() if not is_there]
    public = f"{survey.package} {version}: {', '.join(there)}"
    # Of a version that was not released here, nothing is known to be missing.
    here = standing is not None and version in survey.journals
    return f"{public}; missing: {', '.join(missing)}" if here and missing else public


def _seen(standing: Standing) -> dict[str, bool]:
    state = standing.pull.value if standing.pull else ""
    pull = f"pull request {standing.url} {state}".rstrip() if state else "pull request"
    return {pull: bool(state), "GitHub release": standing.published}


def _next_of(survey: Survey, end: object) -> str:
    commands, earlier = survey.commands, survey.earlier
    lock = survey.lock
    if lock and not (isinstance(end, Stop) and Reason.FOREIGN_LOCK is end.reason):
        return commands.taking_over(lock.run, lock.version)
    if unfinished := earlier.unfinished():
        return commands.of_version(unfinished[0])
    bumps = commands.request and "--version" not in commands.request
    if isinstance(end, Stop) and end.reason is Reason.NOT_HIGHER and bumps:
        # It is a bump of an older line: without the option it would stop again.
        return commands.below()
    if isinstance(end, Stop) and end.reason in _SPENT:
        return commands.bumped("patch")
    on_its_way = [each for each in survey.standings.values() if each.pull is PullState.OPEN]
    again = commands.again if commands.request else commands.bumped("patch")
    return f"merge {on_its_way[0].url}, then: {again}" if on_its_way else again


def _files(files: Iterable[File]) -> str:
    names = tuple(files)
    return f"{len(names)} file{'s' if len(names) != 1 else ''} on the index" if names else "files"


def _pull(number: int, state: PullState) -> str:
    return f"#{number} {state.value}"


def _held(lock: Lock | None, ref: str, now_s: float) -> str:
    if lock is None:
        return NOTHING
    text = f'the lock {ref} by run "{lock.run}"'
    if not lock.since_s:
        return text
    since = datetime.fromtimestamp(lock.since_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    minutes = int(now_s - lock.since_s) // 60
    return f"{text} since {since}" + (f" ({minutes} min)" if now_s and minutes >= 0 else "")


def squashed(version: str, tag: str, base: str) -> str:
    """Return the note of a merge that left the tag out of the base branch's history."""
    return (
        f"the pull request of {version} was not merged by a merge commit: {tag} is not in the "
        f"history of {base}, and a build of {base} has a version below {version}; "
        f"merge {tag} into {base}"
    )


@dataclass(frozen=True, slots=True)
class Standings:
    """The three lines of a package, and notes: what `release-status` prints."""

    package: str
    status: Status
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """For a terminal."""
        return harmless("\n".join(self._lines()))

    def markdown(self) -> str:
        """For a step summary."""
        listed = [f"- {markdown(line)}" for line in self._lines()]
        return "\n".join([f"### {markdown(self.package)}", "", *listed]) + "\n"

    def _lines(self) -> tuple[str, ...]:
        return *self.status.lines(), *(f"note: {each}" for each in self.notes)

    def json(self) -> str:
        """For programs."""
        data = {"package": self.package, **asdict(self.status), "notes": list(self.notes)}
        return json.dumps(data, indent=2) + "\n"
