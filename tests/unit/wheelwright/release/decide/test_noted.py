"""What a release does to the changelog, and its notes, from texts alone."""

from datetime import date

import pytest

from tests.unit.wheelwright.release.packages import STATIC, project
from wheelwright.project.model import Project
from wheelwright.release.decide import noted, tags
from wheelwright.release.decide.changelog import writing
from wheelwright.release.decide.changelog.writing import Release
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.noted import Past
from wheelwright.release.decide.stops import Problem, Reason

RELEASE = Release("1.2.4", "v1.2.4", date(2026, 1, 31), "demo")
BEFORE = Past("abc", "v1.2.3", frozenset({"1.2.3"}))
OLD = "## 1.2.3 - 2025-01-02\n\n- Old.\n"


def package(path: str, text: str, toml: str = "") -> Project:
    """Return a package with a changelog."""
    return project(STATIC + toml, {path: text})


def test_what_came_before_is_read_from_tags() -> None:
    """The tag before and all released versions count, and the own tag does not."""
    refs = {f"refs/tags/v{each}": each for each in ("1.2.2", "1.2.3", "1.2.4", "2.0.0")}
    found = tags.read(refs, "demo", member=False)
    assert Past("1.2.3", "v1.2.3", frozenset({"1.2.2", "1.2.3", "2.0.0"})) == noted.past(
        found, "1.2.4", "1.2.3"
    )


@pytest.mark.parametrize(
    ("current", "released"),
    [("1.2.3", {"1.2.3"}), ("1.2.4", set()), ("1.2.4.dev0", set()), ("", set())],
)
def test_without_tags_the_current_version_is_released(current: str, released: set[str]) -> None:
    """A first release by this tool comes after the version that the files have."""
    found = tags.read({}, "demo", member=False)
    assert Past(released=frozenset(released)) == noted.past(found, "1.2.4", current)


def test_changelog_elsewhere_is_named_with_the_settings() -> None:
    """A file in which nothing waits is not "none"."""
    path = "docs/release-notes.md"
    found = noted.by_hand(package(path, f"# Notes\n\n{OLD}"), path, RELEASE, BEFORE)
    assert found.problem
    assert Reason.EMPTY_CHANGELOG is found.problem.reason
    text = found.problem.text()
    assert "docs/release-notes.md has no section above 1.2.3" in text
    assert all(each in text for each in ("(changelog)", "(unreleased)", '"github"', "--notes"))
    assert "add a CHANGELOG.md" not in text


@pytest.mark.parametrize("day", ["2025", "Q1 2025", "02/01/25", "2. ledna 2025"])
def test_date_that_is_not_read_stops_with_the_settings(day: str) -> None:
    """The new heading does not lose a date in silence; settings write it."""
    text = f"# Log\n\n## Unreleased\n\n- New.\n\n## 1.2.3 ({day})\n\n- Old.\n"
    found = noted.by_hand(package("CHANGELOG.md", text), "CHANGELOG.md", RELEASE, BEFORE)
    assert found.problem
    assert "CHANGELOG.md, line 7, has a date of an unknown form" in found.problem.seen
    assert all(each in found.problem.text() for each in ("heading = ", "date = "))
    toml = '\n[tool.wheelwright.release]\nheading = "{version} ({date})"\ndate = "%Y"\n'
    set_ = noted.by_hand(package("CHANGELOG.md", text, toml), "CHANGELOG.md", RELEASE, BEFORE)
    assert "## 1.2.4 (2026)\n\n- New.\n" in (set_.text or "")
    written = text.replace("## Unreleased", "## 1.2.4 (2026-01-30)")
    mine = package("CHANGELOG.md", written)
    assert noted.by_hand(mine, "CHANGELOG.md", RELEASE, BEFORE).problem is None


@pytest.mark.parametrize("line", ["- Release date: {}", "* {}", "Ver\u00f6ffentlicht am {}"])
def test_state_that_would_stay_stops(line: str) -> None:
    """A released section does not say "TBD" where the others have their date."""
    text = (
        f"## 1.2.4\n\n{line.format('TBD')}\n- New.\n\n"
        f"## 1.2.3\n\n{line.format('2025-01-02')}\n- Old.\n"
    )
    found = noted.by_hand(package("CHANGELOG.md", text), "CHANGELOG.md", RELEASE, BEFORE)
    assert found.problem
    assert "CHANGELOG.md, line 1: the section begins with a state" in found.problem.seen
    other = package("CHANGELOG.md", text.replace("TBD", "2026-01-30"))
    assert noted.by_hand(other, "CHANGELOG.md", RELEASE, BEFORE).problem is None
    entry = package("CHANGELOG.md", text.replace("TBD", "a file"))
    assert noted.by_hand(entry, "CHANGELOG.md", RELEASE, BEFORE).problem is None


def test_two_sections_that_wait_are_named_with_the_setting() -> None:
    """Neither is released without the other one in silence."""
    text = f"# Log\n\n## Unreleased\n\n- New.\n\n## Next\n\n- More.\n\n{OLD}"
    found = noted.by_hand(package("CHANGELOG.md", text), "CHANGELOG.md", RELEASE, BEFORE)
    assert found.problem
    assert "CHANGELOG.md has two sections that wait, in lines 3 and 7" == found.problem.seen
    assert "(unreleased)" in found.problem.text()
    toml = '\n[tool.wheelwright.release]\nunreleased = "Unreleased"\n'
    chosen = package("CHANGELOG.md", text, toml)
    assert "- New." == noted.by_hand(chosen, "CHANGELOG.md", RELEASE, BEFORE).notes


@pytest.mark.parametrize("body", ["", "### Added\n", "<!-- write here -->\n", "- TBD\n", "***\n"])
def test_section_without_an_entry_stops(body: str) -> None:
    """What would be published decides, not what the file has."""
    text = f"# Log\n\n## Unreleased\n\n{body}\n{OLD}"
    found = noted.by_hand(package("CHANGELOG.md", text), "CHANGELOG.md", RELEASE, BEFORE)
    assert found.problem
    assert "CHANGELOG.md has no entry below its section for the release" == found.problem.seen
    assert found.text is None


def test_changelog_prepared_is_a_person_s_whoever_keeps_it() -> None:
    """A section of the version with an entry stays, with notes; an empty one is the tool's."""
    text = f"# Log\n\n## 1.2.4 - 2025-01-05\n\n- Mine.\n\n{OLD}"
    mine = package("CHANGELOG.md", text)
    assert noted.prepared(mine, "CHANGELOG.md", RELEASE, BEFORE)
    found = noted.by_hand(mine, "CHANGELOG.md", RELEASE, BEFORE)
    assert (None, "- Mine.") == (found.text, found.notes)
    empty = package("CHANGELOG.md", text.replace("- Mine.\n", ""))
    assert not noted.prepared(empty, "CHANGELOG.md", RELEASE, BEFORE)


def test_changelog_news_empty() -> None:
    """Towncrier's sentence and git-cliff's bare heading are nothing."""
    news = package("NEWS.rst", "demo 1.2.3 (2025-01-02)\n=======================\n\n- Old.\n")
    wrote = ["demo 1.2.4 (2026-01-31)", "=======================", "", "No significant changes."]
    found = noted.by_tool(news, "NEWS.rst", RELEASE, BEFORE, wrote, "towncrier", "all of it")
    assert found.problem
    assert "kept by towncrier" == found.problem.seen
    bare = package("CHANGELOG.md", OLD)
    assert noted.by_tool(bare, "CHANGELOG.md", RELEASE, BEFORE, ["## 1.2.4"], "git-cliff").problem
    assert noted.by_tool(bare, "CHANGELOG.md", RELEASE, BEFORE, [], "git-cliff").problem


def test_section_of_a_tool_is_published_without_its_heading() -> None:
    """What a tool printed is put above the newest; what it wrote itself stays as it wrote it."""
    log = package("CHANGELOG.md", f"# Log\n\n{OLD}")
    new = ["## [1.2.4] - 2026-01-31", "", "### Fixed", "", "- New."]
    found = noted.by_tool(log, "CHANGELOG.md", RELEASE, BEFORE, new, "git-cliff")
    assert "### Fixed\n\n- New." == found.notes
    assert "# Log\n\n" + "\n".join(new) + f"\n\n{OLD}" == found.text
    kept = noted.by_tool(log, "CHANGELOG.md", RELEASE, BEFORE, new, "towncrier", "as written")
    assert ("### Fixed\n\n- New.", "as written") == (kept.notes, kept.text)


CANDIDATE = "# Log\n\n## 1.3.0rc1 - 2025-01-20\n\n### Fixed\n\n- The big thing.\n\n" + OLD


@pytest.mark.parametrize(
    ("new", "notes"),
    [
        ([], "### Fixed\n\n- The big thing."),
        (["## 1.3.0", "", "### Fixed", "", "- New."], "### Fixed\n\n- New.\n- The big thing."),
    ],
)
def test_changelog_candidate_of_a_tool(new: list[str], notes: str) -> None:
    """A final release has what its candidates brought, whether the tool has more or not."""
    release = Release("1.3.0", "v1.3.0", date(2026, 1, 31), "demo")
    before = Past("abc", "v1.3.0rc1", frozenset({"1.2.3", "1.3.0rc1"}))
    found = noted.by_tool(
        package("CHANGELOG.md", CANDIDATE), "CHANGELOG.md", release, before, new, "git-cliff"
    )
    assert notes == found.notes
    heading = "## 1.3.0" if new else "## 1.3.0 - 2026-01-31"
    assert found.text
    assert found.text.startswith(f"# Log\n\n{heading}\n\n{notes}\n\n## 1.3.0rc1 - 2025-01-20\n")


def test_last_release_shows_whether_a_section_stays() -> None:
    """What its commit left above its section is left again; a setting comes before it."""
    text = f"# Log\n\n## Unreleased\n\n- New.\n\n{OLD}"
    changes = {"CHANGELOG.md": ("# Log\n", f"# Log\n\n{OLD}")}
    last = LastRelease("1.2.3", "1.2.2", "v1.2.3", "c", "p", "m", False, changes)
    before = Past("abc", "v1.2.3", frozenset({"1.2.2", "1.2.3"}), last)
    gone = noted.by_hand(package("CHANGELOG.md", text), "CHANGELOG.md", RELEASE, before)
    assert gone.text
    assert "Unreleased" not in gone.text
    keep = "[tool.wheelwright.release]\nkeep-unreleased = true\n"
    kept = noted.by_hand(package("CHANGELOG.md", text, keep), "CHANGELOG.md", RELEASE, before)
    assert kept.text
    assert kept.text.startswith("# Log\n\n## Unreleased\n\n## 1.2.4 - 2026-01-31\n")


def test_settings_of_the_changelog_are_used() -> None:
    """The title of what waits, the heading and the date have a setting each."""
    text = f"# Log\n\n## For later\n\n- Later.\n\n## Soon\n\n- New.\n\n{OLD}"
    table = (
        '[tool.wheelwright.release]\nunreleased = "Soon"\n'
        'heading = "## {name} {version} ({date})"\ndate = "%d.%m.%Y"\nkeep-unreleased = false\n'
    )
    found = noted.by_hand(package("CHANGELOG.md", text, table), "CHANGELOG.md", RELEASE, BEFORE)
    assert found.text
    assert "- Later.\n\n## demo 1.2.4 (31.01.2026)\n\n- New.\n" in found.text


@pytest.mark.parametrize(
    ("path", "text", "table", "expected"),
    [
        (
            "CHANGELOG.md",
            f"# Log\n\n## Unreleased\n\n- New.\n\n{OLD}",
            "",
            'heading "## 1.2.4 - 2026-01-31", as in 1.2.3',
        ),
        (
            "CHANGELOG.md",
            f"# Log\n\n## Unreleased\n\n- New.\n\n{OLD}",
            '[tool.wheelwright.release]\nheading = "## {tag}"\n',
            'heading "## v1.2.4", by [tool.wheelwright.release] heading',
        ),
        (
            "CHANGELOG.md",
            "# Log\n\n## Unreleased\n\n- New.\n",
            "",
            'heading "## 1.2.4 - 2026-01-31"',
        ),
        (
            "CHANGELOG.md",
            f"# Log\n\n## 1.2.4 - 2025-01-05\n\n- Mine.\n\n{OLD}",
            "",
            'heading "## 1.2.4 - 2025-01-05", as it is written',
        ),
        (
            "NEWS.rst",
            "Unreleased\n==========\n\n- New.\n\n"
            "1.2.3 (2025-01-02)\n==================\n\n- Old.\n",
            "",
            'heading "1.2.4 (2026-01-31)", as in 1.2.3',
        ),
    ],
    ids=["as before", "a setting", "the first", "prepared", "reStructuredText"],
)
def test_heading_is_shown_with_its_reason(path: str, text: str, table: str, expected: str) -> None:
    """The plan has the heading of the new section, and whose form it is."""
    assert expected == noted.by_hand(package(path, text, table), path, RELEASE, BEFORE).heading


def test_heading_keeps_the_zeros_of_a_version() -> None:
    """A heading is written as the newest one, whatever PEP 440 makes of the version."""
    text = "# Log\n\n## Unreleased\n\n- New.\n\n## 2026.01.05 - 2026-01-06\n\n- Old.\n"
    release = Release("2026.2.1", "2026.02.01", date(2026, 2, 1), "demo")
    before = Past("abc", "2026.01.05", frozenset({"2026.1.5"}))
    found = noted.by_hand(package("CHANGELOG.md", text), "CHANGELOG.md", release, before)
    assert 'heading "## 2026.02.01 - 2026-02-01", as in 2026.1.5' == found.heading
    assert "- New." == found.notes


def test_heading_of_a_tool_is_shown_as_the_tool_s() -> None:
    """What a tool wrote is read from the changelog as it left it."""
    new = ["## [1.2.4] - 2026-01-31", "", "- New."]
    log = package("CHANGELOG.md", f"# Log\n\n{OLD}")
    found = noted.by_tool(log, "CHANGELOG.md", RELEASE, BEFORE, new, "git-cliff")
    assert 'heading "## [1.2.4] - 2026-01-31", by git-cliff' == found.heading


@pytest.mark.parametrize(
    ("path", "before", "new", "expected"),
    [
        (
            "CHANGELOG.md",
            "# Log\n\n<!-- towncrier release notes start -->\n\n### Fixed\n\n- Old.\n",
            "### Fixed\n\n- New.\n\n",
            "### Fixed\n\n- New.",
        ),
        (
            "CHANGELOG.md",
            f"# Log\n\n<!-- towncrier release notes start -->\n\n{OLD}",
            "## What is new in spring\n\n- New.\n\n\n",
            "## What is new in spring\n\n- New.",
        ),
        (
            "NEWS.rst",
            ".. towncrier release notes start\n\nFeatures\n--------\n\n- Old.\n",
            "Features\n--------\n\n- New. (:issue:`1`)\n\n\n",
            "### Features\n\n- New. (#1)",
        ),
        ("docs/1.2.4.md", "", "- New.\n", "- New."),
    ],
    ids=["no title", "another title", "reStructuredText", "a file of its own"],
)
def test_notes_without_a_title_of_the_version(
    path: str, before: str, new: str, expected: str
) -> None:
    """With `title_format = false` the notes are what towncrier added, also read later."""
    start = "release notes start"
    at = before.index("\n\n", before.index(start)) + 2 if start in before else 0
    after = before[:at] + new + before[at:]
    lines = writing.written(before, after)
    made = noted.by_tool(package(path, before), path, RELEASE, BEFORE, lines, "towncrier", after)
    later = package(path, after)

    assert (expected, after) == (made.notes, made.text)
    assert "" == noted.of_version(later, path, "1.2.4")
    assert expected == noted.added(later, path, "1.2.4", before)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Full Changelog**: https://x/compare/v1...v2", ""),
        ("", ""),
        ("<!-- by config -->\n\n## What's Changed\n\n\n**Full Changelog**: https://x", ""),
        (
            "<!-- by config -->\n\n## What's Changed\n* a by @b in https://x\n\n\n"
            "**Full Changelog**: https://x/compare/v1...v2",
            "## What's Changed\n* a by @b in https://x\n\n"
            "**Full Changelog**: https://x/compare/v1...v2",
        ),
    ],
)
def test_notes_on_github_alone_list_something_or_nothing(text: str, expected: str) -> None:
    """A link to all changes is not an entry."""
    assert expected == noted.generated(text)


@pytest.mark.parametrize("problem", [noted.missing("main"), noted.unseen("main")])
def test_repository_without_a_changelog_learns_the_ways_round(problem: Problem) -> None:
    """The message names the settings and --notes, and not a file that is to be added."""
    assert Reason.EMPTY_CHANGELOG is problem.reason
    assert "--notes" in problem.text()
    assert "CHANGELOG.md" not in problem.text()
    assert "list nothing since v1.2.3" in noted.nothing_generated("v1.2.3").text()
