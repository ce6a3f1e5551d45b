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
    put_directory,
    put_file,
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
