"""What earlier releases mean for the next one."""

from dataclasses import replace
from typing import Any

import pytest

from wheelwright.distribution.file import File
from wheelwright.release.decide.again import Standing
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.plan import RunIdentity, Survey, decide
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.version import Request
from wheelwright.release.decide.world import Journal, Lock, Plan, PullState

PATCH = Request(bump="patch")
MERGED = Standing(PullState.MERGED, "https://example.test/pull/1", published=True)


def names(*versions: str) -> tuple[File, ...]:
    """Return a file of each version on the index."""
    return tuple(File(f"demo-{version}.tar.gz", "") for version in versions)


# 1.2.4 was released by run 777, its pull request is merged, and main has a new entry.
AFTER = Survey(
    package="demo",
    current="1.2.4",
    base="main",
    base_commit="later",
    journals={"1.2.4": Journal("made", "base", "made", 5, (), "777", "--bump patch")},
    tags={"1.2.3": "tagged", "1.2.4": "made"},
    releases=frozenset({"1.2.3", "1.2.4"}),
    index=names("1.2.3", "1.2.4"),
    changes="- Another thing.",
    standings={"1.2.4": MERGED},
)


def run(name: str) -> RunIdentity:
    """Return a run whose name was given."""
    return RunIdentity(name, epoch_s=7, given=True)


def planned(survey: Survey, request: Request = PATCH, who: str = "778") -> Plan:
    """Return the plan, where there has to be one."""
    plan = decide(request, run(who), survey)
    assert isinstance(plan, Plan), plan.text()
    return plan


def text(survey: Survey, request: Request = PATCH, who: str = "778") -> str:
    """Return what a stop says."""
    stop = decide(request, run(who), survey)
    assert isinstance(stop, Stop)
    return stop.text()


# -- the same run again ---------------------------------------------------------------------------


def test_same_run_again_has_nothing_to_do() -> None:
    """A run that finds its own name and request in a release answers with that version."""
    assert "1.2.4 was released by run 777" == planned(AFTER, who="777").answer
    assert "1.2.4" == planned(AFTER, who="777").version


def test_same_run_again_needs_neither_credential_nor_changelog() -> None:
    """What the next release would lack does not matter to one that is over."""
    assert "1.2.4 was released by run 777" == planned(replace(AFTER, changes=""), who="777").answer


def test_another_run_releases_the_next_version() -> None:
    """A run of another name, and one that made its name itself, begin anew."""
    assert ("1.2.5", "") == (planned(AFTER).version, planned(AFTER).answer)
    made = decide(PATCH, RunIdentity("777", epoch_s=7), AFTER)
    assert isinstance(made, Plan)
    assert "1.2.5" == made.version


def test_same_run_may_release_twice_by_two_requests() -> None:
    """A workflow that first releases a candidate and then the final one has one name for both."""
    minor = planned(AFTER, Request(bump="minor"), who="777")
    assert ("1.3.0", "") == (minor.version, minor.answer)


@pytest.mark.parametrize(
    "forged",
    [
        {"index": names("1.2.3")},
        {"tags": {"1.2.3": "tagged"}, "index": names("1.2.3")},
        {"tags": {"1.2.3": "tagged", "1.2.4": "other"}},
    ],
    ids=["not on the index", "no tag", "the tag of another commit"],
)
def test_name_in_a_commit_of_no_release_answers_nothing(forged: dict[str, Any]) -> None:
    """Anyone may write a run's name into a commit: it counts only in what is released."""
    decided = decide(PATCH, run("777"), replace(AFTER, **forged))
    assert not isinstance(decided, Plan) or not decided.answer


# -- nothing new ----------------------------------------------------------------------------------


def test_nothing_new_is_named() -> None:
    """With the newest release on the branch and no entry since, there is nothing to release."""
    expected = "nothing to release: 1.2.4 is released, main has no entry since; "
    assert text(replace(AFTER, changes="")).startswith(expected)


# -- refused, then merged -------------------------------------------------------------------------

UNFINISHED = replace(
    AFTER,
    current="1.2.4",
    standings={"1.2.4": replace(MERGED, published=False)},
    commands=Commands("stiletto call", ("--bump", "patch")),
)


@pytest.mark.parametrize("changes", ["", "- Another thing."])
@pytest.mark.parametrize("who", ["777", "778"])
def test_same_command_finishes_a_release_without_its_github_release(who: str, changes: str) -> None:
    """After the merge main has 1.2.4 itself; the command that began it still finishes it."""
    plan = planned(replace(UNFINISHED, changes=changes), who=who)
    assert ("1.2.4", "base", "") == (plan.version, plan.base_commit, plan.answer)


@pytest.mark.parametrize("request_", [Request(bump="minor"), Request(version="1.2.5")])
def test_another_request_stops_with_the_command_that_finishes(request_: Request) -> None:
    """What is unfinished comes first, by a command that can be pasted."""
    expected = (
        "another release is unfinished: 1.2.4; "
        "finish it first: stiletto call release --version 1.2.4"
    )
    assert expected == text(UNFINISHED, request_)
    assert "1.2.4" == planned(UNFINISHED, Request(version="1.2.4")).version


def test_recorded_request_can_only_stop() -> None:
    """A commit that records another request is not finished by this one, whatever it leads to."""
    journal = replace(UNFINISHED.journals["1.2.4"], request="--version 1.2.4")
    survey = replace(UNFINISHED, journals={"1.2.4": journal})
    assert "another release is unfinished: 1.2.4" in text(survey)


# -- closed ---------------------------------------------------------------------------------------

CLOSED = replace(
    AFTER,
    current="1.3.1",
    index=names("1.3.1", "1.3.2"),
    tags={"1.3.1": "tagged"},
    journals={"1.3.2": Journal("made", "base", "made", 5, (), "777", "--bump patch")},
    standings={"1.3.2": Standing(PullState.CLOSED, "https://example.test/pull/2")},
)


@pytest.mark.parametrize(("bump", "version"), [("patch", "1.3.3"), ("minor", "1.4.0")])
@pytest.mark.parametrize("tags", [CLOSED.tags, {**CLOSED.tags, "1.3.2": "made"}])
def test_closed_pull_request_gives_its_version_up(
    bump: str, version: str, tags: dict[str, str]
) -> None:
    """The next version counts on from what is on the index, and a note has the reason."""
    plan = planned(replace(CLOSED, tags=tags), Request(bump=bump))
    assert version == plan.version
    assert "1.3.2 is on the index and its pull request was closed without merging" in plan.notes[0]


def test_killed_release_that_counted_on_is_continued() -> None:
    """The lock of 1.3.3 is what the same request gives: main still has 1.3.1."""
    lock = Lock("c", "778", "1.3.3", "base", 5)
    plan = planned(replace(CLOSED, lock=lock, lock_on_base=True))
    assert ("1.3.3", "base") == (plan.version, plan.base_commit)


def test_run_that_has_the_lock_of_a_closed_one_continues_it() -> None:
    """It stops at its pull request, and once that is open again the same command finishes it."""
    lock = Lock("l", "778", "1.3.2", "base", 7)
    plan = planned(replace(CLOSED, lock=lock, lock_on_base=True))
    assert "1.3.2" == plan.version


def test_run_that_has_the_lock_of_a_closed_release_is_not_refused_for_it() -> None:
    """A killed run finds its own lock: the loop stops for the closed pull request, and unlocks."""
    lock = Lock("c", "778", "1.3.2", "base", 5)
    assert "1.3.2" == planned(replace(CLOSED, lock=lock, lock_on_base=True)).version


def test_closed_branch_may_be_deleted() -> None:
    """Also without its branch the version is given up: GitHub still lists the pull request."""
    assert "1.3.3" == planned(replace(CLOSED, journals={})).version


def test_reopened_pull_request_is_finished_by_its_version() -> None:
    """`--version 1.3.2` means that release, and the loop looks whether it was reopened."""
    plan = planned(CLOSED, Request(version="1.3.2"))
    assert ("1.3.2", "base") == (plan.version, plan.base_commit)


# -- elsewhere ------------------------------------------------------------------------------------

ELSEWHERE = replace(
    AFTER,
    current="2.14.1",
    index=names("2.14.1", "2.14.2"),
    tags={"2.14.1": "a", "2.14.2": "b"},
    journals={},
    standings={"2.14.2": Standing()},
)


def test_released_elsewhere_is_a_note() -> None:
    """A tag of a maintenance branch, which never had a pull request, stops no minor release."""
    plan = planned(ELSEWHERE, Request(bump="minor"))
    assert "2.15.0" == plan.version
    assert ("2.14.2 is released from another branch, and main has 2.14.1",) == plan.notes


def test_open_pull_request_of_the_latest_release_still_stops() -> None:
    """What is on its way to the branch has to arrive first."""
    journals = {"2.14.2": Journal("b", "a", "b")}
    standings = {"2.14.2": Standing(PullState.OPEN, published=True)}
    survey = replace(ELSEWHERE, journals=journals, standings=standings)
    stop = decide(Request(bump="minor"), run("1"), survey)
    assert isinstance(stop, Stop)
    assert [Reason.BEHIND] == [problem.reason for problem in stop.problems]


# -- a version that a person has prepared ---------------------------------------------------------

PREPARED = replace(
    ELSEWHERE, current="1.5.0", index=names("1.4.0"), tags={"1.4.0": "a"}, standings={}
)


def test_bump_that_leads_to_the_prepared_version_is_it() -> None:
    """Where a commit before has raised the version by hand, no version is left out."""
    plan = planned(PREPARED, Request(bump="minor"))
    note = "--bump minor of 1.4.0 is 1.5.0, which main has already"
    assert ("1.5.0", (note,)) == (plan.version, plan.notes)


def test_bump_beyond_the_prepared_version_counts_on() -> None:
    """Any other bump begins at the version of the files, and the version itself is no news."""
    assert "1.5.1" == planned(PREPARED).version
    assert () == planned(PREPARED, Request(version="1.5.0")).notes


@pytest.mark.parametrize(
    "more",
    [
        {"tags": {"1.5.0": "a"}},
        {"index": names("1.5.0")},
        {"tags": {}, "index": ()},
        {"current": "1.5.0.dev0"},
    ],
    ids=["a tag", "files", "never released", "a development version"],
)
def test_versions_that_nobody_has_prepared(more: dict[str, Any]) -> None:
    """A released version, the first one and a pre-release are counted on as ever."""
    plan = planned(replace(PREPARED, **more), Request(bump="minor"))
    expected = "1.5.0" if "current" in more else "1.6.0"
    assert expected == plan.version
    assert not any("has already" in note for note in plan.notes)


def test_prepared_version_is_continued_under_its_lock() -> None:
    """The tag of a killed release does not make the request lead to another version."""
    lock = Lock("c", "run-1", "1.5.0", "base", 0)
    held = replace(
        PREPARED, lock=lock, lock_on_base=True, tags={"1.4.0": "a", "1.5.0": "made"}, index=()
    )
    assert "1.5.0" == planned(held, Request(bump="minor"), "run-1").version
