"""What differs between two trees, as the changeset of the API tells it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stiletto.graph.changes import Changes, compare, difference
from stiletto.graph.tree import EMPTY, Dir, File, Link

NAMES = st.sampled_from(["a", "b", "c"])
FILES = st.builds(
    File, st.sampled_from(["1" * 64, "2" * 64]), st.just(1), st.sampled_from([0o644, 0o755, 0o600])
)
LINKS = st.builds(Link, st.sampled_from(["a", "/b"]))
MODES = st.sampled_from([0o755, 0o700])
TREES: st.SearchStrategy[Dir] = st.recursive(
    st.builds(Dir, MODES),
    lambda inner: st.builds(
        Dir, MODES, st.dictionaries(NAMES, st.one_of(FILES, LINKS, inner), max_size=3)
    ),
    max_leaves=8,
)


@given(TREES, TREES)
def test_difference_and_removals_lead_from_one_tree_to_the_other(before: Dir, after: Dir) -> None:
    """Taking away what was removed and laying the difference over gives the other tree."""
    made = before
    for path in compare(before, after).removed:
        made = made.remove(path)

    assert after.digest == made.merge(difference(before, after)).digest


@given(TREES)
def test_a_tree_does_not_differ_from_itself(tree: Dir) -> None:
    """No paths are listed, nothing is left over."""
    assert Changes() == compare(tree, tree)
    assert {} == dict(difference(tree, tree).entries)


@given(TREES, TREES)
def test_groups_do_not_overlap(before: Dir, after: Dir) -> None:
    """A path is added, modified or removed; another kind at a path is both of the outer two."""
    changes = compare(before, after)

    assert not set(changes.modified) & {*changes.added, *changes.removed}
    assert not set(changes.added) & set(changes.removed)
    assert set(changes.removed) <= set(changes.all_removed)
    assert all(after.get(path) is not None for path in (*changes.added, *changes.modified))
    assert all(before.get(path) is not None for path in (*changes.modified, *changes.all_removed))


@given(TREES, TREES)
def test_removed_paths_are_not_beneath_each_other(before: Dir, after: Dir) -> None:
    """A removed directory stands for everything that was in it."""
    removed = compare(before, after).removed

    assert not [
        p for p in removed for q in removed if p != q and q.endswith("/") and p.startswith(q)
    ]


def test_kinds_of_changes() -> None:
    """Contents, execute bit and link target modify; another permission bit does not."""
    one, two = "1" * 64, "2" * 64
    before = (
        EMPTY.put("content", File(one, 1))
        .put("exec", File(one, 1, 0o644))
        .put("mode", File(one, 1, 0o644))
        .put("link", Link("x"))
        .put("type", Link("x"))
        .put("dir/inner/file", File(one, 1))
    )
    after = (
        EMPTY.put("content", File(two, 1))
        .put("exec", File(one, 1, 0o755))
        .put("mode", File(one, 1, 0o600))
        .put("link", Link("y"))
        .put("type", File(one, 1))
        .put("dir", File(one, 1))
    )

    assert Changes(
        added=("dir",),
        modified=("content", "exec", "link", "type"),
        removed=("dir/",),
        all_removed=("dir/", "dir/inner/", "dir/inner/file"),
    ) == compare(before, after)


def test_directories_alone_change_nothing() -> None:
    """Empty directories that come or go leave a changeset empty."""
    before, after = EMPTY.put("old", EMPTY), EMPTY.put("new/deep", EMPTY)

    assert compare(before, after).is_empty
    assert ("new/", "new/deep/") == compare(before, after).added
    assert not compare(before, after.put("new/file", File("1" * 64, 1))).is_empty
    assert not compare(before.put("old/file", File("1" * 64, 1)), after).is_empty
