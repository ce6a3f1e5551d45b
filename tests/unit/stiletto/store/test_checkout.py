"""Trees laid out on disk: linked where possible, exact always."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import EMPTY, NO_TIME, Dir, File, Link, Time, dated
from stiletto.layers.layer import Layer
from stiletto.layers.upper import removals
from stiletto.layers.view import View
from stiletto.store import Store
from stiletto.store.checkout import homes, still_shown
from stiletto.store.layout import PLAIN

NAMES = st.sampled_from(["a", "b", "c d"])
CONTENTS = st.sampled_from([b"", b"x", b"yy"])


def _file(store: Store, data: bytes = b"x", mode: int = 0o644) -> File:
    return File(*store.put_bytes(data), mode)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_checkout_taken_in_again_is_the_same_tree(store: Store, data: st.DataObject) -> None:
    """What a tree was laid out as reads back as that tree."""
    files = st.builds(
        lambda content, mode: _file(store, content, mode),
        CONTENTS,
        st.sampled_from([0o644, 0o755, 0o600, 0o444]),
    )
    trees = st.recursive(
        st.builds(Dir, st.sampled_from([0o755, 0o700])),
        lambda inner: st.builds(
            Dir,
            st.sampled_from([0o755, 0o555]),
            st.dictionaries(NAMES, st.one_of(files, st.just(Link("../x")), inner), max_size=3),
        ),
        max_leaves=8,
    )
    tree = data.draw(trees)
    root = store.checkout(tree).root
    assert tree == store.ingest(root)
    files_there = [path for path, entry in tree.walk() if isinstance(entry, File)]
    assert len(files_there) == len({(root / path).lstat().st_ino for path in files_there})


def test_plain_files_share_their_blob(store: Store) -> None:
    """The first file of mode 0644, and of 0755, is a hard link; any other mode is a copy."""
    modes = {"a": 0o644, "b": 0o755, "c": 0o600}
    tree = EMPTY
    for name, mode in modes.items():
        tree = tree.put(name, _file(store, mode=mode))
    root = store.checkout(tree).root
    digest = _file(store).digest
    assert (root / "a").samefile(store.blob(digest))
    assert (root / "b").samefile(store.blob(digest, executable=True))
    assert (root / "c").stat().st_nlink == 1
    assert modes == {name: stat.S_IMODE((root / name).stat().st_mode) for name in modes}


def test_names_of_one_file_are_hard_links(store: Store, tmp_path: Path) -> None:
    """A checkout has the hard links of its tree, and shares none of them with the store."""
    (tmp_path / "d").mkdir()
    (tmp_path / "a").write_text("text")
    (tmp_path / "a").chmod(0o644)
    (tmp_path / "d/b").hardlink_to(tmp_path / "a")
    (tmp_path / "c").write_text("text")
    linked = store.ingest(tmp_path)
    (tmp_path / "d/b").unlink()
    (tmp_path / "d/b").write_text("text")
    (tmp_path / "d/b").chmod(0o644)
    alone = store.ingest(tmp_path)

    for tree, counts in ((linked, (2, 2)), (alone, (1, 1))):
        root = store.checkout(replace(tree, time=NO_TIME)).root
        found = root.joinpath("a").stat(), root.joinpath("d/b").stat()
        assert counts == tuple(facts.st_nlink for facts in found)
        assert (counts[0] == 2) == (found[0].st_ino == found[1].st_ino)
        assert found[0].st_ino != (root / "c").stat().st_ino


def test_equal_files_are_files_of_their_own(store: Store) -> None:
    """Of equal contents the first path is the blob, each other a copy with the same facts."""
    tree = EMPTY.put("a/one", _file(store)).put("b", _file(store)).put("run", _file(store))
    tree = tree.put("tool", _file(store, mode=0o755)).put("tool2", _file(store, mode=0o755))
    root = store.checkout(tree).root
    facts = {path: (root / path).stat() for path in ("a/one", "b", "run", "tool", "tool2")}
    digest = _file(store).digest
    assert facts["a/one"].st_ino == store.blob(digest).stat().st_ino
    assert facts["tool"].st_ino == store.blob(digest, executable=True).stat().st_ino
    assert {"b": 1, "run": 1, "tool2": 1} == {
        path: found.st_nlink for path, found in facts.items() if path in ("b", "run", "tool2")
    }
    assert len(facts) == len({found.st_ino for found in facts.values()})
    assert 1 == len({found.st_mtime for found in facts.values()})
    assert tree == store.ingest(root)


def test_inode_that_is_shown_below_is_not_lent_again(store: Store) -> None:
    """A checkout over another one that has a blob's inode copies these contents."""
    lower = store.checkout(EMPTY.put("a", _file(store))).root
    tree = EMPTY.put("b", _file(store)).put("c", _file(store, b"other"))
    shown = still_shown(homes(EMPTY.put("a", _file(store))), tree, frozenset(), homes(tree))
    upper = store.checkout(tree, apart=shown).root
    assert {(_file(store).digest, PLAIN)} == shown
    assert not (upper / "b").samefile(lower / "a")
    assert (upper / "c").samefile(store.blob(_file(store, b"other").digest))
    assert upper != store.checkout(tree).root


def test_large_file_of_the_host_is_laid_out_as_it_is_there(store: Store, tmp_path: Path) -> None:
    """One that is copied only when a checkout needs it has its contents and its time."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "large").write_bytes(b"large" * (1 << 18))
    os.utime(source / "large", ns=(5_000_000_000, 5_000_000_000))
    at = store.checkout(store.ingest(source, copy=False)).root / "large"
    assert at.read_bytes() == b"large" * (1 << 18)
    assert at.stat().st_mtime_ns == 5_000_000_000
    assert () == store.verify().damages


def test_large_file_with_a_time_is_shared(store: Store) -> None:
    """Checkouts with the same large file of the same time have one file, other times have others.

    The file of a time goes with `prune` when no checkout shows it.
    """
    digest, size = store.put_bytes(b"x" * (1 << 17))
    first, again, later = (
        store.checkout(
            EMPTY.put("a", File(digest, size, 0o755, time=Time(ns))).put("b", _file(store, text))
        ).root
        / "a"
        for ns, text in ((5_000_000_000, b"1"), (5_000_000_000, b"2"), (6_000_000_000, b"3"))
    )

    assert first.samefile(again)
    assert not later.samefile(again)
    assert (5.0, 6.0) == (again.stat().st_mtime, later.stat().st_mtime)
    assert () == store.verify().damages
    later.unlink()
    store.prune(keep_bytes=1 << 30)
    forms = {path.name.partition(".")[2] for path in store.root.glob(f"blobs/*/{digest}*")}
    assert {"", "5000000000.x"} == forms


@pytest.mark.parametrize(
    ("path", "removed", "expected"),
    [
        ("d/file", frozenset(), False),
        ("d/other", frozenset(), True),
        ("other", frozenset(), True),
        ("d/other", frozenset({"d"}), False),
        ("d/other", frozenset({"d/other"}), False),
        ("d/other", frozenset({"d/o"}), True),
        ("d/file/below", frozenset(), False),
        ("d", frozenset(), False),
        ("link/below", frozenset(), False),
    ],
)
def test_hidden_inode_is_free_again(path: str, removed: frozenset[str], expected: bool) -> None:
    """What is written over or removed does not show; what is beside it does."""
    wanted = File("1" * 64, 1)
    below = homes(EMPTY.put(path, wanted))
    tree = EMPTY.put("d/file", File("2" * 64, 1)).put("link", Link("d"))
    assert expected == bool(still_shown(below, tree, removed, below))


def test_times_of_files_depend_on_contents_alone(store: Store, tmp_path: Path) -> None:
    """Two stores lay files without a time out with the same times."""
    times = []
    for opened in (store, Store(tmp_path / "other")):
        tree = EMPTY.put("d/f", _file(opened)).put("d/x", _file(opened, mode=0o600))
        root = opened.checkout(tree).root
        times.append([(root / name).lstat().st_mtime for name in ("d/f", "d/x")])
    assert times[0] == times[1]


def test_files_and_directories_keep_their_times(store: Store) -> None:
    """What has a time has it in a checkout, to the nanosecond; a store with it is whole."""
    first = replace(_file(store), time=Time(1_234_567_890_123_456_789))
    tree = replace(EMPTY.put("f", first), time=Time(5_000_000_001))
    root = store.checkout(tree).root

    assert [1_234_567_890_123_456_789, 5_000_000_001] == [
        (root / name).stat().st_mtime_ns for name in ("f", ".")
    ]
    assert () == store.verify().damages


def test_other_times_are_another_checkout(store: Store) -> None:
    """Equal files with other times are laid out again; the times of new files do not count."""
    tree = EMPTY.put("f", _file(store))
    new = EMPTY.put("f", replace(_file(store), time=Time(7, new=True)))

    assert store.checkout(tree).root == store.checkout(new).root
    assert 7 == (store.checkout(dated(tree, 7)).root / "f").stat().st_mtime_ns
    assert tree.digest == dated(tree, 7).digest


def test_checkout_is_made_once(store: Store) -> None:
    """The same tree is the same directory; another mode or another removal is another."""
    tree = EMPTY.put("a", _file(store))
    first = store.checkout(tree)
    assert first == store.checkout(tree)
    assert first.root != store.checkout(Dir(0o700, tree.entries)).root
    assert first.root != store.checkout(tree, removed=frozenset({"b"})).root


def test_read_only_directories_are_filled_first(ordinary: Path) -> None:
    """A directory without write permission is laid out with its entries, for any user."""
    with Store(ordinary / "cache") as store:
        tree = Dir(0o555, {"d": Dir(0o555, {"f": _file(store)})})
        layer = store.checkout(tree, removed=frozenset({"d", "e/gone"}))
        assert tree == store.ingest(layer.root).remove("e")
        below = store.checkout(EMPTY.put("d/old", _file(store)))
        assert frozenset({"d", "e/gone"}) == removals(layer.root, View([below]))


def test_full_inode_falls_back_to_a_copy(store: Store, tmp_path: Path) -> None:
    """Where no more hard links are possible, the file is copied with the same facts."""
    file = _file(store)
    blob = store.blob(file.digest)
    other = tmp_path / "links"
    other.mkdir()
    # ext4 allows 65,000 links to a file; other file systems allow more, and then link.
    made = 0
    try:
        for made in range(65_000):
            os.link(blob, other / str(made))
    except OSError:
        pass
    path = store.checkout(EMPTY.put("a", file)).root / "a"
    assert path.read_bytes() == b"x"
    assert blob.stat().st_mtime == path.stat().st_mtime
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_missing_contents_are_an_error_and_leave_nothing(store: Store) -> None:
    """A tree whose contents were pruned cannot be checked out, and no half of it stays."""
    tree = EMPTY.put("a", _file(store)).put("b", File("0" * 64, 1))
    with pytest.raises(EnvironmentFailed, match="is missing"):
        store.checkout(tree)
    assert not (store.root / "checkouts").exists()


def test_short_contents_are_an_error(store: Store) -> None:
    """A blob shorter than the tree says is damage, and is not laid out."""
    file = _file(store, b"xyz")
    store.blob(file.digest).write_bytes(b"")
    with pytest.raises(EnvironmentFailed, match="was damaged"):
        store.checkout(EMPTY.put("a", file))


def test_removed_paths_are_marked_for_the_kernel(store: Store, tmp_path: Path) -> None:
    """A removed name is a whiteout; a removed name that is there is an opaque directory."""
    try:
        os.mknod(tmp_path / "whiteout", stat.S_IFCHR, 0)
    except OSError as error:  # inside another overlay: it keeps whiteouts to itself
        pytest.skip(f"whiteouts cannot be made here: {error.strerror}")
    tree = EMPTY.put("kept/file", _file(store)).put("file", _file(store))
    removed = frozenset({"gone", "kept", "deep/er/gone", "file", "file/below"})
    layer = store.checkout(tree, removed=removed)
    assert Layer(layer.root, removed) == layer
    below = View([store.checkout(EMPTY.put("kept/old", _file(store)))])
    assert frozenset({"gone", "kept", "deep/er/gone"}) == removals(layer.root, below)
    assert (layer.root / "file").read_bytes() == b"x"
