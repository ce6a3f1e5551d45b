"""Text of tests, tools and steps acts on nothing that shows it: terminal, log, Markdown, HTML."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stiletto.cli.failures import streams_of, text_of
from stiletto.cli.terminal import Terminal
from stiletto.errors import StepFailed
from stiletto.progress import Outcome, Progress
from stiletto.render.plain import Plain
from stiletto.render.summary import Dots, Report
from stiletto.visible import coloured, harmless, visible
from wheelwright.ci import Row as GateRow
from wheelwright.ci import render as gate_table
from wheelwright.container import harmless as module
from wheelwright.container.failures import FunctionFailed
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.release.decide.report import Mark, Row
from wheelwright.release.decide.report import Report as ReleaseReport
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure
from wheelwright.testing.record import Counts
from wheelwright.testing.reports import coverage_page, markdown, table, trend_page
from wheelwright.testing.reports import html as page
from wheelwright.testing.reports.annotations import Annotation
from wheelwright.testing.reports.model import CellReport, Coverage, MatrixReport

ESCAPES = [
    "\x1b]52;c;Y3VybCB4\x07",
    "\x1b]0;title\x1b\\",
    "\x1b[2J\x1b[H",
    "\x9b2J",
    "\x9d52;c;eA==\x9c",
    "\x1bP1$r\x1b\\",
    "\x1b[?1049h",
    "\x07\x08\x0c",
    "\u202ereversed",
]
COMMANDS = [
    "::add-mask::x",
    "  ::error file=a::b",
    "##[group]x",
    "text ##[add-mask]x",
    "##vso[task.setvariable variable=a]b",
    "x\r::set-output name=a::b",
]
ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def acts(text: str) -> list[str]:
    """Return the lines that a terminal or a CI server would act on."""
    return [
        line
        for line in text.split("\n")
        if ACTIVE.search(line) or line.lstrip().startswith("::") or re.search(r"##\w*\[", line)
    ]


class FakeTty(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def terminal(out: io.StringIO, err: io.StringIO) -> Terminal:
    """Return the terminal of a command that runs in a workflow."""
    return Terminal(io.StringIO(), out, err, {"GITHUB_ACTIONS": "true"}, Path())


# -- Stiletto --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*ESCAPES, *COMMANDS])
def test_the_error_of_a_failed_step_acts_on_nothing(text: str) -> None:
    """Streams, command, hint and message of a failure are text on the terminal and in the log."""
    error = StepFailed(["sh", text], 1, f"a\n{text}\nb", text, hint=text, message=None)
    err = io.StringIO()
    shown = terminal(io.StringIO(), err)
    for line in (*streams_of(error), text_of(error)):
        shown.err(line)

    assert [] == acts(err.getvalue())
    assert "Stdout:" in err.getvalue()


@pytest.mark.parametrize("text", [*ESCAPES, *COMMANDS])
@pytest.mark.parametrize("kind", [Plain, Dots, Report])
def test_progress_acts_on_nothing(kind: type[Plain] | type[Dots] | type[Report], text: str) -> None:
    """Names, notes, lines and output of spans are text in every way of showing them."""
    stream = io.StringIO()
    progress = Progress(kind(stream))
    progress.say(text)
    span = progress.span(text, "step")
    span.write(f"{text}\n{text}".encode())
    span.end(Outcome.FAILED, f"{text}\n{text}")
    progress.close()

    assert [] == acts(stream.getvalue())


@given(st.text())
def test_whatever_is_shown_has_no_power(text: str) -> None:
    """No text comes through that a terminal or a log acts on, and calming twice changes nothing."""
    assert [] == acts(harmless(text))
    assert [] == acts(visible(text).replace("::", "").replace("##", ""))
    assert harmless(text) == harmless(harmless(text))
    assert [] == acts(module.harmless(text))


def test_a_result_on_a_terminal_keeps_its_colours_alone() -> None:
    """What a function returns moves no cursor and sets no clipboard; a pipe gets every byte."""
    text = "\x1b[31mred\x1b[0m \x1b]52;c;eA==\x07\x1b[2J\u202ex\r\n"
    tty, pipe = FakeTty(), io.StringIO()
    terminal(tty, io.StringIO()).out(text)
    terminal(pipe, io.StringIO()).out(text)

    assert "\x1b[31mred\x1b[0m x\n" == tty.getvalue() == coloured(text)
    assert text == pipe.getvalue()


# -- the module's own texts ------------------------------------------------------------------------

NASTY = [
    "![x](https://evil.example/x.png)",
    "[click](https://evil.example)",
    "<img src=x onerror=alert(1)>",
    "</summary></details><script>alert(1)</script>",
    "a\n\n# head\n\n[b](https://evil.example)",
    "https://evil.example www.evil.example",
    "`code` | cell\n| new | row |",
    "```\n~~~\n[x](https://evil.example)",
    "\r\r<b>x</b>",
]


class Tags(HTMLParser):
    """Counts the tags of a page, and what they may lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag with the names of its attributes that act."""
        found = [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        self.seen.append(" ".join([tag, *found]))


def tags(text: str) -> list[str]:
    """Return the tags of a page."""
    parser = Tags()
    parser.feed(text)
    return parser.seen


def matrix(nasty: str, text: str) -> MatrixReport:
    """Return a matrix in which everything that a package decides says the same."""
    cell = CellReport(
        Cell("3.11", "3.11", "locked"),
        Verdict.FAILED,
        nasty,
        version="Python 3.11.7",
        counts=Counts(failed=1),
        ran_at="2026-05-04T10:00:01+00:00",
        failures=(Failure(nasty, nasty, text, nasty, 3), Failure(nasty, nasty, "", nasty, -9)),
        slowest=((2.0, nasty),),
        details=nasty,
        wall_s=1.0,
    )
    without = replace(cell, cell=Cell("3.12", "3.12", "locked"), failures=())
    return MatrixReport("demo", "2026-05-04T10:00:01+00:00", 1.0, (cell, without), notes=(nasty,))


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("with_text", [True, False])
def test_the_step_summary_shows_names_as_text(nasty: str, with_text: bool) -> None:
    """Names and messages make no link, image, heading or tag, with an output and without."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    shown = reader.render(markdown.render(matrix(nasty, nasty if with_text else "")))
    plain = reader.render(markdown.render(matrix("plain", "plain" if with_text else "")))

    assert tags(plain) == tags(shown)
    assert "a" not in {tag.split()[0] for tag in tags(shown)}


@pytest.mark.parametrize("nasty", [*NASTY, *ESCAPES])
def test_the_page_shows_names_as_text(nasty: str) -> None:
    """The HTML report has the same tags whatever the tests are called."""
    assert tags(page.render(matrix("plain", "plain"))) == tags(page.render(matrix(nasty, "plain")))


@pytest.mark.parametrize("nasty", [*NASTY, *ESCAPES])
def test_the_coverage_page_shows_source_as_text(nasty: str) -> None:
    """Names and lines of files make no tag, and an escape sequence of a line is left out."""
    whole = matrix("plain", "plain")

    def page_of(text: str) -> str:
        file = coverage_page.FileLines(text, 0.0, (text,), (1,))
        return coverage_page.render(whole, Coverage(1.0), [file])

    assert tags(page_of("plain")) == tags(page_of(nasty))
    assert not ACTIVE.search(page_of(nasty).partition("<i>")[2])


@pytest.mark.parametrize("nasty", [*NASTY, *ESCAPES])
def test_the_trend_page_shows_a_history_as_text(nasty: str) -> None:
    """No field of a history makes a tag or a link."""

    def page_of(text: str) -> str:
        row = {"at": text, "step": text, "outcome": text, "seconds": 1.0, "commit": text}
        return trend_page.render(json.dumps(row) + "\n")

    assert tags(page_of("plain")) == tags(page_of(nasty))
    assert not ACTIVE.search(page_of(nasty).partition("<h1>")[2])


@pytest.mark.parametrize("nasty", NASTY)
def test_the_report_of_a_release_shows_notes_as_text(nasty: str) -> None:
    """Notes of a release make no link of their own; the row's own link stays one."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    rows = (
        Row("verify", Mark.FAILED, nasty),
        Row("tag", Mark.DONE, nasty, "https://example.org/a)b <c>"),
    )
    shown = reader.render(ReleaseReport(nasty, "1.0", "stopped", rows).markdown())
    lines = nasty.count("\n") * 2

    expected = {"h3", "table", "thead", "tbody", "tr", "th", "td", "a href", "br"}
    assert set(tags(shown)) <= expected
    assert 1 == tags(shown).count("a href")
    assert lines == tags(shown).count("br")
    assert "https://evil.example" not in re.findall(r'href="([^"]*)"', shown)


@pytest.mark.parametrize("text", [*ESCAPES, *COMMANDS])
def test_results_and_errors_of_the_module_act_on_nothing(text: str) -> None:
    """Gates, tables, the release's text and refusals are calm for Dagger and Stiletto alike."""
    result = GateResult("tests", Verdict.FAILED, text, f"{text}\n{text}")
    rows = (Row("verify", Mark.FAILED, f"{text}\n{text}"),)
    told = [
        result.text(),
        gate_table("ci", [GateRow(result, 1.0)]),
        table.render(matrix(text, text)),
        ReleaseReport("demo", "1.0", "stopped", rows).text(),
        str(FunctionFailed(f"{text}\n{text}")),
    ]

    assert [[]] * len(told) == [acts(each) for each in told]


def test_an_annotation_stays_one_command() -> None:
    """A file or a name cannot begin another property, another command, or leave the repository."""
    told = str(Annotation("a,b::c\n::add-mask::x", "m\n::error::y %0A", "../../../x,line=1::y", -9))
    inside = str(Annotation("t", "m", "tests/a.py,line=1::y", -9, -1))

    assert "::error title=a%2Cb%3A%3Cc" not in told
    assert "::error title=a%2Cb%3A%3Ac%0A%3A%3Aadd-mask%3A%3Ax::m%0A::error::y %250A" == told
    assert "::error file=tests/a.py%2Cline=1%3A%3Ay,title=t::m" == inside
