"""Container paths in words, for plain mode."""

from __future__ import annotations

import pytest

from stiletto.sandbox.paths import PathMap

TREE = "/store/r1"
HELD = {"src", "src/a", "opt", "opt/stiletto/python/bin", "usr/local/bin/uv", "etc/app.toml"}


@pytest.fixture
def mapping() -> PathMap:
    """A tree with a few files, a working directory, a mount, and an interpreter of the host."""
    return PathMap.of(
        TREE,
        top_level=["src", "usr", "etc"],
        directories=["/work/here", "/cache", "/"],
        host=["/usr", "/root/.pyenv/versions/3.12.1"],
        exists=HELD.__contains__,
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/src/a", "R/src/a"),
        ("/src/new", "R/src/new"),
        ("/work/here/x", "R/work/here/x"),
        ("/cache", "R/cache"),
        ("--out-dir=/dist", "--out-dir=R/dist"),
        ("/tmp/x", "R/tmp/x"),  # noqa: S108 - a container's
        ("/root/.local", "R/root/.local"),
        ("--out=/src/x", "--out=R/src/x"),
        ("/src/a:/src/b", "R/src/a:R/src/b"),
        ("cat '/src/a' >/src/b", "cat 'R/src/a' >R/src/b"),
        ('open("/src/a")', 'open("R/src/a")'),
        ("file:///src/a", "file://R/src/a"),
        ("/usr/local/bin/uv", "R/usr/local/bin/uv"),
        ("/etc/app.toml", "R/etc/app.toml"),
        ("/opt/stiletto/python/bin:/usr/bin", "R/opt/stiletto/python/bin:/usr/bin"),
    ],
)
def test_own_paths_are_mapped(mapping: PathMap, word: str, expected: str) -> None:
    """A path of the container is mapped, also one that is not there yet."""
    assert mapping.text(word) == expected.replace("R", TREE)


@pytest.mark.parametrize(
    "word",
    [
        *("/", "//", "/usr/bin/env", "/bin/sh", "/etc/hosts", "/dev/null", "/proc/self"),
        *("/root/.pyenv/versions/3.12.1/bin/python", "https://example.org/src/a", "s/src/a/"),
        *("a/src/b", "./src/a", "tr / _", "$(pwd)/src/a", "`pwd`/src/a", "/usr/local/bin/other"),
    ],
)
def test_other_words_stay(mapping: PathMap, word: str) -> None:
    """Host paths, addresses and what only looks like a path are left alone."""
    assert mapping.text(word) == word


def test_any_path_can_be_placed(mapping: PathMap) -> None:
    """A path that is known to be one is mapped whatever it is."""
    assert mapping.path("/usr/../etc/x") == f"{TREE}/etc/x"
    assert mapping.path("/") == TREE
