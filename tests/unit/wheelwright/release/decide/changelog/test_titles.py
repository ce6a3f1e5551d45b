"""Titles: which version one names, if it does."""

from datetime import date

import pytest

from wheelwright.release.decide.changelog import titles


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("V1.2.3", "1.2.3"),
        ("[v1.2.3] - 2025-01-02", "1.2.3"),
        ("**1.2.3** (2025-01-02)", "1.2.3"),
        ("1.2.3 - The great one", "1.2.3"),
        ("1.2.3 (2025)", "1.2.3"),
        ("Version 1.2.3", "1.2.3"),
        ("teasel 1.2.3", "1.2.3"),
        ("teasel-core v1.2.3", "1.2.3"),
        ("What's new in 1.2.3", "1.2.3"),
        ("Release notes of teasel 1.2.3", "1.2.3"),
        ("`1.2.3`_ - 2025-01-02", "1.2.3"),
        ("`1.2.3 <https://x.example/1.2.3>`_", "1.2.3"),
        ("[1.2.3](https://x.example/compare/1.2.2...1.2.3)", "1.2.3"),
        ("1.3.0-rc.1", "1.3.0rc1"),
        ("1.3.0rc1 (unreleased)", "1.3.0rc1"),
        ("1.2.4.dev0", "1.2.4.dev0"),
        ("1!2.0", "1!2.0"),
        ("1.2.3: The great one", "1.2.3"),
        ("Version 1.2.3 of teasel-core", "1.2.3"),
        ("1.2.3 vom 02.01.2025", "1.2.3"),
        ("1.2.3\uff082025-01-02\uff09", "1.2.3"),
        ("1.2.3 of other", ""),
        ("2025-01-02, Version 22.1.0", "22.1.0"),
        ("24.2 released", "24.2"),
        ("2025.1.2", "2025.1.2"),
        ("24", "24"),
        ("v24", "24"),
        ("24 (unreleased)", ""),
        ("3.13 is supported", ""),
        ("Changes since 1.2.3", ""),
        ("Upgrading from 1.2 to 1.3", ""),
        ("Support for Python 3.13", ""),
        ("Requires 1.2.3", ""),
        ("2025-01-02", ""),
        ("Unreleased", ""),
        ("[Unreleased](https://x.example/compare/v1.2.3...HEAD)", ""),
        ("1.2.3.4.5.6.7.8", ""),
        ("x" * 400 + " 1.2.3", ""),
        ("", ""),
    ],
)
def test_title_names_a_version_or_speaks_of_one(text: str, version: str) -> None:
    """The version is what the title is about, not one inside of a sentence or a link."""
    assert version == titles.read(text, ["teasel-core"]).version


def test_project_may_be_called_as_what_is_spoken_of() -> None:
    """A name that usually comes before another version is the project's own here."""
    assert "" == titles.read("Python 3.13").version
    assert "3.13" == titles.read("Python 3.13", ["python"]).version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x.example/compare/v1.2.2...v1.2.3", "https://x.example/compare/v1.2.3...v1.2.4"),
        ("https://x.example/compare/1.2.2..1.2.3", "https://x.example/compare/1.2.3..1.2.4"),
        ("https://x/branches/compare/v1.2.3..v1.2.2", "https://x/branches/compare/v1.2.4..v1.2.3"),
        ("https://x.example/tag/teasel-1.2.3", "https://x.example/tag/teasel-1.2.4"),
        ("https://x.example/tag/1.2.30", "https://x.example/tag/1.2.30"),
        ("https://x.example/tag/11.2.3", "https://x.example/tag/11.2.3"),
    ],
)
def test_link_names_the_next_version(text: str, expected: str) -> None:
    """A comparison begins where the one before ended; other numbers stay."""
    assert expected == titles.retargeted(text, "1.2.3", "1.2.4")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026.11.0 - 2026-11-05", "2026.12.0 - 2026-12-06"),
        ("v2026.11.0 (2026-11-05)", "v2026.12.0 (2026-12-06)"),
        ("[2026.11.0]", "[2026.12.0]"),
        ("2026.11.05", "2026.12.0"),
    ],
)
def test_date_stands_beside_a_version_that_looks_like_one(text: str, expected: str) -> None:
    """A version of a calendar is no date, and the date behind it is renewed."""
    title = titles.read(text)
    assert expected == titles.renamed(title, "2026.12.0", date(2026, 12, 6))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.3: The great one", "1.2.4"),
        ('1.2.3 "The great one" (2025-01-02)', "1.2.4 (2026-01-31)"),
        ("1.2.3 - The Great One - 2025-01-02", "1.2.4 - 2026-01-31"),
        ("1.2.3 / Great One (2025-01-02)", "1.2.4 (2026-01-31)"),
        ("**1.2.3** *Great* (2025-01-02)", "**1.2.4** (2026-01-31)"),
        ("1.2.3 [YANKED] - 2025-01-02", "1.2.4 - 2026-01-31"),
        ("[1.2.3] [yanked] - 2025-01-02", "[1.2.4] - 2026-01-31"),
        ("~~1.2.3~~ - 2025-01-02 (yanked)", "1.2.4 - 2026-01-31"),
        ("1.2.3 Release Date: 2025-01-02", "1.2.4 Release Date: 2026-01-31"),
        ("1.2.3 released on 2 January 2025", "1.2.4 released on 31 January 2026"),
        ("1.2.3 vom 02.01.2025", "1.2.4 vom 31.01.2026"),
        ("1.2.3 <small>January 2, 2025</small>", "1.2.4 <small>January 31, 2026</small>"),
        ('1.2.3 <Badge text="2025-01-02" />', '1.2.4 <Badge text="2026-01-31" />'),
        ("[1.2.3](https://x/Tag/1.2.3) 2025-01-02", "[1.2.4](https://x/Tag/1.2.4) 2026-01-31"),
        ("What's new in 1.2.3?", "What's new in 1.2.4?"),
        ("1.2.3\uff082025-01-02\uff09", "1.2.4\uff082026-01-31\uff09"),
        ("1.2.3 - 2025-01-02 {#v1.2.3}", "1.2.4 - 2026-01-31 {#v1.2.4}"),
        ("1.2.3 { #1-2-3 }", "1.2.4 { #1-2-4 }"),
        ("1.2.3 {#great}", "1.2.4"),
        ('1.2.3 <a id="1.2.3"></a>', '1.2.4 <a id="1.2.4"></a>'),
    ],
)
def test_title_of_another_version_has_nothing_of_the_old_one(text: str, expected: str) -> None:
    """Code names, "yanked" and anchors of the old one go; its words around a date stay."""
    title = titles.read(text)
    assert expected == titles.renamed(title, "1.2.4", date(2026, 1, 31))


def test_title_of_the_first_release_is_made_of_the_one_that_waits() -> None:
    """Without a released version the brackets, or the version, that wait are kept."""
    day = date(2026, 1, 31).isoformat()
    for text, expected in {
        "[Unreleased]": "[1.0] - 2026-01-31",
        "Unreleased": "1.0 - 2026-01-31",
        "teasel 1.0 (unreleased)": "teasel 1.0 (2026-01-31)",
        "1.0.dev0": "1.0",
    }.items():
        assert expected == titles.awaited(titles.read(text, ["teasel"]), "1.0", day)
