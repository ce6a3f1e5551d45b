"""What is added to a dependabot.yml that a person wrote."""

import pytest

from wheelwright.github.dependabot import Entry, added

PIP, ACTIONS = Entry("pip", "/", "python"), Entry("github-actions", "/", "actions")
PATH = ".github/dependabot.yml"
THEIRS = """\
version: 2
updates:
  # The website; its maintainers want it on Fridays.
  - package-ecosystem: npm
    directory: "/web"
    schedule:
      interval: weekly
      day: friday
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: monthly # is enough
    cooldown:
      default-days: 3
"""
OURS = """\
  - package-ecosystem: pip
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7
    groups:
      python:
        patterns:
          - '*'
"""


def test_entry_is_added_and_the_rest_stays() -> None:
    """Order, comments and quotes of the other entries are as they were."""
    text, notes = added(PATH, THEIRS, [ACTIONS, PIP])

    assert THEIRS + OURS == text
    assert [
        f"{PATH}: added pip in /; the other entries stay",
        f"{PATH}: npm in /web has no cooldown: a release is taken on the day that it appears",
    ] == notes


def test_second_time_adds_nothing() -> None:
    """What was added is found."""
    text, _ = added(PATH, THEIRS, [ACTIONS, PIP])
    assert text == added(PATH, text, [ACTIONS, PIP])[0]


def test_dashes_stay_where_they_are() -> None:
    """A list that is not indented stays so."""
    flat = "version: 2\nupdates:\n- package-ecosystem: npm\n  directory: /\n"
    text, _ = added(PATH, flat, [PIP])

    assert text.startswith(flat)
    assert "\n- package-ecosystem: pip\n  directory: /\n" in text


@pytest.mark.parametrize(
    "entry",
    [
        "package-ecosystem: uv\n    directory: /",
        "package-ecosystem: pip\n    directory: .",
        'package-ecosystem: pip\n    directories: ["/a", "/"]',
        'package-ecosystem: pip\n    directories: ["**/*"]',
    ],
)
def test_entry_that_updates_the_same_is_enough(entry: str) -> None:
    """Uv or pip, one directory or several: the package is not listed twice."""
    text = f"version: 2\nupdates:\n  - {entry}\n    cooldown: {{default-days: 1}}\n"
    assert (text, []) == added(PATH, text, [PIP])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("updates: [", "not valid YAML"),
        ("version: 2\n", "it has no list of updates"),
        ("- a\n", "it has no list of updates"),
    ],
)
def test_file_that_cannot_be_added_to_stays(text: str, why: str) -> None:
    """A broken file is named and left alone."""
    assert (text, [f"{PATH}: kept as it is: {why}"]) == added(PATH, text, [PIP])
