"""Performs a release: one step, observe again, until it is done or stops.

There is no state to save. Whatever ends this loop (an error, a kill), the next run looks at the
same outside and continues. A stop releases the lock, unless another run has it.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypedDict, TypeVar, cast

import anyio
import anyio.lowlevel
from packaging.version import Version

from wheelwright.distribution import index_rules
from wheelwright.distribution.file import File, file_version
from wheelwright.release.act.interrupts import LONGEST_END_S, interruptible
from wheelwright.release.decide import texts
from wheelwright.release.decide.ports import ActFailed, Clock, Git, GitHub, Index, Ports, Workshop
from wheelwright.release.decide.report import Stopped
from wheelwright.release.decide.step import Done, Next, Step, next_step, pause_s
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import (
    Act,
    FailedAttempt,
    FailureKind,
    Journal,
    Made,
    Plan,
    RunState,
    World,
)

_Answer = TypeVar("_Answer")


def say(line: str) -> None:
    """Report progress: a function's own output is part of the engine's."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class MachineClock:
    """The time of this machine."""

    def now_s(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)


_CLOCK = MachineClock()

# One request each, which would be hard to tell from a lost response: a signal waits for them.
_BRIEF = frozenset(
    {
        Act.LOCK,
        Act.PUSH_BRANCH,
        Act.OPEN_PULL,
        Act.TAG,
        Act.DRAFT,
        Act.DELETE_ASSET,
        Act.PUBLISH_RELEASE,
        Act.UNLOCK,
    }
)

# A release takes some twenty acts and waits; this many are a bug that waits forever.
_MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a release ended: the last look, what this run did, and `Done` or the `Stop`."""

    world: World
    acts: tuple[Act, ...]
    end: Next


async def look(plan: Plan, ports: Ports, state: RunState) -> World:
    """Observe everything outside that belongs to the release."""
    refs = await ports.git.observe(plan)
    files = await ports.index.files()
    return World(
        lock=refs.lock,
        branch=refs.branch,
        tag=refs.tag,
        **_listed(plan, files, ports.clock.now_s()),
        pulls=await ports.github.pulls(plan.branch),
        release=await ports.github.release(plan.tag),
        releases=refs.releases,
        based=refs.based,
        state=state,
    )


class _Listed(TypedDict):
    index: tuple[File, ...]
    versions: frozenset[str]
    last: tuple[File, ...]
    age_s: float


def _listed(plan: Plan, files: Iterable[File], now_s: float) -> _Listed:
    """Return what the index's listing shows of this version, and of the others."""
    by_version: dict[str, list[File]] = {}
    for file in files:
        if version := file_version(file.name):
            by_version.setdefault(version, []).append(file)
    mine = by_version.get(plan.version, [])
    times = [file.uploaded_s for file in mine if file.uploaded_s]
    before = [each for each in by_version if Version(each) < Version(plan.version)]
    last = max((v for v in before if not Version(v).is_prerelease), key=Version, default="")
    return {
        "index": tuple(mine),
        "versions": frozenset(by_version),
        "last": tuple(by_version.get(last, ())),
        "age_s": now_s - min(times) if times else 0.0,
    }


async def retry_while_busy(
    ask: Callable[[], Awaitable[_Answer]],
    clock: Clock = _CLOCK,
    say: Callable[[str], None] = say,
) -> _Answer:
    """Call, and again while the other side is busy, at the pace that it requests.

    Raises:
        ActFailed: it refused, stays busy, or wants too long a pause.
    """
    count = 0
    while True:
        count += 1
        try:
            return await ask()
        except ActFailed as error:
            pause = pause_s(count, error.retry_after_s)
            if error.kind is not FailureKind.BUSY or pause is None:
                raise
            say(f"wait {pause:.0f} s: {error.message}")
            await clock.sleep(pause)


async def run(
    plan: Plan,
    ports: Ports,
    say: Callable[[str], None] = lambda _: None,
    *,
    observe: Callable[[Plan, Ports, RunState], Awaitable[World]] = look,
    decide: Callable[[Plan, World], Next] = next_step,
) -> Outcome:
    """Carry out a plan.

    `say` reports each act as it begins and how it failed. A release that is less than all of it
    brings its own `observe` and `decide`. A signal ends it like any other stop.
    """
    going = _Going()

    def note() -> None:
        back = "; giving the lock back" if going.state.lock else ""
        say(f"interrupted: {going.text}{back}; a second signal ends at once")

    with interruptible(note) as scope:
        try:
            return await _run(plan, ports, say, observe, decide, going)
        except anyio.get_cancelled_exc_class():
            if not scope.cancel_called:
                raise
            with anyio.move_on_after(LONGEST_END_S, shield=True):
                return await _interrupted(plan, ports, observe, going)
    stays = f"{plan.lock_ref} may stay locked" if going.state.lock else ""
    return Outcome(going.world, tuple(going.acts), Stop.at(Reason.INTERRUPTED, stays))


@dataclass
class _Going:
    """How far a run is, for what has to end it."""

    state: RunState = field(default_factory=RunState)
    world: World = field(default_factory=World)
    acts: list[Act] = field(default_factory=list)
    doing: Act | None = None

    @property
    def text(self) -> str:
        """What it does."""
        return self.doing.value if self.doing else "look at what is there"


async def _interrupted(
    plan: Plan,
    ports: Ports,
    observe: Callable[[Plan, Ports, RunState], Awaitable[World]],
    going: _Going,
) -> Outcome:
    """Give the lock back, look a last time, and stop."""
    state, world = going.state, going.world
    stop = Stop.at(Reason.INTERRUPTED, f"{going.text} of {plan.package} {plan.version}")
    # The lock may have been taken although the response was lost.
    unsure = state.failure is not None and state.failure.act is Act.LOCK
    try:
        if unsure:
            world = await observe(plan, ports, state)
            if world.lock and world.lock.run == plan.run:
                state = replace(state, lock=world.lock.commit)
        end = await release_lock(plan, ports, world, state, going.acts, stop)
        world = await observe(plan, ports, replace(state, lock=""))
    except ActFailed:
        # The last look is for the report only.
        end = _unsure(plan, stop) if unsure else stop
    return Outcome(world, tuple(going.acts), end)


def _unsure(plan: Plan, stop: Stop) -> Stop:
    problem = Stop.at(Reason.NO_ANSWER, f"{plan.lock_ref} may be locked")
    return Stop((*stop.problems, *problem.problems))


async def _run(
    plan: Plan,
    ports: Ports,
    say: Callable[[str], None],
    observe: Callable[[Plan, Ports, RunState], Awaitable[World]],
    decide: Callable[[Plan, World], Next],
    going: _Going,
) -> Outcome:
    state, world, acts = going.state, going.world, going.acts
    accepted_at_s: float | None = None
    for _ in range(_MOST_STEPS):
        # A commit in this run's own clone: what is outside was seen a moment ago.
        unchanged = going.doing is Act.MAKE_COMMIT and not state.failure
        going.state, going.world, going.doing = state, world, None
        # A signal that waited for a brief act ends the run here.
        await anyio.lowlevel.checkpoint()
        if accepted_at_s is not None:
            state = replace(state, accepted_s=ports.clock.now_s() - accepted_at_s)
        try:
            if unchanged:
                world = replace(world, state=state)
            else:
                asked = partial(observe, plan, ports, state)
                world = await retry_while_busy(asked, ports.clock, say)
        except ActFailed as error:
            seen = f"{plan.package} {plan.version}: {error.message}"
            end = await release_lock(
                plan, ports, world, state, acts, Stop.at(Reason.NO_ANSWER, seen)
            )
            return Outcome(world, tuple(acts), end)
        step = decide(plan, world)
        if not isinstance(step, Step):
            if isinstance(step, Stop):
                step = await release_lock(plan, ports, world, state, acts, step)
            return Outcome(world, tuple(acts), step)
        if step.act is Act.WAIT:
            say(f"wait {step.pause_s:.0f} s: {step.subject}")
            await ports.clock.sleep(step.pause_s)
            failure = state.failure and replace(state.failure, waited=True)
            state = replace(state, failure=failure, looks=state.looks + 1)
            continue
        going.world, going.doing = world, step.act
        say(f"{step.act.value} {step.subject}".rstrip() + _held_text(plan, world))
        try:
            with anyio.CancelScope(shield=step.act in _BRIEF):
                state = await _perform(plan, ports, world, step)
        except ActFailed as error:
            say(f"{step.act.value} failed: {error.message}")
            state = _failed(state, step, error)
            continue
        except Exception:
            # A bug, or an engine that cannot continue: the lock must not outlive this run.
            await release_lock(plan, ports, world, state, acts, Stop.at(Reason.NO_PROGRESS))
            raise
        if step.act is Act.PUBLISH:
            accepted_at_s = ports.clock.now_s()
        if step.act is not Act.VERIFY:
            # It is a look: nothing is anywhere that was not before.
            acts.append(step.act)
        state = replace(state, failure=None, done=step.done, looks=0)
        if step.act is Act.UNLOCK:
            # Nothing is left to look at, and looking would require a lock again.
            world = dataclasses.replace(world, lock=None, state=state)
            return Outcome(world, tuple(acts), Done())
    return Outcome(world, tuple(acts), Stop.at(Reason.NO_PROGRESS, f"{_MOST_STEPS} steps"))


async def at_index(
    plan: Plan,
    journal: Journal,
    index: Index,
    workshop: Workshop,
    decide: Callable[[Plan, World], Next],
    with_results: Callable[[RunState], RunState] = lambda state: state,
) -> Outcome:
    """Do what concerns only the index: without refs beside the commit, and without GitHub.

    `with_results` adds what another run has made for this one.

    Raises:
        Stopped: it is not done.
    """
    # What decides here needs no act of these two.
    ports = Ports(cast("Git", None), index, cast("GitHub", None), workshop, MachineClock())

    async def observe(plan: Plan, ports: Ports, state: RunState) -> World:
        listed = _listed(plan, await ports.index.files(), ports.clock.now_s())
        return World(branch=journal, tag=journal, state=with_results(state), **listed)

    outcome = await run(plan, ports, say, observe=observe, decide=decide)
    if isinstance(outcome.end, Stop):
        raise Stopped(outcome.end.text())
    return outcome


def _held_text(plan: Plan, world: World) -> str:
    """Return what is there as an act begins: the last line if the run ends here."""
    held = [
        f"the lock {plan.lock_ref}" if world.state.lock else "",
        f"the branch {plan.branch}" if world.branch else "",
        f"on the index {', '.join(file.name for file in world.index)}" if world.index else "",
        f"the tag {plan.tag}" if world.tag else "",
    ]
    listed = "; ".join(part for part in held if part)
    return f" (held: {listed}; the same command continues the release)" if listed else ""


async def _perform(plan: Plan, ports: Ports, world: World, step: Step) -> RunState:
    """Do one act; return what this run has afterwards."""
    state, journal, release = world.state, world.journal, world.release
    match step.act:
        case Act.LOCK:
            return replace(state, lock=await ports.git.lock(plan, step.expected))
        case Act.UNLOCK:
            await ports.git.unlock(plan, step.expected)
            return replace(state, lock="")
        case Act.MAKE_COMMIT:
            return _with_commit(state, await ports.workshop.make_commit(plan))
        case Act.PUSH_BRANCH if state.made and state.made.description:
            commit = state.made.description
            return replace(
                state, own_commit=await ports.git.push_commit(plan, commit, step.expected)
            )
        case Act.UPLOAD_ASSET if release:
            await ports.github.upload(
                release, step.subject, await ports.workshop.contents(step.subject)
            )
            return state
        case Act.DELETE_ASSET:
            await ports.github.delete_asset(step.asset_id)
            return state
        case Act.PUBLISH_RELEASE if release:
            await ports.github.publish(release, latest=texts.is_latest(plan, world))
            return state
    if step.act is Act.VERIFY and journal:
        found = await ports.workshop.verify(plan, journal)
        state = replace(state, verified=journal.commit, foreign=found.foreign)
        return replace(state, own_commit=found.own_commit or state.own_commit)
    source = world.source
    assert source, f"{step.act} comes after the release commit"
    match step.act:
        case Act.RUN_GATES:
            gates = await ports.workshop.gates(plan, source)
            return replace(state, gates=gates, subject=source.commit)
        case Act.BUILD:
            built = await ports.workshop.build(plan, source)
            state = replace(state, built=built.files, differing=built.differing)
            return replace(state, materials=built.materials, subject=source.commit)
        case Act.CHECK:
            check = await ports.workshop.check(plan, source)
            fewer = index_rules.smaller(world.last, state.built)
            return replace(
                state, check=replace(check, notes=(*check.notes, *filter(None, [fewer])))
            )
        case Act.PUBLISH:
            await ports.workshop.publish(plan, step.files)
            return state
    assert journal, f"{step.act} comes after the release branch"
    match step.act:
        case Act.START_CHECKS:
            return replace(state, unstarted=await _start_checks(plan, ports))
        case Act.OPEN_PULL:
            notes = await ports.workshop.notes(plan, journal)
            body = texts.pull_body(plan, state.built, notes, ports.links)
            await ports.github.open_pull(plan, body)
        case Act.TAG:
            await ports.git.push_tag(plan, journal.commit)
        case Act.DRAFT:
            notes = await ports.workshop.notes(plan, journal)
            body = texts.release_body(plan, notes, ports.links)
            await ports.github.draft(plan, journal.commit, body)
    return state


async def _start_checks(plan: Plan, ports: Ports) -> str:
    """Start the checks of the pull request; return why not, since the release is made without."""
    try:
        await retry_while_busy(partial(ports.github.start_checks, plan), ports.clock)
    except ActFailed as error:
        return error.message
    return ""


def _with_commit(state: RunState, made: Made) -> RunState:
    """Return what this run has with a commit that it made; results of another do not count."""
    commit = made.journal.commit
    if state.subject not in ("", commit):
        state = replace(state, subject="", gates=None, built=(), differing=(), check=None)
    return replace(state, made=made, own_commit=commit)


def _failed(state: RunState, step: Step, error: ActFailed) -> RunState:
    before = state.failure
    again = before is not None and (before.act, before.subject) == (step.act, step.subject)
    failure = FailedAttempt(
        act=step.act,
        kind=error.kind,
        message=error.message,
        subject=step.subject,
        count=before.count + 1 if before and again else 1,
        retry_after_s=error.retry_after_s,
    )
    return replace(state, failure=failure)


async def release_lock(
    plan: Plan, ports: Ports, world: World, state: RunState, acts: list[Act], stop: Stop
) -> Stop:
    """Release the lock if this run has it; report if that fails."""
    if not state.lock or (world.lock and world.lock.commit != state.lock):
        return stop
    try:
        await ports.git.unlock(plan, state.lock)
    except ActFailed as error:
        problem = Stop.at(Reason.PUSH_REFUSED, f"{plan.lock_ref} stays locked: {error.message}")
        return Stop((*stop.problems, *problem.problems))
    acts.append(Act.UNLOCK)
    return stop
