"""Which releases are made again, and which request leads to each."""

from __future__ import annotations

import pytest

from wheelwright.errors import RequestError
from wheelwright.release.decide.replay.choosing import MOST, Dated, chosen, later, leading
from wheelwright.release.decide.version import Bump

TAGS = {
    "2.0.0rc1": Dated("v2.0.0-rc1", 30),
    "1.9.0": Dated("v1.9.0", 10),
    "1.10.0": Dated("v1.10.0", 20),
    "2.0.0": Dated("v2.0.0", 30),
    "1.10.1": Dated("v1.10.1", 40),
}


@pytest.mark.parametrize(
    ("tag", "last", "expected"),
    [
        ("", 0, ("1.10.1",)),
        ("", 3, ("1.10.1", "2.0.0", "2.0.0rc1")),
        ("", 9, ("1.10.1", "2.0.0", "2.0.0rc1", "1.10.0", "1.9.0")),
        ("v2.0.0-rc1", 0, ("2.0.0rc1",)),
        ("1.9.0", 0, ("1.9.0",)),
    ],
)
def test_releases_are_chosen_by_tag_or_by_number(
    tag: str, last: int, expected: tuple[str, ...]
) -> None:
    """The last by time come first; a tag may be given by its version."""
    assert expected == chosen(TAGS, tag, last)


@pytest.mark.parametrize(
    ("tags", "tag", "last", "message"),
    [
        ({}, "", 1, "the clone has no tag of a version; run `git fetch --tags`"),
        (TAGS, "v2.0.0", 1, "both --tag and --last are given; pass one of them"),
        (TAGS, "", -1, f"--last -1 is not between 1 and {MOST}; pass another number"),
        (TAGS, "", 51, f"--last 51 is not between 1 and {MOST}; pass another number"),
        (
            TAGS,
            "v3",
            0,
            'the clone has no tag "v3" of a version (the newest: v1.10.1, v2.0.0, v2.0.0-rc1); '
            "correct --tag, or run `git fetch --tags`",
        ),
    ],
)
def test_a_choice_of_nothing_is_refused(
    tags: dict[str, Dated], tag: str, last: int, message: str
) -> None:
    """A tag that is not there, and a number that is not possible, are named."""
    with pytest.raises(RequestError) as caught:
        chosen(tags, tag, last)
    assert message == str(caught.value)


def test_a_tag_and_all_later_ones_are_hidden() -> None:
    """Later is by time, and of one commit by version: a higher version may be an earlier one."""
    assert ("v1.10.1",) == later(TAGS, "1.10.1")
    assert ("v2.0.0", "v1.10.1") == later(TAGS, "2.0.0")
    assert ("v2.0.0-rc1", "v1.10.0", "v2.0.0", "v1.10.1") == later(TAGS, "1.10.0")


@pytest.mark.parametrize(
    ("current", "version", "expected"),
    [
        ("1.2.3", "1.2.4", Bump(bump="patch")),
        ("1.2.3", "1.3.0", Bump(bump="minor")),
        ("1.2.3", "2.0.0", Bump(bump="major")),
        ("26.1", "26.2", Bump(bump="minor")),
        ("1.2.4.dev0", "1.2.4", Bump(bump="stable")),
        ("1.3.0rc1", "1.3.0", Bump(bump="stable")),
        ("1.3.0rc1", "1.3.0rc2", Bump(pre="rc")),
        ("1.2.3", "2.0.0a1", Bump(bump="major", pre="alpha")),
        ("1.2.3", "1.2.3.post1", Bump(post=True)),
        ("25.4.0", "26.1.0", Bump(version="26.1.0")),
        ("", "0.1.0", Bump(bump="minor")),
        ("not a version", "0.1.0", Bump(version="0.1.0")),
    ],
)
def test_the_request_that_leads_to_a_version_is_found(
    current: str, version: str, expected: Bump
) -> None:
    """A bump that leads there is named; the version itself only where no bump does."""
    assert expected == leading(current, version)
