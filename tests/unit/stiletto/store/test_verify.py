"""What `verify` finds, and that a repaired store is as good as before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import EMPTY, Dir, File, Link
from stiletto.layers.layer import Layer
from stiletto.store import Store

KEY = "a" * 64


def _tree(store: Store) -> Dir:
    tree = EMPTY.put("a/file", File(*store.put_bytes(b"contents")))
    tree = tree.put("run", File(*store.put_bytes(b"#!/bin/sh\n"), 0o755))
    return tree.put("link", Link("run")).put("a/odd", File(*store.put_bytes(b"odd"), 0o600))


def _fill(store: Store) -> None:
    """Make one of everything."""
    tree = _tree(store)
    store.save_tree(tree)
    store.checkout(tree)
    store.checkout(tree, removed=frozenset({"gone"}))
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        (upper / "file").write_text("written")
        store.commit_layer(KEY, upper, Layer(upper))
    store.put_record("step", KEY, {"exit_code": 0})
    store.put_note("slots", KEY, {"last": None})
    store.put_script("line.sh", b"true\n")
    source = store.root.parent / "source"
    source.mkdir(exist_ok=True)
    (source / "file").write_text("source")
    store.ingest(source)
    (store.volume("v") / "file").touch()
    if not (store.root / "salt").exists():
        (store.root / "salt").write_bytes(os.urandom(32))


def test_whole_store_is_whole(store: Store) -> None:
    """Nothing of what the store writes is taken for damage, and everything is looked at."""
    _fill(store)
    done = store.verify()
    assert done.damages == ()
    expected = {"blobs", "records", "index", "replay", "layers", "checkouts", "volumes", "salt"}
    expected.add("history")
    assert expected == set(done.checked)
    assert (done.checked["checkouts"], done.checked["layers"], done.checked["blobs"]) == (2, 1, 5)


def _flip(path: Path) -> None:
    """Flip a bit as a disk does: the times stay."""
    facts = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {"flip": _flip, "empty": _empty, "directory": _directory}
SEEN_WHEN_FLIPPED = ["blobs/*/*[0-9a-f]", "blobs/*/*.x", "records/*/*/*", "layers/*/*.json"]
SEEN_WHEN_FLIPPED += ["history/*/*/*"]
SEEN_WHEN_FLIPPED += ["checkouts/*/fs/a/odd"]
PLACES = [*SEEN_WHEN_FLIPPED, "layers/*/fs/file", "replay/*", "salt"]


@pytest.mark.parametrize("pattern", PLACES)
@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_damage_is_named_and_dropped(store: Store, pattern: str, damage: str) -> None:
    """Each damaged part is named; after a repair all is well, and the same can be made again."""
    if damage == "flip" and pattern not in SEEN_WHEN_FLIPPED:
        pytest.skip("a flipped bit cannot be told here, as `verify --help` says")
    _fill(store)
    victim = sorted(store.root.glob(pattern))[0]
    DAMAGES[damage](victim)
    named = store.verify().damages
    assert any(victim == one.path or one.path in victim.parents for one in named), named
    assert store.verify().damages == named, "nothing was changed"
    assert len(store.verify(repair=True).damages) >= len(named)
    assert store.verify().damages == ()
    _fill(store)
    assert store.verify().damages == ()
    layer = store.layer(KEY)
    assert layer is not None
    assert (layer.root / "file").read_text() == "written"
    assert (store.checkout(_tree(store)).root / "a" / "odd").read_text() == "odd"


def test_what_is_missing_is_named(store: Store) -> None:
    """A file gone from a checkout or a layer, or the contents of a saved tree, are missed."""
    _fill(store)
    lost: list[Callable[[], None]] = [
        next(store.root.glob("layers/*/fs/file")).unlink,
        next(store.root.glob("layers/*/files.json")).unlink,
        store.blob(_tree(store).get("a/odd").digest).unlink,  # type: ignore[union-attr]  # a file
    ]
    for lose in lost:
        lose()
        assert store.verify(repair=True).damages
        _fill(store)
    tree = _tree(store)
    (store.checkout(tree).root / "a" / "odd").unlink()
    assert [True] == ["tree" in one.why for one in store.verify().damages]


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a directory away takes root")
def test_store_of_another_owner_is_refused(tmp_path: Path) -> None:
    """Root as well does not take the store of somebody else: path, owner and way out are told."""
    Store(tmp_path).close()
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(EnvironmentFailed, match=r"belongs to user \S*.*65534") as raised:
        Store(tmp_path)
    assert str(tmp_path) in raised.value.message
    assert "STILETTO_CACHE" in (raised.value.hint or "")
    os.chown(tmp_path, 0, 0)
    Store(tmp_path).close()
