"""A store that is made smaller while others use it, and the size that it goes by."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stiletto.graph.tree import EMPTY, Dir, File
from stiletto.store import Store
from stiletto.store.sizes import own_bytes
from tests.unit.stiletto.store.test_store_crash import WORK, check, start

from .store_bench import committed

HOUR_S = 3600.0

USE = """
import sys, time
from pathlib import Path
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
print("ready", flush=True)
found = []
for number in range(120):
    record = store.record("step", f"{number:064d}")
    layer = store.layer(f"{number:064d}") if record else None
    tree = store.load_tree(record["tree"]) if layer else None
    if tree is not None:
        found.append((layer.root / "file", tree.entries["file"].digest))
    again = store.put_bytes(f"contents {number}".encode())[0]
    found.append((store.blob(again), again))
    for path, digest in found[-6:]:
        path.read_bytes()
        store.read(digest)
    time.sleep(0.001)
for path, digest in found:
    path.read_bytes()
    store.read(digest)
print(len(found), flush=True)
"""

SHRINK = """
import sys
from pathlib import Path
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
store.put_bytes(b"something was written")
print("shrinking", flush=True)
store.keep_within(1000)
"""


def tree_of(store: Store, text: str) -> Dir:
    """Save a tree with one file."""
    tree = EMPTY.put("file", File(*store.put_bytes(text.encode())))
    store.save_tree(tree)
    return tree


def age(paths: Iterator[Path], hours: float) -> None:
    """Let entries be last used so long ago."""
    then_s = time.time() - hours * HOUR_S
    for path in paths:
        os.utime(path, (then_s, then_s))


def names(store: Store, kind: str = "layers") -> list[str]:
    """Return the first letters of the entries of a kind."""
    return sorted(path.name[0] for path in (store.root / kind).iterdir())


def test_what_was_stored_counts_without_a_look(tmp_path: Path) -> None:
    """The size is that of the lines: of another process too, and of one that was killed."""
    with Store(tmp_path) as store:
        committed(store, "a" * 64, 1_000_000)
        age(store.root.glob("layers/*"), 1)
        assert store.keep_within(1_200_000) is None
    script = WORK.replace("itertools.count()", "range(1)") + "\nprint('done', flush=True)\ninput()"
    with start(script, tmp_path) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
    with Store(tmp_path) as store:
        committed(store, "b" * 64, 1_000)
        assert store.keep_within(1_200_000) is not None
        assert "a" not in names(store)
        assert "b" in names(store)


def test_sizes_are_those_of_the_disk(tmp_path: Path) -> None:
    """A directory's own size is what du(1) counts; a file that has another name outside is not."""
    root = tmp_path / "root"
    (root / "below").mkdir(parents=True)
    (root / "a").write_bytes(b"x" * 10_000)
    (root / "below" / "b").hardlink_to(root / "a")
    (root / "link").symlink_to("a")
    done = subprocess.run(
        ["du", "-s", "-B1", str(root)], capture_output=True, check=True, text=True
    )
    assert int(done.stdout.split()[0]) == own_bytes(root)
    (tmp_path / "outside").hardlink_to(root / "a")
    assert int(done.stdout.split()[0]) - 12_288 == own_bytes(root)


def test_a_measured_store_is_not_looked_at_again(tmp_path: Path) -> None:
    """What has a line is taken at its size: a prune by the limit looks at no file of a layer."""
    with Store(tmp_path) as store:
        for hours, key in enumerate("abc"):
            path = committed(store, key * 64, 500_000).root
            age(iter([path.parent]), hours)
        # What the lines do not know counts for nothing.
        (path / "more").write_bytes(os.urandom(5_000_000))
        age(iter([path.parent]), 2)
        assert store.keep_within(1_900_000) is None
        (tmp_path / "sizes").unlink()
        assert store.keep_within(1_900_000) is not None
        assert ["a", "b"] == names(store)


def test_what_a_running_call_used_stays_with_all_that_it_mentions(tmp_path: Path) -> None:
    """Another process is no reason to wait: only what it has touched stays."""
    with Store(tmp_path) as store:
        for key in "abc":
            committed(store, key * 64, 1_000_000)
        tree = tree_of(store, "text")
        store.put_record("call", "d" * 64, {"layer": "b" * 64, "tree": tree.digest})
        for pattern in ("layers/*", "records/*/*/*"):
            age(store.root.glob(pattern), 1)
        with Store(tmp_path) as other:
            assert other.record("call", "d" * 64) is not None
            committed(store, "e" * 64, 1_000)
            report = store.keep_within(1000)
            assert report is not None
            assert {"layers": 2} == report.removed
            assert ["b", "e"] == names(store)
            assert other.load_tree(tree.digest) == tree
            assert b"text" == (other.checkout(tree).root / "file").read_bytes()


def test_a_blob_that_a_running_call_found_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contents that nothing mentions yet are in use once they were found, whatever their time."""
    monkeypatch.setattr("stiletto.store.shrink.MARGIN_NS", 50_000_000)
    with Store(tmp_path) as store:
        digests = [store.put_bytes(text)[0] for text in (b"found again", b"unused")]
        time.sleep(0.2)
        with Store(tmp_path) as other:
            other.put_bytes(b"found again")
            committed(store, "a" * 64, 1_000_000)
            store.keep_within(1000)
            assert [True, False] == [
                (tmp_path / "blobs" / each[:2] / each).exists() for each in digests
            ]
            assert b"found again" == other.read(digests[0])


def test_a_volume_may_become_smaller_itself(tmp_path: Path) -> None:
    """It is asked to before anything goes; where that is enough nothing else does."""
    asked: list[Path] = []

    def trim(volume: Path) -> bool:
        asked.append(volume)
        (volume / "large").unlink()
        return True

    with Store(tmp_path) as store:
        volume = store.volume("one")
        (volume / "large").write_bytes(os.urandom(1_000_000))
        age(iter([volume]), 1)
        before_s = volume.stat().st_mtime
        committed(store, "a" * 64, 100_000)
        os.utime(tmp_path / "size.json", (0, 0))
        report = store.keep_within(900_000, trim=trim)
        assert report is not None
        assert {} == report.removed
        assert 1_000_000 <= report.freed_bytes < 1_010_000
        assert ([volume], ["a"]) == (asked, names(store))
        assert abs(before_s - volume.stat().st_mtime) < 0.001
        with Store(tmp_path) as other:
            (other.volume("one") / "large").write_bytes(os.urandom(1_000_000))
            os.utime(tmp_path / "size.json", (0, 0))
            store.keep_within(900_000, trim=trim)
            assert [volume] == asked


def test_the_next_call_has_room(tmp_path: Path) -> None:
    """A volume that became just small enough is not asked again and again: other things go too."""
    with Store(tmp_path) as store:
        volume = store.volume("one")
        (volume / "large").write_bytes(os.urandom(700_000))
        committed(store, "a" * 64, 300_000)
        age(iter([volume]), 1)

        def trim(volume: Path) -> bool:
            (volume / "large").write_bytes(os.urandom(590_000))
            return True

        age(store.root.glob("layers/*"), 2)
        os.utime(tmp_path / "size.json", (0, 0))
        report = store.keep_within(900_000, trim=trim)
        assert report is not None
        assert [] == names(store)
        assert 720_000 > report.kept_bytes


def test_what_is_stored_while_it_shrinks_counts(tmp_path: Path) -> None:
    """A shrinking that takes long does not take what came meanwhile for measured."""
    with Store(tmp_path) as store, Store(tmp_path) as other:
        for letter in "abc":
            committed(store, letter * 64, 1_000_000)
        age(store.root.glob("layers/*"), 1)

        def come() -> None:
            committed(other, "d" * 64, 2_000_000)

        assert store.keep_within(2_500_000, come) is not None
        assert ["d"] == [name for name in names(store) if name == "d"]
        age(store.root.glob("layers/*"), 1)
        for letter in "ef":
            committed(other, letter * 64, 100_000)
        assert other.keep_within(2_500_000) is not None
    assert own_bytes(tmp_path / "layers") <= 2_500_000


def test_others_work_while_it_shrinks(tmp_path: Path) -> None:
    """Whatever a process found is there until its end, however often others make it smaller."""
    with Store(tmp_path) as store:
        for number in range(120):
            key = f"{number:064d}"
            committed(store, key, 100)
            store.put_record("step", key, {"tree": tree_of(store, f"contents {number}").digest})
        for pattern in ("layers/*", "records/*/*/*"):
            age(store.root.glob(pattern), 1)
    with start(USE, tmp_path) as using, Store(tmp_path) as store:
        while using.poll() is None and len(list(store.root.glob("layers/*"))) > 1:
            store.put_bytes(os.urandom(10))
            store.keep_within(1000)
        assert using.stdout is not None
        assert int(using.stdout.readline()) >= 120
        assert 0 == using.wait()


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03])
def test_killed_shrinking_leaves_whole_entries(tmp_path: Path, delay_s: float) -> None:
    """Whenever it is killed, what is left is whole, and the next process sweeps the rest."""
    with start(WORK, tmp_path) as worker:
        while len(list(tmp_path.glob("checkouts/*"))) < 8:
            time.sleep(0.01)
        worker.kill()
    for pattern in ("layers/*", "checkouts/*", "records/*/*/*"):
        age(tmp_path.glob(pattern), 1)
    with start(SHRINK, tmp_path) as shrinking:
        time.sleep(delay_s)
        shrinking.kill()
    with Store(tmp_path) as store:
        assert 1 == len(list((tmp_path / "stage").iterdir()))
        check(store)
        store.put_bytes(b"again")
        store.keep_within(1000)
        assert [] == [*tmp_path.glob("layers/*"), *tmp_path.glob("records/*/*/*")]
