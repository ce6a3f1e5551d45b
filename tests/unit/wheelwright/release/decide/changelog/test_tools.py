"""The changelog as a gate, its hand-written edit, and the notes that come out of it."""

import pytest

from tests.unit.wheelwright.release.packages import project
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.release.decide import changelog
from wheelwright.release.decide.changelog import ChangelogSource

KEPT = """\
# Changelog

All notable changes.

## [Unreleased]

### Added

- A thing.

## [1.2.3] - 2026-01-01

- Older.

[Unreleased]: https://example.org/demo/compare/v1.2.3...HEAD
[1.2.3]: https://example.org/demo/releases/tag/v1.2.3
"""
AFTER = "## Features\n\n- a"
BARE = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("toml", "files", "text", "keeper"),
    [
        (BARE, {}, KEPT, ChangelogSource.HAND),
        (BARE, {}, "# Changelog\n\n## 1.0\n", ChangelogSource.NOBODY),
        (BARE, {}, None, ChangelogSource.NOBODY),
        (BARE + "[tool.towncrier]\n", {}, KEPT, ChangelogSource.TOWNCRIER),
        (BARE, {"towncrier.toml": ""}, None, ChangelogSource.TOWNCRIER),
        (BARE + "[tool.git-cliff.changelog]\n", {}, KEPT, ChangelogSource.GIT_CLIFF),
        (BARE, {"cliff.toml": ""}, None, ChangelogSource.GIT_CLIFF),
    ],
)
def test_keeper_is_read_from_the_project(
    toml: str, files: dict[str, str], text: str | None, keeper: ChangelogSource
) -> None:
    """A configured tool keeps the changelog; otherwise a section Unreleased does."""
    assert keeper is changelog.source_of(project(toml, files), text)


CLIFF = "[tool.git-cliff.git]\n"


@pytest.mark.parametrize(
    ("own", "root", "files", "where"),
    [
        ("", "", ["a/cliff.toml"], "a"),
        # It looks upward for cliff.toml, from the member that it is run for.
        ("", "", ["cliff.toml"], "a"),
        (CLIFF, "", [], "a"),
        (CLIFF, CLIFF, [], "a"),
        # For a table it does not look upward.
        ("", CLIFF, [], ""),
        ("", CLIFF, ["a/cliff.toml"], "a"),
    ],
)
def test_git_cliff_runs_where_it_finds_its_configuration(
    own: str, root: str, files: list[str], where: str
) -> None:
    """A member's own configuration is used before the workspace's."""
    texts = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["a"]\n' + root,
        "a/pyproject.toml": BARE + own,
    }
    snapshot = Snapshot({**texts, **dict.fromkeys(files, "")}, frozenset(files))
    member = describe(snapshot, "a", {"a": texts["a/pyproject.toml"]})
    assert ChangelogSource.GIT_CLIFF is changelog.source_of(member, None)
    assert where == changelog.cliff_directory(member)


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
        "[1.0]: https://example.org\n",
    ],
)
def test_fault_1_headings_and_place_holders_say_nothing(text: str) -> None:
    """Empty, headings alone, comments, and what tools print for nothing are no changelog."""
    assert [] == changelog.content_lines(text)


def test_gist_is_what_was_written() -> None:
    """Any line of words counts."""
    assert ["- A thing."] == changelog.content_lines(changelog.unreleased(KEPT))


def test_release_gives_the_section_its_version_and_keeps_the_rest() -> None:
    """The section gets version and date under a new empty one, and the links are split."""
    expected = """\
# Changelog

All notable changes.

## [Unreleased]

## [1.2.4] - 2026-02-03

### Added

- A thing.

## [1.2.3] - 2026-01-01

- Older.

[Unreleased]: https://example.org/demo/compare/v1.2.4...HEAD
[1.2.4]: https://example.org/demo/compare/v1.2.3...v1.2.4
[1.2.3]: https://example.org/demo/releases/tag/v1.2.3
"""
    made = changelog.release_unreleased(KEPT, "1.2.4", "2026-02-03", "v1.2.4")
    assert expected == made
    assert [] == changelog.content_lines(changelog.unreleased(made))
    assert "### Added\n\n- A thing." == changelog.section(made, "1.2.4")


def test_plain_headings_stay_plain() -> None:
    """A changelog without brackets and links gets none."""
    made = changelog.release_unreleased("## Unreleased\n\n- x\n", "2.0", "2026-02-03", "v2.0")
    assert "## Unreleased\n\n## 2.0 - 2026-02-03\n\n- x\n" == made


@pytest.mark.parametrize(
    ("text", "version", "notes"),
    [
        (KEPT, "1.2.3", "- Older."),
        (KEPT, "1.2", ""),
        ("## v1.2.4 (today)\n\n- a\n\n# Other\n", "1.2.4", "- a"),
        (
            "Demo 1.2.4 (2026)\n=================\n\n- a\n\nDemo 1.2.3\n==========\n- b\n",
            "1.2.4",
            "- a",
        ),
        ("## 1.2.4rc1\n- a\n## 1.2.4\n- b\n", "1.2.4", "- b"),
        ("## 1.2.40\n- a\n", "1.2.4", ""),
        # What towncrier adds to a changelog that was kept by hand before.
        ("# Demo 1.2.4 (2026)\n\n## Features\n\n- a\n\n## [1.2.3] - 2025\n- b\n", "1.2.4", AFTER),
        ("# Demo 1.2.4 (2026)\n\n## Features\n\n- a\n\n## 1.2.3\n- b\n", "1.2.4", AFTER),
        ("# 1.2.4\n\n## 3.13 is supported\n\n- a\n", "1.2.4", "## 3.13 is supported\n\n- a"),
    ],
)
def test_section_is_found_by_its_version_alone(text: str, version: str, notes: str) -> None:
    """Notes are those of exactly this version, whatever stands beside it in the heading."""
    assert notes == changelog.section(text, version)


def test_insert_puts_the_new_section_above_the_newest() -> None:
    """What a file begins with stays first; an empty file gets a title."""
    made = changelog.insert("# Changes\n\nIntro.\n\n## 1.0\n\n- a\n", "## 1.1\n\n- b\n")
    assert "# Changes\n\nIntro.\n\n## 1.1\n\n- b\n\n## 1.0\n\n- a\n" == made
    assert "# Changelog\n\n## 1.1\n" == changelog.insert("", "## 1.1")
    assert "# Log\n\n## 1.1\n" == changelog.insert("# Log\n", "## 1.1")


def test_commands_name_version_date_and_range() -> None:
    """The tools are told what they would otherwise take from the clock or the tags."""
    assert (
        "git-cliff",
        "--strip=all",
        "--output=-",
        "--tag=v1.2.4",
        "--unreleased",
        "--include-path=packages/demo/**",
        "abc..HEAD",
    ) == changelog.cliff_commands("v1.2.4", "abc", ["packages/demo/**"])
    command = changelog.towncrier_command("1.2.4", "2026-02-03", "demo", draft=True)
    assert "towncrier build --version=1.2.4 --date=2026-02-03 --name=demo --draft" == " ".join(
        command
    )
