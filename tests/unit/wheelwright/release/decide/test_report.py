"""The report of a release."""

import asyncio
import json
from functools import partial

import pytest

from tests.unit.wheelwright.release.imaginary import WHEEL, Outside, a_plan
from wheelwright import identity
from wheelwright.release.act.loop import run
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.report import Links, Report, rows
from wheelwright.release.decide.step import Done, next_prepared, next_step
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.world import (
    Act,
    CheckResult,
    Checks,
    FailureKind,
    Journal,
    Made,
    RunState,
    World,
)


def report(outside: Outside, end: str) -> Report:
    """Run a release and report it."""
    plan = a_plan()
    outcome = asyncio.run(run(plan, outside.ports))
    links = Links("https://example.org/o/demo", "https://index.example.org/project/demo/")
    return Report("demo", "1.2.4", end, rows(plan, outcome.world, outcome.acts, outcome.end, links))


def marks(made: Report) -> dict[str, str]:
    """Return each step's mark."""
    return {row.step: row.mark.value for row in made.rows}


def test_whole_release_reports_every_step_as_done() -> None:
    """All eleven steps and the preflight are there, with links where people look."""
    made = report(Outside(), "released")
    assert {"done"} == set(marks(made).values())
    assert 12 == len(made.rows)
    text = made.text()
    assert "demo 1.2.4: released" == text.splitlines()[0]
    assert "https://index.example.org/project/demo/1.2.4/" in text
    assert "https://example.org/o/demo/tree/v1.2.4" in text


def test_second_run_reports_already_done() -> None:
    """What an earlier run did is told apart from what this one did."""
    outside = Outside()
    report(outside, "released")
    assert {"preflight": "done", "lock": "not taken"} == {
        step: mark for step, mark in marks(report(outside, "x")).items() if mark != "already done"
    }


def test_stop_marks_its_step_and_leaves_later_ones_open() -> None:
    """The failed step has the reason; what comes after was not run."""
    outside = Outside()
    outside.refuses[Act.OPEN_PULL] = ActFailed(FailureKind.REFUSED, "403 not permitted")
    made = report(outside, "stopped")
    found = marks(made)
    assert ("done", "failed", "not run", "not run") == (
        found["publish"],
        found["pull request"],
        found["tag"],
        found["release"],
    )
    assert "the pull request cannot be opened: open the pull request of demo 1.2.4" in made.text()


def test_stop_without_a_step_of_its_own_is_shown_at_the_first_open_step() -> None:
    """A server that does not answer is named where the release stands."""
    outside = Outside()
    outside.refuses[Act.TAG] = ActFailed(FailureKind.BUSY, "503 from the remote")
    made = report(outside, "stopped")
    found = marks(made)
    assert ("done", "failed", "not run", "done") == (
        found["pull request"],
        found["tag"],
        found["release"],
        found["unlock"],
    )
    assert "503 from the remote" in made.text()


def test_markdown_and_json_hold_the_same_steps() -> None:
    """A step summary is one table; the JSON has the same rows."""
    made = report(Outside(gates_say=CheckResult(False, "a | b\nc")), "stopped")
    lines = made.markdown().splitlines()
    assert len(made.rows) == sum(line.startswith("| ") for line in lines) - 1
    assert "a \\| b<br>c" in made.markdown()
    data = json.loads(made.json())
    assert [row.step for row in made.rows] == [step["step"] for step in data["steps"]]
    assert ("demo", "1.2.4", "stopped") == (data["package"], data["version"], data["end"])


@pytest.mark.parametrize("whole", [True, False], ids=["at a step", "in the preflight"])
def test_stop_leads_to_its_page(whole: bool) -> None:
    """Below the reason is the address of its heading; in a summary the reason is the link."""
    end = Stop.at(Reason.GATES_FAILED if whole else Reason.NO_BUMP, "2 tests\nfailed")
    stopped = report(Outside(gates_say=CheckResult(False, "2 tests\nfailed")), "stopped")
    made = stopped if whole else Report("demo", "", "stopped", rows(None, None, (), end))
    lines = [line.strip() for line in made.text().splitlines()]

    assert identity.page("recovery", end.reason.value) == end.page
    assert 1 == lines.count(end.page)
    assert f"](<{end.page}>) |" in made.markdown()


def test_preflight_stop_is_reported_without_a_plan() -> None:
    """Where nothing was planned, the preflight failed and nothing else ran."""
    end = Stop.at(Reason.NO_BUMP)
    made = Report("demo", "", "stopped", rows(None, None, (), end))
    assert "failed" == marks(made).pop("preflight")
    assert {"failed", "not run", "not taken"} == set(marks(made).values())


def test_bot_report_names_link_and_next_act() -> None:
    """Checks that wait for an approval are a state of the pull request, with the next act."""
    refused = ActFailed(FailureKind.REFUSED, "403 Resource not accessible")
    waiting = Outside(checks=Checks.WAITING, refuses={Act.START_CHECKS: refused})
    started = Outside(checks=Checks.WAITING)
    texts = [report(each, "released").text() for each in (waiting, started)]

    assert (
        'its checks wait for an approval: press "Approve workflows to run" at https://page/pull/1/'
        "checks, they could not be started (403 Resource not accessible)"
    ) in texts[0]
    assert "open, its checks were started" in texts[1]


def test_plan_of_a_half_release_counts_what_is_there() -> None:
    """One of two files on the index is not yet published, and says so."""
    outside = Outside(branch=Journal("j", "base", "j", a_plan().epoch_s))
    outside.stored[WHEEL.name] = WHEEL.sha256
    plan, ports = a_plan(), outside.ports
    outcome = asyncio.run(run(plan, ports, decide=partial(next_prepared, last=Act.CHECK)))
    end = next_step(plan, outcome.world)
    found = {row.step: row for row in rows(plan, outcome.world, outcome.acts, end)}
    assert ("to do", f"1 of 2 files: {WHEEL.name}") == (
        found["publish"].mark.value,
        found["publish"].note,
    )


def test_never_locked_is_not_already_done() -> None:
    """A stop before the lock, and a release that is complete, show that it was not taken."""
    stopped = report(Outside(gates_say=CheckResult(False, "tests")), "stopped")
    assert ("failed", "not taken") == (marks(stopped)["checks"], marks(stopped)["lock"])


def test_edits_name_the_places_of_the_version() -> None:
    """The row of the edits lists where the version changes, and where it stays."""
    notes = ("version in: pyproject.toml:3", "left alone: README.md:5")
    description = ReleaseCommit("a" * 40, 1, "Release\n", (), notes)
    made = Made(Journal("c" * 40, "a" * 40, ""), description)
    world = World(state=RunState(made=made))
    row = next(each for each in rows(a_plan(), world, (), Done()) if each.step == "edits")
    assert "\n".join([f"commit {'c' * 12}", *notes]) == row.note
