"""What differs between two trees, as the changeset of the API tells it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stiletto.graph.changes import Changes, additions, compare, difference
from stiletto.graph.tree import EMPTY, Dir, File, Link, Time, dated

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


@given(TREES, TREES, st.sampled_from([1, 2]))
def test_additions_complete_an_older_tree(before: Dir, after: Dir, ns: int) -> None:
    """Laid over the older tree, without what they hide, they give the other one, with its times."""
    before, after = dated(before, 1), dated(after, ns)
    after = before.merge(after) if ns == 2 else after
    found = additions(before, after)

    if found is None:
        changes = compare(before, after)
        gone = {path.rstrip("/") for path in changes.removed}
        assert gone & {path.rstrip("/") for path in changes.added}, "another kind of entry"
    else:
        part, hidden = found
        less = before
        for path in hidden:
            less = less.remove(path)
        made = less.merge(part)
        assert (after.digest, after.times) == (made.digest, made.times)


def test_additions_have_what_changed_alone() -> None:
    """What is as it was, a directory with all beneath it included, is left out."""
    old, new = File("1" * 64, 1), File("2" * 64, 1)
    before = EMPTY.put("a/one", old).put("a/two", old).put("b/three", old)
    later = File("1" * 64, 1, time=Time(5))
    nothing: frozenset[str] = frozenset()

    assert (EMPTY, nothing) == additions(before, before)
    assert (EMPTY.put("a/one", new), nothing) == additions(before, before.put("a/one", new))
    assert (EMPTY.put("b/new", new), nothing) == additions(before, before.put("b/new", new))
    found = additions(before, before.put("b/three", later))
    assert found is not None
    assert ["b/three"] == [path for path, entry in found[0].walk() if isinstance(entry, File)]
    assert (EMPTY.put("a", EMPTY), frozenset({"a/one"})) == additions(
        before, before.remove("a/one")
    )
    assert (EMPTY, frozenset({"a"})) == additions(before, before.remove("a"))
    assert None is additions(before, before.remove("b").put("b", old))
    assert None is additions(before, before.remove("a/one").put("a/one/in", old))


def test_additions_to_files_with_several_names_are_not_possible() -> None:
    """Which of them are one file would be lost between two layers."""
    file = File("1" * 64, 1, hardlink="h")
    joined = EMPTY.put("a", file).put("b", file)

    assert None is additions(joined, joined)
    assert None is additions(EMPTY, joined)
