"""Contents, records and directories: what is kept, replaced, and found damaged."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import EMPTY, File, Time
from stiletto.layers.layer import Layer
from stiletto.store import Store

HELLO = hashlib.sha256(b"hello").hexdigest()


def test_contents_are_kept_by_their_digest(store: Store) -> None:
    """Contents come back by SHA-256, whoever stored them first."""
    assert (HELLO, 5) == store.put_bytes(b"hello") == store.put_bytes(b"hello")
    assert store.read(HELLO) == b"hello"


def test_blob_has_a_fixed_time_and_mode(store: Store) -> None:
    """A blob is 0644 and its executable twin 0755, both dated by their digest."""
    store.put_bytes(b"hello")
    for executable, mode in ((False, 0o644), (True, 0o755)):
        facts = store.blob(HELLO, executable).stat()
        assert mode == stat.S_IMODE(facts.st_mode)
        assert 1_000_000_000 + int(HELLO[:7], 16) == facts.st_mtime


def test_mode_of_blobs_ignores_the_umask(store: Store) -> None:
    """The user's umask does not reach files of the store."""
    before = os.umask(0o077)
    try:
        digest, _ = store.put_bytes(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.blob(digest).stat().st_mode) == 0o644


@pytest.mark.parametrize("size_bytes", [0, 5, 3 << 20])
def test_files_are_kept_whatever_their_size(store: Store, tmp_path: Path, size_bytes: int) -> None:
    """Small files and files larger than a buffer are stored alike, with their permission bits."""
    data = (b"0123456789abcdef" * (1 + size_bytes // 16))[:size_bytes]
    path = tmp_path / "file"
    path.write_bytes(data)
    path.chmod(0o4750)
    expected = File(hashlib.sha256(data).hexdigest(), size_bytes, 0o750)
    assert expected == store.ingest_file(path) == store.ingest_file(path)
    assert data == store.read(expected.digest)


def test_missing_file_is_named(store: Store, tmp_path: Path) -> None:
    """Asking for a host file that is not there names its path."""
    with pytest.raises(UsageError, match=f"no such file: {tmp_path}/gone"):
        store.ingest_file(tmp_path / "gone")


def test_pipe_is_no_file(store: Store, tmp_path: Path) -> None:
    """A named pipe is refused at once instead of waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="pipe is not a regular file"):
        store.ingest_file(tmp_path / "pipe")


def test_what_only_looks_like_a_file_is_named(store: Store, tmp_path: Path) -> None:
    """A file of /proc that cannot be read is an error with its path, not a bug."""
    path = next((path for path in Path("/proc/self/attr").glob("*") if not is_readable(path)), None)
    if path is None:
        pytest.skip("each file of /proc/self/attr can be read here")
    with pytest.raises(UsageError, match=f"cannot read {path}: ") as caught:
        store.ingest_file(path)

    assert "leave it out with an exclude pattern" == caught.value.hint


def is_readable(path: Path) -> bool:
    """Whether read(2) works on a file."""
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_missing_blob_is_an_error(store: Store) -> None:
    """Contents that the store does not have are named, with the next act."""
    for ask in (store.read, store.blob, lambda digest: store.blob(digest, executable=True)):
        with pytest.raises(EnvironmentFailed, match=f"blob {HELLO} is missing") as caught:
            ask(HELLO)
        assert caught.value.hint


def test_damaged_blob_is_dropped_and_made_anew(store: Store) -> None:
    """Contents that do not fit their digest are never returned; storing them again heals."""
    store.put_bytes(b"hello")
    store.blob(HELLO).write_bytes(b"jello")
    with pytest.raises(EnvironmentFailed, match="was damaged and has been dropped"):
        store.read(HELLO)
    store.put_bytes(b"hello")
    assert store.read(HELLO) == b"hello"


def test_short_blob_is_replaced_when_stored_again(store: Store) -> None:
    """A blob cut short by a power failure does not count as stored."""
    store.put_bytes(b"hello")
    store.blob(HELLO).write_bytes(b"")
    store.put_bytes(b"hello")
    assert store.read(HELLO) == b"hello"


def test_record_comes_back_and_is_replaced(store: Store) -> None:
    """A record is what was put last under its kind and key."""
    assert store.record("step", "k") is None
    store.put_record("step", "k", {"a": [1, "\udcff"]})
    store.put_record("call", "k", {"a": 2})
    assert store.record("step", "k") == {"a": [1, "\udcff"]}
    store.put_record("step", "k", {})
    assert store.record("step", "k") == {}


@pytest.mark.parametrize("text", ["", '{"a":', "[1]"])
def test_broken_record_counts_as_absent(store: Store, text: str) -> None:
    """What a power failure left of a record is as good as none."""
    store.put_record("step", "abc", {"a": 1})
    (store.root / "records/step/ab/abc.json").write_text(text)
    assert store.record("step", "abc") is None


def test_trees_come_back_by_digest(store: Store) -> None:
    """A saved tree is found by its digest; another digest finds nothing."""
    tree = EMPTY.put("a/b", File(HELLO, 5, 0o600))
    digest = store.save_tree(tree)
    assert tree.digest == digest
    assert tree == store.load_tree(digest)
    assert store.load_tree("sha256:" + "0" * 64) is None


def test_whether_a_tree_was_saved_is_known_without_its_contents(store: Store) -> None:
    """One that is damaged, or was never saved, counts as absent."""
    tree = EMPTY.put("a/b", File(HELLO, 5, 0o600))
    known = [store.was_saved(tree.digest)]
    store.save_tree(tree)
    known.append(store.was_saved(tree.digest))
    (record,) = store.root.glob("records/trees/*/*.json")
    record.write_bytes(record.read_bytes()[:-1])
    known.append(store.was_saved(tree.digest))
    assert known == [False, True, False]


def test_a_file_of_a_checkout_is_not_read_again(store: Store) -> None:
    """Its contents are known as long as it looks as it was written, with mode and time."""
    digest, size = store.put_bytes(b"hello")
    wanted = File(digest, size, 0o755, time=Time(5_000_000_000))
    at = store.checkout(EMPTY.put("d/tool", wanted)).root / "d/tool"
    at.write_bytes(b"HELLO")
    os.utime(at, ns=(5_000_000_000, 5_000_000_000))
    known = store.ingest_file(at)
    os.utime(at, ns=(9_000_000_000, 9_000_000_000))

    assert known == wanted
    assert known.time == wanted.time
    assert store.read(store.ingest_file(at).digest) == b"HELLO"


def test_staged_directory_takes_its_place_by_commit(store: Store) -> None:
    """What was staged is found under its kind and key after the commit, and not before."""
    with store.stage() as staged:
        (staged / "file").write_text("x")
        assert store.directory("envs", "k") is None
        committed = store.commit(staged, "envs", "k")
    assert store.root / "envs" / "k" == committed == store.directory("envs", "k")
    assert (committed / "file").read_text() == "x"


def test_first_commit_of_a_key_stays(store: Store) -> None:
    """A second commit of the same key is dropped and returns the first one's directory."""
    for text in ("first", "second"):
        with store.stage() as staged:
            (staged / "file").write_text(text)
            committed = store.commit(staged, "envs", "k")
    assert (committed / "file").read_text() == "first"
    store.caught_up()
    assert _staged(store) == []


def test_uncommitted_stage_is_removed(ordinary: Path) -> None:
    """A staged directory goes away after its block, even with modes that forbid it."""
    store = Store(ordinary / "cache")
    with store.stage() as staged:
        (staged / "sub").mkdir()
        (staged / "sub" / "file").touch()
        (staged / "sub").chmod(0)
    store.caught_up()
    assert _staged(store) == []


@pytest.mark.parametrize("kind", ["blobs", "records", "stage", "../x", "a/b"])
def test_own_directories_cannot_be_committed_to(store: Store, kind: str) -> None:
    """Commits go to kinds of their own, never into the store's inner directories."""
    with store.stage() as staged, pytest.raises(ValueError, match="can be committed"):
        store.commit(staged, kind, "k")


def test_layer_keeps_what_is_said_about_it(store: Store) -> None:
    """A committed layer comes back with its files, what it removed, and what is relocatable."""
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        (upper / "file").write_text("x")
        said = Layer(upper, frozenset({"gone", "a/b"}), frozenset({"bin/tool"}))
        layer = store.commit_layer("k", upper, said)
    assert Layer(store.root / "layers/k/fs", said.removed, said.relocatable) == layer
    assert layer == store.layer("k")
    assert (layer.root / "file").read_text() == "x"


def test_layer_whose_root_is_read_only_keeps_its_mode(ordinary: Path) -> None:
    """A step may leave `/` without write permission; the layer is moved all the same."""
    store = Store(ordinary / "cache")
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        upper.chmod(0o555)
        layer = store.commit_layer("k", upper, Layer(upper))
    assert stat.S_IMODE(layer.root.stat().st_mode) == 0o555


def test_damaged_layer_counts_as_absent(store: Store) -> None:
    """A layer without its description is put away, so that the step can be stored again."""
    for _ in range(2):
        with store.stage() as staged:
            upper = staged / "upper"
            upper.mkdir()
            store.commit_layer("k", upper, Layer(upper))
        assert store.layer("k") is not None
        (store.root / "layers/k/layer.json").write_text("")
        assert store.layer("k") is None


def test_volume_is_the_same_directory_for_the_same_identity(store: Store) -> None:
    """A cache volume keeps its contents under its identity."""
    (store.volume("uv cache/x") / "file").touch()
    assert (store.volume("uv cache/x") / "file").exists()
    assert store.volume("uv cache/x") != store.volume("uv cache/y")


def test_threads_share_a_store(store: Store, tmp_path: Path) -> None:
    """The same files stored and checked out by many threads at once come out whole."""
    for number in range(20):
        (tmp_path / f"src{number % 5}").mkdir(exist_ok=True)
        (tmp_path / f"src{number % 5}" / "file").write_text(str(number % 5))

    def work(number: int) -> str:
        tree = store.ingest(tmp_path / f"src{number % 5}")
        return (store.checkout(tree).root / "file").read_text()

    with ThreadPoolExecutor(8) as pool:
        assert [str(number % 5) for number in range(40)] == list(pool.map(work, range(40)))


def test_closing_waits_for_what_is_done_later(tmp_path: Path) -> None:
    """What nothing waits for is done in turn, and all of it before the store is closed."""
    done: list[int] = []
    with Store(tmp_path / "cache") as store:
        for number in range(100):
            store.later(partial(done.append, number))
    assert [*range(100)] == done


def test_store_is_private(store: Store) -> None:
    """A new store can be entered by its owner only: it holds copies of private files."""
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700


def test_unusable_root_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    """A store that cannot be made names its directory."""
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFailed, match=f"cannot use the cache {tmp_path}/file") as caught:
        Store(tmp_path / "file")
    assert "STILETTO_CACHE" in str(caught.value.hint)


def test_closing_removes_the_stage_and_reopening_finds_everything(tmp_path: Path) -> None:
    """A closed store leaves nothing staged; the next one finds what was committed."""
    with Store(tmp_path / "cache") as first:
        first.put_record("step", "k", {"a": 1})
    first.close()
    assert list((tmp_path / "cache/stage").iterdir()) == []
    with Store(tmp_path / "cache") as second:
        assert second.record("step", "k") == {"a": 1}


def _staged(store: Store) -> list[Path]:
    return [path for own in (store.root / "stage").iterdir() for path in own.iterdir()]
