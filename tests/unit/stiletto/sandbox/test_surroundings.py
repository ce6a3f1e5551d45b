"""Whether another interpreter or uv may be found than before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stiletto.sandbox.surroundings import surroundings

PLACES = {
    "PATH": "bin",
    "UV_PYTHON_INSTALL_DIR": "uv",
    "PYENV_ROOT": "pyenv/versions",
    "RUSTUP_HOME": "rust/toolchains",
}


def env(home: Path) -> dict[str, str]:
    """Return variables that lead to directories of the test."""
    return {name: str(home / place.partition("/")[0]) for name, place in PLACES.items()}


@pytest.mark.parametrize("name", PLACES)
def test_what_is_installed_changes_them(tmp_path: Path, name: str) -> None:
    """A new file or directory in each place; nothing else does."""
    place = tmp_path / PLACES[name]
    place.mkdir(parents=True)
    before = surroundings(env(tmp_path), tmp_path)
    assert before == surroundings(env(tmp_path), tmp_path)
    (place / "python3.11").mkdir()
    os.utime(place, ns=(0, 1))  # within one tick of the clock
    assert before != surroundings(env(tmp_path), tmp_path)


def test_a_program_that_was_replaced_changes_them(tmp_path: Path) -> None:
    """By rename, in the directory of a version."""
    place = tmp_path / "uv" / "cpython-3.11" / "bin"
    place.mkdir(parents=True)
    before = surroundings(env(tmp_path), tmp_path)
    (place / "python3").touch()
    os.utime(place, ns=(0, 1))
    assert before != surroundings(env(tmp_path), tmp_path)


def test_what_is_missing_is_a_fact(tmp_path: Path) -> None:
    """Places that are not there are no error."""
    before = surroundings(env(tmp_path), tmp_path)
    (tmp_path / "bin").mkdir()
    assert before != surroundings(env(tmp_path), tmp_path)
