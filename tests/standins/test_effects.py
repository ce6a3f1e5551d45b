"""The log of effects: order, and hooks on either side."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .effects import Cut, Effects, cut, killing


def take(effects: Effects, kind: str, subject: str) -> None:
    """Let an effect take place without a body."""
    with effects.taking(kind, subject):
        pass


def test_effects_are_logged_in_order() -> None:
    """What takes place is in the log, by kind and subject."""
    effects = Effects()
    take(effects, "upload", "a")
    take(effects, "ref", "b")
    take(effects, "upload", "c")

    assert [(1, "a"), (2, "b"), (3, "c")] == [(e.number, e.subject) for e in effects.happened]
    assert ("a", "c") == effects.named("upload")


def test_a_cut_before_an_effect_prevents_it() -> None:
    """A hook that cuts before the second effect leaves the first and the third."""
    effects = Effects()
    effects.before(cut, nth=2)
    take(effects, "ref", "a")
    with pytest.raises(Cut):
        take(effects, "ref", "b")
    take(effects, "ref", "c")

    assert ("a", "c") == effects.named("ref")


def test_a_cut_after_an_effect_leaves_it() -> None:
    """A hook that cuts after an effect of a kind acts once, and the effect stays."""
    effects = Effects()
    effects.after(cut, kind="upload")
    take(effects, "ref", "a")
    with pytest.raises(Cut):
        take(effects, "upload", "b")
    take(effects, "upload", "c")

    assert ("b", "c") == effects.named("upload")


def test_a_body_that_fails_is_no_effect() -> None:
    """An effect whose body raises is not in the log."""
    effects = Effects()
    with pytest.raises(KeyError), effects.taking("ref", "a"):
        raise KeyError("a")

    assert () == effects.happened


def test_a_process_can_be_killed_at_an_effect() -> None:
    """The killing hook ends the process with SIGKILL, before the effect."""
    effects = Effects()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim:
        effects.before(killing(victim.pid))
        with pytest.raises(Cut):
            take(effects, "upload", "a")
        code = victim.wait()

    assert -9 == code
    assert () == effects.happened


def test_effects_are_counted_from_one() -> None:
    """A hook for the effect number nought is a mistake that is told."""
    with pytest.raises(ValueError, match="counted from 1"):
        Effects().before(cut, nth=0)
