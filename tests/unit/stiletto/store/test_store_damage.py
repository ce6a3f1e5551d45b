"""What the store sees of damage, and that it makes room for the same thing made anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import EMPTY, Dir, File, Link
from stiletto.layers.layer import Layer
from stiletto.store import Store, durable
from stiletto.store.blobs import Blobs

KEY = "a" * 64


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _directory(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "braces": lambda path: path.write_text("{}"),
    "flipped": _flip,
    "removed": Path.unlink,
    "directory": _directory,
}


@pytest.fixture(params=sorted(DAMAGES))
def damage(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    """Each way to damage a file in turn."""
    return DAMAGES[request.param]


def _layer(store: Store) -> Layer:
    with store.stage() as staged:
        upper = staged / "upper"
        (upper / "package").mkdir(parents=True)
        (upper / "package" / "file").write_text("contents")
        (upper / "link").symlink_to("package/file")
        return store.commit_layer(KEY, upper, Layer(upper, frozenset({"gone"})))


def _again(store: Store) -> Store:
    store.close()
    return Store(store.root)


def test_damaged_record_is_absent_and_can_be_written(
    store: Store, damage: Callable[[Path], object]
) -> None:
    """A record that was damaged in any way is as good as none, and the next one takes its place."""
    store.put_record("step", "k", {"exit_code": 0})
    (record,) = store.root.glob("records/step/*/*")
    damage(record)
    assert store.record("step", "k") is None
    store.put_record("step", "k", {"exit_code": 1})
    assert store.record("step", "k") == {"exit_code": 1}


@pytest.mark.parametrize("name", ["layer.json", "files.json", "fs/package/file"])
def test_damaged_layer_is_absent_and_can_be_committed(
    store: Store, damage: Callable[[Path], object], name: str
) -> None:
    """A layer whose facts or files were damaged is as good as none in the next process."""
    _layer(store)
    damage(store.root / "layers" / KEY / name)
    with _again(store) as later:
        assert later.layer(KEY) is None
        made = _layer(later)
        assert (made.root / "package" / "file").read_text() == "contents"
        assert frozenset({"gone"}) == made.removed


def test_layer_of_an_older_version_makes_way_for_the_same_one(store: Store) -> None:
    """A layer that is committed again without having been looked at takes the place of a misfit."""
    before = _layer(store)
    (before.root.parent / "layer.json").write_text('{"removed":[],"relocatable":[]}')
    assert frozenset({"gone"}) == _layer(_again(store)).removed


def test_layer_without_its_directories_or_links_is_absent(store: Store) -> None:
    """What was removed from a layer as a whole is missed, too."""
    for lost in ("fs", "fs/package", "fs/link"):
        layer = _layer(store)
        path = layer.root.parent / lost
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        with _again(store) as later:
            assert later.layer(KEY) is None
        store = Store(store.root)


def test_untouched_layer_stays(store: Store) -> None:
    """A layer that nobody touched is found by the next process, marks made for it included."""
    layer = _layer(store)
    (layer.root / "added").touch()
    with _again(store) as later:
        assert layer == later.layer(KEY)


def test_damaged_checkout_is_made_anew(store: Store, damage: Callable[[Path], object]) -> None:
    """A file of a checkout that was damaged, and its blob with it, comes back."""
    tree = EMPTY.put("a/file", File(*store.put_bytes(b"contents"))).put("link", Link("a/file"))
    store.save_tree(tree)
    damage(store.checkout(tree).root / "a" / "file")
    with _again(store) as later:
        later.put_bytes(b"contents")
        assert (later.checkout(tree).root / "a" / "file").read_text() == "contents"


def test_damaged_blob_is_dropped_with_one_line(
    store: Store, damage: Callable[[Path], object]
) -> None:
    """Contents that were damaged are never given out; put again, they are right."""
    digest, size_bytes = store.put_bytes(b"contents" * 10)
    damage(store.blob(digest))
    for ask in (store.blob, store.read):
        with pytest.raises(EnvironmentFailed, match=digest) as raised:
            ask(digest)
        assert "stiletto verify" in (raised.value.hint or "")
    assert not store.has(digest, size_bytes)
    store.put_bytes(b"contents" * 10)
    assert store.read(digest) == b"contents" * 10


def test_damaged_twin_is_made_anew(store: Store, damage: Callable[[Path], object]) -> None:
    """The executable twin of a blob is made again from the blob."""
    digest, _ = store.put_bytes(b"#!/bin/sh\n")
    damage(store.blob(digest, executable=True))
    twin = store.blob(digest, executable=True)
    assert (twin.read_bytes(), twin.stat().st_mode & 0o777) == (b"#!/bin/sh\n", 0o755)


def test_twin_is_not_made_of_a_damaged_blob(store: Store) -> None:
    """A blob in which a bit flipped on the disk, its time unchanged, gets no twin."""
    digest, _ = store.put_bytes(b"#!/bin/sh\n")
    blob = store.blob(digest)
    facts = blob.stat()
    _flip(blob)
    os.utime(blob, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(EnvironmentFailed, match="dropped"):
        store.blob(digest, executable=True)


def test_tree_whose_contents_are_gone_is_not_there(
    store: Store, damage: Callable[[Path], object]
) -> None:
    """A stored result that is such a tree can be made anew, instead of failing for ever."""
    tree = Dir().put("file", File(*store.put_bytes(b"contents")))
    store.save_tree(tree)
    assert store.has_tree(tree.digest)
    damage(store.blob(tree.entries["file"].digest))  # type: ignore[union-attr]  # a file
    assert not store.has_tree(tree.digest)


@pytest.mark.parametrize("name", ["stage", "blobs", "layers", "records", "index", "locks"])
def test_file_in_the_place_of_a_directory_makes_way(tmp_path: Path, name: str) -> None:
    """A file where the store has a directory is removed, and a line names it."""
    (tmp_path / name).write_text("what?")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").touch()
    said: list[str] = []
    with Store(tmp_path, tell=said.append) as store:
        store.save_tree(store.ingest(tmp_path / "source"))
        _layer(store)
        assert store.layer(KEY) is not None
    if name in ("stage", "blobs"):
        assert [True] == [str(tmp_path / name) in line and "verify" in line for line in said]


async def test_what_stands_in_the_place_of_locks_makes_way(tmp_path: Path) -> None:
    """A directory where the store has a lock, or a file under `stage/`, is removed and named."""
    with Store(tmp_path) as store:
        async with store.lock("one"):
            pass
    for path in (".lock", ".prune.lock", "locks/one"):
        (tmp_path / path).unlink()
        (tmp_path / path / "inside").mkdir(parents=True)
    (tmp_path / "stage" / "file").touch()
    said: list[str] = []
    with Store(tmp_path, tell=said.append) as store:
        async with store.lock("one"):
            pass
        store.prune()
    assert len(said) == 3
    for line, path in zip(said, (".lock", ".prune.lock", "stage/file"), strict=True):
        assert str(tmp_path / path) in line
        assert "stiletto verify" in line


def test_record_is_written_after_what_it_names(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a record may name is forced to the disk before, once, and only if there is anything."""
    there: list[bool] = []
    monkeypatch.setattr(
        durable, "_syncfs", lambda root: there.append(any(root.glob("records/*/*/*")))
    )
    tree = EMPTY.put("file", File(*store.put_bytes(b"contents")))
    store.put_bytes(b"more")
    store.save_tree(tree)
    assert there == [False]
    store.save_tree(tree)
    store.put_record("call", "k", {"tree": tree.digest})
    assert there == [False]
    _layer(store)
    store.put_record("step", "k", {})
    assert there == [False, True]


def test_seeded_volume_is_there_whole_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A volume whose filling is interrupted does not exist; the next call fills it."""
    tree = EMPTY
    for number in range(20):
        tree = tree.put(f"{number}", File(*store.put_bytes(str(number).encode())))
    with monkeypatch.context() as full:

        def failing(_blobs: object, _digest: object, _target: object) -> None:
            raise KeyboardInterrupt

        full.setattr(Blobs, "copy", failing)
        with pytest.raises(KeyboardInterrupt):
            store.volume("seeded", tree)
    assert not (store.root / "volumes" / "seeded").exists()
    volume = store.volume("seeded", tree)
    assert len(list(volume.iterdir())) == 20
    (volume / "0").unlink()
    assert len(list(store.volume("seeded", tree).iterdir())) == 19, "it is filled once"


def test_store_closed_to_its_user_names_the_way_out(ordinary: Path) -> None:
    """Directories of the store that its user may not write to are named."""
    with Store(ordinary / "cache") as store:
        store.put_bytes(b"x")
        (store.root / "blobs").chmod(0o500)
        try:
            with pytest.raises(EnvironmentFailed, match="permission denied") as raised:
                store.put_bytes(b"y")
        finally:
            (store.root / "blobs").chmod(0o700)
    assert "STILETTO_CACHE" in (raised.value.hint or "")


def test_flipped_bit_is_not_exported(store: Store, tmp_path: Path) -> None:
    """A bit that flipped on the disk, the file's time unchanged, is seen while it is exported."""
    tree = EMPTY.put("wheel", File(*store.put_bytes(b"contents" * 100)))
    blob = store.blob(tree.entries["wheel"].digest)  # type: ignore[union-attr]  # a file
    facts = blob.stat()
    _flip(blob)
    os.utime(blob, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(EnvironmentFailed, match="damaged and has been dropped"):
        store.export(tree, tmp_path / "out")
    assert [] == list(tmp_path.glob("out/*"))
    assert not store.has_tree(tree.digest)
    store.put_bytes(b"contents" * 100)
    store.export(tree, tmp_path / "out")
    assert (tmp_path / "out" / "wheel").read_bytes() == b"contents" * 100
