"""The next step of a release: a pure function of the plan and the world.

The first row that is true decides.

    | the world shows                                          | next                         |
    |----------------------------------------------------------|------------------------------|
    | all of it, and a release commit that is not verified     | VERIFY, Stop FOREIGN         |
    | all of it, and no lock of this release                   | Done                         |
    | all of it, and a lock of this release                    | UNLOCK                       |
    | the lock of this run's name, or of one to take over      | LOCK (compare and swap)      |
    | the lock of another                                      | Stop LOCKED or LOCK_LOST     |
    | the tag at another commit, or before anything is         | Stop TAG_TAKEN               |
    |   published of a commit that this run does not make      |                              |
    | a version that was not there when this was planned,      |                              |
    |   and nothing of this one on the index                   | Stop OVERTAKEN               |
    | a base branch that has lost the base commit, and nothing |                              |
    |   of this one on the index                               | Stop OVERTAKEN               |
    | no journal commit, and files on the index                | Stop JOURNAL_LOST            |
    | the release branch without a journal commit              | Stop BRANCH_TAKEN            |
    | a release commit that this run has not verified          | VERIFY                       |
    | a release commit that a release would not make           | Stop FOREIGN                 |
    | no journal commit, or another than this run makes        |                              |
    |   and an empty index; not made here                      | MAKE_COMMIT                  |
    | the pull request closed unmerged                         | Stop PULL_CLOSED             |
    | another commit to build from than was checked and built  | Stop OVERTAKEN               |
    | another commit or other files than in a plan that is     |                              |
    |   performed exactly                                      | Stop NOT_AS_PLANNED          |
    | nothing on the index; gates not run / failed             | RUN_GATES / Stop             |
    | nothing built here / two builds differ                   | BUILD / Stop                 |
    | a built name with other bytes on the index               | Stop OTHER_BYTES             |
    | files missing on the index, the first one 14 days old    | Stop TOO_LATE                |
    | files missing on the index; not verified / failed        | CHECK / Stop                 |
    |----------------------------------------------------------|------------------------------|
    | no lock, and this run never had it                       | LOCK                         |
    | no journal commit, or another than this run makes        |                              |
    |   and an empty index                                     | PUSH_BRANCH                  |
    | files missing on the index; not accepted / accepted      | PUBLISH / WAIT, then Stop    |
    | no pull request                                          | OPEN_PULL                    |
    | its checks wait for an approval; not tried to start them | START_CHECKS                 |
    | no tag                                                   | TAG                          |
    | no GitHub release                                        | DRAFT                        |
    | a draft with a broken or other asset / without one       | DELETE_ASSET / UPLOAD_ASSET  |
    | a complete draft                                         | PUBLISH_RELEASE              |
    | a published release with other files                     | Stop RELEASE_DIFFERS         |

What is above the line writes nothing outside, but for a lock that is this run's already: the long
part runs while nothing is locked, and a stop in it leaves nothing. After LOCK everything is looked
at again, and the same rows decide.

The message of the release commit is a hint. That the commit is a release's is known when its parent
is in the base's history and its tree is that of the edits made again: VERIFY. With an empty index,
requirements and times are made again as well, and the branch with them; with files
there, the rebuild must have their hashes.

An act that failed is tried again, or ends the release, by `REASONS_BY_KIND`: but only if it is
still the next one. It may have succeeded although its response was lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from wheelwright.distribution.file import File
from wheelwright.distribution.index_rules import WINDOW_DAYS, WINDOW_S
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import (
    Act,
    Checks,
    FailedAttempt,
    FailureKind,
    GitHubRelease,
    Journal,
    Pinned,
    Plan,
    PullState,
    World,
)

# The index's own caches live for minutes; PyPI's listing is usually fresh within one.
INDEX_WAIT_S: Final = 300.0
INDEX_POLL_S: Final = 5.0

# How often an act's effect is looked for before it counts as missing: GitHub's lists may lag.
LOOKS: Final = 5

# How often a busy server is asked again, and the longest pause that is worth waiting for.
BUSY_TRIES: Final = 5
LONGEST_PAUSE_S: Final = 300.0
# A run that lost a race looks again at once; one that loses this often stops.
RACE_TRIES: Final = 3

# The part of a release that writes nothing outside, in its order.
PREPARING: Final = (Act.MAKE_COMMIT, Act.RUN_GATES, Act.BUILD, Act.CHECK)

# What a distribution's name ends with: PEP 625 and PEP 427.
DISTRIBUTIONS: Final = (".tar.gz", ".whl")

# What ends the release when an act fails for good, by act where that matters.
REASONS_BY_KIND: Final = MappingProxyType(
    {
        FailureKind.CREDENTIALS: Reason.INDEX_CREDENTIALS,
        FailureKind.OTHER_BYTES: Reason.OTHER_BYTES,
        FailureKind.BURNED: Reason.BURNED,
        FailureKind.ATTESTATION: Reason.ATTESTATION,
    }
)
REASONS_BY_ACT: Final = MappingProxyType(
    {
        Act.VERIFY: Reason.EDITS_FAILED,
        Act.MAKE_COMMIT: Reason.EDITS_FAILED,
        Act.RUN_GATES: Reason.GATES_FAILED,
        Act.BUILD: Reason.BUILD_FAILED,
        Act.CHECK: Reason.CHECK_FAILED,
        Act.LOCK: Reason.PUSH_REFUSED,
        Act.PUSH_BRANCH: Reason.PUSH_REFUSED,
        Act.PUBLISH: Reason.INDEX_REFUSED,
        Act.WAIT: Reason.NO_ANSWER,
        Act.OPEN_PULL: Reason.PULL_REFUSED,
        Act.START_CHECKS: Reason.PULL_REFUSED,
        Act.TAG: Reason.PUSH_REFUSED,
        Act.DRAFT: Reason.RELEASE_REFUSED,
        Act.DELETE_ASSET: Reason.RELEASE_REFUSED,
        Act.UPLOAD_ASSET: Reason.RELEASE_REFUSED,
        Act.PUBLISH_RELEASE: Reason.RELEASE_REFUSED,
        Act.UNLOCK: Reason.PUSH_REFUSED,
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """An act and what it acts on.

    Attributes:
        subject: an asset's name; what is waited for.
        expected: the commit that a ref must still have; empty where it must not exist.
        files: names of distributions to upload.
        asset_id: the asset to delete.
        pause_s: of a wait.
    """

    act: Act
    subject: str = ""
    expected: str = ""
    files: tuple[str, ...] = ()
    asset_id: int = 0
    pause_s: float = 0.0

    @property
    def done(self) -> tuple[Act, str]:
        """What identifies it: a broken upload may leave the same name twice."""
        return self.act, f"{self.subject} {self.asset_id}" if self.asset_id else self.subject


@dataclass(frozen=True, slots=True)
class Done:
    """The release is complete: nothing is left to do."""


Next: TypeAlias = Step | Done | Stop


def next_step(plan: Plan, world: World) -> Next:
    """Return what to do, that it is done, or why it cannot continue."""
    return _tempered(plan, world, _wanted(plan, world))


def next_upload(plan: Plan, world: World) -> Next:
    """Return the same for the distributions only: what is left for an existing tag."""
    return _tempered(plan, world, _prepared(plan, world) or _upload(plan, world) or Done())


def next_prepared(plan: Plan, world: World, last: Act) -> Next:
    """Return the same for the part that writes nothing, up to one of its acts.

    It takes no lock, and gives none back, not even a lock that is its run's.
    """
    world = held(plan, world)
    wanted = _part(plan, world, last)
    if isinstance(wanted, Step) and wanted.act is Act.UNLOCK:
        wanted = None
    return _tempered(plan, world, wanted or Done())


def next_branch(plan: Plan, world: World, last: Act) -> Next:
    """Return the same for that part, and for the release branch, which ends it."""
    wanted = _part(plan, world, last)
    if wanted is None and (pushing := _unpushed(plan, world)) is not None:
        wanted = _unlocked(plan, world) or pushing
    if wanted is None and world.state.lock:
        wanted = Step(Act.UNLOCK, expected=world.state.lock)
    return _tempered(plan, world, wanted or Done())


def held(plan: Plan, world: World) -> World:
    """Return the world as for a run that has the lock already, if that is its own."""
    lock = world.lock
    if lock is None or not is_mine(plan, world):
        return world
    return replace(world, state=replace(world.state, lock=lock.commit))


def _part(plan: Plan, world: World, last: Act) -> Next | None:
    if (complete := _complete(plan, world)) is not None:
        return complete
    for rows in (_lock, _journal, _prepared):
        found = rows(plan, world)
        if isinstance(found, Step) and found.act in PREPARING[PREPARING.index(last) + 1 :]:
            return None
        if found is not None:
            return found
    return None


def _tempered(plan: Plan, world: World, wanted: Next) -> Next:
    if not isinstance(wanted, Step):
        return wanted
    failure = world.state.failure
    if failure and (failure.act, failure.subject) == (wanted.act, wanted.subject):
        return _after(plan, failure, wanted)
    if world.state.done == wanted.done:
        what = f"{wanted.act.value} {wanted.subject}".rstrip()
        if world.state.looks < LOOKS:
            return Step(Act.WAIT, subject=f"{what} to show", pause_s=2.0**world.state.looks)
        return Stop.at(Reason.NO_PROGRESS, what)
    return wanted


def _wanted(plan: Plan, world: World) -> Next:
    if (complete := _complete(plan, world)) is not None:
        return complete
    for rows in (_lock, _journal, _prepared, _unlocked, _unpushed, _upload, _repository):
        if (found := rows(plan, world)) is not None:
            return found
    # All of it is there, yet not `_released`: the index shows other files than the release.
    return Stop.at(Reason.RELEASE_DIFFERS, f"GitHub release {plan.tag}")


def _complete(plan: Plan, world: World) -> Next | None:
    """Return what is left of a release that is all there; None where it is not."""
    if not _released(world):
        return None
    if (unsure := verification(plan, world)) is not None:
        return unsure
    mine = world.lock and (is_mine(plan, world) or world.lock.commit == world.state.lock)
    return Step(Act.UNLOCK, expected=world.lock.commit) if world.lock and mine else Done()


def _released(world: World) -> bool:
    """Whether everything is released, known without a build: by the index's own hashes."""
    journal, pull, release = world.journal, world.pull, world.release
    if not (journal and world.tag and pull and release and world.index):
        return False
    indexed = {file.name: file.sha256 for file in world.index}
    # Other files may join the release or the index later, such as wheels for more platforms.
    ours = [asset for asset in release.assets if asset.name.endswith(DISTRIBUTIONS)]
    return (
        world.tag.head == journal.commit
        and pull.state is not PullState.CLOSED
        and not release.draft
        and bool(ours)
        and all(a.name in indexed and _same(indexed[a.name], a.sha256) for a in ours)
    )


def _same(wanted: str, digest: str) -> bool:
    # A server without digests cannot be compared with; the name has to suffice.
    return not digest or wanted == digest


# -- the lock -------------------------------------------------------------------------------------


def is_mine(plan: Plan, world: World) -> bool:
    """Whether the lock is of this run's name, or of one that it may take over."""
    lock = world.lock
    return (
        lock is not None and lock.version == plan.version and lock.run in (plan.run, plan.take_over)
    )


def _lock(plan: Plan, world: World) -> Next | None:
    lock, own = world.lock, world.state.lock
    if lock and lock.commit == own:
        return None
    if own:
        by = f'run "{lock.run}" took it over' if lock else "the ref was deleted"
        return Stop.at(Reason.LOCK_LOST, f"{plan.lock_ref}: {by}")
    if lock is None:
        return None
    if is_mine(plan, world):
        return Step(Act.LOCK, expected=lock.commit)
    return Stop((lock.problem(plan.lock_ref, plan.commands),))


def _unlocked(_: Plan, world: World) -> Next | None:
    return None if world.state.lock else Step(Act.LOCK)


# -- the journal commit ---------------------------------------------------------------------------


def _journal(plan: Plan, world: World) -> Next | None:
    journal, branch, tag = world.journal, world.branch, world.tag
    if tag and (journal is None or tag.head != journal.commit):
        meant = journal.commit[:12] if journal else "the release commit"
        return Stop.at(Reason.TAG_TAKEN, f"{plan.tag} is {tag.head[:12]}, not {meant}")
    if not world.index and (others := sorted(world.releases - plan.known - {plan.version})):
        return Stop.at(Reason.OVERTAKEN, f"{', '.join(others)} since {plan.version} was planned")
    if not world.index and not world.based:
        seen = f"{plan.base} has lost the commit {plan.base_commit[:12]} since it was planned"
        return Stop.at(Reason.OVERTAKEN, seen)
    if journal is None and world.index:
        return Stop.at(Reason.JOURNAL_LOST, f"{plan.branch} of {plan.package} {plan.version}")
    if journal is None and branch:
        return Stop.at(Reason.BRANCH_TAKEN, f"{plan.branch} is {branch.head[:12]}")
    if journal is None:
        return None
    if (unsure := verification(plan, world)) is not None:
        return unsure
    if tag and not world.index and journal.commit != world.state.own_commit:
        # No release tags before it publishes.
        seen = f"{plan.tag} is {tag.head[:12]}, and nothing of it is on the index"
        return Stop.at(Reason.TAG_TAKEN, seen)
    return None


def verification(plan: Plan, world: World) -> Next | None:
    """Compare the release commit, or stop where it is not what a release makes."""
    journal, state = world.journal, world.state
    if journal is None or journal.commit == state.own_commit:
        return None
    if journal.commit != state.verified:
        return Step(Act.VERIFY, subject=journal.commit[:12])
    return Stop.at(Reason.FOREIGN, f"{plan.branch} {state.foreign}") if state.foreign else None


def _unpushed(_: Plan, world: World) -> Next | None:
    branch, journal = world.branch, world.journal
    if world.index or world.tag or (journal and journal.commit == world.state.own_commit):
        return None
    # A commit that is there is of a run that published nothing: its time and its requirements are
    # made again.
    return Step(Act.PUSH_BRANCH, expected=branch.head if branch else "")


# -- the distributions ----------------------------------------------------------------------------


def _prepared(plan: Plan, world: World) -> Next | None:
    state, pull, source = world.state, world.pull, world.source
    if source is None:
        return Step(Act.MAKE_COMMIT)
    if pull and pull.state is PullState.CLOSED and source == world.journal:
        again, later = plan.commands.of_version(plan.version), plan.commands.bumped("patch")
        hint = f"reopen it, then: {again}; or give {plan.version} up: {later}"
        return Stop.at(Reason.PULL_CLOSED, pull.url or f"#{pull.number}", hint)
    if state.subject not in ("", source.commit):
        seen = f"{plan.branch} is {source.commit[:12]}, and {state.subject[:12]} was built"
        return Stop.at(Reason.OVERTAKEN, seen)
    if plan.pinned and (differing := _not_as_planned(plan.pinned, source, state.built)):
        return Stop.at(Reason.NOT_AS_PLANNED, differing)
    if not world.index and state.gates is None:
        return Step(Act.RUN_GATES)
    if not world.index and state.gates and not state.gates.passed:
        return Stop.at(Reason.GATES_FAILED, state.gates.text)
    if state.differing:
        return Stop.at(Reason.NOT_REPRODUCIBLE, ", ".join(state.differing))
    if not state.built:
        return Step(Act.BUILD)
    indexed = {file.name: file.sha256 for file in world.index}
    other = [f.name for f in state.built if indexed.get(f.name, f.sha256) != f.sha256]
    if other:
        return Stop.at(Reason.OTHER_BYTES, ", ".join(other))
    if plan.pypi_rules and (missing := _missing(world)) and world.age_s > WINDOW_S:
        days = int(world.age_s // (WINDOW_S / WINDOW_DAYS))
        seen = f"{', '.join(missing)} of {plan.package} {plan.version}, {days} days after the first"
        return Stop.at(Reason.TOO_LATE, seen)
    if _missing(world) and state.check is None:
        return Step(Act.CHECK)
    if _missing(world) and state.check and not state.check.passed:
        return Stop.at(state.check.reason, state.check.text)
    return None


def _not_as_planned(pinned: Pinned, source: Journal, built: tuple[File, ...]) -> str:
    if source.commit != pinned.commit:
        return f"the release commit is {source.commit[:12]}, and {pinned.commit[:12]} is planned"
    there, planned = set(built), set(pinned.files)
    if not built or not pinned.files or there == planned:
        return ""
    return (
        f"only built or only planned: {', '.join(sorted({each.name for each in there ^ planned}))}"
    )


def _missing(world: World) -> tuple[str, ...]:
    indexed = {file.name for file in world.index}
    return tuple(file.name for file in world.state.built if file.name not in indexed)


def _upload(plan: Plan, world: World) -> Next | None:
    state, missing = world.state, _missing(world)
    if not missing:
        return None
    if state.accepted_s is None:
        return Step(Act.PUBLISH, files=missing)
    if state.accepted_s < INDEX_WAIT_S:
        return Step(Act.WAIT, subject="the index's listing", pause_s=INDEX_POLL_S)
    return Stop.at(Reason.INDEX_LAGS, f"{plan.package} {plan.version}: {', '.join(missing)}")


# -- the repository -------------------------------------------------------------------------------


def _repository(plan: Plan, world: World) -> Next | None:
    if world.pull is None:
        return Step(Act.OPEN_PULL)
    waiting = world.pull.state is PullState.OPEN and world.pull.checks is Checks.WAITING
    if waiting and world.state.unstarted is None:
        return Step(Act.START_CHECKS, subject=f"#{world.pull.number}")
    if world.tag is None:
        return Step(Act.TAG)
    if world.release is None:
        return Step(Act.DRAFT)
    return next(_assets(plan, world, world.release), None)


def _assets(plan: Plan, world: World, release: GitHubRelease) -> Iterator[Next]:
    state = world.state
    wanted = {file.name: file.sha256 for file in (*state.built, *state.materials)}
    if not release.draft:
        yield Stop.at(Reason.RELEASE_DIFFERS, release.url or plan.tag)
    for asset in release.assets:
        if asset.name in wanted and not (
            asset.uploaded and _same(wanted[asset.name], asset.sha256)
        ):
            yield Step(Act.DELETE_ASSET, subject=asset.name, asset_id=asset.id)
    there = {asset.name for asset in release.assets}
    for name in wanted:
        if name not in there:
            yield Step(Act.UPLOAD_ASSET, subject=name)
    yield Step(Act.PUBLISH_RELEASE)


# -- after a failure ------------------------------------------------------------------------------


def _after(plan: Plan, failure: FailedAttempt, wanted: Step) -> Next:
    if failure.kind is FailureKind.BUSY:
        pause = pause_s(failure.count, failure.retry_after_s)
        if pause is None:
            return Stop.at(Reason.NO_ANSWER, _describe(plan, failure))
        return wanted if failure.waited else Step(Act.WAIT, failure.act.value, pause_s=pause)
    if failure.kind is FailureKind.RACE and failure.count < RACE_TRIES:
        return wanted
    reason = REASONS_BY_KIND.get(failure.kind, REASONS_BY_ACT[failure.act])
    return Stop.at(reason, _describe(plan, failure))


def pause_s(count: int, retry_after_s: float | None) -> float | None:
    """Return how long to leave a busy server alone; None after enough tries.

    `count` is how often it was busy in a row; `retry_after_s` is what it requested itself.
    """
    pause = 2.0**count if retry_after_s is None else retry_after_s
    return None if count >= BUSY_TRIES or pause > LONGEST_PAUSE_S else pause


def _describe(plan: Plan, failure: FailedAttempt) -> str:
    what = f"{failure.act.value} {failure.subject}".rstrip()
    return f"{what} of {plan.package} {plan.version}: {failure.message or failure.kind.value}"
