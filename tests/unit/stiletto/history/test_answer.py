"""The answer of `stiletto explain` for one call, whole: what ran, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stiletto.history.answer import Explainer, ago
from stiletto.history.causes import Comparison
from stiletto.history.changes import Listing
from stiletto.history.inputs import Inputs, Origin
from stiletto.history.notes import OTHER_VERSION, Ending, Kind, Note
from stiletto.history.page import named, text

NOW_S = 1_000_000.0
CALL_S = NOW_S - 10
MINUTE_S, DAY_S = 60, 24 * 3600
LISTINGS: dict[str, Listing] = {}


def saw(**data: Any) -> Inputs:
    """Return what a step saw."""
    return Inputs({"root": ["image"], "args": ["pytest"], "env": {}, **data}, image="python")


KNOWN = {
    "red": saw(),
    "again": saw(env={"ATTEMPT": "again"}),
    "blue": saw(args=["pytest", "-x"]),
    "f-red": Inputs({"function": "test", "args": {"args": "[]"}}),
    "f-blue": Inputs({"function": "test", "args": {"args": '["-x"]'}}),
}


def passed(key: str, ago_s: float = 14 * MINUTE_S, **given: Any) -> Ending:
    """Return that something passed a while ago."""
    return Ending(key, "done", NOW_S - ago_s, 1.0, **given)


def step(key: str = "red", last: Ending | None = None, **given: Any) -> Note:
    """Return a step that ran; its last end was its last success, if nothing else is given."""
    note = Note(2, Kind.STEP, "pytest -q", key, "done", 9.6, "test", image="python:3.11-slim")
    return replace(note, last=last, **{"success": last, **given})


def function(key: str = "f-red", last: Ending | None = None, **given: Any) -> Note:
    """Return a function that ran."""
    note = Note(1, Kind.FUNCTION, "test", key, "done", 9.8, lasts_s=7 * DAY_S)
    return replace(note, last=last, **{"success": last, **given})


def explained(
    *notes: Note,
    every: bool = False,
    prunes: Sequence[tuple[float, str]] = (),
    older: bool = False,
    known: Mapping[str, Inputs] = KNOWN,
) -> str:
    """Return the whole answer."""
    comparison = Comparison(known.get, LISTINGS.__getitem__)
    explainer = Explainer(comparison, known.get, CALL_S, NOW_S, prunes, older)
    return text(explainer.answers(notes), every=every)


def test_what_changed_and_what_did_not() -> None:
    """The command differs: its words, and what every step has is unchanged otherwise."""
    assert """\
test: ran 9.8 s, last passed 14 minutes ago; 1 of 1 steps ran, 0 from the store
  argument args: [] -> ["-x"]
  pytest -q   ran 9.6 s, last passed 14 minutes ago
    command: -x added
unchanged: image, environment, dependencies""" == explained(
        function("f-blue", passed("f-red")), step("blue", passed("red"))
    )


def test_what_a_step_beneath_has_differently_is_not_called_unchanged() -> None:
    """Its command and its variables are shown, so the last line does not name them."""
    beneath = {
        "old": saw(args=["uv", "sync"]),
        "new": saw(args=["uv", "sync", "-q"], env={"UV_CACHE_DIR": "/cache"}),
    }
    above = {
        f"above-{key}": replace(saw(root=["image", key]), layers={key: Origin(step="uv sync")})
        for key in beneath
    }
    said = explained(step("above-new", passed("above-old")), known={**beneath, **above})
    assert [
        "    command: -q added",
        "    variable UV_CACHE_DIR: nothing -> /cache",
        "unchanged: image",
    ] == said.splitlines()[1:]


def test_everything_from_the_store() -> None:
    """When it was made, and by which command."""
    stored = function(
        last=passed("f-red"), outcome="cached", made_at_s=NOW_S - 90, made_by="stiletto call test"
    )
    assert "test: from the store, made 1 minute ago by `stiletto call test`" == explained(stored)


def test_a_first_run_has_nothing_to_compare_with() -> None:
    """It names the image; that the function ran before with another one has no part in it."""
    said = explained(function("f-blue", passed("f-red")), step())
    assert "    the first run here with python:3.11-slim" == said.splitlines()[-1]
    assert "args" not in said
    many = explained(function(), *[step()] * 4)
    assert "  4 steps: the first run here with python:3.11-slim" == many.splitlines()[-1]


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (
            step(last=Ending("red", "failed", NOW_S - 60, 1.0), success=None),
            "the last run, 1 minute ago, failed: a failure runs again",
        ),
        (
            step(last=Ending("red", "cancelled", NOW_S - 60, 1.0), success=None),
            "the last run, 1 minute ago, was interrupted and left no result",
        ),
        (step(last=passed("red")), "its result is no longer in the store"),
        (
            step(last=Ending("blue", "failed", NOW_S - 60, 1.0), success=None),
            "it has not passed here before",
        ),
        (
            step(last=Ending("", OTHER_VERSION, 0.0, 0.0), success=None),
            "what is recorded of the last run was written by another version of Stiletto",
        ),
        (step("gone", passed("red")), "what it saw before is not recorded any more"),
    ],
)
def test_the_reason_where_no_input_decides(note: Note, expected: str) -> None:
    """Failed, interrupted, removed, never passed, of another version, not recorded."""
    assert f"    {expected}" == explained(function(last=passed("f-red")), note).splitlines()[2]


def test_a_result_that_was_removed_names_what_removed_it() -> None:
    """The last prune between the success and the call; later ones had no part in it."""
    prunes = [(NOW_S - 3600, "the size limit"), (NOW_S - 60, "`stiletto prune`"), (NOW_S, "later")]
    said = explained(step(last=passed("red")), prunes=prunes)
    assert "    its result was removed 1 minute ago, by `stiletto prune`" in said.splitlines()


def test_a_function_expires_and_its_steps_do_not() -> None:
    """After seven days, counted to the call and not to the question."""
    old = passed("f-red", 8 * DAY_S)
    stored = step(last=passed("red", 8 * DAY_S), outcome="cached")
    said = explained(function(last=old), stored)
    assert (
        "test: ran 9.8 s, last passed 8 days ago; 0 of 1 steps ran, 1 from the store\n"
        "  its result expired after 7 days" == said
    )
    just = replace(old, at_s=CALL_S - 7 * DAY_S)
    assert "expired" not in explained(function(last=just), stored)


def test_a_function_that_is_never_kept_says_so() -> None:
    """Such as one that asks an index each time."""
    said = explained(function(last=passed("f-red"), kept=False), step(last=passed("red")))
    assert "  its result is never kept: it runs in each call" == said.splitlines()[1]


def test_a_failed_run_that_is_repeated_is_the_reason() -> None:
    """The variable of the new attempt is named; its value is that of one attempt alone."""
    red = passed("red", 7, exit_code=1)
    assert [
        "  pytest -q   ran 9.6 s, last ended with exit code 1, 7 seconds ago",
        "    the last run, 7 seconds ago, failed with exit code 1",
        "    variable ATTEMPT makes it run again",
        "unchanged: image, command, dependencies",
    ] == explained(step("again", red)).splitlines()


def test_a_step_that_another_call_ran() -> None:
    """This one waited for it."""
    said = explained(function("f-blue", passed("f-red")), step(outcome="cached", waited=True))
    assert "  pytest -q   from the store: it waited for another call, which ran it" in said


def test_cells_have_a_line_each() -> None:
    """Those of which nothing ran are named together."""
    ran = step("blue", passed("red"), part="3.12")
    stored = step(last=passed("red"), outcome="cached", part="3.11")
    lines = explained(function(last=passed("f-red")), stored, ran).splitlines()
    assert "  [3.12] pytest -q   ran 9.6 s, last passed 14 minutes ago" in lines
    assert "  from the store: 3.11" in lines


def test_cells_stand_in_the_order_of_their_numbers() -> None:
    """Whichever of them began first."""
    parts = ("3.12, lowest", "3.12", "3.9", "lint", "3.9")
    stored = [step(last=passed("red"), outcome="cached", part=each) for each in parts]
    lines = explained(function(last=passed("f-red")), *stored).splitlines()
    assert "  from the store: 3.9, 3.12, 3.12, lowest, lint" in lines


def test_a_store_of_another_version() -> None:
    """Nothing is recorded in it, so a first run may be none."""
    said = explained(step(), older=True)
    assert "another version wrote the store" in said


def test_fast_steps_are_counted() -> None:
    """`every` shows them."""
    short = step("blue", passed("red"), seconds=0.01)
    notes = (function("f-blue", passed("f-red")), short, step("blue", passed("red")))
    assert "  and 1 step of less than 0.15 s: --all shows it" in explained(*notes)
    assert "of less than" not in explained(*notes, every=True)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "just now"),
        (1, "1 second ago"),
        (125, "2 minutes ago"),
        (7200, "2 hours ago"),
        (DAY_S, "1 day ago"),
    ],
)
def test_times_have_their_largest_unit(seconds: float, expected: str) -> None:
    """One number is enough."""
    assert expected == ago(seconds)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest -q", "pytest -q"),
        ("uv pip install --requirements=/opt/wheelwright/requirements.txt", "uv pip install ..."),
        ("pytest -p wheelwright_reporter --record=/opt/x", "pytest ..."),
        ("sh /opt/w/list-files.sh /opt/w/tree/ /opt/w/files", "list-files.sh"),
        ("python /opt/w/attempts.py /cache/own settle 0123456789abcdef0123", "attempts.py settle"),
        ("python -m build --no-isolation", "python -m build --no-isolation"),
        ("a-program-with-a-name-that-is-too-long", "a-program-with-a-name-that-is..."),
        ("", ""),
    ],
)
def test_a_step_is_named_by_its_first_words(command: str, expected: str) -> None:
    """Whole words; a script by its file and what it is to do, not by paths and digests."""
    assert expected == named(command, 32)


def test_an_answer_fits_a_terminal() -> None:
    """The line of a step has at most 80 characters, with its cell and its times."""
    note = step("blue", passed("red"), name="pytest " + "--option=/a/path " * 9, part="3.12")
    assert [] == [line for line in explained(note).splitlines() if len(line) > 80]
