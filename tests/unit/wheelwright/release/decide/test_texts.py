"""Texts on GitHub: what is in them, and where a long one is cut."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.release.imaginary import SDIST, WHEEL, a_plan
from wheelwright.distribution.file import File
from wheelwright.release.decide.report import Links
from wheelwright.release.decide.texts import (
    LONGEST_PULL,
    LONGEST_RELEASE,
    cut,
    is_latest,
    pull_body,
    release_body,
    size,
)
from wheelwright.release.decide.world import World

LINKS = Links("https://github.com/o/demo", "https://pypi.org/project/demo/", "https://log/777")
PLAN = a_plan(changelog="docs/CHANGES.md")


def test_pull_request_names_hashes_index_tag_and_log() -> None:
    """Its text has the notes, each file with its hash, and links to where the release is."""
    assert (
        "demo 1.2.4 is on the index; this brings its version and changelog to `main`.\n"
        "\n"
        "- A thing.\n"
        "\n"
        "| file | SHA-256 |\n"
        "|---|---|\n"
        f"| `demo-1.2.4.tar.gz` | `{'a' * 64}` |\n"
        f"| `demo-1.2.4-py3-none-any.whl` | `{'b' * 64}` |\n"
        "\n"
        "[index](<https://pypi.org/project/demo/1.2.4/>), "
        "[tag](<https://github.com/o/demo/releases/tag/v1.2.4>), [log](<https://log/777>)\n"
    ) == pull_body(PLAN, (SDIST, WHEEL), "- A thing.\n", LINKS)


def test_what_is_not_known_is_left_out() -> None:
    """Without files and addresses the text is the reason and the notes."""
    assert (
        "demo 1.2.4 is on the index; this brings its version and changelog to `main`.\n\n- A.\n"
    ) == pull_body(a_plan(), (), "- A.", Links())


def test_squashed_a_version_from_tags_asks_for_a_merge_commit() -> None:
    """The pull request of such a package says how to merge it, and why."""
    text = pull_body(a_plan(merge_commit=True), (), "- A.", Links())

    assert "**Merge it with a merge commit.**" in text
    assert "`v1.2.4` is not in the history of `main`" in text
    assert "merge commit" not in pull_body(a_plan(), (), "- A.", Links())


@pytest.mark.parametrize("more", [{"outside_notes": "- A."}, {"notes_later": True}])
def test_pull_request_that_changes_no_file_brings_a_commit(more: dict[str, Any]) -> None:
    """With the version in the tag and the notes on GitHub, no version and no changelog come."""
    text = pull_body(a_plan(merge_commit=True, **more), (), "- A.", Links())
    assert text.startswith("demo 1.2.4 is on the index; this brings its tagged commit to `main`.\n")


def entries(count: int) -> str:
    """Return a long section: a heading, and entries of two lines each."""
    return "### Fixed\n\n" + "".join(
        f"- Entry {number} of a long list,\n  on two lines.\n" for number in range(count)
    )


def test_changelog_long_is_cut_at_an_entry_with_a_link() -> None:
    """Both texts stay below GitHub's limits, end with a whole entry and a link at the tag."""
    notes = entries(4_000)
    link = (
        "[The rest is in docs/CHANGES.md](<https://github.com/o/demo/blob/v1.2.4/docs/CHANGES.md>)."
    )
    for text, most in (
        (pull_body(PLAN, (SDIST, WHEEL), notes, LINKS), LONGEST_PULL),
        (release_body(PLAN, notes, LINKS), LONGEST_RELEASE),
    ):
        kept, found, rest = text.partition(link)
        assert most - 200 < len(text) < most
        assert link == found
        assert kept.rstrip().endswith("  on two lines.")
        assert ("log" in rest) == (most == LONGEST_PULL)


def test_short_notes_are_published_as_they_are() -> None:
    """Nothing is cut, stripped or added where there is room."""
    assert "- A thing.\n\n" == release_body(PLAN, "- A thing.\n\n", LINKS)


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("- one\n- two\n- three\n", 18, "- one\n- two"),
        # A heading without its entries, and the one above it, are cut off, too.
        ("- one\n\n## A\n\n### B\n\n- twenty-two\n", 26, "- one"),
        # An item is kept with its paragraphs and its code, or not at all.
        (
            "- one\n\n  ```\n  - two\n  ```\n- three, the longest one\n",
            40,
            "- one\n\n  ```\n  - two\n  ```",
        ),
        # An entry that is too long for the text by itself.
        ("- " + "x" * 40 + "\n", 20, ""),
    ],
)
def test_text_is_cut_before_an_entry(text: str, most: int, kept: str) -> None:
    """What stays is whole entries, never half a list item or an open fence."""
    assert "\n\n".join(filter(None, [kept, "rest"])) == cut(text, most, "rest")


@given(
    st.lists(
        st.sampled_from(["- one\n", "## A\n", "\n", "```\n", "  more\n", "1. x\n", "text 😀\n"])
    ),
    st.integers(10, 80),
)
def test_text_is_never_too_long(lines: list[str], most: int) -> None:
    """Whatever is in a text, what is left fits, and is the beginning of it."""
    text = "".join(lines)
    short = cut(text, most, "rest")

    assert size(short) <= most
    assert short == text or text.strip().startswith(short.removesuffix("rest").strip())


def test_many_files_leave_room_for_notes() -> None:
    """A release of hundreds of wheels names as many as fit, and counts the others."""
    files = [File(f"demo-1.2.4-cp3{n}-cp3{n}-win32.whl", "c" * 64) for n in range(1_000)]
    text = pull_body(PLAN, files, entries(4_000), LINKS)

    assert len(text) < LONGEST_PULL
    assert " more | |\n" in text


def test_address_cannot_end_its_link() -> None:
    """A log's address is text of the caller: a bracket in it stays in the link."""
    text = pull_body(a_plan(), (), "- A.", Links(log="https://log/>[x](<https://evil"))

    assert "[log](<https://log/%3E[x](%3Chttps://evil>)" in text


@pytest.mark.parametrize(
    ("version", "others", "latest"),
    [
        ("1.2.4", {"1.2.3"}, True),
        ("1.2.9", {"2.0.0"}, False),
        ("1.2.9", {"2.0.0rc1", "no version"}, True),
        ("2.0.0rc1", {"1.2.3"}, False),
        ("2.0.0.dev1", set(), False),
        ("1.2.4.post1", {"1.2.4"}, True),
        ("1.2.4", {"1.2.4", "1.2.4.post1"}, False),
    ],
)
def test_older_line_and_candidates_are_not_the_latest(
    version: str, others: set[str], latest: bool
) -> None:
    """The highest final version alone is "Latest", by tags as by the index."""
    plan = a_plan(version=version, known=frozenset())
    by_index, by_tags = World(versions=frozenset(others)), World(releases=frozenset(others))

    assert (latest, latest) == (is_latest(plan, by_index), is_latest(plan, by_tags))


def test_yanked_release_is_not_the_latest() -> None:
    """What nobody installs any more does not keep a later release from being "Latest"."""
    there = World(versions=frozenset({"9.0.0"}), releases=frozenset({"9.0.0"}))
    assert is_latest(a_plan(yanked=frozenset({"9.0.0"})), there)
    assert not is_latest(a_plan(), there)
