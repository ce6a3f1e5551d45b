"""The coverage page: every line of every file, those marked that no test ran."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.testing.reports.matrices import COVERAGE, report
from tests.unit.wheelwright.testing.reports.pages import Page
from wheelwright.errors import ToolFailed
from wheelwright.testing.reports.coverage_page import FileLines, ranges, read, render

LINES = ("def a(x):", "    if x:", "        return 1", "    return '<b>'", "", "b = 2")
FILE = FileLines("src/demo/a b.py", 50.0, LINES, (3, 4), (6,), ((2, 4), (2, -1)))
WHOLE = report(coverage=COVERAGE)


def test_each_line_has_its_number_and_mark() -> None:
    """Lines that no test ran, branches that none took and excluded lines are told apart."""
    page = render(WHOLE, COVERAGE, [FILE])
    shown = page.partition('<pre class="source" id="src/demo/a b.py">')[2].partition("</pre>")[0]
    assert [
        "<i>1  </i> def a(x):",
        '<span class="part"><i>2 \N{EN DASH}</i>     if x: <em>never to line 4, the end</em>',
        '</span><span class="miss"><i>3 \N{MULTIPLICATION X}</i>         return 1',
        "<i>4 \N{MULTIPLICATION X}</i>     return &#x27;&lt;b&gt;&#x27;",
        "</span><i>5  </i> ",
        '<span class="excluded"><i>6  </i> b = 2',
        "</span>",
    ] == shown.split("\n")


def test_page_sums_up_and_leads_back() -> None:
    """Total, files, lines and branches are at the top, with links to the other pages."""
    page = Page(render(WHOLE, replace(COVERAGE, minimum=80), [FILE, FileLines("b.py", 100.0)]))
    assert "78.9 % covered, 80 % required 2 files 2 lines not run 2 branches not taken" in page.text
    assert "coverage 78.9 % is below 80 %" in page.text
    assert "50.0 % 4 missing 3-4" in page.text
    assert "The text of 1 file is not on this page" in page.text
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert ["report.html", *["coverage/html/index.html"] * 2] == links


@given(st.text(), st.text())
def test_whatever_a_file_has_is_text(name: str, line: str) -> None:
    """Markup in names and lines stays text."""
    bad = '"><script>alert(1)</script>'
    page = Page(render(WHOLE, COVERAGE, [FileLines(bad + name, 0.0, (bad + line,), (1,))]))
    assert "script" not in {tag for tag, _ in page.tags}


def test_lines_are_read_as_the_program_writes_them() -> None:
    """The program's list becomes files; anything else is an error."""
    written = {
        "path": "a.py",
        "percent": 50.0,
        "lines": ["a = 1"],
        "missing": [1],
        "excluded": [],
        "branches": [[1, -1]],
    }
    assert (FileLines("a.py", 50.0, ("a = 1",), (1,), (), ((1, -1),)),) == read(
        json.dumps([written])
    )
    for wrong in ("{", "3", json.dumps([{**written, "missing": ["x"]}])):
        with pytest.raises(ToolFailed, match="not a list of files"):
            read(wrong)


def test_numbers_become_ranges() -> None:
    """Lines that follow each other are a range; of many ranges the first are shown."""
    assert "1-3, 7" == ranges([7, 2, 1, 3])
    assert ranges(range(0, 100, 2)).endswith("22, ...")
