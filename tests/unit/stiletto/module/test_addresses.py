"""Addresses of objects, as calls of the API."""

from __future__ import annotations

import pytest

from stiletto.errors import UsageError
from stiletto.module.addresses import calls_for
from stiletto.module.git_url import GitUrl, clone_candidates, is_git_url, parse_git_url


@pytest.mark.parametrize(
    ("type_name", "address", "calls"),
    [
        ("Directory", "https://h/r.git", ["git https://h/r.git", "head", "tree"]),
        ("Directory", "https://h/r#v1", ["git https://h/r", "ref v1", "tree"]),
        ("Directory", "https://h/r#:sub", ["git https://h/r", "head", "tree", "directory sub"]),
        (
            "Directory",
            "git@h:o/r.git#v1:a/b",
            ["git git@h:o/r.git", "ref v1", "tree", "directory a/b"],
        ),
        ("File", "ssh://h/r#v1:a/b", ["git ssh://h/r", "ref v1", "tree", "file a/b"]),
        ("File", "HTTP://h/r#:a", ["git http://h/r", "head", "tree", "file a"]),
        ("GitRepository", "git://h/r", ["git git://h/r"]),
        ("GitRepository", "../r", ["host", "directory ../r", "asGit"]),
        ("GitRef", "https://h/r#main", ["git https://h/r", "ref main"]),
        ("GitRef", "https://h/r", ["git https://h/r", "head"]),
        ("GitRef", "file://r#main", ["host", "directory r", "asGit", "ref main"]),
        ("Directory", "github.com/o/r", ["host", "directory github.com/o/r"]),
        ("Directory", "file:///r", ["host", "directory /r"]),
        ("Secret", "https://h/r", ["secret https://h/r"]),
    ],
)
def test_an_address_is_a_chain_of_calls(type_name: str, address: str, calls: list[str]) -> None:
    """A path, and an address of a repository, lead to the calls of the real engine."""
    made = calls_for(type_name, address)

    assert made is not None
    assert calls == [" ".join([field, *map(str, args.values())]) for field, args in made]


@pytest.mark.parametrize(
    ("type_name", "address", "message"),
    [
        ("GitRepository", "https://h/r#main", "cannot contain a ref or a path"),
        ("GitRef", "https://h/r#main:sub", "cannot contain a path"),
        ("File", "https://h/r#main", "no file path within the repository"),
        ("Directory", "https://-h/r", "cannot begin with '-'"),
        ("Directory", "https:///r", "no host"),
        ("Directory", "https://h/r\nx", "is not an address"),
        ("File", "https://u:secret@h/r", r"^https://u:\*\*\*@h/r: no file path"),
    ],
)
def test_a_part_without_use_is_refused(type_name: str, address: str, message: str) -> None:
    """An address with a part that its type has no use for is an error that shows no password."""
    with pytest.raises(UsageError, match=message):
        calls_for(type_name, address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://h/r", True),
        ("SSH://h/r", True),
        ("git@h:r", True),
        ("a_b@h-1.org:", True),
        ("file:///r", False),
        ("ext::sh -c id", False),
        ("github.com/o/r", False),
        ("/r", False),
        ("a@b/c", False),
        ("a@b c:d", False),
    ],
)
def test_what_is_an_address_of_a_repository(text: str, expected: bool) -> None:
    """A scheme that git speaks, or `user@host:`; everything else is a path."""
    assert expected == is_git_url(text)


@pytest.mark.parametrize(
    ("text", "remotes"),
    [
        ("github.com/o/r", ["https://github.com/o/r", "ssh://git@github.com/o/r"]),
        ("https://h/r", ["https://h/r"]),
        ("ssh://h/r", ["ssh://git@h/r"]),
        ("ssh://me@h/r", ["ssh://me@h/r"]),
        ("git@h:r#x", ["git@h:r"]),
    ],
)
def test_candidates_of_an_address(text: str, remotes: list[str]) -> None:
    """Without a scheme https comes first, then ssh; ssh has the user git."""
    assert remotes == [url.remote for url in clone_candidates(text)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/srv/r", "is not the address of a repository"),
        ("./r", "is not the address of a repository"),
        ("", "is not the address of a repository"),
        ("file:///r", "invalid protocol 'file'"),
        ("svn://h/r", "invalid protocol 'svn'"),
        ("-u/x", "is not the address of a repository"),
        ("ext::sh -c id", "is not the address of a repository"),
    ],
)
def test_what_git_does_not_take(text: str, message: str) -> None:
    """Paths, files, options and helper programs are refused, with what to do instead."""
    with pytest.raises(UsageError, match=message):
        clone_candidates(text)


def test_parts_of_an_address() -> None:
    """Behind `#` stand the ref and, after a colon, the path."""
    url = parse_git_url("https://h/r.git#feature/x:a/b")

    assert GitUrl("https://h/r.git", "https", "feature/x:a/b") == url
    assert ("feature/x", "a/b") == (url.ref, url.directory)
    assert "https://h/r.git#feature/x:a/b" == url.text
