"""The three lines that end every stop, and that `release-status` prints."""

import asyncio
import json
import shlex
from dataclasses import replace

import pytest

from tests.unit.wheelwright.release.decide.test_again import AFTER, CLOSED, UNFINISHED, names
from tests.unit.wheelwright.release.imaginary import Outside, a_plan
from wheelwright.release.act.loop import run
from wheelwright.release.decide.again import Standing
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.plan import Survey
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.report import Stopped, concluded
from wheelwright.release.decide.status import Standings, Status, of_survey
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import (
    Act,
    Asked,
    CheckResult,
    FailureKind,
    Lock,
    Plan,
    PullState,
)

MINE = Commands("stiletto call", ("--bump", "patch"))
PLAN = a_plan(commands=MINE)


def status(outside: Outside, plan: Plan = PLAN) -> Status:
    """Return where a release stands that stopped; every form of the report ends with it."""
    outcome = asyncio.run(run(plan, outside.ports))
    with pytest.raises(Stopped) as stopped:
        concluded(outcome.end, plan, outcome.world, outcome.acts, now_s=1_700_000_600)
    report = stopped.value.report
    assert report is not None
    assert report.status is not None
    assert list(report.status.lines()) == report.text().splitlines()[-3:]
    names = ["public", "held", "next"]
    assert names == [line[2:].partition(":")[0] for line in report.markdown().splitlines()[-3:]]
    assert names == list(json.loads(report.json())["status"])
    return report.status


def test_stop_before_the_lock_leaves_nothing() -> None:
    """Nothing is public or held, and the same command is the next one."""
    found = status(Outside(gates_say=CheckResult(False, "1 of 6 gates failed: tests")))
    assert Status("nothing of demo 1.2.4", "nothing", "stiletto call release --bump patch") == found


def test_stop_after_the_index_names_what_is_missing_and_what_finishes_it() -> None:
    """Once files are public, the command names the version, whatever main has by then."""
    outside = Outside()
    outside.refuses[Act.DRAFT] = ActFailed(FailureKind.REFUSED, "422")
    expected = Status(
        "demo 1.2.4: 2 files on the index, pull request #2 open, tag v1.2.4; "
        "missing: GitHub release",
        "nothing",
        "stiletto call release --version 1.2.4",
    )
    assert expected == status(outside)


def test_lock_of_another_run_is_held_by_whom_and_since_when() -> None:
    """Another run's lock has its name, its time, and how long that is ago."""
    outside = Outside(lock_=Lock("theirs", "777", "1.2.4", "base", 0, 1_700_000_000))
    found = status(outside)
    since = "since 2023-11-14 22:13 UTC (10 min)"
    assert f'the lock refs/wheelwright/lock/demo by run "777" {since}' == found.held


def test_lock_that_could_not_be_given_back_names_who_continues() -> None:
    """A lock that stays is this run's: its own name was never given, so the command has it."""
    outside = Outside()
    outside.refuses[Act.PUBLISH] = ActFailed(FailureKind.REFUSED, "400")
    outside.refuses[Act.UNLOCK] = ActFailed(FailureKind.REFUSED, "403")
    found = status(outside)
    assert 'the lock refs/wheelwright/lock/demo by run "one"' in found.held
    assert ["--take-over=one"] == shlex.split(found.next)[-1:]


def test_branch_without_files_on_the_index_is_named() -> None:
    """What is left of a release that published nothing is the next run's to replace."""
    outside = Outside()
    outside.refuses[Act.PUBLISH] = ActFailed(FailureKind.REFUSED, "400")
    left = "the branch release/v1.2.4 is left, and the next run uses or replaces it"
    assert f"nothing; {left}" == status(outside).held


# -- of a package ---------------------------------------------------------------------------------


def of(survey: Survey, reason: Reason | None = None) -> Status:
    """Return where a package stands, for the caller of these tests."""
    survey = replace(survey, commands=replace(survey.commands, program="stiletto call"))
    return of_survey(survey, Stop.at(reason) if reason else None, 1_700_000_600)


def test_complete_release_leads_to_the_next() -> None:
    """All of it is there, so the next command is another release."""
    expected = Status(
        "demo 1.2.4: 1 file on the index, tag v1.2.4, "
        "pull request https://example.test/pull/1 merged, GitHub release",
        "nothing",
        "stiletto call release --bump patch",
    )
    assert expected == of(AFTER)


def test_unfinished_release_leads_to_its_end() -> None:
    """A GitHub release is missing: the command that makes it comes next."""
    found = of(UNFINISHED)
    assert found.public.endswith("; missing: GitHub release")
    assert "stiletto call release --version 1.2.4" == found.next


def test_release_of_other_tools_lacks_nothing() -> None:
    """A version on the index that was not released here needs no pull request and no tag."""
    survey = Survey(
        "demo", "1.0", "main", "base", index=names("1.0"), standings={"1.0": Standing()}
    )
    assert "demo 1.0: 1 file on the index" == of(survey).public


def test_open_pull_request_is_merged_first() -> None:
    """A pull request that waits is the next act, by its address."""
    survey = replace(
        AFTER, standings={"1.2.4": Standing(PullState.OPEN, "https://h/pull/3", published=True)}
    )
    assert "merge https://h/pull/3, then: stiletto call release --bump patch" == of(survey).next


def test_given_up_release_leads_to_the_next() -> None:
    """Nobody has to finish what a person closed."""
    assert "stiletto call release --bump patch" == of(CLOSED).next


def test_held_lock_leads_to_taking_it_over() -> None:
    """A lock of a run that may be dead has the command that continues it."""
    survey = replace(AFTER, lock=Lock("c", "it's", "1.2.5", "base", 0))
    words = shlex.split(of(survey).next)
    assert ["stiletto", "call", "release", "--version", "1.2.5", "--take-over=it's"] == words


def test_package_without_a_release_has_nothing_public() -> None:
    """Before the first release there is nothing, and the next command makes it."""
    survey = Survey("demo", "0.1.0", "main", "base")
    expected = Status("nothing of demo", "nothing", "stiletto call release --bump patch")
    assert expected == of(survey)


def test_spent_version_leads_to_the_next_one() -> None:
    """A version that is on the index already cannot be released again."""
    survey = replace(AFTER, commands=Commands(request=("--version", "1.2.4")))
    assert "stiletto call release --bump patch" == of(survey, Reason.ON_INDEX).next


def test_standings_are_printed_in_three_forms() -> None:
    """Lines for people, a list for a step summary, fields for programs."""
    made = Standings("demo", Status("a", "b", "c"), ("d",))
    assert "public: a\nheld: b\nnext: c\nnote: d" == made.text()
    assert "### demo\n\n- public: a\n- held: b\n- next: c\n- note: d\n" == made.markdown()
    assert {"package": "demo", "public": "a", "held": "b", "next": "c", "notes": ["d"]} == (
        json.loads(made.json())
    )


def test_run_of_a_given_name_continues_by_the_same_command() -> None:
    """A run whose name was given needs no flag to continue itself."""
    outside = Outside()
    outside.refuses[Act.PUBLISH] = ActFailed(FailureKind.REFUSED, "400")
    outside.refuses[Act.UNLOCK] = ActFailed(FailureKind.REFUSED, "403")
    plan = replace(PLAN, asked=Asked("one"), commands=replace(MINE, places=("--run", "one")))
    assert "stiletto call release --bump patch --run one" == status(outside, plan).next
