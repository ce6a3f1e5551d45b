"""Which repository, directory and version a reference means."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.errors import UsageError
from stiletto.module.remote import GitReference, is_remote, parse_reference, tag_names


@pytest.mark.parametrize(
    ("ref", "url", "directory", "version"),
    [
        ("github.com/org/repo", "https://github.com/org/repo", "", ""),
        ("github.com/org/repo/sub/dir@v1.2", "https://github.com/org/repo", "sub/dir", "v1.2"),
        ("https://github.com/org/repo@main", "https://github.com/org/repo", "", "main"),
        ("https://host.net/a/b/repo.git/sub@x/y", "https://host.net/a/b/repo.git", "sub", "x/y"),
        ("git@github.com:org/repo/sub", "ssh://git@github.com/org/repo", "sub", ""),
        ("ssh://host.net/org/repo.git", "ssh://git@host.net/org/repo.git", "", ""),
        ("https://me@host.net/repo.git@v1", "https://me@host.net/repo.git", "", "v1"),
        ("file:///srv/repo.git/sub@v1", "file:///srv/repo.git", "sub", "v1"),
    ],
)
def test_reference(ref: str, url: str, directory: str, version: str) -> None:
    """Host, path, directory and version are told apart as Dagger does it."""
    assert GitReference(((url, directory),), version) == parse_reference(ref, Path("/"))


def test_unknown_host_leaves_every_length_open() -> None:
    """Where no rule says how long the repository's path is, the shortest is tried first."""
    candidates = parse_reference("https://host.net/a/b/c", Path("/")).candidates

    assert (
        ("https://host.net/a", "b/c"),
        ("https://host.net/a/b", "c"),
        ("https://host.net/a/b/c", ""),
    ) == candidates


@pytest.mark.parametrize("ref", ["https://host.net", "https://host.net/r.git/../../x"])
def test_reference_that_names_nothing(ref: str) -> None:
    """A host alone is no repository, and nobody leaves a repository by its path."""
    with pytest.raises(UsageError):
        parse_reference(ref, Path("/"))


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("https://host.net/r", True),
        ("git@host.net:r", True),
        ("github.com/org/repo", True),
        ("file:///srv/repo.git", True),
        ("../repo", False),
        ("/srv/repo", False),
        ("word", False),
        ("not.a.host", False),
    ],
)
def test_is_remote(ref: str, expected: bool, tmp_path: Path) -> None:
    """Paths are told from repositories by how they are written."""
    assert expected == is_remote(ref, tmp_path)


def test_directory_that_looks_like_a_host_is_local(tmp_path: Path) -> None:
    """What is there as a directory is no host."""
    (tmp_path / "github.com/org/repo").mkdir(parents=True)

    assert not is_remote("github.com/org/repo", tmp_path)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("v1", True), ("v1.2.3-rc.1", True), ("main", False), ("1.2.3", False), ("v1.x", False)],
)
def test_versions_that_can_only_be_tags(version: str, expected: bool) -> None:
    """`v` and numbers name a tag; everything else may be a branch."""
    assert expected == GitReference((), version).names_tag


def test_tags_of_a_directory_go_first() -> None:
    """In a repository of several modules each may have tags of its own."""
    assert ("sub/dir/v1", "v1") == tag_names("v1", "sub/dir")
    assert ("v1",) == tag_names("v1", "")
