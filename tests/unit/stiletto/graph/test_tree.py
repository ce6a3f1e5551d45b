"""Trees as values: what each operation keeps, changes and refuses."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stiletto.graph.links import TreeError
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link, split, with_owner

NAMES = st.sampled_from(["a", "b", "c", ".d", "e f", "\udcff"])
FILES = st.builds(
    File,
    st.sampled_from(["0" * 64, "1" * 64]),
    st.integers(0, 9),
    st.sampled_from([0o644, 0o755, 0o4755]),
)
LINKS = st.builds(Link, st.sampled_from(["a", "../b", "/a/b", "."]))
MODES = st.sampled_from([0o755, 0o700])
TREES: st.SearchStrategy[Dir] = st.recursive(
    st.builds(Dir, MODES),
    lambda inner: st.builds(
        Dir, MODES, st.dictionaries(NAMES, st.one_of(FILES, LINKS, inner), max_size=4)
    ),
    max_leaves=12,
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)

HELLO = File("a" * 64, 5)
WORLD = File("b" * 64, 5)


@given(TREES)
def test_plain_data_reads_back_as_the_same_tree(tree: Dir) -> None:
    """A tree survives JSON, names that are no UTF-8 included."""
    assert tree == Dir.from_json(json.loads(json.dumps(tree.to_json())))


@given(TREES, TREES)
def test_digests_are_equal_exactly_for_equal_trees(one: Dir, other: Dir) -> None:
    """Two trees share a digest if and only if names, modes, contents and targets agree."""
    assert (_seen(one) == _seen(other)) == (one.digest == other.digest)


def _seen(tree: Dir) -> list[tuple[str, object]]:
    def told(entry: Entry) -> object:
        match entry:
            case File(digest, _, mode):
                return ("file", digest, mode)
            case Link(target):
                return ("link", target)
            case Dir(mode):
                return ("dir", mode)

    return [("", told(tree)), *((path, told(entry)) for path, entry in tree.walk())]


def test_digest_covers_the_mode_of_the_tree_itself() -> None:
    """A step sees the permission bits of a mounted directory, so they are in its digest."""
    assert Dir(0o755).digest != Dir(0o700).digest


@given(TREES, PATHS, st.one_of(FILES, LINKS, TREES))
def test_put_then_get_returns_the_entry(tree: Dir, path: str, entry: Entry) -> None:
    """What was put at a path is what is found there, unless a parent is no directory."""
    try:
        after = tree.put(path, entry)
    except TreeError:
        parents = [entry for key, entry in tree.walk() if path.startswith(key + "/")]
        assert any(not isinstance(parent, Dir) for parent in parents)
    else:
        assert entry == after.get(path)


@given(TREES, PATHS)
def test_put_leaves_other_paths_alone(tree: Dir, path: str) -> None:
    """Putting a file changes that path, what stood beneath it, and missing parents only."""
    try:
        after = tree.put(path, HELLO)
    except TreeError:
        return
    kept = {key: entry for key, entry in tree.walk() if not isinstance(entry, Dir)}
    untouched = {key for key in kept if key != path and not key.startswith(path + "/")}
    assert {key: kept[key] for key in untouched} == {key: after.get(key) for key in untouched}


@given(TREES, PATHS)
def test_removed_path_is_gone_and_nothing_else(tree: Dir, path: str) -> None:
    """Removing a path takes exactly that path and what is beneath it; absent is no error."""
    before = {key: _told_mode(entry) for key, entry in tree.walk()}
    after = {key: _told_mode(entry) for key, entry in tree.remove(path).walk()}
    expected = {
        key: value
        for key, value in before.items()
        if key != path and not key.startswith(path + "/")
    }
    assert expected == after


def _told_mode(entry: Entry) -> object:
    return entry.mode if isinstance(entry, Dir) else entry


def test_remove_of_the_tree_itself_empties_it() -> None:
    """Removing `.` leaves an empty directory with its mode."""
    assert Dir(0o700) == EMPTY.put("a", HELLO).put(".", Dir(0o700, {"a": HELLO})).remove(".")


@given(TREES, TREES)
def test_merge_takes_the_upper_tree_where_both_speak(lower: Dir, upper: Dir) -> None:
    """After a merge every file and link of the upper tree is there."""
    merged = lower.merge(upper)
    for path, entry in upper.walk():
        if not isinstance(entry, Dir):
            assert entry == merged.get(path)


@given(TREES)
def test_merge_with_itself_or_nothing_changes_nothing(tree: Dir) -> None:
    """A tree laid over itself, or over nothing, is the same tree."""
    assert tree == tree.merge(tree) == EMPTY.merge(tree)


@given(TREES, TREES, TREES)
@example(Dir(0o755, {"b": Link("../b")}), Dir(0o755, {"b": Dir(0o755, {"a": HELLO})}), Dir(0o755))
def test_merge_does_not_depend_on_grouping(one: Dir, two: Dir, three: Dir) -> None:
    """Merging is associative unless a file in the middle hides a directory below it."""
    # What stands there itself: `get` would follow links, which may lead in a circle.
    below = dict(one.walk())
    files_over_dirs = any(
        not isinstance(entry, Dir) and isinstance(below.get(path), Dir)
        for path, entry in two.walk()
    )
    if not files_over_dirs:
        assert one.merge(two).merge(three) == one.merge(two.merge(three))


@given(TREES)
def test_walk_yields_parents_first_in_order(tree: Dir) -> None:
    """A walk is sorted name by name, and a directory comes before its entries."""
    paths = [tuple(path.split("/")) for path, _ in tree.walk()]
    assert sorted(paths) == paths


@given(TREES)
def test_filter_keeps_parents_only_for_what_they_hold(tree: Dir) -> None:
    """Keeping files alone leaves no directory without a file beneath."""
    kept = tree.filter(lambda _, entry: isinstance(entry, File))
    files = {path for path, entry in tree.walk() if isinstance(entry, File)}
    assert files == {path for path, entry in kept.walk() if isinstance(entry, File)}
    for path, entry in kept.walk():
        if isinstance(entry, Dir):
            assert any(name.startswith(path + "/") for name in files)


def test_filter_descends_into_directories_that_are_not_kept() -> None:
    """A kept file brings back the directory that the filter itself would drop."""
    tree = EMPTY.put("docs/a", HELLO).put("docs/b", HELLO)
    assert EMPTY.put("docs/a", HELLO) == tree.filter(lambda path, _: path == "docs/a")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("to-sub/file", HELLO),
        ("absolute", HELLO),
        ("to-deep/up", WORLD),
        ("above", WORLD),
        ("sub/file/x", None),
        ("dangling", None),
        ("chain", HELLO),
    ],
)
def test_links_are_followed_inside_the_tree(path: str, expected: Entry | None) -> None:
    """Links resolve as in a container whose root is this tree."""
    tree = (
        EMPTY.put("sub/file", HELLO)
        .put("sub/deep/x", HELLO)
        .put("top", WORLD)
        .put("to-sub", Link("sub"))
        .put("to-deep", Link("sub/deep"))
        .put("sub/deep/up", Link("../../top"))
        .put("absolute", Link("/sub/file"))
        .put("above", Link("../../../top"))
        .put("dangling", Link("nowhere/x"))
        .put("chain", Link("to-sub/./file"))
    )
    assert expected == tree.get(path, follow=True)


def test_dotdot_after_a_link_leaves_the_linked_directory() -> None:
    """In a target, `..` is taken from where the link before it leads, as the kernel does."""
    tree = (
        EMPTY.put("a/b/x", HELLO)
        .put("x", WORLD)
        .put("a/wanted", HELLO)
        .put("short", Link("a/b"))
        .put("link", Link("short/../wanted"))
    )
    assert tree.get("link", follow=True) == HELLO


def test_last_link_is_returned_unless_followed() -> None:
    """`get` follows links on the way, and the last one only when asked to."""
    tree = EMPTY.put("a", HELLO).put("b", Link("a"))
    assert Link("a") == tree.get("b")
    assert tree.get("b", follow=True) == HELLO


def test_circle_of_links_is_an_error_that_names_the_path() -> None:
    """Links that lead back to themselves are refused."""
    tree = EMPTY.put("a", Link("b")).put("b", Link("a"))
    with pytest.raises(TreeError, match="too many links at a/x"):
        tree.get("a/x")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ()),
        (".", ()),
        ("/", ()),
        ("a/./b//c/", ("a", "b", "c")),
        ("a/../b", ("b",)),
        ("/../a", ("a",)),
    ],
)
def test_paths_are_normalised(path: str, expected: tuple[str, ...]) -> None:
    """Dots, doubled and outer slashes mean nothing."""
    assert expected == split(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("..", ()),
        ("../a", ("a",)),
        ("a/../../b", ("b",)),
        ("/../a", ("a",)),
        ("//a/./b/", ("a", "b")),
    ],
)
def test_path_above_the_root_stays_at_the_root(path: str, expected: tuple[str, ...]) -> None:
    """A path that climbs above the directory goes on at its root, as `/..` does."""
    assert expected == split(path)


def test_a_name_has_at_most_255_bytes() -> None:
    """A name that no file system has is refused when it is put."""
    assert EMPTY.put("é" * 127, HELLO).get("é" * 127) == HELLO
    with pytest.raises(TreeError, match="a name has at most 255 bytes"):
        EMPTY.put("d/" + "é" * 128, HELLO)


def test_a_tree_has_no_more_levels_than_recursion_allows() -> None:
    """At the limit a tree has a digest and is stored and read; nothing goes deeper."""
    deep = EMPTY.put("d/" * 256 + "f", HELLO)
    assert deep.digest == Dir.from_json(json.loads(json.dumps(deep.to_json()))).digest
    assert deep.digest == deep.merge(deep).filter(lambda _path, _entry: True).digest
    with pytest.raises(TreeError, match="directories nested more than 256 deep"):
        EMPTY.put("d/" * 257 + "f", HELLO)


def test_root_cannot_become_a_file() -> None:
    """A directory's root can be replaced by a directory only."""
    assert Dir(0o700) == EMPTY.put(".", Dir(0o700))
    with pytest.raises(TreeError, match="root"):
        EMPTY.put("/", HELLO)


def test_owner_is_part_of_a_tree() -> None:
    """An owner changes the digest, survives JSON, and goes with a number of 0."""
    tree = Dir(entries={"f": File("d", 1), "l": Link("f"), "d": Dir(entries={"x": File("e", 1)})})
    owned = with_owner(tree, "1000:5")

    assert {entry.owner for _, entry in owned.walk()} == {"1000:5"}
    assert len({tree.digest, owned.digest, with_owner(tree, "5:5").digest}) == 3
    assert Dir.from_json(owned.to_json()) == owned
    assert with_owner(owned, "0:0") == tree
