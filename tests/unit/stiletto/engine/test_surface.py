"""Operations on a tree and on a layer over the same tree lead to the same files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiletto.engine.surface import (
    Below,
    DeltaSurface,
    Surface,
    TreeSurface,
    make_directory,
    make_link,
    put_directory,
    put_file,
    remove,
    write_new_file,
)
from stiletto.graph.links import TreeError
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link

NAMES = st.sampled_from(["a", "b", "l"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
FILES = st.builds(File, st.sampled_from(["1" * 64, "2" * 64]), st.just(1))
LINKS = st.builds(Link, st.sampled_from(["a", "b", "/a/b", "../b", "l"]))
MODES = st.sampled_from([0o755, 0o700])
TREES: st.SearchStrategy[Dir] = st.recursive(
    st.builds(Dir, MODES),
    lambda inner: st.builds(
        Dir, MODES, st.dictionaries(NAMES, st.one_of(FILES, LINKS, inner), max_size=3)
    ),
    max_leaves=8,
)
Operation = Callable[[Surface], None]
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(lambda p, e: lambda s: put_file(s, p, "name", e), PATHS, FILES),
    st.builds(lambda p, e: lambda s: put_file(s, p + "/", "name", e), PATHS, FILES),
    st.builds(lambda p, t: lambda s: put_directory(s, p, t, None), PATHS, TREES),
    st.builds(lambda t: lambda s: put_directory(s, "/", t, None), TREES),
    st.builds(lambda p, m: lambda s: make_directory(s, p, m), PATHS, MODES),
    st.builds(lambda p, e: lambda s: s.put(s.resolve(p), e), PATHS, LINKS),
    st.builds(lambda p: lambda s: s.remove(s.resolve(p)), PATHS),
    st.builds(lambda p, e: lambda s: write_new_file(s, p, e), PATHS, FILES),
    st.builds(lambda p: lambda s: make_link(s, p, "a"), PATHS),
    st.builds(lambda p: lambda s: remove(s, p), PATHS),
    st.builds(lambda p: lambda s: remove(s, p), st.sampled_from(["*", "a/*", "*/b", "l/*/a"])),
)


class TreeBelow(Below):
    """A tree as the files below a layer."""

    def __init__(self, tree: Dir) -> None:
        self._tree = tree

    def _get(self, path: str) -> Entry | None:
        node: Entry | None = self._tree
        for name in path.strip("/").split("/") if path != "/" else ():
            assert not isinstance(node, Link), "no parent may be a link"
            node = node.entries.get(name) if isinstance(node, Dir) else None
        return node

    def kind(self, path: str) -> str | None:
        """Return what stands there."""
        entry = self._get(path)
        return {Dir: "dir", File: "file", Link: "link", type(None): None}[type(entry)]

    def link(self, path: str) -> str:
        """Return what a link says."""
        entry = self._get(path)
        assert isinstance(entry, Link)
        return entry.target

    def owner(self, path: str) -> str:
        """Return who owns a path."""
        entry = self._tree.get(path)
        return "" if entry is None else entry.owner

    def names(self, path: str) -> list[str]:
        """Return what stands in a directory."""
        entry = self._get(path)
        return list(entry.entries) if isinstance(entry, Dir) else []

    def mode(self, path: str) -> int:
        """Return the permission bits."""
        entry = self._get(path)
        assert isinstance(entry, Dir | File)
        return entry.mode


def stacked(below: Dir, delta: DeltaSurface) -> Dir:
    """Return what is seen through a layer, as overlayfs shows it."""
    for path in sorted(delta.removed):
        below = below.remove(path)
    return below.merge(delta.tree)


def outcome(operation: Operation, surface: Surface) -> str:
    """Apply an operation and tell whether it was refused."""
    try:
        operation(surface)
    except TreeError:
        return "refused"
    return "done"


@given(TREES, st.lists(OPERATIONS, max_size=6))
@settings(max_examples=100)
def test_a_layer_shows_what_a_tree_becomes(below: Dir, operations: list[Operation]) -> None:
    """Any operations lead to the same files, links in parents and refusals included."""
    tree, delta = TreeSurface(below), DeltaSurface(TreeBelow(below))
    for operation in operations:
        said = outcome(operation, tree)
        assert said == outcome(operation, delta)
        if said == "refused":
            return  # a refused operation ends the evaluation, what was half done is dropped
        assert tree.tree.digest == stacked(below, delta).digest


@pytest.fixture(params=[TreeSurface, lambda tree: DeltaSurface(TreeBelow(tree))])
def over(request: pytest.FixtureRequest) -> Any:
    """Each kind of surface over a tree."""
    return request.param


ONE = File("1" * 64, 1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("link/file", "real/file"),
        ("deep/up/file", "real/file"),
        ("absolute/x", "real/x"),
        ("link", "link"),
        ("none/x", "nowhere/x"),
    ],
)
def test_links_in_parents_are_followed(over: Any, path: str, expected: str) -> None:
    """Relative, absolute and dangling links lead where they would in a container."""
    tree = (
        EMPTY.put("real/file", ONE)
        .put("link", Link("real"))
        .put("deep/up", Link("../link"))
        .put("absolute", Link("/real"))
        .put("none", Link("nowhere"))
    )

    assert expected == over(tree).resolve(path)


def test_links_in_a_circle_are_refused(over: Any) -> None:
    """A circle of links is an error that names the path."""
    tree = EMPTY.put("a", Link("b")).put("b", Link("a"))

    with pytest.raises(TreeError, match="too many links at a/x"):
        over(tree).resolve("a/x")


def test_permissions_apply_to_all_of_a_directory(over: Any) -> None:
    """`permissions` of a directory that is put count for the files in it as well."""
    surface = over(EMPTY)
    put_directory(surface, "to", EMPTY.put("d/f", ONE).put("l", Link("d")), 0o700)

    assert 0o700 == surface.tree.get("to/d/f").mode == surface.tree.get("to/d").mode
    assert 0o700 == surface.tree.get("to").mode


def test_a_new_file_goes_through_a_link(over: Any) -> None:
    """A text is written where a link leads, and a file that is there keeps its permission bits."""
    surface = over(EMPTY.put("real", File("2" * 64, 1, 0o755)).put("link", Link("real")))
    write_new_file(surface, "link", ONE)

    assert "link" == surface.kind("link")
    assert File("1" * 64, 1, 0o755) == surface.tree.get("real")


@pytest.mark.parametrize("path", ["d", "", "/", "../..", "to-d", "f/x"])
def test_a_new_file_does_not_replace_a_directory(over: Any, path: str) -> None:
    """A text over a directory, or beneath a file, is refused."""
    surface = over(EMPTY.put("d/x", ONE).put("to-d", Link("d")).put("f", ONE))
    with pytest.raises(TreeError):
        write_new_file(surface, path, ONE)


@pytest.mark.parametrize("path", ["d", "f", "l", ""])
def test_a_link_replaces_nothing(over: Any, path: str) -> None:
    """A link is made only where nothing is."""
    surface = over(EMPTY.put("d/x", ONE).put("f", ONE).put("l", Link("none")))
    with pytest.raises(TreeError, match="something is there already"):
        make_link(surface, path, "d")


def test_new_directories_have_the_same_permissions(over: Any) -> None:
    """The directories above a new one get its permission bits; those that are there keep theirs."""
    surface = over(EMPTY.put("there", Dir(0o700)))
    make_directory(surface, "there/a/b", 0o644)

    assert [0o700, 0o644, 0o644] == [surface.mode(p) for p in ("there", "there/a", "there/a/b")]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*", []),
        ("d/*.txt", ["d", "d/e", "d/e/c.txt", "l"]),
        ("l/*", ["d", "l"]),
        ("*/*/*", ["d", "d/a.txt", "d/e", "l"]),
        ("none/*", ["d", "d/a.txt", "d/e", "d/e/c.txt", "l"]),
    ],
)
def test_a_pattern_removes_what_matches(over: Any, pattern: str, left: list[str]) -> None:
    """A path with a `*` removes all that matches, and links before it are followed."""
    below = EMPTY.put("d/a.txt", ONE).put("d/e/c.txt", ONE).put("l", Link("d"))
    surface = over(below)
    remove(surface, pattern)

    seen = stacked(below, surface) if isinstance(surface, DeltaSurface) else surface.tree
    assert left == [path for path, _ in seen.walk()]


def test_the_root_is_not_removed(over: Any) -> None:
    """The root of a directory stays."""
    with pytest.raises(TreeError, match="cannot be removed"):
        remove(over(EMPTY), "/")
