"""A rehearsal: the part of a release that writes nothing, and how it is printed."""

import asyncio
import itertools
import json
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wheelwright.release.imaginary import SDIST, WHEEL, Fault, Killed, Outside, a_plan
from wheelwright.release.act.loop import Outcome, run
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.rehearsed import (
    Change,
    Planned,
    Rehearsed,
    change_of,
    last_act,
)
from wheelwright.release.decide.report import Links, Report, rows
from wheelwright.release.decide.step import (
    Done,
    Step,
    held,
    next_branch,
    next_prepared,
    next_step,
)
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import (
    Act,
    Asked,
    CheckResult,
    Journal,
    Lock,
    Plan,
    Pull,
    PullState,
)

COMMIT = "journal-of-1.2.4-on-base"


def rehearsal(outside: Outside, part: Part = Part.VERIFY, plan: Plan | None = None) -> Outcome:
    """Run the first part of a release."""
    decide = partial(next_prepared, last=last_act(part))
    return asyncio.run(run(plan or a_plan(), outside.ports, decide=decide))


def partly(outside: Outside, part: Part = Part.EDITS) -> Outcome:
    """Run a release that ends with its branch."""
    decide = partial(next_branch, last=last_act(part))
    return asyncio.run(run(a_plan(), outside.ports, decide=decide))


def printed(outside: Outside, part: Part = Part.VERIFY) -> Rehearsed:
    """Rehearse, and return what is printed."""
    asked = Asked("", "--bump patch")
    plan = a_plan(notes=("as in 1.2.3",), asked=asked, previous="1.2.3")
    outcome = rehearsal(outside, part, plan)
    assert outcome.end == Done()
    end = next_step(plan, held(plan, outcome.world))
    report = Report("demo", "1.2.4", "planned", rows(plan, outcome.world, outcome.acts, end))
    source = outcome.world.source
    assert source is not None
    change = Change("Release demo 1.2.4\n\nBody.\n", ("pyproject.toml",), "-1.2.3\n+1.2.4\n")
    urls = IndexUrls("https://index.example.org/legacy/", "https://index.example.org/simple/")
    files = outcome.world.state.built
    planned = Planned(plan, source, change, files, "- It is new.", urls, Links(), part)
    return Rehearsed(report, planned)


def test_why_has_no_bump_of_the_version_itself() -> None:
    """A version that the base has already is not called the next one of itself."""
    planned = printed(Outside()).planned
    assert planned is not None
    same = replace(planned, plan=replace(planned.plan, previous="1.2.4"))
    assert "1.2.4, by --bump patch of 1.2.3" == planned.why
    assert "1.2.4, by --bump patch" == same.why


@pytest.mark.parametrize(
    ("part", "acts"),
    [
        (Part.EDITS, [Act.MAKE_COMMIT]),
        (Part.CHECKS, [Act.MAKE_COMMIT, Act.RUN_GATES]),
        (Part.BUILD, [Act.MAKE_COMMIT, Act.RUN_GATES, Act.BUILD]),
        (Part.VERIFY, [Act.MAKE_COMMIT, Act.RUN_GATES, Act.BUILD, Act.CHECK]),
    ],
)
def test_rehearsal_ends_where_it_is_told_and_writes_nothing(part: Part, acts: list[Act]) -> None:
    """Each part is the acts of `release` up to its own; nothing outside is touched."""
    outside = Outside()
    outcome = rehearsal(outside, part)
    assert (Done(), acts) == (outcome.end, list(outcome.acts))
    assert [] == outside.effects


@pytest.mark.parametrize(
    ("outside", "reason"),
    [
        (Outside(branch=Journal("", "", "theirs")), Reason.BRANCH_TAKEN),
        (Outside(lock_=Lock("l", "other", "1.2.4", "base", 0)), Reason.LOCKED),
        (Outside(foreign="differs", branch=Journal("old", "base", "old")), Reason.FOREIGN),
        (
            Outside(
                branch=Journal(COMMIT, "base", COMMIT, a_plan().epoch_s),
                pulls_=[Pull(7, PullState.CLOSED, COMMIT)],
                stored={SDIST.name: SDIST.sha256, WHEEL.name: WHEEL.sha256},
            ),
            Reason.PULL_CLOSED,
        ),
        (Outside(gates_say=CheckResult(False, "tests")), Reason.GATES_FAILED),
        (Outside(check_says=CheckResult(False, "metadata")), Reason.CHECK_FAILED),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else "",
)
def test_plan_of_what_cannot_go_on(outside: Outside, reason: Reason) -> None:
    """A rehearsal stops with the words that the release stops with, and neither writes."""
    planned = rehearsal(outside)
    done = asyncio.run(run(a_plan(), outside.ports))
    assert isinstance(planned.end, Stop)
    assert reason is planned.end.reason
    assert planned.end == done.end
    assert [] == outside.effects


def test_rehearsal_leaves_the_lock_of_its_own_run_alone() -> None:
    """What a killed run of this name holds is rehearsed through, and stays held."""
    lock = Lock("l", "one", "1.2.4", "base", 0)
    outside = Outside(lock_=lock)
    outcome = rehearsal(outside)
    assert (Done(), lock) == (outcome.end, outside.lock_)
    assert Act.CHECK in outcome.acts
    assert [] == outside.effects


def test_rehearsal_of_a_released_version_has_nothing_to_do() -> None:
    """After success it makes no commit and builds nothing."""
    outside = Outside()
    asyncio.run(run(a_plan(), outside.ports))
    outcome = rehearsal(outside)
    assert (Done(), ()) == (outcome.end, outcome.acts)


def test_rehearsal_of_a_released_version_leaves_a_lock_where_it_is() -> None:
    """A killed run of this name released everything but its lock: to give it back is a write."""
    outside = Outside()
    asyncio.run(run(a_plan(), outside.ports))
    outside.lock_ = lock = Lock("l", "one", "1.2.4", "base", 0)
    effects = list(outside.effects)
    outcome = rehearsal(outside)
    assert (Done(), lock, effects) == (outcome.end, outside.lock_, outside.effects)
    left = next_step(a_plan(), held(a_plan(), outcome.world))
    assert isinstance(left, Step)
    assert Act.UNLOCK is left.act


@pytest.mark.parametrize("part", Part)
def test_release_until_a_part_ends_with_its_branch_and_no_lock(part: Part) -> None:
    """It does the part, locks, pushes the branch and unlocks; the index stays as it was."""
    outside = Outside()
    assert Done() == partly(outside, part).end
    assert ["lock", "branch", "unlock"] == outside.effects
    assert Done() == partly(outside, part).end
    assert ["lock", "branch", "unlock"] == outside.effects, "it is there already"


def test_release_until_the_edits_is_continued_by_the_whole_release() -> None:
    """At the same time of the same base the branch is compared and stays what it is."""
    outside = Outside()
    partly(outside)
    outcome = asyncio.run(run(a_plan(run="two"), outside.ports))
    assert Done() == outcome.end
    assert 1 == outside.effects.count("branch")
    assert Act.MAKE_COMMIT not in outcome.acts


def test_part_that_fails_gives_the_lock_back() -> None:
    """A branch that cannot be pushed leaves no lock."""
    outside = Outside()
    partly_failing = replace(a_plan(), base_commit="other")
    outside.branch = Journal("", "", "theirs")
    decide = partial(next_branch, last=Act.MAKE_COMMIT)
    outcome = asyncio.run(run(partly_failing, outside.ports, decide=decide))
    assert isinstance(outcome.end, Stop)
    assert outside.lock_ is None


# -- what is printed ------------------------------------------------------------------------------


def test_text_has_everything_that_would_be_written() -> None:
    """Base, tag, title, files with hashes, the diff, the notes, the pull request, what is left."""
    text = printed(Outside()).text()
    lines = text.splitlines()
    assert "demo 1.2.4: planned" == lines[0]
    assert "base     main at base" in lines
    assert "tag      v1.2.4" in lines
    assert "title    Release demo 1.2.4" in lines
    assert "release  demo 1.2.4" in lines
    assert f"file     {SDIST.name}  0 bytes  sha256 {SDIST.sha256}" in lines
    assert "left     lock, branch, publish, pull request, tag, release, unlock" in lines
    assert ["-1.2.3", "+1.2.4"] == [line for line in lines if line in ("-1.2.3", "+1.2.4")]
    assert 2 == text.count("- It is new."), "the notes, and the pull request with them"
    assert "version  1.2.4, by --bump patch of 1.2.3" in lines
    assert "as in 1.2.3" in text


def test_json_has_all_of_it_as_fields() -> None:
    """The report's own keys stay; the plan's facts are beside them."""
    data = json.loads(printed(Outside()).json())
    assert ("demo", "1.2.4", "planned", "verify") == (
        data["package"],
        data["version"],
        data["end"],
        data["until"],
    )
    assert ("main", "base", COMMIT) == (data["base"], data["base_commit"], data["commit"])
    assert [{"name": SDIST.name, "size": 0, "sha256": SDIST.sha256}] == data["files"][:1]
    assert (["pyproject.toml"], "-1.2.3\n+1.2.4\n") == (data["changes"], data["diff"])
    assert "Release demo 1.2.4" == data["pull_request"]["title"]
    assert ["1.2.4, by --bump patch of 1.2.3", "as in 1.2.3"] == data["why"]
    assert "lock" == data["left"][0]
    assert {"edits", "checks", "build", "verify"} == {
        step["step"]
        for step in data["steps"]
        if step["mark"] == "done" and step["step"] != "preflight"
    }


def test_rehearsal_of_the_edits_leaves_the_rest_to_do() -> None:
    """What was not rehearsed is among what is left, and there are no files yet."""
    data = json.loads(printed(Outside(), Part.EDITS).json())
    assert [] == data["files"]
    assert ["checks", "build", "verify", "lock"] == data["left"][:4]


def test_markdown_keeps_a_text_in_its_fence() -> None:
    """Notes with a fence of their own do not end the fence around them."""
    made = printed(Outside())
    assert made.planned is not None
    notes = "```sh\nrm\n```\n````\n"
    text = Rehearsed(made.report, replace(made.planned, notes=notes)).markdown()
    assert "\n`````markdown\n```sh\n" in text


def test_change_is_read_as_it_was_told() -> None:
    """The first line of a message is its title."""
    told = json.dumps({"message": "Title\n\nMore.\n", "paths": ["x"], "diff": "-a\n"})
    change = change_of(told)
    assert ("Title", ("x",), "-a\n") == (change.title, change.paths, change.diff)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(Fault), max_size=12))
def test_any_faults_end_a_partial_release_with_one_branch_and_no_lock(drawn: list[Fault]) -> None:
    """Whatever is lost, unheard or killed, the same command again leaves the branch, unlocked."""
    outside = Outside(faults=itertools.chain(drawn, itertools.repeat(Fault.NONE)))
    for _ in range(len(drawn) + 2):
        try:
            if partly(outside).end == Done():
                break
        except Killed:
            continue
    assert (None, {}, []) == (outside.lock_, outside.stored, outside.pulls_)
    assert outside.branch is not None
    assert COMMIT == outside.branch.commit
    assert 1 == outside.effects.count("branch")
