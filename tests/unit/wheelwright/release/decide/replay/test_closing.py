"""Which setting closes a difference between a release and the same made again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wheelwright.release.decide.replay import closing
from wheelwright.release.decide.replay.closing import BY_HAND, LOCKED, UNLOCKED, Facts
from wheelwright.release.decide.replay.comparing import Compared

FACTS = Facts("teasel", "1.2.4", "1.2.3", ("v1.2.4",) * 2, ("Release",) * 2, "CHANGELOG.md", ())
LOG = "# Changelog\n\n## Unreleased\n\n- A thing.\n\n## 1.2.3\n"
OURS = LOG.replace("## Unreleased", "## 1.2.4 - 2026-01-31")


def texts(facts: Facts) -> list[str]:
    """Return the settings as lines of the table."""
    return [each.text() for each in closing.settings(facts)]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("1.2.4", "v1.2.4"), ['tag = "{version}"']),
        (("teasel-1.2.4", "v1.2.4"), ['tag = "{name}-{version}"']),
        (("release-1.2.4-final", "v1.2.4"), ['tag = "release-{version}-final"']),
        (("v1.2.4", "v1.2.4"), []),
        (("one.two", "v1.2.4"), []),
    ],
)
def test_a_tag_of_another_form_has_its_setting(tags: tuple[str, str], expected: list[str]) -> None:
    """The form is the tag with fields in place of version and name."""
    assert expected == texts(replace(FACTS, tag=tags))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("chore(release): 1.2.4", ['title = "chore(release): {version}"']),
        ("Prepare 1.2.4 (#12)", ['title = "Prepare {version}"']),
        ("Merge pull request #12 from o/release/1.2.4", []),
        ("Bump the version", []),
    ],
)
def test_a_title_of_another_form_has_its_setting(title: str, expected: list[str]) -> None:
    """The number of a pull request is no part of it, and a merge's message is not a title."""
    assert expected == texts(replace(FACTS, title=(title, "Release 1.2.4")))


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("## 1.2.4 (2026-01-31)", ['heading = "## {version} ({date})"']),
        (
            "## [1.2.4] - 31.01.2026",
            ['heading = "## [{version}] - {date}"', 'date = "%d.%m.%Y"'],
        ),
        ("## 1.2.4 - January 31, 2026", ['date = "%B %-d, %Y"']),
        ("## Version 1.2.4", ['heading = "## Version {version}"']),
    ],
)
def test_a_heading_of_another_form_has_its_settings(theirs: str, expected: list[str]) -> None:
    """The heading and the form of its date are settings of their own."""
    made = Compared("CHANGELOG.md", LOG, LOG.replace("## Unreleased", theirs), OURS)
    facts = replace(FACTS, files=(made,))
    assert expected == texts(facts)
    assert ", ".join(expected) == closing.reason(facts, made)


def test_a_section_that_stays_has_its_setting() -> None:
    """More above the heading than we leave there is kept by a setting, and less removed by it."""
    kept = OURS.replace("## 1.2.4", "## Unreleased\n\n## 1.2.4")
    both = Compared("CHANGELOG.md", LOG, kept, OURS), Compared("CHANGELOG.md", LOG, OURS, kept)
    found = [texts(replace(FACTS, files=(each,))) for each in both]
    assert [["keep-unreleased = true"], ["keep-unreleased = false"]] == found


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (Compared("docs/conf.py", 'v = "1.2.3"\n', 'v = "1.2.4"\n', 'v = "1.2.3"\n'), "theirs"),
        (Compared("docs/conf.py", 'v = "1.2.3"\n', 'v = "1.2.3"\n', 'v = "1.2.4"\n'), "ours"),
        (Compared("docs/changes.rst", "a", "b", "a"), 'changelog = "docs/changes.rst"'),
        (Compared("requirements.txt", None, None, "idna\n"), "requirements = false"),
        (Compared("requirements.txt", "a\n", "b\n", "a\n"), "requirements = true"),
        (Compared("uv.lock", "1.2.3\n", "1.2.4\nb\n", "1.2.4\na\n"), LOCKED),
        (Compared("uv.lock", "1.2.3\n", "1.2.3\n", "1.2.4\n"), UNLOCKED),
        (Compared("src/a.py", "a", "b", "a"), BY_HAND),
        (Compared("src/a.py", "a", "a", "a"), ""),
    ],
)
def test_a_file_has_its_setting_or_the_reason_why_none_helps(file: Compared, expected: str) -> None:
    """Where the version was replaced decides; what was made by hand is named so."""
    places = {
        "theirs": 'version-files = ["src/b.py", "docs/conf.py"]',
        "ours": 'version-files = ["src/b.py"]',
    }
    both = Compared("src/b.py", "x 1.2.3", "x 1.2.4", "x 1.2.4")
    facts = replace(FACTS, files=(both, file))
    assert places.get(expected, expected) == closing.reason(facts, file)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("## 1.2.4 (2026-01-31)", ("2026-01-31", "%Y-%m-%d")),
        ("## 1.2.4 - 31.1.2026", ("31.1.2026", "%-d.%-m.%Y")),
        ("## 1.2.4 (January 31, 2026)", ("January 31, 2026", "%B %-d, %Y")),
        ("## 1.2.4 (31 Jan 2026)", ("31 Jan 2026", "%-d %b %Y")),
        ("## 1.2.4 (31st January, 2026)", ("31st January, 2026", "")),
        ("## 1.2.4", ("", "")),
        ("## 1.2.4 - 2026-02-31", ("2026-02-31", "%Y-%m-%d")),
    ],
)
def test_a_date_has_a_form_where_strftime_has_one(title: str, expected: tuple[str, str]) -> None:
    """The form is a value of the setting; an ordinal number has none."""
    assert expected == closing.day(title, "1.2.4")


def test_the_time_of_a_release_is_noon_of_the_day_in_its_section() -> None:
    """A date that is none is not a time, and neither is a version that looks like a date."""
    headings = {
        "## 1.2.4 (2026-01-31)": "1.2.4",
        "## 1.2.4 - 31st January, 2026": "1.2.4",
        "## 2025.12.1 (2026-01-31)": "2025.12.1",
        "## 1.2.4\n\nReleased 2026-01-31": "1.2.4",
        "## 1.2.4 - 2026-02-31": "1.2.4",
        "## 2025.12.1": "2025.12.1",
        "- On 2026-01-31.": "1.2.4",
    }
    files = {
        Compared("a", LOG, LOG.replace("## Unreleased", heading), LOG): version
        for heading, version in headings.items()
    }
    found = [closing.noon(file, version) for file, version in files.items()]
    assert [1_769_860_800] * 4 + [0] * 3 == found

    waited = "## 1.2.4\n\nUnreleased\n"
    file = Compared("CHANGES.md", waited, waited.replace("Unreleased", "Released 2026-01-31"), "")
    assert 1_769_860_800 == closing.noon(file, "1.2.4")
