"""A release in jobs against an outside in memory: it ends where one call of `release` ends."""

# What a Protocol passes and this outside does not need is unused.
# ruff: noqa: ARG002

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wheelwright.release.imaginary import SDIST, WHEEL, Fault, Killed, Outside, a_plan
from wheelwright.distribution.file import File
from wheelwright.release.act import loop
from wheelwright.release.act.loop import Outcome
from wheelwright.release.decide import roles
from wheelwright.release.decide.ports import GitHub, Ports
from wheelwright.release.decide.report import rows
from wheelwright.release.decide.step import Done, Next, next_upload
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import Act, Journal, Made, Plan, Pull, RunState, World

MADE = "journal-of-1.2.4-on-base"
BUILDING = {Act.VERIFY, Act.MAKE_COMMIT, Act.RUN_GATES, Act.BUILD, Act.CHECK}


class Unseen:
    """GitHub without a token to look with."""

    async def pulls(self, branch: str) -> tuple[Pull, ...]:
        """Show none."""
        return ()

    async def release(self, tag: str) -> None:
        """Show none."""


@dataclass(frozen=True)
class Built:
    """What one job hands to the next."""

    plan: Plan
    made: Made
    files: tuple[File, ...]

    @property
    def commit(self) -> str:
        """What was built."""
        return self.made.journal.commit

    @property
    def described(self) -> bool:
        """Whether it can be made again."""
        return self.made.description is not None


def built(outside: Outside, plan: Plan) -> Built | Outcome:
    """Run the job that builds."""
    ports = replace(outside.ports, github=cast("GitHub", Unseen()))
    outcome = asyncio.run(loop.run(plan, ports, decide=roles.next_build))
    journal, made = outcome.world.source, outcome.world.state.made
    if outcome.end != Done() or journal is None:
        return outcome
    assert BUILDING >= set(outcome.acts)
    own = made if made and made.journal == journal else Made(journal, None)
    return Built(plan, own, outcome.world.state.built)


def taken(outside: Outside, handed: Built, decide: Callable[[Plan, World], Next]) -> Outcome:
    """Run a job that takes what was built."""

    async def observe(plan: Plan, ports: Ports, here: RunState) -> World:
        return await loop.look(plan, ports, roles.verified(here, handed.made, handed.files))

    return asyncio.run(loop.run(handed.plan, outside.ports, observe=observe, decide=decide))


def published(outside: Outside, handed: Built) -> Outcome:
    """Run the job that publishes: it sees the index alone."""
    journal = handed.made.journal

    async def observe(plan: Plan, ports: Ports, here: RunState) -> World:
        here = roles.verified(here, handed.made, handed.files)
        return World(branch=journal, tag=journal, index=await ports.index.files(), state=here)

    return asyncio.run(loop.run(handed.plan, outside.ports, observe=observe, decide=next_upload))


def workflow(outside: Outside, run: str = "one") -> Stop | None:
    """Run all jobs; return why it stopped, if it did. A kill takes the whole workflow with it."""
    plan = a_plan(run=run)
    handed = built(outside, plan)
    if isinstance(handed, Outcome):
        return handed.end if isinstance(handed.end, Stop) else None
    propose = roles.proposing(handed.commit, described=handed.described)
    stop = taken(outside, handed, propose).end
    if not isinstance(stop, Stop):
        stop = published(outside, handed).end
    # It runs whatever became of the others, and gives the lock back.
    end = taken(outside, handed, roles.finishing(handed.commit)).end
    return stop if isinstance(stop, Stop) else end if isinstance(end, Stop) else None


def released(outside: Outside) -> bool:
    """Whether the outside shows the whole release, and nothing twice."""
    there = outside.release_
    assert there
    assert outside.tag
    assert outside.branch
    return (
        outside.lock_ is None
        and outside.stored == {SDIST.name: SDIST.sha256, WHEEL.name: WHEEL.sha256}
        and len(outside.pulls_) == 1
        and outside.tag.commit == outside.branch.commit
        and not there.draft
        and {SDIST.name, WHEEL.name} == {asset.name for asset in there.assets if asset.uploaded}
    )


def test_jobs_do_the_same_in_the_same_order() -> None:
    """Job by job, each effect happens once, in the order of one call."""
    one, jobs = Outside(), Outside()
    asyncio.run(loop.run(a_plan(), one.ports))

    assert workflow(jobs) is None
    again = [number for number, effect in enumerate(jobs.effects) if effect == "lock"][1:]
    assert 1 == len(again), "the last job takes its run's lock once more"
    assert one.effects == [each for n, each in enumerate(jobs.effects) if n not in again]
    assert released(jobs)


def test_building_writes_nothing() -> None:
    """The job that runs the repository's code has no effect outside."""
    outside = Outside()

    assert isinstance(built(outside, a_plan()), Built)
    assert [] == outside.effects


def test_again_after_success_writes_nothing() -> None:
    """All jobs of a release that is complete end well, and leave everything as it is."""
    outside = Outside()
    workflow(outside)
    effects = list(outside.effects)

    assert workflow(outside, "two") is None
    assert effects == outside.effects


@pytest.mark.parametrize("killed", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
@pytest.mark.parametrize("number", range(11))
def test_kill_around_every_effect_changes_nothing(number: int, killed: Fault) -> None:
    """A workflow that is killed before or after its nth effect is continued by all jobs again."""
    drawn = [Fault.NONE] * number + [killed]
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    with pytest.raises(Killed):
        workflow(outside)

    assert workflow(outside) is None
    assert released(outside)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(Fault), max_size=40))
def test_any_faults_end_in_the_same_release(drawn: list[Fault]) -> None:
    """Whatever is lost, unheard or killed in any job, all jobs again reach the release."""
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    for _ in range(len(drawn) + 2):
        try:
            stop = workflow(outside)
        except Killed:
            continue
        if stop is None:
            break
        assert Reason.NO_ANSWER is stop.reason
    assert released(outside)
    once = [effect for effect in outside.effects if effect.startswith(("upload", "pull", "tag"))]
    assert len(once) == len(set(once))


def test_other_commit_on_the_branch_is_replaced_while_nothing_is_published() -> None:
    """What stands on the release branch gives way to what was built, where nothing is published."""
    outside = Outside()
    handed = built(outside, a_plan())
    assert isinstance(handed, Built)
    outside.branch = Journal("forged", "base", "forged", 1)

    decide = roles.proposing(handed.commit, described=handed.described)
    assert Done() == taken(outside, handed, decide).end
    assert outside.branch.commit == handed.commit


def test_other_commit_on_the_branch_stops_once_something_is_published() -> None:
    """A branch that was replaced after the build is not built upon, and the lock is given back."""
    outside = Outside()
    handed = built(outside, a_plan())
    assert isinstance(handed, Built)
    outside.branch = Journal("forged", "base", "forged", 1)
    outside.stored = {SDIST.name: SDIST.sha256}

    for decide in (
        roles.proposing(handed.commit, described=handed.described),
        roles.finishing(handed.commit),
    ):
        end = taken(outside, handed, decide).end
        assert isinstance(end, Stop)
        assert Reason.HANDED_OVER is end.reason
        assert outside.lock_ is None
    assert [] == [effect for effect in outside.effects if effect not in ("lock", "unlock")]


def test_report_of_each_job_has_what_is_left_as_to_do() -> None:
    """`propose` shows nothing as published, and `finish` shows what each job before it has done."""
    outside = Outside()
    handed = built(outside, a_plan())
    assert isinstance(handed, Built)
    marks = []
    for decide in (
        roles.proposing(handed.commit, described=handed.described),
        roles.finishing(handed.commit),
    ):
        ended = taken(outside, handed, decide)
        found = rows(handed.plan, ended.world, ended.acts, ended.end)
        marks.append({row.step: row.mark.value for row in found})
        published(outside, handed)

    over = dict.fromkeys(("edits", "checks", "build", "verify"), "already done")
    mine = dict.fromkeys(("preflight", "lock", "branch"), "done")
    left = dict.fromkeys(("publish", "pull request", "tag", "release", "unlock"), "to do")
    assert over | mine | left == marks[0]
    ended_here = dict.fromkeys(("pull request", "tag", "release", "unlock"), "done")
    assert (
        over | mine | {"branch": "already done", "publish": "already done"} | ended_here == marks[1]
    )


def test_finishing_what_is_not_published_unlocks_and_stops() -> None:
    """Where `publish` did not end well, nothing is opened or tagged, and the lock is given back."""
    outside = Outside()
    handed = built(outside, a_plan())
    assert isinstance(handed, Built)
    taken(outside, handed, roles.proposing(handed.commit, described=handed.described))
    assert ["lock", "branch"] == outside.effects

    end = taken(outside, handed, roles.finishing(handed.commit)).end

    assert isinstance(end, Stop)
    assert Reason.UNFINISHED_JOB is end.reason
    assert outside.lock_ is None
    assert ([], None) == (outside.pulls_, outside.tag)


def test_other_run_with_the_lock_is_named() -> None:
    """A release that another run has locked is proposed by nobody else."""
    outside = Outside()
    handed = built(outside, a_plan())
    assert isinstance(handed, Built)
    taken(outside, handed, roles.proposing(handed.commit, described=True))
    late = replace(handed, plan=a_plan(run="two"))

    end = taken(outside, late, roles.proposing(handed.commit, described=True)).end

    assert isinstance(end, Stop)
    assert Reason.LOCKED is end.reason


def test_all_jobs_of_a_run_that_is_over_write_nothing() -> None:
    """Run again after the end, they build what the run has released, and find all of it there."""
    outside = Outside()
    asyncio.run(loop.run(a_plan(), outside.ports))
    before = list(outside.effects)

    handed = built(outside, a_plan(answer="1.2.4 was released by run one", epoch_s=9))

    assert isinstance(handed, Built)
    assert (MADE, (SDIST, WHEEL)) == (handed.commit, handed.files)
    for decide in (
        roles.proposing(handed.commit, described=handed.described),
        roles.finishing(handed.commit),
    ):
        assert Done() == taken(outside, handed, decide).end
    assert before == outside.effects
