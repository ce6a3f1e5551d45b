"""Pins of actions, and which of two is newer."""

import pytest

from wheelwright.github.actions import newest
from wheelwright.pins import ACTIONS, Action

OLD, NEW = "a" * 40, "b" * 40


def test_newest_of_several_pins_wins() -> None:
    """Of two pins for one action in the existing text, the newer one is taken."""
    existing = f"x: a/b@{OLD} # v3.0\ny: a/b@{NEW} # v2.0\n"

    assert f"a/b@{OLD} # v3.0" == newest(f"a/b@{'c' * 40} # v1", existing)


def test_pin_of_no_version_never_wins() -> None:
    """A pin whose comment is a branch does not replace a version."""
    ours = f"a/b@{OLD} # v1"

    assert ours == newest(ours, f"a/b@{NEW} # vNext")


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_action_is_pinned_to_a_whole_commit(action: Action) -> None:
    """Every action is written as a full commit, its version beside it."""
    assert 40 == len(action.commit)
    assert set(action.commit) <= set("0123456789abcdef")
    assert f"{action.name}@{action.commit} # {action.version}" == str(action)
    assert action.version.startswith("v")
