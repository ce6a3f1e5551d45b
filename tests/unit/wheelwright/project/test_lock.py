"""Reading uv.lock."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.errors import ProjectError


def test_locked_version_follows_the_python() -> None:
    """Of two locked versions the one whose markers fit the Python is taken."""
    text = (
        '[[package]]\nname = "mypy"\nversion = "1.19.1"\n'
        "resolution-markers = [\"python_full_version < '3.10'\"]\n"
        '[[package]]\nname = "mypy"\nversion = "2.4.1"\n'
        "resolution-markers = [\"python_full_version >= '3.10'\"]\n"
    )
    lock = project(LIKE_CLICK, {"uv.lock": text}).lock
    assert lock is not None
    assert ["1.19.1", "2.4.1", ""] == [
        lock.version("mypy", "3.9"),
        lock.version("MyPy", "3.10.4"),
        lock.version("ruff", "3.9"),
    ]


def test_broken_lock_names_the_remedy() -> None:
    """A lock with conflict markers is answered with the command that makes it anew."""
    with pytest.raises(ProjectError, match=r"uv\.lock is not valid TOML: .*; run `uv lock`"):
        project(LIKE_CLICK, {"uv.lock": "<<<<<<< HEAD\n"})


def test_locked_version_follows_the_implementation() -> None:
    """PyPy has its own release of a package, and a free-threaded CPython that of its release."""
    text = (
        '[[package]]\nname = "greenlet"\nversion = "1.0"\n'
        "resolution-markers = [\"implementation_name == 'pypy'\"]\n"
        '[[package]]\nname = "greenlet"\nversion = "3.0"\n'
        "resolution-markers = [\"python_full_version >= '3.14' and "
        "platform_python_implementation == 'CPython'\"]\n"
    )
    lock = project(LIKE_CLICK, {"uv.lock": text}).lock
    assert lock is not None
    assert ["1.0", "3.0", ""] == [
        lock.version("greenlet", python) for python in ("pypy3.11", "3.14t", "3.13")
    ]
