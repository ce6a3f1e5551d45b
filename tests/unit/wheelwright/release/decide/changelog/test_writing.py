"""The changelog of a release as a whole text: headings, states, templates, links, line ends."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.release.decide.changelog import notes, sections, writing
from wheelwright.release.decide.changelog.reading import read
from wheelwright.release.decide.changelog.sections import Known, Outline
from wheelwright.release.decide.changelog.writing import Release, Style

DAY = date(2026, 1, 31)

COMPARE = "https://git.example.org/teasel/compare"
HEADINGS = [
    # what waits, the release before, and what 1.2.4 gets on 2026-01-31
    ("## Unreleased", "## 1.2.3 - 2025-01-02", "## 1.2.4 - 2026-01-31"),
    ("## [Unreleased]", "## [1.2.3] - 2025-01-02", "## [1.2.4] - 2026-01-31"),
    ("## UNRELEASED", "## 1.2.3 (2nd January, 2025)", "## 1.2.4 (31st January, 2026)"),
    ("## [unreleased]", "## [v1.2.3] - 2025-01-02", "## [v1.2.4] - 2026-01-31"),
    ("# Unreleased", "# 1.2.3 (2025-01-02)", "# 1.2.4 (2026-01-31)"),
    ("### Unreleased", "### 1.2.3", "### 1.2.4"),
    (
        f"## [Unreleased]({COMPARE}/v1.2.3...HEAD)",
        f"## [1.2.3]({COMPARE}/v1.2.2...v1.2.3) - 2025-01-02",
        f"## [1.2.4]({COMPARE}/v1.2.3...v1.2.4) - 2026-01-31",
    ),
    ("## Unreleased (1.3.0)", "## 1.2.3 (2025-01-02)", "## 1.2.4 (2026-01-31)"),
    ("## 1.2.4 (unreleased)", "## 1.2.3 (2025-01-02)", "## 1.2.4 (2026-01-31)"),
    ("## [1.2.4] - Unreleased", "## [1.2.3] - 2025-01-02", "## [1.2.4] - 2026-01-31"),
    ("## v1.2.4 - unreleased", "## v1.2.3 - 2025-01-02", "## v1.2.4 - 2026-01-31"),
    ("## 1.2.4 - TBD", "## 1.2.3 - 2025-01-02", "## 1.2.4 - 2026-01-31"),
    ("## 1.2.4 (not yet released)", "## 1.2.3 (Jan 2, 2025)", "## 1.2.4 (Jan 31, 2026)"),
    ("## Unreleased changes", "## 1.2.3", "## 1.2.4"),
    ("## NEXT (UNRELEASED)", "## 1.2.3 (2025-01-02)", "## 1.2.4 (2026-01-31)"),
    ("## Next release", "## 1.2.3 - 2025-01-02", "## 1.2.4 - 2026-01-31"),
    ("## Upcoming", "## 1.2.3 - 2025-01-02", "## 1.2.4 - 2026-01-31"),
    ("## Dev", "## 1.2.3", "## 1.2.4"),
    ("## main", "## 1.2.3 - 2025-01-02", "## 1.2.4 - 2026-01-31"),
    ("## In development", "## Release 1.2.3", "## Release 1.2.4"),
    ("## 1.2.4.dev0", "## 1.2.3", "## 1.2.4"),
    ("## Unreleased:", "## 1.2.3:", "## 1.2.4:"),
    ("## _Unreleased_", "## 1.2.3 _(2025-01-02)_", "## 1.2.4 _(2026-01-31)_"),
    ("## **Unreleased**", "## **1.2.3** (2025-01-02)", "## **1.2.4** (2026-01-31)"),
    (
        "## Release 1.2.4 (in development)",
        "## Release 1.2.3 (02.01.2025)",
        "## Release 1.2.4 (31.01.2026)",
    ),
    ("## 1.2.4", "## 1.2.3", "## 1.2.4"),
    (
        "Unreleased\n----------",
        "1.2.3 - 2025-01-02\n------------------",
        "1.2.4 - 2026-01-31\n------------------",
    ),
    (
        "Version 1.2.4 (unreleased)\n==========================",
        "Version 1.2.3 (2025-01-02)\n==========================",
        "Version 1.2.4 (2026-01-31)\n==========================",
    ),
    # Neighbours.
    ("## 🚧 Unreleased", "## 🎉 v1.2.3 (2025-01-02)", "## 🎉 v1.2.4 (2026-01-31)"),
    ("## `Unreleased`", "## `1.2.3` - 2025-01-02", "## `1.2.4` - 2026-01-31"),
    (
        "## Unreleased",
        "## teasel 1.2.3 (6th December, 2024)",
        "## teasel 1.2.4 (31st January, 2026)",
    ),
    ("## Unreleased", '## 1.2.3 - 2025-01-02 "Thistle"', "## 1.2.4 - 2026-01-31"),
    ("## Unreleased", "## 1.2.3 - 2025-01-02 [YANKED]", "## 1.2.4 - 2026-01-31"),
    ("## Unreleased", "## 2025-01-02, Version 1.2.3", "## 2026-01-31, Version 1.2.4"),
    ("## Unreleased ##", "## 1.2.3 ##", "## 1.2.4"),
    ("## Unreleased", "## [1.2.3][] - 2025-01-02", "## [1.2.4][] - 2026-01-31"),
    ("## Unreleased", "## Thu, 2 Jan 2025: 1.2.3", "## Sat, 31 Jan 2026: 1.2.4"),
    ("## 1.2.4 (20XX-XX-XX)", "## 1.2.3 (2025-01-02)", "## 1.2.4 (2026-01-31)"),
    ("# Unreleased", "## 1.2.3 - 2025-01-02", "## 1.2.4 - 2026-01-31"),
]


def outlined(
    text: str,
    version: str = "1.2.4",
    released: tuple[str, ...] = ("1.2.3",),
    *,
    path: str = "CHANGELOG.md",
    unreleased: str = "",
) -> Outline:
    """Return the sections of a changelog of the package teasel."""
    known = Known(version, set(released), {"teasel"}, unreleased)
    return sections.outline(read(path, text), known)


def released(outline: Outline, style: Style | None = None) -> str:
    """Return the text of the release."""
    release = Release(outline.version, f"v{outline.version}", DAY, "teasel")
    return writing.released(outline, release, style or Style())


def noted(text: str, version: str = "1.2.4", path: str = "CHANGELOG.md") -> str:
    """Return the notes of a version."""
    document = read(path, text)
    section = sections.find(document, version, {"teasel"})
    assert section is not None
    return notes.of_section(document, section)


@pytest.mark.parametrize(("waiting", "before", "expected"), HEADINGS)
def test_changelog_headings(waiting: str, before: str, expected: str) -> None:
    """Whatever the section that waits is called, it gets a heading as the newest version's."""
    text = f"# Changelog\n\n{waiting}\n\n- The new thing.\n\n{before}\n\n- The old thing.\n"
    made = released(outlined(text))
    assert f"{expected}\n\n- The new thing.\n\n{before}\n\n- The old thing.\n" in made
    assert "- The new thing." == noted(made)
    # Its own edit leaves nothing to release.
    assert "" == noted_waiting(made)


def noted_waiting(text: str) -> str:
    """Return the notes of what waits for the version after."""
    outline = outlined(text, "1.2.5", ("1.2.3", "1.2.4"))
    if outline.waiting is None:
        return ""
    return notes.of_section(outline.document, outline.waiting)


@pytest.mark.parametrize("waiting", [row[0] for row in HEADINGS if "1.2.4" not in row[0]])
def test_heading_without_a_version_stays_above(waiting: str) -> None:
    """A new section of the same heading waits, with its link from the tag of the release."""
    text = f"# Changelog\n\n{waiting}\n\n- New.\n\n## 1.2.3 - 2025-01-02\n\n- Old.\n"
    kept = waiting.replace("v1.2.3...", "v1.2.4...")
    keeps = "1.3.0" not in waiting
    assert keeps is released(outlined(text)).startswith(f"# Changelog\n\n{kept}\n\n")


def test_changelog_elsewhere_has_nothing_that_waits() -> None:
    """A file's own title is not a section, whatever its level is."""
    assert outlined("# Release notes\n\n## 1.2.3 (January 2, 2025)\n\n* Old.\n").waiting is None
    assert outlined("# Changelog\n\n# 1.2.3\n\n* Old.\n").waiting is None
    assert outlined("# teasel changelog\n\n# 1.2.3\n\n* Old.\n").waiting is None
    assert outlined("").waiting is None
    assert outlined("\n\n").waiting is None


@pytest.mark.parametrize(
    "about",
    [
        "## About this file\n\nAll notable changes are here.",
        "## Table of Contents\n\n- [1.2.3](#123)",
        "## Legend\n\n- x: a fault",
        "## Semantic versioning\n\n* We do.",
        "## How to read it\n\n1. From the top.",
        "## Something else\n\nThis is text about versions.",
    ],
)
def test_section_about_the_file_is_not_one_that_waits(about: str) -> None:
    """What has no state in its title waits only if it may be what has changed."""
    old = "## 1.2.3 - 2025-01-02\n\n- Old.\n"
    assert outlined(f"# Log\n\n{about}\n\n{old}").waiting is None
    made = released(outlined(f"# Log\n\n{about}\n\n## Soon\n\n- New.\n\n{old}"))
    assert f"{about}\n\n## Soon\n\n## 1.2.4 - 2026-01-31\n\n- New.\n\n{old}" in made


@pytest.mark.parametrize(
    "body", ["- New.", "### Fixed\n\nA fault.", "1. New.", "| a |\n|---|\n| b |", ""]
)
def test_section_without_a_state_waits_with_entries(body: str) -> None:
    """A title in any language waits by its place, with a list, a table or headings."""
    text = f"# Log\n\n## Unver\u00f6ffentlicht\n\n{body}\n\n## 1.2.3\n\n- Old.\n"
    waiting = outlined(text).waiting
    assert waiting
    assert "Unver\u00f6ffentlicht" == waiting.heading.title


def test_second_section_that_waits_is_seen() -> None:
    """A section that would stay unreleased below the new one is found; a setting chooses."""
    text = "# Log\n\n## Unreleased\n\n- New.\n\n## Unreleased (old branch)\n\n- More.\n\n## 1.2.3\n"
    found = outlined(text)
    assert found.also
    assert "Unreleased (old branch)" == found.also.heading.title
    assert outlined(text, unreleased="Unreleased").also is None
    assert outlined(text.replace("- More.\n", "")).also is None
    assert outlined(text.replace("## Unreleased\n", "## 1.2.4 (unreleased)\n")).also is None


def test_heading_that_stays_is_not_written_anew() -> None:
    """Blanks and lines around a title that stays are as a person has made them."""
    text = "##\tUnreleased  ##\n\n- New.\n\n## 1.2.3\n\n- Old.\n"
    assert released(outlined(text)).startswith("##\tUnreleased  ##\n\n## 1.2.4\n")
    rst = "------------\n Unreleased\n------------\n\n- New.\n\n-----\n1.2.3\n-----\n\n- Old.\n"
    made = released(outlined(rst, path="CHANGES.rst"))
    assert made.startswith("------------\n Unreleased\n------------\n\n-----\n1.2.4\n-----\n")


def test_underline_that_is_longer_than_its_title_stays_as_long() -> None:
    """A file may have lines of one length; the new title has one of that, too."""
    line = "-" * 40
    text = f"1.2.4 (unreleased)\n{line}\n\n- New.\n\n1.2.3 (2025-01-02)\n{line}\n\n- Old.\n"
    made = released(outlined(text, path="CHANGES.rst"))
    assert text.replace("1.2.4 (unreleased)", "1.2.4 (2026-01-31)") == made


def test_underline_is_as_wide_as_its_title() -> None:
    """A wide character takes two columns, which docutils counts."""
    text = "Unreleased\n----------\n\n- New.\n\n\u7248 1.2.3\n--------\n\n- Old.\n"
    assert "\n\u7248 1.2.4\n--------\n" in released(outlined(text, path="CHANGES.rst"))


def test_changelog_status_line() -> None:
    """The state in a line of its own gets the form of the newest version's, and nothing else."""
    text = (
        "## Version 1.2.4\n\nUnreleased\n\n-   The new thing.\n\n"
        "## Version 1.2.3\n\nReleased 2025-01-02\n\n-   The old thing.\n"
    )
    made = released(outlined(text))
    assert text.replace("Unreleased", "Released 2026-01-31") == made
    assert "-   The new thing." == noted(made)


def test_state_line_is_added_where_the_newest_has_one() -> None:
    """A section without a state gets the line that every released one has."""
    text = "## Unreleased\n\n- New.\n\n## 1.2.3\n\n*Release date: 2 January 2025*\n\n- Old.\n"
    made = released(outlined(text))
    assert "## 1.2.4\n\n*Release date: 31 January 2026*\n\n- New.\n" in made
    assert "- New." == noted(made)


RST = """\
Changelog
=========

1.2.4 (unreleased)
------------------

Fixed
~~~~~

- The new thing, see :issue:`12`.
- ``teasel --all`` reads a file again::

      # a comment in a literal block
      1.2.3
      -----

1.2.3 (2025-01-02)
------------------

- The old thing.
"""


def test_changelog_rst() -> None:
    """A title in reStructuredText keeps an underline of its own length; the rest stays."""
    made = released(outlined(RST, path="CHANGES.rst"))
    assert RST.replace("1.2.4 (unreleased)", "1.2.4 (2026-01-31)") == made
    longer = RST.replace("1.2.3 (2025-01-02)\n------------------", "1.2.3\n-----")
    assert "\n1.2.4\n-----\n\nFixed\n" in released(outlined(longer, path="CHANGES.rst"))


def test_titles_with_a_line_above_keep_it() -> None:
    """A title between two lines of the same length is made like that."""
    text = "==========\nUnreleased\n==========\n\n- New.\n\n=====\n1.2.3\n=====\n\n- Old.\n"
    made = released(outlined(text, path="HISTORY.rst"))
    assert made.startswith("==========\nUnreleased\n==========\n\n=====\n1.2.4\n=====\n\n- New.\n")


def test_changelog_fence() -> None:
    """What looks like a heading in a fence ends no section."""
    body = (
        "Set it up again:\n\n```sh\n# first remove the old one\n## 9.9.9\n```\n\n"
        "~~~markdown\n## [Unreleased]\n~~~\n\n- The last thing."
    )
    text = f"# Changelog\n\n## [Unreleased]\n\n{body}\n\n## [1.2.3] - 2025-01-02\n\n- Old.\n"
    assert body == noted(released(outlined(text)))


TEMPLATE = """\
# Changelog

## Unreleased

### Added

<!-- New features -->

### Fixed

<!-- Repaired faults -->

- The new thing.

### Removed

<!-- What is gone -->

## 1.2.3

### Added

- The old thing.
"""


@pytest.mark.parametrize("sub", ["## Fixed", "Fixed\n-----"])
def test_parts_of_the_level_of_versions_are_in_the_notes(sub: str) -> None:
    """Between two versions a heading that names none is a part of the first one."""
    body = f"- First.\n\n{sub}\n\n- A fault."
    text = f"# Log\n\n## Unreleased\n\n{body}\n\n## 1.2.3\n\n- Old.\n\n## Links\n\n- A page.\n"
    made = released(outlined(text))
    assert body == noted(made)
    assert "- Old." == noted(made, "1.2.3")
    assert "" == noted_waiting(made)
    candidates = text.replace("## 1.2.3\n", "## 1.3.0rc1 (2025-02-01)\n\n- Big.\n\n## 1.2.3\n")
    made = released(outlined(candidates, "1.3.0", ("1.2.3", "1.3.0rc1")))
    assert {"- First.", "- A fault.", "- Big."} < set(noted(made, "1.3.0").split("\n"))


def test_changelog_template() -> None:
    """A template stands in the new section again; the released one has one heading."""
    made = released(outlined(TEMPLATE))
    assert "### Fixed\n\n- The new thing." == noted(made)
    template = TEMPLATE.partition("## 1.2.3")[0].replace("- The new thing.\n\n", "")
    rest = (
        "## 1.2.4\n\n### Fixed\n\n- The new thing.\n\n## 1.2.3\n\n### Added\n\n- The old thing.\n"
    )
    assert template + rest == made


def test_template_that_the_last_release_left_stands_again() -> None:
    """Headings without comments are a template where the last release left them empty."""
    before = "# Log\n\n## Unreleased\n\n### Added\n\n- Old.\n\n### Fixed\n\n## 1.2.2\n\n- Older.\n"
    after = before.replace(
        "## Unreleased\n\n### Added\n\n- Old.\n\n### Fixed\n",
        "## Unreleased\n\n### Added\n\n### Fixed\n\n## 1.2.3\n\n### Added\n\n- Old.\n",
    )
    style = writing.left_by("CHANGELOG.md", before, after, Known("1.2.3", {"1.2.2"}))
    assert Style(keep=True, template=("### Added", "", "### Fixed")) == style
    text = after.replace("### Added\n\n### Fixed", "### Added\n\n- New.\n\n### Fixed", 1)
    made = released(outlined(text), style)
    assert made.startswith("# Log\n\n## Unreleased\n\n### Added\n\n### Fixed\n\n## 1.2.4\n")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("## 1.2.3\n\n- Old.\n", Style(keep=False)),
        ("## Unreleased\n\n## 1.2.3\n\n- Old.\n", Style(keep=True, template=())),
        ("## 1.2.4 (unreleased)\n\n## 1.2.3\n\n- Old.\n", Style(keep=True, template=())),
        ("## Unreleased\n\n- Early.\n\n## 1.2.3\n\n- Old.\n", Style()),
        ("## 1.2.2\n\n- Older.\n", Style()),
        (None, Style()),
    ],
)
def test_whether_an_empty_section_stays_is_read_from_the_last_release(
    after: str | None, expected: Style
) -> None:
    """What the last release commit left above its section is what the next one leaves."""
    known = Known("1.2.3", {"1.2.2"})
    assert expected == writing.left_by("CHANGELOG.md", "## Unreleased\n", after, known)


def test_settings_come_before_what_is_read() -> None:
    """Heading, date and whether a section stays can be set."""
    text = "## Dev\n\n- New.\n\n## 1.2.3\n\n- Old.\n"
    style = Style(heading="### {name} {version} on {date}", date="%d.%m.%Y", keep=False)
    made = released(outlined(text), style)
    assert "### teasel 1.2.4 on 31.01.2026\n\n- New.\n\n## 1.2.3\n\n- Old.\n" == made
    dated = "## Dev\n\n- New.\n\n## 1.2.3 (2025-01-02)\n\n- Old.\n"
    assert "\n## 1.2.4 (31/01/26)\n" in released(outlined(dated), Style(date="%d/%m/%y"))


def test_released_version_may_be_spelled_shorter_than_its_tag() -> None:
    """A title 1.2 is of the tag v1.2.0, and a title 1.3 is of the version 1.3.0."""
    text = "## 1.3\n\n- New.\n\n## 1.2\n\n- Old.\n"
    outline = outlined(text, "1.3.0", ("1.2.0",))
    assert outline.newest
    assert "1.2" == outline.newest.title.version
    assert "- New." == noted(released(outline), "1.3.0")


def test_set_name_of_what_waits_is_the_only_one() -> None:
    """With a setting no other heading waits."""
    text = "## Dev\n\n- New.\n\n## Unreleased\n\n- Other.\n\n## 1.2.3\n\n- Old.\n"
    outline = outlined(text, unreleased="Dev")
    assert outline.waiting
    assert "Dev" == outline.waiting.heading.title
    assert outlined(text, unreleased="Soon").waiting is None


def test_changelog_prepared() -> None:
    """A section that a person has written, with its date, stays as it is."""
    text = "# Log\n\n## [1.2.4] - 2025-01-05\n\n- Mine.\n\n## [1.2.3] - 2025-01-02\n\n- Old.\n"
    assert writing.is_prepared(outlined(text))
    assert text == released(outlined(text))
    undated = text.replace(" - 2025-01-05", "")
    assert text.replace("2025-01-05", "2026-01-31") == released(outlined(undated))
    above = text.replace("# Log\n", "# Log\n\n## Unreleased\n\n- For later.\n")
    assert above == released(outlined(above))


CANDIDATE = """\
# Changelog

## [Unreleased]

## [1.3.0rc2] - 2025-01-21

### Fixed

- The last fault.

## [1.3.0rc1] - 2025-01-20

### Added

- The big thing.

### Fixed

- A fault.

## [1.2.3] - 2025-01-02

- The old thing.
"""


def test_changelog_candidate() -> None:
    """A final release has what its candidates brought, below equal headings together."""
    outline = outlined(CANDIDATE, "1.3.0", ("1.2.3", "1.3.0rc1", "1.3.0rc2"))
    made = released(outline)
    merged = "### Fixed\n\n- The last fault.\n- A fault.\n\n### Added\n\n- The big thing."
    assert merged == noted(made, "1.3.0")
    start = (
        f"# Changelog\n\n## [Unreleased]\n\n## [1.3.0] - 2026-01-31\n\n{merged}\n\n## [1.3.0rc2]"
    )
    assert made.startswith(start)
    # Without a section that waits, too, and not for the next candidate.
    bare = CANDIDATE.replace("## [Unreleased]\n\n", "")
    made = released(outlined(bare, "1.3.0", ("1.2.3", "1.3.0rc1", "1.3.0rc2")))
    assert merged == noted(made, "1.3.0")
    assert () == outlined(CANDIDATE, "1.3.0rc3", ("1.2.3", "1.3.0rc1", "1.3.0rc2")).candidates
    assert () == outlined(CANDIDATE, "1.4.0", ("1.2.3", "1.3.0rc1", "1.3.0rc2")).candidates


def test_what_is_between_sections_comes_between_the_new_ones() -> None:
    """Rules, blank lines and anchors part the new section from the one that waits."""
    text = '## Unreleased\n- New.\n\n---\n\n<a name="1.2.3"></a>\n## 1.2.3 (2025-01-02)\n- Old.\n'
    expected = (
        '## Unreleased\n\n---\n\n<a name="1.2.4"></a>\n## 1.2.4 (2026-01-31)\n- New.\n\n---\n\n'
        '<a name="1.2.3"></a>\n## 1.2.3 (2025-01-02)\n- Old.\n'
    )
    assert expected == released(outlined(text))
    assert "- New." == noted(expected)
    gone = expected.removeprefix("## Unreleased\n\n---\n\n")
    assert gone == released(outlined(text), Style(keep=False))


def test_target_of_myst_belongs_to_the_heading_below_it() -> None:
    """What a link leads to is not in the notes, and the new heading has its own."""
    text = "# Log\n\n## Unreleased\n\n- New.\n\n(v1.2.3)=\n## 1.2.3\n\n- Old.\n"
    made = released(outlined(text))
    assert "## Unreleased\n\n(v1.2.4)=\n## 1.2.4\n\n- New.\n\n(v1.2.3)=\n## 1.2.3\n" in made
    assert "- New." == noted(made)
    numbered = text.replace("## Unreleased", "(v1.2.4)=\n## 1.2.4 (unreleased)")
    assert numbered.replace(" (unreleased)", "") == released(outlined(numbered))


def test_links_at_the_end_follow() -> None:
    """The comparison of what waits begins at the new tag; the version's own has the newest form."""
    text = (
        "## [Unreleased]\n\n- New.\n\n## [1.2.3] - 2025-01-02\n\n- Old.\n\n"
        f"[unreleased]: {COMPARE}/v1.2.3...HEAD\n"
        f"[1.2.3]: {COMPARE}/v1.2.2...v1.2.3\n"
        "[1.2.2]: https://git.example.org/teasel/releases/tag/v1.2.2\n"
    )
    links = (
        f"[unreleased]: {COMPARE}/v1.2.4...HEAD\n[1.2.4]: {COMPARE}/v1.2.3...v1.2.4\n"
        f"[1.2.3]: {COMPARE}/v1.2.2...v1.2.3\n"
    )
    assert links in released(outlined(text))
    bare = text.replace(f"[unreleased]: {COMPARE}/v1.2.3...HEAD\n", "")
    assert links.partition("\n")[2] in released(outlined(bare))


def test_links_at_the_end_follow_in_restructuredtext() -> None:
    """A title that is a reference gets its target, in the form of the newest one's."""
    text = (
        "`Unreleased`_\n-------------\n\n- New.\n\n`1.2.3`_ - 2025-01-02\n---------------------\n\n"
        f"- Old.\n\n.. _Unreleased: {COMPARE}/v1.2.3...HEAD\n.. _1.2.3: {COMPARE}/v1.2.2...v1.2.3\n"
    )
    made = released(outlined(text, path="CHANGES.rst"))
    assert "`Unreleased`_\n-------------\n\n`1.2.4`_ - 2026-01-31\n---------------------\n" in made
    links = (
        f".. _Unreleased: {COMPARE}/v1.2.4...HEAD\n.. _1.2.4: {COMPARE}/v1.2.3...v1.2.4\n"
        f".. _1.2.3: {COMPARE}/v1.2.2...v1.2.3\n"
    )
    assert made.endswith(links)


@pytest.mark.parametrize(
    ("waits", "since", "until"),
    [
        ("compare/v{0}..HEAD", "compare/v1.2.2..v1.2.3", "compare/v1.2.3..v1.2.4"),
        ("-/compare/v{0}...main", "-/compare/v1.2.2...v1.2.3", "-/compare/v1.2.3...v1.2.4"),
        (
            "branches/compare/HEAD..v{0}",
            "branches/compare/v1.2.3..v1.2.2",
            "branches/compare/v1.2.4..v1.2.3",
        ),
    ],
)
def test_links_of_other_forms_follow(waits: str, since: str, until: str) -> None:
    """Two dots, and the newer one first, are renewed in their own form."""
    at = "https://git.example.org/teasel"
    text = "## [Unreleased]\n\n- New.\n\n## [1.2.3]\n\n- Old.\n\n"
    text += f"[Unreleased]: {at}/{waits.format('1.2.3')}\n[1.2.3]: {at}/{since}\n"
    made = released(outlined(text))
    links = f"[Unreleased]: {at}/{waits.format('1.2.4')}\n[1.2.4]: {at}/{until}\n"
    assert made.endswith(f"{links}[1.2.3]: {at}/{since}\n")


@pytest.mark.parametrize(
    ("used", "defined", "expected"),
    [
        ("[the page][Page]", "[page]: https://x.example 'Its title'", '"Its title"'),
        ("[page]", "[page]:\n    https://x.example", ""),
        ("[page]", "[page]: <https://x.example>", ""),
    ],
)
def test_link_that_notes_use_may_be_defined_in_any_form(
    used: str, defined: str, expected: str
) -> None:
    """Angle brackets, titles, capitals and a line break are those of Markdown."""
    text = f"## 1.2.4\n\n- See {used}.\n\n## 1.2.3\n\n- Old.\n\n{defined}\n"
    label = used.rpartition("[")[2]
    link = f"[{label} https://x.example {expected}".replace("]", "]:").rstrip()
    assert f"- See {used}.\n\n{link}" == noted(text)


def test_footnote_that_notes_use_comes_with_them() -> None:
    """GitHub shows footnotes; one that is defined elsewhere would be shown as its mark."""
    text = "## 1.2.4\n\n- New.[^1]\n\n## 1.2.3\n\n- Old.[^2]\n\n[^1]: One,\n    more.\n[^2]: Two.\n"
    assert "- New.[^1]\n\n[^1]: One,\n    more." == noted(text)


def test_link_inside_a_section_that_is_merged_is_part_of_it() -> None:
    """A definition in the text that is written again is not edited twice."""
    link = f"[unreleased]: {COMPARE}/v1.3.0rc2...HEAD"
    text = CANDIDATE.replace("## [Unreleased]\n", f"## [Unreleased]\n\n- More.\n\n{link}\n")
    made = released(outlined(text, "1.3.0", ("1.2.3", "1.3.0rc1", "1.3.0rc2")))
    assert 1 == made.count(link)
    assert "- The big thing." in noted(made, "1.3.0")


def test_link_that_notes_use_comes_with_them() -> None:
    """What the file defines at its end is defined in the notes that use it."""
    text = "## 1.2.4\n\n- See [the page].\n\n## 1.2.3\n\n[the page]: https://x.example\n[b]: https://b\n"
    assert "- See [the page].\n\n[the page]: https://x.example" == noted(text)


def test_changelog_crlf() -> None:
    """New lines end as the file's do."""
    text = "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [1.2.3] - 2025-01-02\n\n- Old.\n"
    made = released(outlined(text.replace("\n", "\r\n")))
    assert made.replace("\r\n", "\n") == released(outlined(text))
    assert made.count("\n") == made.count("\r\n")


@pytest.mark.parametrize("waiting", ["Unreleased", "1.2.4 (unreleased)"])
@pytest.mark.parametrize("path", ["CHANGELOG.md", "CHANGES.rst"])
def test_byte_order_mark_stays_before_the_first_line(waiting: str, path: str) -> None:
    """The mark is the file's, whether its first line is the heading that is written anew."""
    titles = (f"{waiting}\n{'-' * len(waiting)}", "1.2.3\n-----")
    text = f"{titles[0]}\n\n- New.\n\n{titles[1]}\n\n- Old.\n"
    made = released(outlined("\ufeff" + text, path=path))
    assert "\ufeff" + released(outlined(text, path=path)) == made
    assert "- New." == noted(made, path=path)


@given(
    ends=st.lists(st.booleans(), min_size=11, max_size=11),
    final=st.booleans(),
    tail=st.text(alphabet="ab \t\x0b\u2028\u00e9", max_size=5),
)
def test_only_the_meant_lines_change(ends: list[bool], final: bool, tail: str) -> None:
    """Whatever a line ends in, and whatever is in it, it is the same after the release."""
    parts = ["# Log", "", "## 1.2.4 (unreleased)", "", f"- New.{tail}", "", "## 1.2.3 (2025-01-02)"]
    parts += ["", "- Old.", tail, "- End."]
    lines = [line + ("\r" if end else "") for line, end in zip(parts, ends, strict=True)]
    text = "\n".join(lines) + ("\n" if final else "")
    made = released(outlined(text)).split("\n")
    wanted = text.split("\n")
    assert "## 1.2.4 (2026-01-31)" == made[2].rstrip("\r")
    wanted[2] = made[2]
    assert wanted == made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "# Changelog\n\n## 1.2.4\n\n- x\n"),
        ("# Log\n", "# Log\n\n## 1.2.4\n\n- x\n"),
        (
            "# Log\n\nIntro.\n\n## 1.2.3\n\n- a\n",
            "# Log\n\nIntro.\n\n## 1.2.4\n\n- x\n\n## 1.2.3\n\n- a\n",
        ),
        (
            "# Log\n\n## [unreleased]\n\n- x\n\n## 1.2.3\n\n- a\n",
            "# Log\n\n## 1.2.4\n\n- x\n\n## 1.2.3\n\n- a\n",
        ),
        (
            "## 1.2.3\n- a\n\n\n## 1.2.2\n- b\n",
            "## 1.2.4\n\n- x\n\n\n## 1.2.3\n- a\n\n\n## 1.2.2\n- b\n",
        ),
    ],
)
def test_section_of_a_tool_is_put_above_the_newest(text: str, expected: str) -> None:
    """What a tool printed comes in the place of what waits, or above the newest version."""
    release = Release("1.2.4", "v1.2.4", DAY)
    assert expected == writing.inserted(outlined(text), ["## 1.2.4", "", "- x", ""], release)


def test_what_a_tool_wrote_is_what_differs() -> None:
    """The place of a new section is not asked of anyone: it is where the file changed."""
    before = "teasel\n======\n\n.. start\n\nteasel 1.2.3\n------------\n\n- Old.\n"
    new = "teasel 1.2.4\n------------\n\nFeatures\n~~~~~~~~\n\n- New, by ``x``. (#1)\n\n\n"
    after = before.replace("teasel 1.2.3\n", f"{new}teasel 1.2.3\n")
    lines = writing.written(before, after)
    assert new.strip().split("\n") == lines
    made = writing.notes_of("NEWS.rst", lines, "1.2.4", ["teasel"])
    assert "### Features\n\n- New, by `x`. (#1)" == made
    assert [] == writing.written(before, before)


@pytest.mark.parametrize(
    "text",
    [
        "## 1.3.0rc1\n" * 4_000,
        "# a\n" * 12_000,
        "## 01/02/2025 1.2\n" * 2_000,
        "## 1.2 (2 November 2025)\n" * 2_000,
        "## teasel\n" * 4_000,
        "## 1.3.0rc1\n\n" + "- x\n" * 8_000 + "\n## 1.3.0rc2\n\n" + "- y\n" * 6_000,
        f"## Unreleased {'a.' * 100_000}\n\n- x\n",
        f'## Unreleased\n\n- x\n\n<a name="1.2.3{"a" * 200_000}"></a>\n## 1.2.3\n',
        f"## [Unreleased]\n\n- x\n\n## [1.2.3]\n\n[1.2.3]: https://x/{'a.' * 100_000}\n",
    ],
    ids=range(9),
)
@pytest.mark.timeout(20)
def test_text_that_is_made_to_be_slow_is_released_in_a_bounded_time(text: str) -> None:
    """Neither many headings nor a long line takes the square of the length."""
    outline = outlined(text, "1.3.0", ("1.2.3", "1.3.0rc1"))
    if outline.waiting or outline.candidates:
        assert "1.3.0" in released(outline)
    assert isinstance(notes.clean(text), str)
