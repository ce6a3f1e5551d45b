"""Paths with wildcards: which are patterns, and what those match."""

from __future__ import annotations

import pytest

from stiletto.api.wildcards import wildcards


@pytest.mark.parametrize("path", ["a", "a?", "[ab]", "d/a", ""])
def test_a_path_without_a_star_is_plain(path: str) -> None:
    """Only a `*` makes a pattern, as in the real engine."""
    assert wildcards(path) is None


def test_an_escaped_star_is_plain() -> None:
    """A `*` behind a backslash is no wildcard."""
    assert wildcards("a\\*") is None


@pytest.mark.parametrize(
    ("pattern", "directory", "path", "expected"),
    [
        ("sub/*.txt", "sub", "a.txt", True),
        ("sub/*.txt", "sub", "d/a.txt", False),
        ("/sub/d*", "sub", "deep", True),
        ("../sub/d*", "sub", "deep", True),
        ("**/*.txt", "", "sub/a.txt", True),
        ("**/*.txt", "", "a.txt", False),
        ("**/*.txt", "", "sub/deep/a.txt", False),
        ("*star", "", "*star", True),
        ("*star", "", "xstar", True),
        ("d?/[a-c]*", "", "dx/b1", True),
        ("d?/[a-c]*", "", "d/b1", False),
        ("*[", "", "a[", False),
    ],
)
def test_names_are_matched(pattern: str, directory: str, path: str, expected: bool) -> None:
    """A wildcard stays within a name, `**` as well; what cannot be read matches nothing."""
    found = wildcards(pattern)

    assert found is not None
    assert (directory, expected) == (found.directory, found.matches(path))
