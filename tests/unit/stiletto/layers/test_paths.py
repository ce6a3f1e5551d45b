"""Paths as layers name them."""

from __future__ import annotations

from stiletto.layers.paths import collapse, relative


def test_paths() -> None:
    """Container paths are normalised, and children of named paths are dropped."""
    assert "a/c" == relative("/a//b/../c/")
    assert "" == relative("/")
    assert {"a", "ab", "c/d"} == collapse(["a", "a/b", "ab", "c/d", "c/d/e"])
