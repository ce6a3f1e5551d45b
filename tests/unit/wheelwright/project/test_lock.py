"""Reading uv.lock."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, moved, project
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<<<<<< HEAD\n", r"uv\.lock is not valid TOML: .*line 1.*; run `uv lock`"),
        ("package = 3\n", r"uv\.lock: uv writes no such package: .*; run `uv lock`"),
        (
            "[[package]]\nname = 'a'\n\n[[package]]\nversion = 'x'\n",
            r"uv\.lock:4: uv writes no such package",
        ),
        (
            "[[package]]\nname = 'a'\nversion = '1'\nresolution-markers = ['x =']\n",
            r"uv\.lock has a broken marker",
        ),
    ],
)
def test_broken_lock_names_the_line_and_the_remedy(text: str, message: str) -> None:
    """A lock with conflict markers is answered with the command that makes it anew."""
    lock = project(LIKE_CLICK, {"uv.lock": text}).lock
    assert lock is not None
    with pytest.raises(ProjectError, match=message):
        lock.version("a", "3.12")


def test_a_broken_lock_is_named_by_its_place() -> None:
    """In a repository of many packages its name alone says little."""
    lock = moved(project(LIKE_CLICK, {"uv.lock": "x"}), "boat").lock
    assert lock is not None
    with pytest.raises(ProjectError, match=r"^boat/uv\.lock is not valid TOML"):
        lock.version("a", "3.12")


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
