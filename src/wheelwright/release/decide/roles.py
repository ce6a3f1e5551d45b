"""What each job of a release does: `next_step`, divided into parts. Pure.

| role | sees | acts |
|---|---|---|
| build | the repository's code | VERIFY, MAKE_COMMIT, RUN_GATES, BUILD, CHECK |
| propose | the GitHub token | LOCK, PUSH_BRANCH |
| publish | the index's credential | PUBLISH (`next_upload`) |
| finish, which is `propose` again | the GitHub token | OPEN_PULL to UNLOCK |

Each looks at the same world and uses the same table, so a run that was killed between any two of
them is continued by the next one as a run of `release` would be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from wheelwright.distribution.file import File
from wheelwright.release.decide.step import Done, Next, Step, next_prepared, next_step, next_upload
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import Act, CheckResult, Made, Plan, RunState, World

_BUILDING: Final = (Act.VERIFY, Act.MAKE_COMMIT, Act.RUN_GATES, Act.BUILD, Act.CHECK, Act.WAIT)
_ANYWHERE: Final = (Act.LOCK, Act.UNLOCK, Act.WAIT)
_FINISHING: Final = (
    Act.OPEN_PULL,
    Act.START_CHECKS,
    Act.TAG,
    Act.DRAFT,
    Act.DELETE_ASSET,
    Act.UPLOAD_ASSET,
    Act.PUBLISH_RELEASE,
)


def verified(
    state: RunState, made: Made, files: tuple[File, ...], materials: tuple[File, ...] = ()
) -> RunState:
    """Return what a role has that takes over what another has made, built and verified."""
    commit = made.journal.commit
    passed = replace(state, gates=CheckResult(True), check=CheckResult(True), subject=commit)
    passed = replace(passed, made=made, own_commit=commit, verified=commit)
    return replace(passed, built=files, materials=materials)


def next_build(plan: Plan, world: World) -> Next:
    """Return what the build does next: all that writes nothing outside."""
    return next_prepared(plan, world, Act.CHECK)


def next_tagged(plan: Plan, world: World) -> Next:
    """Return the same for an existing tag."""
    step = next_upload(plan, world)
    return Done() if isinstance(step, Step) and step.act not in _BUILDING else step


def proposing(commit: str, *, described: bool) -> Callable[[Plan, World], Next]:
    """Return what decides for the role that locks and pushes the release branch.

    Args:
        commit: what was built.
        described: that commit can be made here; else it has to be on the remote already.
    """

    def decide(plan: Plan, world: World) -> Next:
        step = next_step(plan, world)
        if not isinstance(step, Step) or step.act in _ANYWHERE:
            return step
        if not world.state.lock:
            return Step(Act.LOCK)
        if world.journal and world.journal.commit == commit and step.act is not Act.PUSH_BRANCH:
            return Done()
        if described and not world.index and not world.tag:
            # Nothing of that commit has been published: it may be replaced.
            return Step(Act.PUSH_BRANCH, expected=world.branch.head if world.branch else "")
        return _other(plan, world, commit)

    return decide


def finishing(commit: str) -> Callable[[Plan, World], Next]:
    """Return what decides for the role that brings the repository after the index."""

    def decide(plan: Plan, world: World) -> Next:
        step = next_step(plan, world)
        if not isinstance(step, Step) or step.act in _ANYWHERE:
            return step
        if not world.state.lock:
            return Step(Act.LOCK)
        if world.journal and world.journal.commit != commit:
            return _other(plan, world, commit)
        if step.act not in _FINISHING:
            what = f"{plan.package} {plan.version}: next would be to {step.act.value}"
            return Stop.at(Reason.UNFINISHED_JOB, what)
        return step

    return decide


def _other(plan: Plan, world: World, commit: str) -> Stop:
    there = world.journal.commit[:12] if world.journal else "not there"
    seen = f"{plan.branch} is {there}, and what was built is {commit[:12]}"
    return Stop.at(Reason.HANDED_OVER, seen)
