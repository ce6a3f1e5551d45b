"""Notes: Markdown without comments and empty headings, and what counts as nothing."""

import pytest

from wheelwright.release.decide.changelog import notes
from wheelwright.release.decide.changelog.document import Markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("### Added\n\n<!-- New -->\n\n### Fixed\n\n- a\n", "### Fixed\n\n- a"),
        ("- a <!-- b --> c\n", "- a  c"),
        ("- a\n<!--\nmany\n\nlines\n-->\n- b\n", "- a\n- b"),
        ("- `<!-- a -->` stays\n", "- `<!-- a -->` stays"),
        ("```\n<!-- a -->\n### b\n```\n", "```\n<!-- a -->\n### b\n```"),
        ("### A\n\n#### B\n\n### C\n\n#### D\n\n- d\n", "### C\n\n#### D\n\n- d"),
        ("A\n---\n\nB\n---\n\n- b\n", "B\n---\n\n- b"),
        ("- a\n\n\n\n- b\n", "- a\n\n- b"),
        ("<!-- never closed\n- a\n", ""),
        ("", ""),
    ],
)
def test_notes_are_clean(text: str, expected: str) -> None:
    """Comments, empty headings and blank lines go; code stays as it is."""
    assert expected == notes.clean(text)


@pytest.mark.parametrize(
    "line",
    [
        "Unreleased",
        "*Unreleased*",
        "Released 2025-01-02",
        "Release date: 2025-01-02",
        "_Released on January 2, 2025_",
        ":Date: 2025-01-02",
        "Not yet released",
        "2025-01-02",
        "> Unreleased",
        "###### 2025-01-02",
        "###### unreleased",
    ],
)
def test_line_of_a_state_is_known(line: str) -> None:
    """A date, or the lack of one, is not an entry."""
    assert 1 == notes.state_line(["", line, "", "- a"])


def test_line_of_a_state_may_be_followed_by_a_list_or_a_field() -> None:
    """Neither needs a blank line above it."""
    assert 0 == notes.state_line(["Unreleased", "- a"])
    assert 0 == notes.state_line([":Date: unreleased", ":Author: me", "", "- a"])


@pytest.mark.parametrize(
    "line",
    ["- Released 2025-01-02", "Released a lock on 2025-01-02", "We released it.", "### Next"],
)
def test_other_lines_are_not_a_state(line: str) -> None:
    """A sentence or an entry is text, whatever date it has."""
    assert notes.state_line([line, "", "- a"]) is None
    assert notes.state_line(["Unreleased", "more text"]) is None


def test_equal_headings_come_together() -> None:
    """What several sections have below a heading is below one; the same lines come once."""
    one = ["### Added", "", "- a", "", "### Fixed", "", "- b"]
    two = ["- first", "", "### Added", "", "- c", "", "### Fixed", "", "- b"]
    expected = ["- first", "", "### Added", "", "- a", "- c", "", "### Fixed", "", "- b"]
    assert expected == notes.merged([one, two], Markup.MARKDOWN)
    rst = [["Added", "-----", "", "- a"], ["Added", "-----", "", "- b"]]
    assert ["Added", "-----", "", "- a", "- b"] == notes.merged(rst, Markup.RST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "### Added\n\n### Fixed\n",
        "## [1.2.4] - 2026-01-01",
        "## 1.2.4\n\nNo significant changes.\n",
        "==========\n\nNo significant changes.\n",
        "<!-- add lines\nhere -->\n### Added\n-\n",
        "- TBD\n",
        "- Nothing changed yet.\n",
        "*Nothing yet!*\n",
        "### Added\n\n- _None_\n\n### Fixed\n\n* nothing so far\n",
        "No changes yet...\n",
        "There are no unreleased changes.\n",
        "- (no notable changes)\n",
        "Your contribution here.\n",
        "- Add your changes here\n",
        "- \\[Short description of non-trivial change.\\]\n",
        "- \u2026\n-\n",
        "[1.0]: https://example.org\n",
    ],
)
def test_fault_1_headings_and_place_holders_say_nothing(text: str) -> None:
    """Empty, headings alone, comments, and what tools print for nothing are no changelog."""
    assert [] == notes.content_lines(text)


@pytest.mark.parametrize(
    "text",
    [
        "- Nothing is cached any more.\n",
        "- No changes to the wire format are needed.\n",
        "- Add changes to the plan.\n",
        "- None is accepted for `day`.\n",
        "- There are no more than two calls.\n",
    ],
)
def test_entry_that_begins_as_a_place_holder_is_one(text: str) -> None:
    """Only a whole line without content is nothing."""
    assert [text.strip()] == notes.content_lines(text)
