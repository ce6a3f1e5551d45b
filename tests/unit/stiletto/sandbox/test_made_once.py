"""Directories that are made once: whole or not at all, and stamped whenever they are used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.made_once import kept


def empty(new: Path) -> None:
    """Make nothing more than the directory."""
    assert new.is_dir()


def test_it_is_made_once(tmp_path: Path) -> None:
    """What is there is not made again."""
    place = tmp_path / "images" / "one"

    assert place == kept(place, lambda new: (new / "first").mkdir())
    assert place == kept(place, lambda new: (new / "second").mkdir())
    assert ["first"] == [path.name for path in place.iterdir()]
    assert 0o755 == place.stat().st_mode & 0o777


def test_use_is_noted(tmp_path: Path) -> None:
    """Its time is that of the last use, by which a prune chooses."""
    place = kept(tmp_path / "one", empty)
    os.utime(place, (1, 1))
    kept(place, empty)

    assert place.stat().st_mtime > 1


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    """An error while it is made passes through, and neither it nor its beginnings stay."""

    def fails(new: Path) -> None:
        (new / "half").mkdir()
        raise EnvironmentFailed("no index")

    with pytest.raises(EnvironmentFailed, match="no index"):
        kept(tmp_path / "servers" / "one", fails)

    assert [] == list((tmp_path / "servers").iterdir())


def test_the_first_of_two_wins(tmp_path: Path) -> None:
    """Where another process was faster, its directory is taken, and ours is gone."""
    place = tmp_path / "images" / "one"

    def late(new: Path) -> None:
        (new / "ours").touch()
        place.mkdir()
        (place / "theirs").touch()

    assert ["theirs"] == [path.name for path in kept(place, late).iterdir()]
    assert [place] == list(place.parent.iterdir())
