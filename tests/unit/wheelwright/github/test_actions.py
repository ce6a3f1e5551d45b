"""Pins of actions, and which of two is newer."""

import pytest

from wheelwright.github.actions import foreign, is_of, newest, tag_of, without
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


def test_pin_is_held_against_its_tag() -> None:
    """The commit of a light tag counts, and that behind an annotated one; no other."""
    pin = f"actions/cache/save@{NEW} # v9.0.0"
    address, tag = tag_of(pin)

    assert ("https://github.com/actions/cache", "refs/tags/v9.0.0") == (address, tag)
    assert is_of(pin, f"{NEW}\t{tag}\n")
    assert is_of(pin, f"{OLD}\t{tag}\n{NEW}\t{tag}^{{}}\n")
    assert not is_of(pin, f"{OLD}\t{tag}\n")
    assert not is_of(pin, f"{NEW}\trefs/tags/v8.0.0\n")
    assert not is_of(pin, "")


def test_pin_that_is_not_of_its_tag_does_not_count() -> None:
    """It is older than any other then, so that ours replaces it."""
    pin = f"a/b@{NEW} # v9"
    existing = without(f"x: {pin}\n", [pin])

    assert f"a/b@{OLD} # v1" == newest(f"a/b@{OLD} # v1", existing)
    assert f"x: {pin}\n" == without(f"x: {pin}\n", [])


def test_part_of_a_known_action_is_known() -> None:
    """`actions/cache/save` at our commit of `actions/cache` is one of ours."""
    cache = str(ACTIONS["cache"])
    assert () == foreign(f"uses: {cache.replace('@', '/save@')}\n")
