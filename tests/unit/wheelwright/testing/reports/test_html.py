"""The page: well-formed, escaped, legible in both themes, and within a phone's width."""

import html
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.browser import dumped
from tests.unit.wheelwright.testing.reports.matrices import (
    ABSENT,
    COVERAGE,
    FAILED,
    FAILURE,
    PASSED,
    report,
)
from tests.unit.wheelwright.testing.reports.pages import Page
from wheelwright.testing.cells import Cell
from wheelwright.testing.commands import JUNIT
from wheelwright.testing.failed import Failure
from wheelwright.testing.record import Counts
from wheelwright.testing.reports import coverage_page, trend_page
from wheelwright.testing.reports.coverage_page import FileLines
from wheelwright.testing.reports.html import render
from wheelwright.testing.reports.model import HTML, Coverage, MatrixReport
from wheelwright.testing.run import LOG

PATH = "tests/" + "directory_with_a_long_name/" * 4 + "test_" + "p" * 60 + ".py"
LONG = "tests.test_a_very_long_module_name.TestWithLongName::test_parametrized[" + "x" * 90 + "]"


def everything() -> MatrixReport:
    """Return a matrix with every part of the page, and words too long for a phone."""
    worst = replace(
        FAILED,
        cell=Cell("3.12-lowest-direct-tests+docs-postgres16-alpine", "3.12", "lowest-direct"),
        files=(LOG, JUNIT, HTML),
        failures=(
            Failure(LONG, "AssertionError: " + "y" * 120, "z" * 200, PATH, 3, captured="c" * 300),
            Failure("", "no tests: " + "w" * 120, "v" * 200),
        ),
        slowest=((61.5, LONG),),
    )
    coverage = Coverage(COVERAGE.percent, COVERAGE.files, 80)
    whole = report(PASSED, worst, ABSENT, coverage=coverage, notes=("not run here: mac",))
    program = "stiletto call --some-option=" + "o" * 60
    return replace(
        whole,
        version="1.4.0",
        commit="3f2a" * 10,
        program=program,
        command=f"{program} matrix",
        again=f"again: {program} matrix --args={PATH}",
    )


def test_page_shows_every_part() -> None:
    """Verdict, cells, failures with output, slow tests, coverage and origins are on the page."""
    text = Page(render(report(coverage=COVERAGE, notes=("not run here: mac",)))).text
    for part in (
        "demo",
        "2 of 3 cells failed: 3.12-lowest-direct, 3.14",
        "1 cached from an earlier run",
        "not run here: mac",
        "Python 3.14 is not available",
        "assert window(3) == 41.5",
        "tests/test_window.py:8",
        "2.0 s",
        "78.9 %",
        "src/demo/readers.py",
        "12 missing",
        'dependency group "tests" in pyproject.toml',
    ):
        assert part in text, part


def test_page_of_a_passed_matrix_has_nothing_failed() -> None:
    """What did not happen has no heading."""
    text = Page(render(report(PASSED))).text
    assert "What failed" not in text
    assert "Coverage" not in text


def test_figures_count_as_pytest_does() -> None:
    """Skipped tests did not run, and a test that breaks in its set-up is an error, no failure."""
    counts = Counts(passed=2, failed=3, errors=1, skipped=4, xfailed=2, unrun=1)
    page = render(report(replace(FAILED, counts=counts)))
    figures = re.findall(r"<li><b[^>]*>(.*?)</b><span>(.*?)</span></li>", page)
    assert [("6", "tests run"), ("3", "tests failed"), ("1", "error"), ("4", "tests skipped")] == (
        figures[1:5]
    )


def test_one_failure_of_many_cells_is_shown_once() -> None:
    """The page has a failure once, with the cells that it happened in."""
    cells = [replace(FAILED, cell=Cell(f"3.{n}", f"3.{n}", "locked")) for n in range(9, 14)]
    page = render(report(*cells))
    assert 1 == page.count("<details")
    assert [f"3.{n}" for n in range(9, 14)] == re.findall(
        r'<span class="chip">(.*?)</span>', (page.partition("</summary>")[0])
    )


def test_cells_that_never_ran_for_one_reason_are_shown_once() -> None:
    """Cells without a test to name are one entry if their reason is the same."""
    cells = [replace(ABSENT, cell=Cell(f"3.{n}", f"3.{n}", "locked")) for n in (13, 14)]
    page = Page(render(report(*cells)))
    assert 1 == len([tag for tag, _ in page.tags if tag == "details"])
    assert "2 cells" in page.text


def test_page_leads_to_the_files_of_its_cells() -> None:
    """Each cell has links to what is there, and a failure one to the log that it is in."""
    failed = replace(FAILED, cell=Cell("a b+c#d?e", "3.12", "locked"), files=(LOG,))
    page = Page(render(report(replace(PASSED, files=(LOG, JUNIT, HTML)), failed, ABSENT)))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert [
        "cells/3.11/pytest.log",
        "cells/3.11/junit.xml",
        "cells/3.11/coverage/html/index.html",
        "cells/a%20b%2Bc%23d%3Fe/pytest.log",
        "cells/a%20b%2Bc%23d%3Fe/pytest.log",
    ] == links


def test_page_says_what_was_tested() -> None:
    """Version and commit are at the top, where they are known."""
    commit = "3f2a" * 10
    text = Page(render(replace(report(PASSED), version="1.4.0", commit=commit))).text
    assert f"Version 1.4.0 Commit {commit} ; files may have changed since" in text
    assert "Commit" not in Page(render(report(PASSED))).text


def test_page_has_the_commands_that_run_it_again() -> None:
    """At the top the failed tests and the whole; at each failure its test in one of its cells."""
    failure = replace(FAILURE, argument="tests/test_window.py::test_moves[a b]")
    whole = report(PASSED, replace(FAILED, failures=(failure,)), ABSENT)
    program = "stiletto call wheelwright"
    again = f"again: {program} matrix --cell 3.12-lowest-direct,3.14"
    page = render(replace(whole, again=again, command=f"{program} matrix", program=program))
    text = Page(page).text
    assert f"Run what failed {again[7:]} Run all of it {program} matrix " in text
    assert [
        f"{program} matrix --cell 3.12-lowest-direct "
        "&#x27;--args=tests/test_window.py::test_moves[a b]&#x27;",
        f"{program} matrix --cell 3.14",
    ] == re.findall(r'class="again">again: <code>(.*?)</code>', page)


def test_page_shows_what_a_failing_test_printed() -> None:
    """Captured output stands below the traceback, without a terminal's colours."""
    failure = replace(FAILURE, captured="--- Captured stdout call ---\n\x1b[31m<b>red</b>\x1b[0m")
    page = render(report(replace(FAILED, failures=(failure,))))
    shown = page.partition('<pre class="captured">')[2].partition("</pre>")[0]
    assert "--- Captured stdout call ---\n&lt;b&gt;red&lt;/b&gt;" == shown


def test_files_lead_to_their_lines() -> None:
    """Where there is a page with lines, each file leads to its own part of it."""
    coverage = replace(COVERAGE, with_lines=True)
    page = Page(render(report(PASSED, coverage=coverage)))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    names = ("src/demo/readers.py", "src/demo/window.py", "src/demo/__init__.py")
    assert [*(f"coverage.html#{name}" for name in names), "coverage.html"] == links


@given(st.text(), st.text(), st.text())
def test_whatever_a_test_says_is_text(name: str, message: str, output: str) -> None:
    """Markup in names, messages and outputs stays text: the page has its own tags alone."""
    bad = "<script>alert(1)</script>"
    failure = Failure(bad + name, bad + message, bad + output, f'"><img src={bad}', 1)
    cell = replace(FAILED, failures=(failure,), slowest=((1.0, bad + name),), place=bad)
    page = Page(render(report(cell, notes=(bad,))))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}


def test_page_needs_no_network() -> None:
    """Nothing in the page names another place, and its policy forbids to look there."""
    page = Page(render(everything()))
    assert not [tag for tag, attrs in page.tags if {"src", "action"} & attrs.keys()]
    links = [attrs["href"] for _, attrs in page.tags if "href" in attrs]
    assert links
    assert not [each for each in links if not re.match("(cells|coverage)/[^/.]", each or "")]
    css = files("wheelwright.testing.reports").joinpath("page.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
    policies = [attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs]
    own = "base-uri 'none'; form-action 'none'"
    assert [f"default-src 'none'; style-src 'unsafe-inline'; {own}"] == policies


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def themes() -> list[dict[str, str]]:
    """Return the colours of the light and the dark theme by name."""
    css = files("wheelwright.testing.reports").joinpath("page.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, "card") for ink in ("ink", "muted", "pass", "fail", "idle")),
        *((ink, "bg") for ink in ("ink", "muted", "fail", "accent")),
        ("accent", "card"),
        ("muted", "code"),
        ("ink", "track"),
        ("ink", "fail-soft"),
        ("idle", "idle-soft"),
        ("ink", "idle-soft"),
        ("fail", "code"),
        ("ink", "code"),
        ("pass", "pass-soft"),
        ("fail", "fail-soft"),
        ("muted", "track"),
        ("ink", "accent-soft"),
    ],
)
def test_text_has_contrast(theme: int, ink: str, ground: str) -> None:
    """Every text on its ground has a contrast of at least 4.5 to 1 (WCAG 2.2, AA)."""
    colours = themes()[theme]
    high, low = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


FRAMES = """<!doctype html><body>{frames}<p id="said"></p><script>
onload = () => {{
  const said = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, root = page.documentElement;
    const body = page.querySelector("main > .panel > table tbody");
    const head = page.querySelector("th:last-child");
    if (body) frame.contentWindow.scrollTo(0, body.getBoundingClientRect().top + 60);
    const stays = !body || Math.abs(head.getBoundingClientRect().top) < 12;
    return [frame.id, root.scrollWidth - root.clientWidth, stays];
  }});
  document.getElementById("said").textContent = JSON.stringify(said);
}}
</script>"""


def lines_page() -> str:
    """Return a coverage page whose names and lines are too long for a phone, all of it open."""
    long = FileLines(PATH, 1.0, ("x = " + "1" * 300, "    " + "y " * 90), (1,), (), ((2, 1),))
    whole = everything()
    assert whole.coverage
    return coverage_page.render(whole, whole.coverage, [long]).replace(
        "<details>", "<details open>"
    )


def long_trend() -> str:
    """Return a trend page with a long name and many runs, its table open."""
    name = "3.12-lowest-direct-tests+docs-" + "n" * 90
    rows = [
        {"at": f"2026-01-{day:02}", "step": name, "outcome": "failed", "commit": "3f2a" * 10}
        | {"seconds": float(day), "coverage": 90.0}
        for day in range(1, 29)
    ]
    page = trend_page.render("".join(f"{json.dumps(row)}\n" for row in rows))
    return page.replace("<details>", "<details open>")


def test_pages_fit_a_phone_and_keep_their_heads(tmp_path: Path) -> None:
    """At 390 and at 1280 pixels nothing scrolls sideways, and the table's heads stay in sight."""
    pages = {"matrix": render(everything()), "lines": lines_page(), "trend": long_trend()}
    frames = "".join(
        f'<iframe id="{name}{width}" width="{width}" height="240" srcdoc="{html.escape(page)}">'
        "</iframe>"
        for name, page in pages.items()
        for width in (390, 1280)
    )
    path = tmp_path / "frames.html"
    path.write_text(FRAMES.format(frames=frames), encoding="utf-8")
    said = re.search(r'<p id="said">(.*?)</p>', dumped(path.as_uri(), tmp_path / "profile"))
    assert said
    expected = [[f"{name}{width}", 0, True] for name in pages for width in (390, 1280)]
    assert expected == json.loads(html.unescape(said[1]))
