"""A plan in JSON that is performed exactly: it is read strictly, and what comes out is compared."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.wheelwright.release.decide.test_rehearsed import COMMIT, printed
from tests.unit.wheelwright.release.imaginary import SDIST, WHEEL, Outside, a_plan
from wheelwright.distribution.file import File
from wheelwright.release.act.loop import Outcome, run
from wheelwright.release.decide import pinned
from wheelwright.release.decide.part import Part
from wheelwright.release.decide.pinned import PlanFile
from wheelwright.release.decide.step import Done
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Asked, Pinned, Plan

URLS = IndexUrls("https://index.example.org/legacy/", "https://index.example.org/simple/")
BASE = "b" * 40


def planned(part: Part = Part.VERIFY, **other: Any) -> str:
    """Return a plan in JSON, with some of it different."""
    data = json.loads(printed(Outside(), part).json())
    # The commits of this outside have names.
    real = {"base_commit": BASE, "commit": "c" * 40}
    pins = ["hatchling==1.27.0 --hash=sha256:" + "d" * 64]
    return json.dumps({**data, **real, "build_requires": pins, **other})


def performed(outside: Outside, pins: Pinned) -> Outcome:
    """Perform a plan exactly."""
    return asyncio.run(run(a_plan(pinned=pins), outside.ports))


def test_plan_is_read_as_it_was_written() -> None:
    """Base, time, build tools, commit and hashes come back."""
    found = pinned.read(planned())
    assert ("demo", "1.2.4", "main", BASE) == (
        found.package,
        found.version,
        found.base,
        found.base_commit,
    )
    assert a_plan().epoch_s == found.epoch_s
    assert {SDIST, WHEEL} == {*found.pinned.files}
    assert "c" * 40 == found.pinned.commit
    assert found.pinned.build_requires[0].startswith("hatchling==1.27.0 --hash=sha256:")
    assert () == pinned.read(planned(Part.EDITS)).pinned.files


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("format", 2, "format 2 is not 1"),
        ("version", "01.2.4", "version cannot be"),
        ("base_commit", "main", "base_commit cannot be"),
        ("commit", "--upload-pack=x", "commit cannot be"),
        ("epoch_s", True, "epoch_s is not a time"),
        ("epoch_s", -1, "epoch_s is not a time"),
        ("tag", "v1\n.2.4", "tag is not a line"),
        ("branch", None, "branch is not a line"),
        ("build_requires", ["hatchling @ https://example.org/x.whl"], "more than versions"),
        ("build_requires", ["--index-url=https://example.org"], "more than versions"),
        ("build_requires", "hatchling", "not of the kind list"),
        ("files", [{"name": "../x-1.2.4.tar.gz", "sha256": "a" * 64}], "not a distribution of"),
        ("files", [{"name": "demo-1.2.5.tar.gz", "sha256": "a" * 64}], "not a distribution of"),
        ("files", [{"name": "other-1.2.4.tar.gz", "sha256": "a" * 64}], "not a distribution of"),
        ("files", [{"name": SDIST.name, "sha256": "short"}], "sha256 cannot be"),
        ("asked", {"run": "x\ny", "request": ""}, "run is not a line"),
        ("index", [], "index is not of the kind dict"),
    ],
)
def test_plan_of_another_form_is_refused(key: str, value: object, words: str) -> None:
    """Whatever travelled in its place ends before anything is made of it."""
    with pytest.raises(ValueError, match=words):
        pinned.read(planned(Part.VERIFY, **{key: value}))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}'])
def test_text_that_is_no_plan_is_refused(text: str) -> None:
    """An empty or another file is not a plan."""
    with pytest.raises(ValueError, match=r".+"):
        pinned.read(text)


def onto(plan: Plan, **other: Any) -> Plan | Stop:
    """Put a plan in JSON onto the plan of a run."""
    file: PlanFile = replace(pinned.read(planned()), base_commit="base", **other)
    return file.onto(plan, URLS)


def test_plan_that_fits_decides_time_and_what_has_to_come_out() -> None:
    """Its time and whose request it was replace those of the run."""
    plan = onto(a_plan(epoch_s=5, asked=Asked("two", "--version 1.2.4")))
    assert isinstance(plan, Plan)
    assert (a_plan().epoch_s, Asked("", "--bump patch")) == (plan.epoch_s, plan.asked)
    assert plan.pinned is not None
    assert "c" * 40 == plan.pinned.commit


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tag": "1.2.4"}, "tag is 1.2.4, and v1.2.4 is planned"),
        ({"version": "1.2.5"}, "version is 1.2.5, and 1.2.4 is planned"),
        ({"base_commit": "moved"}, "base commit is moved, and base is planned"),
        ({"branch": "rel"}, "branch is rel, and release/v1.2.4 is planned"),
    ],
)
def test_plan_that_does_not_fit_stops_and_names_what_differs(
    changed: dict[str, str], words: str
) -> None:
    """A setting that has changed since, or another package, is no release of this plan."""
    stop = onto(a_plan(**changed))
    assert isinstance(stop, Stop)
    assert (Reason.NOT_AS_PLANNED, words) == (stop.reason, stop.problems[0].seen)


def test_plan_for_another_index_is_not_performed() -> None:
    """What was planned for one index is not uploaded to another."""
    stop = pinned.read(planned(index={"publish_url": "https://elsewhere/", "check_url": ""}))
    found = replace(stop, base_commit="base").onto(a_plan(), URLS)
    assert isinstance(found, Stop)
    assert "https://elsewhere/ is planned" in found.text()


# -- what comes out -------------------------------------------------------------------------------


def test_plan_that_comes_out_the_same_is_released() -> None:
    """The same commit and the same files are published."""
    outside = Outside()
    assert Done() == performed(outside, Pinned(COMMIT, (), (SDIST, WHEEL))).end
    assert {SDIST.name, WHEEL.name} == {*outside.stored}


def test_plan_that_ended_with_the_edits_binds_the_commit_alone() -> None:
    """Where no file was built, whatever the commit builds is released."""
    assert Done() == performed(Outside(), Pinned(COMMIT, (), ())).end


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        (Pinned("e" * 40, (), (SDIST, WHEEL)), "the release commit is journal-of-1, and eeeeee"),
        (Pinned(COMMIT, (), (SDIST,)), f"only built or only planned: {WHEEL.name}"),
        (Pinned(COMMIT, (), (SDIST, File(WHEEL.name, "f" * 64))), WHEEL.name),
    ],
)
def test_anything_else_that_comes_out_is_a_stop(pins: Pinned, words: str) -> None:
    """Another commit, another file, other bytes: nothing is locked and nothing is published."""
    outside = Outside()
    end = performed(outside, pins).end
    assert isinstance(end, Stop)
    assert Reason.NOT_AS_PLANNED is end.reason
    assert words in end.text()
    assert [] == outside.effects
