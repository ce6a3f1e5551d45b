"""What is released, or everything that speaks against it."""

from dataclasses import replace
from typing import Any

import pytest

from wheelwright.distribution.file import File
from wheelwright.release.decide import tags
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.plan import RunIdentity, Survey, decide
from wheelwright.release.decide.practice import Practice
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.tags import Form
from wheelwright.release.decide.version import Request
from wheelwright.release.decide.world import Asked, Journal, Lock, Plan

PATCH = Request(bump="patch")
ME = RunIdentity("one", epoch_s=7)
GOOD = Survey(
    package="demo",
    current="1.2.3",
    base="main",
    base_commit="base",
    tags={"1.2.3": "tagged"},
    releases=frozenset({"1.2.3"}),
    index=(File("demo-1.2.3.tar.gz", ""), File("demo-1.2.3-py3-none-any.whl", "")),
    changes="- Something.",
)


def planned(survey: Survey, request: Request = PATCH, who: RunIdentity = ME) -> Plan:
    """Return the plan, where there has to be one."""
    plan = decide(request, who, survey)
    assert isinstance(plan, Plan), plan.text()
    return plan


def reasons(survey: Survey, request: Request = PATCH, who: RunIdentity = ME) -> list[Reason]:
    """Return the reasons of a stop."""
    stop = decide(request, who, survey)
    assert isinstance(stop, Stop)
    return [problem.reason for problem in stop.problems]


def test_plan_of_a_patch() -> None:
    """A plan pins the base commit, and names version, branch, tag, lock and what was known."""
    assert planned(GOOD) == Plan(
        package="demo",
        version="1.2.4",
        base="main",
        base_commit="base",
        branch="release/v1.2.4",
        tag="v1.2.4",
        lock_ref="refs/wheelwright/lock/demo",
        run="one",
        epoch_s=7,
        known=frozenset({"1.2.3"}),
        asked=Asked("", "--bump patch"),
        commands=Commands(),
        previous="1.2.3",
    )


def test_member_of_a_workspace_has_refs_of_its_own() -> None:
    """Several packages in one repository do not share tags, branches and locks."""
    own = Practice(tag=Form("demo-v"), branch=Form("release/demo-v"))
    plan = planned(replace(GOOD, practice=own))
    assert ("release/demo-v1.2.4", "demo-v1.2.4") == (plan.branch, plan.tag)


def test_everything_wrong_is_named_at_once() -> None:
    """A missing changelog, a missing token and a taken version are one message."""
    survey = replace(
        GOOD,
        changes="### Added\n",
        index=(*GOOD.index, File("demo-1.2.4.tar.gz", "")),
        problems=(Problem(Reason.NO_CREDENTIALS, "--github-token"),),
    )
    expected = [Reason.ON_INDEX, Reason.EMPTY_CHANGELOG, Reason.NO_CREDENTIALS]
    assert expected == reasons(survey)


def test_no_bump_is_named_beside_what_else_is_wrong() -> None:
    """A request without a version does not hide a missing credential."""
    survey = replace(GOOD, problems=(Problem(Reason.NO_CREDENTIALS, "--github-token"),))
    assert [Reason.NO_BUMP, Reason.NO_CREDENTIALS] == reasons(survey, Request())


def test_fault_1_empty_changelog_stops() -> None:
    """None that is understood, nothing in it, and only headings are all the same stop."""
    for survey in (
        replace(GOOD, changes=""),
        replace(GOOD, changes="### Fixed\n\n"),
        replace(GOOD, changes="", unexplained=Problem(Reason.EMPTY_CHANGELOG, "docs/x.md")),
        replace(
            GOOD, changelog_source=ChangelogSource.TOWNCRIER, changes="No significant changes.\n"
        ),
    ):
        assert [Reason.EMPTY_CHANGELOG] == reasons(survey)


def test_fault_2_version_on_the_index_is_named_yanked_and_in_any_spelling() -> None:
    """1.2.4.0 on the index is 1.2.4, and a yanked file still occupies its name."""
    survey = replace(GOOD, index=(File("demo-1.2.4.0.tar.gz", "", yanked=True),))
    assert [Reason.ON_INDEX] == reasons(survey)
    stop = decide(PATCH, ME, survey)
    assert isinstance(stop, Stop)
    assert "demo 1.2.4.0: demo-1.2.4.0.tar.gz (yanked)" in stop.text()


def test_fault_3_lower_version_is_refused_without_the_override() -> None:
    """An explicit version below the latest needs --allow-lower."""
    assert [Reason.NOT_HIGHER] == reasons(GOOD, Request(version="1.1.9"))
    allowed = planned(GOOD, Request(version="1.1.9", allow_lower=True))
    assert "1.1.9" == allowed.version


def test_bump_of_an_unknown_version_is_not_compared() -> None:
    """Where the package's version cannot be read, no version is called too low."""
    unknown = Problem(Reason.NOT_BUILDABLE, "no version in setup.py")
    survey = replace(GOOD, current="", problems=(unknown,))
    assert [Reason.NOT_BUILDABLE] == reasons(survey)
    assert [Reason.ON_INDEX, Reason.TAG_TAKEN, Reason.NOT_BUILDABLE] == reasons(
        survey, Request(version="1.2.3")
    )


def test_fault_4_lock_of_another_run_stops_the_plan() -> None:
    """A held lock is named before anything is written."""
    survey = replace(GOOD, lock=Lock("c", "other", "1.2.4", "base", 0))
    assert [Reason.LOCKED] == reasons(survey)


def test_fault_6_own_lock_decides_version_base_and_time() -> None:
    """Going on works nothing out anew: version, base commit and time are the lock's."""
    lock = Lock("c", "one", "1.2.4", "older", 5)
    moved = replace(GOOD, lock=lock, base_commit="newer", lock_on_base=True)
    plan = planned(moved)
    assert ("1.2.4", "older", 5) == (plan.version, plan.base_commit, plan.epoch_s)
    other = replace(moved, lock=replace(lock, run="other"))
    assert "1.2.4" == planned(other, who=RunIdentity("two", take_over="other")).version


@pytest.mark.parametrize(
    ("lock", "more", "reason"),
    [
        ({"base_commit": "attack"}, {"lock_on_base": False}, Reason.FOREIGN_LOCK),
        ({"base_commit": ""}, {"lock_on_base": False}, Reason.FOREIGN_LOCK),
        ({"version": "9.9.9"}, {}, Reason.FOREIGN_LOCK),
        ({"version": "v1 ; x"}, {}, Reason.FOREIGN_LOCK),
        ({}, {"changes": ""}, Reason.EMPTY_CHANGELOG),
        ({}, {"tags": {"1.2.3": "a", "2.0.0": "b"}}, Reason.NOT_HIGHER),
    ],
    ids=["a commit of no base", "no commit", "another version", "no version", "silent", "lower"],
)
def test_what_a_lock_says_skips_no_check(
    lock: dict[str, Any], more: dict[str, Any], reason: Reason
) -> None:
    """Whoever may push can push a lock of this run's name: its words pass what a request passes."""
    held = replace(Lock("c", "one", "1.2.4", "older", 5), **lock)
    survey = replace(GOOD, lock=held, **({"lock_on_base": True} | more))
    assert [reason] == reasons(survey)


def test_lock_of_another_version_is_not_continued() -> None:
    """An explicit version other than the lock's does not silently become the lock's."""
    survey = replace(GOOD, lock=Lock("c", "one", "1.2.4", "older", 5))
    assert [Reason.LOCKED] == reasons(survey, Request(version="1.3.0"))


def test_fault_14_half_published_version_is_completed_from_its_journal() -> None:
    """Files on the index and the release branch together mean: go on from that commit."""
    survey = replace(
        GOOD,
        index=(*GOOD.index, File("demo-1.2.4-py3-none-any.whl", "")),
        journals={"1.2.4": Journal("journal", "older", "journal")},
        changes="",
    )
    assert "older" == planned(survey).base_commit


def test_unfinished_release_is_finished_before_another() -> None:
    """A version on the index without its tag stops a different version."""
    survey = replace(
        GOOD,
        index=(*GOOD.index, File("demo-1.2.4-py3-none-any.whl", "")),
        journals={"1.2.4": Journal("journal", "older", "journal")},
    )
    assert Reason.UNFINISHED in reasons(survey, Request(bump="minor"))


def test_base_without_the_latest_release_stops() -> None:
    """While the pull request of 1.2.4 is not merged, 1.3.0 would lack its changes."""
    survey = replace(
        GOOD,
        tags={"1.2.4": "x"},
        journals={"1.2.4": Journal("x", "base", "x")},
        index=(File("demo-1.2.4.tar.gz", ""),),
    )
    assert [Reason.BEHIND] == reasons(survey, Request(bump="minor"))
    assert "1.3.0" == planned(survey, Request(bump="minor", allow_lower=True)).version


def test_fault_27_foreign_tag_of_the_version_is_named_beforehand() -> None:
    """A tag of the version without a release commit is somebody else's."""
    survey = replace(GOOD, tags={**GOOD.tags, "1.2.4": "somewhere"})
    assert Reason.TAG_TAKEN in reasons(survey)


def test_tags_taken_in_another_form() -> None:
    """A tag of the version counts in whatever form it is."""
    refs = {"refs/tags/v1.2.3": "old", "refs/tags/1.2.4": "somewhere"}
    found = tags.read(refs, "demo", member=False)
    survey = replace(GOOD, tags=found.commits, practice=Practice(tags=found))
    assert Reason.TAG_TAKEN in reasons(survey)


def test_tags_lockstep_second_member_is_published_from_the_tag() -> None:
    """Where one tag stands for all members, the stop has the command for the next of them."""
    found = tags.read({"refs/tags/1.2.4": "somewhere"}, "demo", member=True, current="1.2.4")
    survey = replace(GOOD, tags=found.commits, practice=Practice(tags=found))
    stop = decide(PATCH, ME, survey)
    assert isinstance(stop, Stop)
    (problem,) = [each for each in stop.problems if each.reason is Reason.TAG_TAKEN]
    assert problem.hint.endswith("from it: dagger call wheelwright publish --tag 1.2.4")


def test_finishing_note_is_part_of_the_plan() -> None:
    """What the bump was taken to mean is told."""
    plan = planned(replace(GOOD, current="1.2.4rc1", index=(), tags={}))
    assert ("patch of 1.2.4rc1 is 1.2.4: it finishes the pre-release",) == plan.notes


def test_squashed_the_plan_asks_for_a_merge_commit() -> None:
    """Where the version comes from tags, the plan has how the pull request has to be merged."""
    plan = planned(replace(GOOD, from_tags=True))

    assert plan.merge_commit
    assert any("merge the pull request with a merge commit" in note for note in plan.notes)
    assert not planned(GOOD).merge_commit
