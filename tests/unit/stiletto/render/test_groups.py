"""Parts of a call, such as the cells of a matrix, in every mode of progress and in CI."""

from __future__ import annotations

import io
import re

import pytest

from stiletto.progress import Outcome, Progress
from stiletto.render import choose
from tests.unit.stiletto.render.stories import Story


def tell(story: Story) -> None:
    """Run one step in each of two cells, at the same time."""
    outer = story.begin("matrix", "function")
    first = story.begin("3.11", "part", outer)
    second = story.begin("3.12", "part", outer)
    steps = [story.begin("pytest -q", parent=part) for part in (first, second)]
    for step in steps:
        step.write(b"1 passed\n")
    story.clock.now_s = 2.0
    steps[1].end(Outcome.DONE)
    steps[0].end(Outcome.DONE, "exit code 1")
    for part in (first, second):
        part.end(Outcome.DONE)
    outer.end(Outcome.DONE)
    story.renderer.close()


def told(mode: str, **environ: str) -> str:
    """Return what is written to a pipe."""
    stream = io.StringIO()
    tell(Story(choose(mode, stream=stream, environ=environ, verbosity=0)))
    return stream.getvalue()


PLAIN = """\
1 : matrix
4 : [3.11] pytest -q
5 : [3.12] pytest -q
4 :   | 1 passed
5 :   | 1 passed
5 : [3.12] pytest -q DONE [2.0s]
4 : [3.11] pytest -q DONE [2.0s]: exit code 1
1 : matrix DONE [2.0s]
"""
FOLDED = """\
1 : matrix
::group::3.11 [2.0s]
4 : [3.11] pytest -q
4 :   | 1 passed
4 : [3.11] pytest -q DONE [2.0s]: exit code 1
::endgroup::
::group::3.12 [2.0s]
5 : [3.12] pytest -q
5 :   | 1 passed
5 : [3.12] pytest -q DONE [2.0s]
::endgroup::
1 : matrix DONE [2.0s]
"""
SECTION = re.compile("\x1b\\[0Ksection_(start|end):[0-9]+:(stiletto_[0-9]+)(.*?)\r\x1b\\[0K")


@pytest.mark.parametrize(
    "environ", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"GITHUB_ACTIONS": ""}]
)
def test_steps_name_their_part_in_plain_lines(environ: dict[str, str]) -> None:
    """Each step has its cell in front; a part has no line of its own."""
    assert PLAIN == told("auto", **environ)


def test_parts_are_groups_on_github() -> None:
    """What belongs to one cell is one group there, although both ran at the same time."""
    assert FOLDED == told("plain", GITHUB_ACTIONS="true")


def test_parts_are_sections_on_gitlab() -> None:
    """The same as collapsed sections, each with its own name."""
    text = told("plain", GITLAB_CI="true")
    found = SECTION.findall(text)
    assert [
        ("start", "stiletto_2", "[collapsed=true]"),
        ("end", "stiletto_2", ""),
        ("start", "stiletto_3", "[collapsed=true]"),
        ("end", "stiletto_3", ""),
    ] == found
    lines = [line for line in SECTION.sub("", text).splitlines() if line]
    assert [
        line for line in FOLDED.replace("::group::", "").splitlines() if line[:2] != "::"
    ] == lines


def test_steps_name_their_part_in_a_report() -> None:
    """The table at the end has the same names."""
    assert [
        "matrix             DONE       2.0s",
        "[3.11] pytest -q   DONE       2.0s",
        "[3.12] pytest -q   DONE       2.0s",
    ] == told("report").splitlines()


def test_part_is_no_mark_among_dots() -> None:
    """A part ran nothing itself."""
    assert "...\n" == told("dots")


def test_checks_are_groups() -> None:
    """A check is a group with its verdict, with what its function did."""
    stream = io.StringIO()
    environ = {"GITHUB_ACTIONS": "true"}
    story = Story(choose("auto", stream=stream, environ=environ, verbosity=0))
    check = story.begin("wheelwright:lint", "check")
    story.begin("lint", "function", check).end(Outcome.FAILED)
    check.end(Outcome.FAILED, "1 issue")
    story.begin("wheelwright:test", "check")
    story.renderer.say("a note")
    story.renderer.close()
    assert [
        "::group::wheelwright:lint ERROR [0.0s]",
        "1 : wheelwright:lint",
        "2 : lint",
        "2 : lint ERROR [0.0s]",
        "1 : wheelwright:lint ERROR [0.0s]: 1 issue",
        "::endgroup::",
        "a note",
        "::group::wheelwright:test DONE [0.0s]",
        "3 : wheelwright:test",
        "::endgroup::",
    ] == stream.getvalue().splitlines()


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "true"}])
def test_what_runs_long_has_a_line_every_half_minute(environ: dict[str, str]) -> None:
    """Where nothing was written for 25 s, each running step has a line with its time."""
    stream = io.StringIO()
    renderer = choose("plain", stream=stream, environ=environ, verbosity=0)
    story = Story(renderer)
    renderer.__dict__.update(_clock=story.clock, _written_s=0.0)
    outer = story.begin("release", "function")
    part = story.begin("build", "part", outer)
    step = story.begin("python -m build", parent=part)
    written = []
    for second in range(0, 65, 5):
        story.clock.now_s = second
        before = len(stream.getvalue())
        renderer.beat([outer, part, step])
        written += stream.getvalue()[before:].splitlines()
    assert [
        "3 : [build] python -m build runs [25.0s]",
        "3 : [build] python -m build runs [50.0s]",
    ] == written


def test_name_of_a_part_is_harmless() -> None:
    """A name with a command of CI or a colour in it has no effect: Progress makes it text."""
    stream = io.StringIO()
    progress = Progress(choose("plain", stream=stream, environ={}, verbosity=0))
    part = progress.span("\x1b[31m\n::error::x", "part")
    progress.span("pytest", "step", part).end(Outcome.CACHED)
    assert not re.search("\x1b|^::", stream.getvalue(), re.MULTILINE)
