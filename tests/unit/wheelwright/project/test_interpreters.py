"""Names of interpreters."""

import pytest

from wheelwright.pins import full_image, slim_image
from wheelwright.project.interpreters import cpython, is_free_threaded, release_of
from wheelwright.project.pythons import minor_key


@pytest.mark.parametrize(
    ("python", "release", "minor", "slim", "full"),
    [
        ("3.12", "3.12", (3, 12), "python:3.12-slim", "python:3.12"),
        ("3.12.1", "3.12.1", (3, 12), "python:3.12.1-slim", "python:3.12.1"),
        ("3.14t", "3.14", (3, 14), "python:3.14t-slim", "python:3.14t"),
        ("pypy3.11", "3.11", (3, 11), "pypy:3.11-slim", "pypy:3.11"),
    ],
)
def test_name_has_a_release_and_images(
    python: str, release: str, minor: tuple[int, ...], slim: str, full: str
) -> None:
    """A name tells the release of the language, by which Pythons are ordered, and the images."""
    assert release == release_of(python)
    assert release == cpython(python)
    assert minor == minor_key(python)
    assert (slim, full) == (slim_image(python), full_image(python))


def test_only_a_t_is_free_threaded() -> None:
    """PyPy has a lock, too."""
    assert [True, False, False] == [
        is_free_threaded(python) for python in ("3.14t", "3.14", "pypy3.11")
    ]
