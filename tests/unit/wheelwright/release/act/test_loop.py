"""Whole releases against an outside in memory: what goes wrong, and where it ends."""

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.wheelwright.release.imaginary import SDIST, WHEEL, Fault, Killed, Outside, a_plan
from wheelwright.distribution.file import File
from wheelwright.release.act.loop import Outcome, run
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import ActFailed, Ports
from wheelwright.release.decide.step import Done
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import (
    Act,
    Asset,
    CheckResult,
    Checks,
    FailureKind,
    GitHubRelease,
    Journal,
    Lock,
    Plan,
    Pull,
    PullState,
)

WHOLE = [
    "lock",
    "branch",
    "upload demo-1.2.4.tar.gz",
    "upload demo-1.2.4-py3-none-any.whl",
    "pull",
    "tag",
    "draft",
    "asset demo-1.2.4.tar.gz",
    "asset demo-1.2.4-py3-none-any.whl",
    "released",
    "unlock",
]


def release(outside: Outside, plan: Plan | None = None) -> Outcome:
    """Run one release to its end."""
    return asyncio.run(run(plan or a_plan(), outside.ports))


def stopped(outcome: Outcome) -> Reason:
    """Return the reason, where a release has to stop."""
    assert isinstance(outcome.end, Stop)
    return outcome.end.reason


def said(outcome: Outcome) -> str:
    """Return what a person reads, where a release has to stop."""
    assert isinstance(outcome.end, Stop)
    return outcome.end.text()


def released(outside: Outside) -> bool:
    """Whether the outside shows the whole release, and nothing twice."""
    there = outside.release_
    return (
        outside.lock_ is None
        and outside.stored == {SDIST.name: SDIST.sha256, WHEEL.name: WHEEL.sha256}
        and len(outside.pulls_) == 1
        and outside.tag is not None
        and outside.branch is not None
        and outside.tag.commit == outside.branch.commit
        and there is not None
        and not there.draft
        and sorted(asset.name for asset in there.assets if asset.uploaded)
        == sorted((SDIST.name, WHEEL.name))
    )


def test_undisturbed_release_does_each_thing_once_in_order() -> None:
    """Publish comes first, then the pull request, the tag and the release, under one lock."""
    outside = Outside()
    assert Done() == release(outside).end
    assert WHOLE == outside.effects
    assert released(outside)


def test_fault_32_second_run_after_success_writes_nothing() -> None:
    """A release that is complete needs no lock, no build and no write to say so."""
    outside = Outside()
    release(outside)
    outcome = release(outside, a_plan(run="two"))
    assert Done() == outcome.end
    assert () == outcome.acts
    assert WHOLE == outside.effects


faults = st.lists(st.sampled_from(Fault), max_size=40)


# Twice the upload of an asset breaks off, and leaves its name behind.
TWICE_BROKEN = [*[Fault.NONE] * 7, Fault.UNHEARD, Fault.NONE, Fault.UNHEARD]


@settings(max_examples=200, deadline=None)
@given(faults)
@example(TWICE_BROKEN)
def test_any_faults_end_in_the_same_release(drawn: list[Fault]) -> None:
    """Whatever is lost, unheard or killed, going on reaches the release, with nothing twice."""
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    for _ in range(len(drawn) + 2):
        try:
            outcome = release(outside)
        except Killed:
            continue
        if outcome.end == Done():
            break
        assert Reason.NO_ANSWER is stopped(outcome)
    assert released(outside)
    once = [effect for effect in outside.effects if effect.startswith(("upload", "pull", "tag"))]
    assert len(once) == len(set(once))


@pytest.mark.parametrize("killed", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
@pytest.mark.parametrize("number", range(len(WHOLE)))
def test_kill_around_every_effect_changes_nothing(number: int, killed: Fault) -> None:
    """A run that is killed before or after its nth effect is continued by the next one."""
    drawn = [Fault.NONE] * number + [killed]
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    with pytest.raises(Killed):
        release(outside)
    assert Done() == release(outside).end
    assert released(outside)
    kept = [effect for effect in outside.effects if effect not in ("lock", "unlock")]
    assert WHOLE[1:-1] == kept


@pytest.mark.parametrize("fault", [each for each in Fault if each is not Fault.NONE])
def test_bot_any_fault_of_starting_the_checks_changes_nothing(fault: Fault) -> None:
    """A lost, unheard or killed start of the checks ends in the same release."""
    start = WHOLE.index("tag")
    drawn = itertools.chain([Fault.NONE] * start, [fault], itertools.repeat(Fault.NONE))
    outside = Outside(faults=drawn, checks=Checks.WAITING)
    with contextlib.suppress(Killed):
        release(outside)
    assert Done() == release(outside).end
    assert released(outside)
    assert outside.effects.count("checks") <= 2
    assert WHOLE[1:-1] == [each for each in outside.effects if each in WHOLE[1:-1]]


@pytest.mark.parametrize("number", range(len(WHOLE)))
def test_lost_and_unheard_answers_are_borne_in_one_run(number: int) -> None:
    """A 502 after an effect and a 503 before it cost a wait, not the release."""
    for fault in (Fault.LOST, Fault.UNHEARD):
        drawn = [Fault.NONE] * number + [fault]
        outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
        assert Done() == release(outside).end
        assert released(outside)


# -- the lock -------------------------------------------------------------------------------------


def locked(outside: Outside, run: str = "other", version: str = "1.2.4") -> Outside:
    """Let another run hold the lock."""
    outside.lock_ = Lock("their-lock", run, version, "base", 0)
    return outside


def test_fault_4_the_loser_names_the_owner_and_writes_nothing() -> None:
    """While another run has the lock, this one stops with its name."""
    outside = locked(Outside())
    outcome = release(outside)
    assert Reason.LOCKED is stopped(outcome)
    assert 'run "other" is releasing 1.2.4' in said(outcome)
    assert [] == outside.effects


def test_fault_4_race_for_the_lock_has_one_winner() -> None:
    """Who looked before the other locked loses at the swap, and then sees the owner."""

    class Overtaken(Outside):
        async def lock(self, plan: Plan, expected: str) -> str:
            locked(self)
            return await super().lock(plan, expected)

    outside = Overtaken()
    assert Reason.LOCKED is stopped(release(outside))
    assert [] == outside.effects


def test_fault_5_minor_stops_where_a_patch_came_between() -> None:
    """A version that appeared after this one was planned ends it before anything is published."""
    outside = Outside(releases=frozenset({"1.2.3", "1.2.4"}))
    plan = a_plan(version="1.3.0", branch="release/v1.3.0", tag="v1.3.0")
    outcome = release(outside, plan)
    assert Reason.OVERTAKEN is stopped(outcome)
    assert [] == outside.effects


def test_fault_6_run_of_the_same_name_continues_a_killed_one() -> None:
    """The lock of a dead run is taken over by a run of its name, and by no other silently."""
    outside = locked(Outside(), run="one")
    assert Done() == release(outside).end
    assert released(outside)


def test_fault_6_flag_names_the_run_to_take_over() -> None:
    """`--take-over` takes the lock of the run that it names, and only of that one."""
    assert Reason.LOCKED is stopped(release(locked(Outside()), a_plan(take_over="another")))
    outside = locked(Outside())
    assert Done() == release(outside, a_plan(take_over="other")).end
    assert released(outside)


def test_fault_7_dead_run_that_wakes_up_neither_acts_nor_unlocks() -> None:
    """Once another run has taken the lock, the first stops and leaves the lock alone."""

    class Woken(Outside):
        async def push_commit(self, plan: Plan, made: ReleaseCommit, expected: str) -> str:
            commit = await super().push_commit(plan, made, expected)
            locked(self)
            return commit

    outside = Woken()
    assert Reason.LOCK_LOST is stopped(release(outside))
    assert ["lock", "branch"] == outside.effects
    assert outside.lock_ is not None
    assert "other" == outside.lock_.run


# -- before the index -----------------------------------------------------------------------------


def test_fault_8_nothing_of_a_run_that_died_before_its_push_remains() -> None:
    """A run killed between its edits and the push is repeated with the same version."""
    faults = iter([Fault.NONE, Fault.KILLED_BEFORE])
    outside = Outside(faults=itertools.chain(faults, itertools.repeat(Fault.NONE)))
    with pytest.raises(Killed):
        release(outside)
    assert ["lock"] == outside.effects
    assert Done() == release(outside).end
    assert outside.tag is not None
    assert "journal-of-1.2.4-on-base" == outside.tag.commit


def test_fault_9_branch_of_an_old_base_is_replaced_while_nothing_is_published() -> None:
    """A release branch left on an older main is made anew on the planned commit."""
    outside = Outside(branch=Journal("old", "older-base", "old"))
    assert Done() == release(outside).end
    assert outside.tag is not None
    assert "journal-of-1.2.4-on-base" == outside.tag.commit


def test_fault_9_branch_of_an_old_base_is_kept_once_anything_is_published() -> None:
    """What is half on the index is completed from the commit that it was built from."""
    outside = Outside(branch=Journal("old", "older-base", "old"))
    outside.stored[WHEEL.name] = WHEEL.sha256
    assert Done() == release(outside).end
    assert outside.tag is not None
    assert "old" == outside.tag.commit


def test_fault_10_failed_checks_write_nothing() -> None:
    """When the gates fail, nothing was locked, pushed or uploaded."""
    outside = Outside(gates_say=CheckResult(False, "1 of 6 gates failed: tests"))
    outcome = release(outside)
    assert Reason.GATES_FAILED is stopped(outcome)
    assert [] == outside.effects


def test_fault_11_builds_that_differ_stop_with_the_members() -> None:
    """Two builds that are not the same byte for byte are not published."""
    outside = Outside(differing=("demo/_time.py in the wheel",))
    outcome = release(outside)
    assert Reason.NOT_REPRODUCIBLE is stopped(outcome)
    assert "demo/_time.py in the wheel" in said(outcome)
    assert {} == outside.stored


def test_fault_12_only_missing_planned_files_are_asked_for() -> None:
    """The upload names its files: those of the build that the index lacks."""
    asked: list[tuple[str, ...]] = []
    outside = Outside()
    ports = outside.ports
    publish = ports.workshop.publish

    async def note(plan: Plan, names: tuple[str, ...]) -> None:
        asked.append(names)
        await publish(plan, names)

    # The outside is the workshop, too, and its other methods are wanted as they are.
    ports.workshop.publish = note  # type: ignore[method-assign,assignment]
    outside.stored[WHEEL.name] = WHEEL.sha256
    outside.branch = Journal("j", "base", "j")
    assert Done() == asyncio.run(run(a_plan(), ports)).end
    assert [(SDIST.name,)] == asked


def test_fault_13_distributions_that_are_not_as_planned_are_not_published() -> None:
    """A failed verification stops before the index."""
    outside = Outside(check_says=CheckResult(False, "demo-1.2.3.tar.gz is version 1.2.3"))
    assert Reason.CHECK_FAILED is stopped(release(outside))
    assert {} == outside.stored


# -- the index ------------------------------------------------------------------------------------


def test_fault_14_half_published_release_uploads_the_rest_alone() -> None:
    """After a cut between wheel and sdist the next run uploads the missing one."""
    drawn = [Fault.NONE, Fault.NONE, Fault.KILLED_AFTER]
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    with pytest.raises(Killed):
        release(outside)
    assert [SDIST.name] == list(outside.stored)
    assert Done() == release(outside).end
    assert 2 == sum(effect.startswith("upload") for effect in outside.effects)


def test_fault_15_errors_before_and_after_the_store_end_right() -> None:
    """503 before and 502 after the store both end with one file each."""
    drawn = [Fault.NONE, Fault.NONE, Fault.LOST, Fault.UNHEARD]
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    assert Done() == release(outside).end
    assert 2 == sum(effect.startswith("upload") for effect in outside.effects)


def test_fault_16_server_that_never_answers_ends_the_run_in_bounded_time() -> None:
    """An index that does not answer is asked a few times; then the run stops and can go on."""
    outside = Outside()
    outside.refuses[Act.PUBLISH] = ActFailed(FailureKind.BUSY, "timed out after 900 s")
    assert Reason.NO_ANSWER is stopped(release(outside))
    assert outside.lock_ is None
    outside.refuses.clear()
    assert Done() == release(outside).end


def test_fault_17_other_bytes_on_the_index_are_a_hard_stop() -> None:
    """A planned name with other contents on the index ends it: no pull request, no tag."""
    outside = Outside(branch=Journal("j", "base", "j"))
    outside.stored[WHEEL.name] = "c" * 64
    assert Reason.OTHER_BYTES is stopped(release(outside))
    assert [] == outside.effects


REFUSALS = [
    ("17", Act.PUBLISH, FailureKind.OTHER_BYTES, Reason.OTHER_BYTES),
    ("18", Act.PUBLISH, FailureKind.BURNED, Reason.BURNED),
    ("19", Act.PUBLISH, FailureKind.CREDENTIALS, Reason.INDEX_CREDENTIALS),
    ("20", Act.PUBLISH, FailureKind.ATTESTATION, Reason.ATTESTATION),
    ("20", Act.PUBLISH, FailureKind.REFUSED, Reason.INDEX_REFUSED),
    ("22", Act.OPEN_PULL, FailureKind.REFUSED, Reason.PULL_REFUSED),
    ("28", Act.TAG, FailureKind.REFUSED, Reason.PUSH_REFUSED),
    ("28", Act.PUBLISH_RELEASE, FailureKind.REFUSED, Reason.RELEASE_REFUSED),
    ("30", Act.DRAFT, FailureKind.REFUSED, Reason.RELEASE_REFUSED),
    ("30", Act.UPLOAD_ASSET, FailureKind.REFUSED, Reason.RELEASE_REFUSED),
    ("9", Act.PUSH_BRANCH, FailureKind.REFUSED, Reason.PUSH_REFUSED),
    ("8", Act.MAKE_COMMIT, FailureKind.TOOL, Reason.EDITS_FAILED),
    ("10", Act.LOCK, FailureKind.REFUSED, Reason.PUSH_REFUSED),
]


@pytest.mark.parametrize(("fault", "act", "trouble", "reason"), REFUSALS)
def test_refusal_stops_and_leaves_later_steps_undone(
    fault: str, act: Act, trouble: FailureKind, reason: Reason
) -> None:
    """A refused act names its reason; the lock is free again and a later run goes on."""
    outside = Outside()
    outside.refuses[act] = ActFailed(trouble, "what the server said")
    outcome = release(outside)
    assert reason is stopped(outcome)
    assert "what the server said" in said(outcome)
    assert outside.lock_ is None
    if act in (Act.PUBLISH, Act.OPEN_PULL):
        assert outside.tag is None
    outside.refuses.clear()
    assert Done() == release(outside).end
    assert released(outside)


def test_fault_31_lagging_listing_is_waited_for_without_a_second_upload() -> None:
    """A listing that lags two minutes costs two minutes."""
    outside = Outside(lag_s=120)
    assert Done() == release(outside).end
    assert WHOLE == outside.effects


def test_fault_31_listing_that_never_follows_ends_the_wait() -> None:
    """After five minutes the run says so; once the listing follows, the next one goes on."""
    outside = Outside(lag_s=10_000)
    assert Reason.INDEX_LAGS is stopped(release(outside))
    assert outside.tag is None
    outside.time_s += 10_000
    assert Done() == release(outside).end
    assert 2 == sum(effect.startswith("upload") for effect in outside.effects)


# -- after the index ------------------------------------------------------------------------------


def after(*effects: str) -> Outside:
    """Return an outside where a run died right after these effects."""
    drawn = [Fault.NONE] * (len(effects) - 1) + [Fault.KILLED_AFTER]
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    with pytest.raises(Killed):
        release(outside)
    assert list(effects) == outside.effects
    return outside


def test_fault_22_killed_after_publish_opens_exactly_one_pull_request() -> None:
    """The run after uploads nothing and opens the pull request."""
    outside = after(*WHOLE[:4])
    assert Done() == release(outside).end
    assert 1 == len(outside.pulls_)


def test_fault_23_lost_answer_about_the_pull_request_is_found_by_its_head() -> None:
    """A pull request whose answer was lost is found; there is no second one."""
    drawn = [Fault.NONE] * 4 + [Fault.UNHEARD]
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    assert Done() == release(outside).end
    assert 1 == len(outside.pulls_)


def test_fault_24_pull_request_closed_by_a_person_stops_before_the_tag() -> None:
    """A closed, unmerged pull request is a person's word: no tag is pushed over it."""
    outside = after(*WHOLE[:5])
    outside.pulls_ = [replace(outside.pulls_[0], state=PullState.CLOSED)]
    outcome = release(outside, a_plan(commands=Commands("stiletto call")))
    assert Reason.PULL_CLOSED is stopped(outcome)
    assert "reopen it, then: stiletto call release --version 1.2.4; or give 1.2.4 up: " in said(
        outcome
    )
    assert outside.tag is None


def test_fault_25_conflict_with_main_is_no_reason_to_publish_again() -> None:
    """A pull request that conflicts is reported; the release itself goes on."""
    outside = after(*WHOLE[:5])
    outside.pulls_ = [replace(outside.pulls_[0], conflicts=True)]
    outcome = release(outside)
    assert Done() == outcome.end
    assert outcome.world.pull is not None
    assert outcome.world.pull.conflicts
    assert 2 == sum(effect.startswith("upload") for effect in outside.effects)


def test_fault_25_person_who_pushed_onto_the_branch_does_not_move_the_tag() -> None:
    """Commits on top of the journal commit, such as a resolved conflict, are not tagged."""
    outside = after(*WHOLE[:5])
    assert outside.branch is not None
    outside.branch = replace(outside.branch, head="merge")
    outside.pulls_ = [replace(outside.pulls_[0], head="merge")]
    assert Done() == release(outside).end
    assert outside.tag is not None
    assert "journal-of-1.2.4-on-base" == outside.tag.commit


def test_fault_26_squashed_pull_request_with_its_branch_deleted_is_complete() -> None:
    """Once tagged and released, the merged branch may be deleted: nothing is left to do."""
    outside = Outside()
    release(outside)
    outside.pulls_ = [replace(outside.pulls_[0], state=PullState.MERGED)]
    outside.branch = None
    outcome = release(outside)
    assert (Done(), ()) == (outcome.end, outcome.acts)


def test_fault_26_merged_branch_deleted_before_the_tag_says_how_to_restore_it() -> None:
    """Without branch and tag the built commit is unknown: that stops, and nothing is guessed."""
    outside = after(*WHOLE[:5])
    outside.branch = None
    outcome = release(outside)
    assert Reason.JOURNAL_LOST is stopped(outcome)
    assert outside.tag is None


def test_fault_27_tag_at_the_right_commit_is_skipped() -> None:
    """A tag that names the built commit is as good as one of this run."""
    outside = after(*WHOLE[:6])
    outcome = release(outside)
    assert Done() == outcome.end
    assert Act.TAG not in outcome.acts


def test_fault_27_tag_at_another_commit_is_a_hard_stop() -> None:
    """A tag elsewhere ends the release before anything is pushed or published."""
    outside = Outside(tag=Journal("", "", "somewhere"))
    assert Reason.TAG_TAKEN is stopped(release(outside))
    assert [] == outside.effects
    assert "somewhere" == outside.tag.head if outside.tag else False


def test_fault_29_half_filled_draft_is_completed() -> None:
    """A draft with a broken asset and one missing gets both, then is published."""
    outside = after(*WHOLE[:7])
    assert outside.release_ is not None
    broken = Asset(90, SDIST.name, "", uploaded=False)
    other = Asset(91, WHEEL.name, "c" * 64)
    outside.release_ = replace(outside.release_, assets=(broken, other))
    assert Done() == release(outside).end
    assert outside.release_ is not None
    found = {asset.name: asset.sha256 for asset in outside.release_.assets}
    assert {SDIST.name: SDIST.sha256, WHEEL.name: WHEEL.sha256} == found


def test_published_release_with_other_files_is_not_changed() -> None:
    """A published release is immutable from here: strange files in it stop the run."""
    outside = after(*WHOLE[:6])
    outside.release_ = GitHubRelease(7, draft=False, assets=(Asset(1, WHEEL.name, "c" * 64),))
    assert Reason.RELEASE_DIFFERS is stopped(release(outside))


def test_fault_30_rate_limit_is_waited_for_as_long_as_it_says() -> None:
    """A retry-after is kept to; one that is too long ends the run with the server's words."""
    outside = Outside()
    outside.refuses[Act.DRAFT] = ActFailed(FailureKind.BUSY, "rate limit", retry_after_s=60)
    began_s = outside.time_s
    assert Reason.NO_ANSWER is stopped(release(outside))
    assert 240 == outside.time_s - began_s
    outside = Outside()
    outside.refuses[Act.DRAFT] = ActFailed(FailureKind.BUSY, "rate limit", retry_after_s=3600)
    assert Reason.NO_ANSWER is stopped(release(outside))
    assert outside.time_s < began_s + 3600


def test_act_without_effect_is_waited_for_and_then_named() -> None:
    """An act that succeeds without showing ends the release instead of being repeated forever."""

    class Deaf(Outside):
        async def push_tag(self, plan: Plan, commit: str) -> None:
            self.effects.append(f"tag {plan.tag} at {commit}")

    outside = Deaf()
    assert Reason.NO_PROGRESS is stopped(release(outside))
    assert 1 == sum(effect.startswith("tag") for effect in outside.effects)


def test_branch_of_somebody_else_is_not_overwritten() -> None:
    """A branch of the release's name without its commit is left alone."""
    outside = Outside(branch=Journal("", "", "theirs"))
    assert Reason.BRANCH_TAKEN is stopped(release(outside))
    assert "theirs" == outside.branch.head if outside.branch else False


def test_lock_that_cannot_be_given_back_is_said_beside_the_reason() -> None:
    """When unlocking fails after a stop, both are in the message."""
    outside = Outside()
    outside.refuses[Act.PUBLISH] = ActFailed(FailureKind.REFUSED, "400 no")
    outside.refuses[Act.UNLOCK] = ActFailed(FailureKind.REFUSED, "remote: no")
    outcome = release(outside)
    assert isinstance(outcome.end, Stop)
    reasons = [problem.reason for problem in outcome.end.problems]
    assert [Reason.INDEX_REFUSED, Reason.PUSH_REFUSED] == reasons


def test_look_that_fails_is_repeated_and_then_stops() -> None:
    """A server that does not answer looks ends the run with the lock given back."""

    class Blind(Outside):
        async def files(self) -> tuple[File, ...]:
            if self.branch:
                raise ActFailed(FailureKind.BUSY, "connect: timed out")
            return await super().files()

    outside = Blind()
    assert Reason.NO_ANSWER is stopped(release(outside))
    assert outside.lock_ is None


def test_pull_request_of_an_earlier_try_does_not_count() -> None:
    """A pull request closed when its branch was replaced says nothing about the new commit."""
    outside = Outside(pulls_=[Pull(3, PullState.CLOSED, "old")])
    assert Done() == release(outside).end
    assert 2 == len(outside.pulls_)


def test_bug_in_an_act_gives_the_lock_back() -> None:
    """An error that nobody expects ends the run with its traceback, and without its lock."""

    class Broken(Outside):
        async def push_commit(self, plan: Plan, made: ReleaseCommit, expected: str) -> str:
            raise RuntimeError(f"a bug at {plan.branch} of {made.parent}, expected {expected}")

    outside = Broken()
    with pytest.raises(RuntimeError, match="a bug"):
        release(outside)
    assert ["lock", "unlock"] == outside.effects


def test_each_act_says_what_is_held_as_it_begins() -> None:
    """Who ends a run reads last what stands outside, and that the same command goes on."""
    lines: list[str] = []
    outside = Outside()
    asyncio.run(run(a_plan(), outside.ports, lines.append))
    assert "held" not in lines[0]
    uploading = next(line for line in lines if line.startswith(Act.PUBLISH.value))
    lock, branch = a_plan().lock_ref, a_plan().branch
    assert uploading.endswith(
        f"(held: the lock {lock}; the branch {branch}; the same command continues the release)"
    )
    tagging = next(line for line in lines if line.startswith(Act.TAG.value))
    assert f"on the index {SDIST.name}, {WHEEL.name}" in tagging.replace(
        f"{WHEEL.name}, {SDIST.name}", f"{SDIST.name}, {WHEEL.name}"
    )


# -- the order ------------------------------------------------------------------------------------


def test_nothing_is_locked_before_everything_is_verified() -> None:
    """Commit, checks, two builds and verification come first; the lock comes after them."""
    outcome = release(Outside())
    acts = list(outcome.acts)
    assert [Act.MAKE_COMMIT, Act.RUN_GATES, Act.BUILD, Act.CHECK, Act.LOCK, Act.PUSH_BRANCH] == (
        acts[:6]
    )


def test_lock_that_a_dead_run_left_is_taken_at_once_and_given_back_by_any_stop() -> None:
    """Going on with a lock of its own name, a run that fails its checks leaves none behind."""
    outside = locked(Outside(gates_say=CheckResult(False, "tests")), run="one")
    assert Reason.GATES_FAILED is stopped(release(outside))
    assert ["lock", "unlock"] == outside.effects
    assert outside.lock_ is None


def test_release_that_another_run_finished_meanwhile_is_done() -> None:
    """Who finds the whole release behind its own lock gives the lock back, and adds nothing."""

    class Faster(Outside):
        async def lock(self, plan: Plan, expected: str) -> str:
            if plan.run == "one":
                assert Done() == (await run(a_plan(run="two"), self.ports)).end
            return await super().lock(plan, expected)

    outside = Faster()
    assert Done() == release(outside).end
    assert [*WHOLE, "lock", "unlock"] == outside.effects


def test_release_that_another_run_began_to_publish_meanwhile_is_not_mixed_with_this() -> None:
    """What was built of one commit never joins what another has published: it stops, unlocked."""

    class Overtaken(Outside):
        async def lock(self, plan: Plan, expected: str) -> str:
            commit = await super().lock(plan, expected)
            self.branch = Journal("theirs", "base", "theirs")
            self.stored = {SDIST.name: "c" * 64}
            return commit

    outside = Overtaken()
    outcome = release(outside)
    assert Reason.OVERTAKEN is stopped(outcome)
    assert "release/v1.2.4 is theirs, and journal-of-1 was built" in said(outcome)
    assert ["lock", "unlock"] == outside.effects


def test_version_that_appears_while_this_one_is_built_stops_it_behind_the_lock() -> None:
    """A patch that was released during the checks of a minor ends the minor; the lock is free."""

    class Overtaken(Outside):
        async def lock(self, plan: Plan, expected: str) -> str:
            self.releases |= {"1.2.5"}
            return await super().lock(plan, expected)

    outside = Overtaken()
    assert Reason.OVERTAKEN is stopped(release(outside))
    assert ["lock", "unlock"] == outside.effects


def test_branch_that_another_run_left_meanwhile_gives_way() -> None:
    """Nothing of it is published: it is compared, and what this run has built takes its place."""

    class Overtaken(Outside):
        async def lock(self, plan: Plan, expected: str) -> str:
            self.branch = Journal("theirs", "base", "theirs", 1)
            return await super().lock(plan, expected)

    outside = Overtaken()
    outcome = release(outside)
    assert Done() == outcome.end
    assert 1 == outcome.acts.count(Act.BUILD)
    assert outside.tag is not None
    assert "journal-of-1.2.4-on-base" == outside.tag.commit


@pytest.mark.parametrize(
    ("outside", "reason"),
    [
        (Outside(branch=Journal("", "", "theirs")), Reason.BRANCH_TAKEN),
        (Outside(foreign="differs", branch=Journal("old", "base", "old")), Reason.FOREIGN),
        (Outside(stored={SDIST.name: SDIST.sha256}), Reason.JOURNAL_LOST),
        (Outside(differing=("demo/_time.py",)), Reason.NOT_REPRODUCIBLE),
        (Outside(check_says=CheckResult(False, "no")), Reason.CHECK_FAILED),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else "",
)
def test_stop_of_the_long_part_leaves_nothing(outside: Outside, reason: Reason) -> None:
    """Whatever stops before the lock has written nothing, and the lock was never taken."""
    assert reason is stopped(release(outside))
    assert [] == outside.effects


DAY_S = 24 * 60 * 60


def half_published(age_s: float) -> Outside:
    """Return an outside where the upload of the second file was refused, some time ago."""
    outside = Outside()
    outside.faults = itertools.chain([Fault.NONE] * 3, [Fault.KILLED_BEFORE])
    with pytest.raises(Killed):
        release(outside)
    outside.faults = itertools.repeat(Fault.NONE)
    outside.time_s += age_s
    return outside


def test_too_late_a_half_release_stops_before_the_lock() -> None:
    """After 14 days PyPI takes no more files: what is missing is named, and the way out."""
    outside = half_published(15 * DAY_S)
    outside.lock_ = None
    outcome = release(outside)

    assert Reason.TOO_LATE is stopped(outcome)
    assert f"{WHEEL.name} of demo 1.2.4, 15 days after the first" in said(outcome)
    assert "yank it there, and release the next version" in said(outcome)
    assert Act.LOCK not in outcome.acts


def test_a_half_release_of_the_last_days_is_completed() -> None:
    """Before the 14 days are over, and on an index without that rule, the rest is uploaded."""
    early, other = half_published(13 * DAY_S), half_published(15 * DAY_S)

    assert Done() == release(early).end
    assert Done() == release(other, a_plan(pypi_rules=False)).end
    assert released(early)
    assert released(other)


def test_wheels_that_the_last_release_had_are_a_note() -> None:
    """A smaller set of wheels than last time's is reported with the verification, and released."""
    outside = Outside()
    outside.earlier = (File("demo-1.2.3-cp311-cp311-win32.whl", "c" * 64),)
    outcome = release(outside)
    check = outcome.world.state.check

    assert Done() == outcome.end
    assert check
    assert ("the last release had wheels for cp311 on win32",) == check.notes


def test_wrong_platform_is_refused_by_its_own_reason() -> None:
    """What the index would refuse stops before the lock, and says so."""
    outcome = release(
        Outside(check_says=CheckResult(False, "a.whl: linux_x86_64", Reason.NOT_ACCEPTED))
    )

    assert Reason.NOT_ACCEPTED is stopped(outcome)
    assert Act.LOCK not in outcome.acts


def test_older_line_does_not_become_the_latest() -> None:
    """Where a higher version is released, GitHub keeps that one as the latest."""
    newest, older = Outside(), Outside()
    older.earlier = (File("demo-2.0.0.tar.gz", "c" * 64),)
    release(newest)
    release(older)

    assert (True, False) == (newest.latest, older.latest)


# -- interrupted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("act", "effects"),
    [
        ("gates", []),
        ("lock", ["lock", "unlock"]),
        ("publish", ["lock", "branch", "upload demo-1.2.4.tar.gz", "unlock"]),
        ("pull", [*WHOLE[:5], "unlock"]),
    ],
)
def test_interrupted_run_gives_its_lock_back_and_reports(
    number: signal.Signals, act: str, effects: list[str]
) -> None:
    """A signal in the checks, behind the lock or between two uploads is a stop like any other."""
    lines: list[str] = []
    outside = Signalled(act, number)
    outcome = asyncio.run(run(a_plan(), outside.ports, lines.append))

    assert Reason.INTERRUPTED is stopped(outcome)
    assert effects == outside.effects
    assert outside.lock_ is None
    assert "a second signal ends at once" in lines[-1]
    outside.armed = False
    assert Done() == release(outside).end
    assert released(outside)


def test_interrupted_run_leaves_the_lock_of_another() -> None:
    """What another run has taken over is not given back by this one."""

    class Taken(Signalled):
        async def push_commit(self, plan: Plan, made: ReleaseCommit, expected: str) -> str:
            commit = await super().push_commit(plan, made, expected)
            locked(self)
            return commit

    outside = Taken("publish", signal.SIGTERM)
    outcome = asyncio.run(run(a_plan(), outside.ports))

    assert Reason.LOCK_LOST is stopped(outcome)
    assert outside.lock_ is not None


def test_interrupted_run_whose_lock_stays_names_it() -> None:
    """A remote that refuses to delete the lock's ref is reported beside the interruption."""
    outside = Signalled("publish", signal.SIGTERM)
    outside.refuses[Act.UNLOCK] = ActFailed(FailureKind.REFUSED, "403")
    outcome = asyncio.run(run(a_plan(), outside.ports))

    assert Reason.INTERRUPTED is stopped(outcome)
    assert "refs/wheelwright/lock/demo stays locked: 403" in said(outcome)


class Signalled(Outside):
    """An outside where a signal arrives during one act, which then takes its time."""

    def __init__(self, act: str, number: signal.Signals) -> None:
        super().__init__()
        self.armed = True
        self._act = act
        self._number = number

    async def arrives(self, act: str) -> None:
        """Let the signal arrive, if it is this act."""
        if self.armed and act == self._act:
            os.kill(os.getpid(), self._number)
            await asyncio.sleep(0.05 if act in ("lock", "pull") else 30)

    @property
    def ports(self) -> Ports:
        """Everything, with the signal in its act."""
        ports = super().ports
        gates, publish = ports.workshop.gates, ports.workshop.publish
        open_pull = ports.github.open_pull

        async def slow_gates(plan: Plan, journal: Journal) -> CheckResult:
            await self.arrives("gates")
            return await gates(plan, journal)

        async def slow_publish(plan: Plan, names: Sequence[str]) -> None:
            await publish(plan, names[:1] if self.armed and self._act == "publish" else names)
            await self.arrives("publish")

        async def slow_pull(plan: Plan, body: str) -> None:
            await open_pull(plan, body)
            await self.arrives("pull")

        # The parts are made for each of these, and are wanted as they are otherwise.
        vars(ports.workshop).update(gates=slow_gates, publish=slow_publish)
        vars(ports.github).update(open_pull=slow_pull)
        return ports

    async def lock(self, plan: Plan, expected: str) -> str:
        """Take the lock, and have no answer in time."""
        commit = await super().lock(plan, expected)
        await self.arrives("lock")
        return commit


def test_bot_checks_that_would_wait_are_started_once() -> None:
    """Where the pull request's checks wait for an approval, the release starts them, once."""
    outside = Outside(checks=Checks.WAITING)
    outcome = release(outside)

    assert Done() == outcome.end
    assert ["pull", "checks", "tag"] == outside.effects[4:7]
    assert 1 == outside.effects.count("checks")


def test_bot_checks_that_cannot_be_started_are_a_note() -> None:
    """The release is made although its token may not start the checks: the reason is kept."""
    refused = ActFailed(FailureKind.REFUSED, "403 Resource not accessible by integration")
    outside = Outside(checks=Checks.WAITING, refuses={Act.START_CHECKS: refused})
    outcome = release(outside)

    assert Done() == outcome.end
    assert "403 Resource not accessible by integration" == outcome.world.state.unstarted
    assert released(outside)


def test_base_that_was_rewritten_while_this_was_built_stops_it_behind_the_lock() -> None:
    """A commit that the base has lost is not released; the lock is free again."""

    class Rewritten(Outside):
        async def lock(self, plan: Plan, expected: str) -> str:
            self.based = False
            return await super().lock(plan, expected)

    outside = Rewritten()
    outcome = release(outside)
    assert Reason.OVERTAKEN is stopped(outcome)
    assert "main has lost the commit base since it was planned" in said(outcome)
    assert ["lock", "unlock"] == outside.effects


def test_base_that_was_rewritten_after_the_upload_changes_nothing() -> None:
    """What is on the index is finished, whatever became of the base."""
    outside = after(*WHOLE[:4])
    outside.based = False
    assert Done() == release(outside).end
