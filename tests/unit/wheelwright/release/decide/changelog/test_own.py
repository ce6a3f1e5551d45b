"""The commits that a release made are in no later changelog."""

import pytest

from wheelwright.release.decide.changelog import tools
from wheelwright.release.decide.changelog.own import own, own_command

SINCE = "a" * 40
TITLE = "chore(release): 1.2.3"


def log(*messages: str, title: str = TITLE) -> str:
    """Return what git prints of a release commit and of what came after it, numbered."""
    after = "".join(f"\x1e{number}\0{message}\n" for number, message in enumerate(messages))
    return f"{after}\x1e{SINCE}\0{title}\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("chore(release): 1.2.3 (#12)", True),
        ("chore(release): 1.2.3", True),
        ("Merge chore(release): 1.2.3 (#12)", True),
        ("Merge pull request #12 from o/release/1.2.3\n\nchore(release): 1.2.3", True),
        ("Anything\n\nWheelwright-Release: teasel 1.2.3", True),
        ("feat: the thing", False),
        ("chore(release): 1.2.30", False),
        ("docs: why chore(release): 1.2.3 was late", False),
    ],
)
def test_style_of_commits_own_commit_is_not_listed(message: str, expected: bool) -> None:
    """Squashed or merged, the release is not an entry of the next changelog."""
    assert ({SINCE, "0"} if expected else {SINCE}) == own(log(message), SINCE)


def test_title_of_ordinary_work_is_repeated_freely() -> None:
    """A tag on ordinary work leaves out nothing that has the same subject."""
    assert {SINCE} == own(log("fix: typo", title="fix: typo"), SINCE)


def test_commits_left_out_of_a_context() -> None:
    """git-cliff renders what is left; the release's day is in the place of the clock's."""
    context = '[{"timestamp": 1, "commits": [{"id": "0"}, {"id": "1"}]}]'
    expected = '[{"timestamp": 1767225600, "commits": [{"id": "1"}]}]'
    assert expected == tools.cliff_dated(context, "2026-01-01", without=frozenset({"0"}))


def test_commits_are_asked_for_with_the_release_commit() -> None:
    """The range has the release commit itself, whose title is compared."""
    assert (SINCE, "HEAD", "--not", f"{SINCE}^@") == own_command(SINCE)[-4:]
