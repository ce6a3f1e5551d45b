"""Contents of host directories are copied when something needs them, or never."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import EMPTY, Dir, File
from stiletto.store import Store, sealed

LATER_NS = 10_000_000_000
SMALL, LARGE = b"small", b"0123456789abcdef" * (1 << 17)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store for which every file here is old enough to be remembered."""
    with Store(tmp_path / "cache", clock_ns=lambda: time.time_ns() + LATER_NS) as opened:
        yield opened


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Make a directory with a small, a large and an executable file."""
    root = tmp_path / "source"
    (root / "target").mkdir(parents=True)
    (root / "small").write_bytes(SMALL)
    (root / "target/large").write_bytes(LARGE)
    (root / "run").write_bytes(b"#!")
    for name, mode in (("small", 0o644), ("target/large", 0o644), ("run", 0o755)):
        (root / name).chmod(mode)
    return root


def blobs(store: Store) -> set[bytes]:
    """Return the contents that are stored."""
    return {path.read_bytes() for path in store.root.glob("blobs/*/*")}


def file(tree: Dir, path: str) -> File:
    """Return a file of a tree."""
    found = tree.get(path)
    assert isinstance(found, File)
    return found


def test_offered_directory_is_the_same_tree_and_takes_no_space(store: Store, source: Path) -> None:
    """It has the digest that a copied one has, the first time and the second; nothing is stored."""
    offered = [store.ingest(source, copy=False) for _ in range(2)]
    assert set() == blobs(store)
    assert not store.has(*_facts(offered[0], "small"))
    assert [store.ingest(source)] * 2 == offered


def _facts(tree: Dir, path: str) -> tuple[str, int]:
    found = file(tree, path)
    return found.digest, found.size_bytes


USES: dict[str, Callable[[Store, Dir, Path], object]] = {
    "read": lambda store, tree, _: store.read(file(tree, "small").digest),
    "pieces": lambda store, tree, _: list(store.pieces(file(tree, "small").digest)),
    "blob": lambda store, tree, _: store.blob(file(tree, "small").digest),
    "checkout": lambda store, tree, _: store.checkout(tree.remove("target").remove("run")),
    "export": lambda store, tree, at: store.export(tree.remove("target").remove("run"), at),
    "export file": lambda store, tree, at: store.export_file(file(tree, "small"), at),
    "volume": lambda store, tree, _: store.volume("v", EMPTY.put("x", file(tree, "small"))),
    "save": lambda store, tree, _: store.save_tree(EMPTY.put("x", file(tree, "small"))),
}


@pytest.mark.parametrize("use", sorted(USES))
def test_what_is_needed_is_copied_and_no_more(
    store: Store, source: Path, tmp_path: Path, use: str
) -> None:
    """Each use stores the contents that it needs; of the large file nothing is stored."""
    tree = store.ingest(source, copy=False)
    USES[use](store, tree, tmp_path / "out")
    assert {SMALL} == blobs(store)
    assert store.has(*_facts(tree, "small"))


def test_checkout_of_an_offered_tree(store: Store, source: Path) -> None:
    """Large and executable files come as they are, and the store is whole."""
    tree = store.ingest(source, copy=False)
    root = store.checkout(tree).root
    assert LARGE == (root / "target/large").read_bytes()
    assert os.access(root / "run", os.X_OK)
    assert tree == store.ingest(root)
    assert () == store.verify().damages


def _written(path: Path) -> None:
    facts = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _replaced_by_a_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": _written,
    "removed": Path.unlink,
    "pipe": _replaced_by_a_pipe,
    "link": _replaced_by_a_link,
}


@pytest.mark.parametrize("change", sorted(CHANGES))
@pytest.mark.parametrize("use", sorted(USES))
def test_changed_file_is_an_error_that_names_it(
    store: Store, source: Path, tmp_path: Path, use: str, change: str
) -> None:
    """Other contents are never taken for those of the tree; the next time they are read."""
    tree = store.ingest(source, copy=False)
    CHANGES[change](source / "small")
    with pytest.raises(UsageError, match=f"{source}/small has changed") as caught:
        USES[use](store, tree, tmp_path / "out")
    assert "run it again" in (caught.value.hint or "")
    assert set() == blobs(store)
    assert tree.digest != store.ingest(source, copy=False).digest


def test_export_onto_the_source_takes_all_contents_first(store: Store, source: Path) -> None:
    """Files that change places are written with each other's contents, or none is written."""
    tree = store.ingest(source, copy=False)
    run, small = file(tree, "run"), file(tree, "small")
    swapped = tree.put("run", small).put("small", run)
    store.export(swapped, source)
    assert (b"#!", SMALL) == ((source / "small").read_bytes(), (source / "run").read_bytes())


def test_failed_export_writes_nothing(store: Store, source: Path, tmp_path: Path) -> None:
    """A changed file is found before anything is written or removed."""
    tree = store.ingest(source, copy=False)
    (source / "target/large").write_bytes(b"")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").touch()
    with pytest.raises(UsageError, match="target/large has changed"):
        store.export(tree, tmp_path / "out", wipe=True)
    with pytest.raises(UsageError, match="target/large has changed"):
        store.apply(tree, {"mine": None}, tmp_path / "out")
    assert ["mine"] == [path.name for path in (tmp_path / "out").iterdir()]


def test_equal_file_stands_in_for_a_changed_one(store: Store, source: Path) -> None:
    """Contents that two files had are taken from the one that still has them."""
    (source / "also").write_bytes(SMALL)
    tree = store.ingest(source, copy=False)
    (source / "also").unlink()
    assert SMALL == store.read(file(tree, "small").digest)


def test_damaged_blob_is_copied_again(store: Store, source: Path) -> None:
    """A blob that was written to makes way for what the host still has."""
    tree = store.ingest(source, copy=False)
    store.blob(file(tree, "small").digest).write_bytes(b"")
    assert SMALL == store.read(file(tree, "small").digest)


def test_contents_are_stored_for_other_sessions_only_once_needed(
    store: Store, source: Path
) -> None:
    """An offer ends with its process; what was copied stays."""
    tree = store.ingest(source, copy=False)
    store.read(file(tree, "small").digest)
    with Store(store.root) as other:
        assert SMALL == other.read(file(tree, "small").digest)
        with pytest.raises(EnvironmentFailed, match="is missing"):
            other.read(file(tree, "run").digest)


def test_saved_tree_is_there_whole(store: Store, source: Path) -> None:
    """Saving a tree stores all its contents, so that no saved tree is damaged."""
    tree = store.ingest(source, copy=False)
    store.save_tree(tree)
    assert {SMALL, LARGE, b"#!"} == blobs(store)
    assert store.has_tree(tree.digest)
    assert () == store.verify().damages


def test_index_that_lies_is_forgotten(store: Store, source: Path) -> None:
    """Facts that hold and a digest that does not are an error once: the index is dropped."""
    store.ingest(source, copy=False)
    index = next((store.root / "index").iterdir())
    data = sealed.read(index) or {}
    data["files"]["small"][-1] = "0" * 64
    index.write_bytes(sealed.seal(data))
    tree = store.ingest(source, copy=False)
    with pytest.raises(UsageError, match="has changed"):
        store.checkout(tree)
    tree = store.ingest(source, copy=False)
    assert SMALL == (store.checkout(tree).root / "small").read_bytes()


def test_flipped_bit_in_an_index_is_seen(store: Store, source: Path) -> None:
    """A digest that the seal does not cover is not believed, and `verify` names the file."""
    expected = store.ingest(source, copy=False)
    index = next((store.root / "index").iterdir())
    digest = file(expected, "small").digest
    index.write_text(index.read_text().replace(digest, "0" * 64))
    assert [index] == [damage.path for damage in store.verify().damages]
    assert expected == store.ingest(source, copy=False)
    index.write_text('{"version":1,"files":{}}')
    assert () == store.verify().damages, "an earlier version wrote it"
