"""Host directories become trees: what is taken, skipped, refused, and not read again."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stiletto.api.patterns import Filter
from stiletto.errors import UsageError
from stiletto.graph.tree import Dir, File, Link
from stiletto.store import GitignoreFiles, Store, sealed
from stiletto.store.store import LARGE, LARGE_BYTES

LATER_NS = 10_000_000_000


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Store]:
    """Open a store for which every file here is old enough to be remembered."""
    with Store(tmp_path / "cache", clock_ns=lambda: time.time_ns() + LATER_NS) as opened:
        yield opened


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Make a small directory: files, modes, links, an empty directory."""
    root = tmp_path / "source"
    (root / "pkg" / "empty").mkdir(parents=True)
    (root / "pkg" / "a.py").write_text("a")
    (root / "run").write_text("#!")
    (root / "link").symlink_to("pkg/./a.py")
    for path, mode in (("run", 0o755), ("pkg/a.py", 0o640), ("pkg", 0o750), ("pkg/empty", 0o755)):
        (root / path).chmod(mode)
    root.chmod(0o755)
    return root


def test_directory_becomes_a_tree(store: Store, source: Path) -> None:
    """Files, links as written, empty directories and permission bits are all in the tree."""
    a, run = store.put_bytes(b"a")[0], store.put_bytes(b"#!")[0]
    pkg = Dir(0o750, {"a.py": File(a, 1, 0o640), "empty": Dir(0o755)})
    expected = Dir(0o755, {"pkg": pkg, "link": Link("pkg/./a.py"), "run": File(run, 2, 0o755)})
    assert expected == store.ingest(source)


def test_special_files_are_skipped(store: Store, source: Path) -> None:
    """Sockets and pipes are not part of a tree."""
    expected = store.ingest(source)
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(source / "socket"))
        assert expected == store.ingest(source)


def test_setgid_of_a_directory_does_not_count(store: Store, source: Path) -> None:
    """Only the nine permission bits enter the tree, so keys agree between machines."""
    expected = store.ingest(source)
    (source / "pkg").chmod(0o2750)
    assert expected == store.ingest(source)


def test_names_that_are_no_utf8_survive(store: Store, source: Path) -> None:
    """A file name of arbitrary bytes is kept, and laid out as it was."""
    name = os.fsdecode(b"caf\xe9")
    (source / name).write_text("x")
    tree = store.ingest(source)
    assert (store.checkout(tree).root / name).read_text() == "x"


def test_filter_decides_what_is_taken(store: Store, source: Path) -> None:
    """Kept entries come with their parents; directories kept by nothing are left out."""
    kept = Filter(include=["**/*.py"])
    assert [path for path, _ in store.ingest(source, kept.keep, kept.descend).walk()] == [
        "pkg",
        "pkg/a.py",
    ]


def test_directory_that_is_not_descended_is_never_listed(store: Store, source: Path) -> None:
    """`descend` spares looking into a directory at all."""
    seen: list[str] = []

    def keep(path: str, is_dir: bool) -> bool:
        seen.append(path)
        return True

    tree = store.ingest(source, keep, lambda path: path != "pkg")
    assert seen == ["link", "pkg", "run"]
    assert tree.get("pkg") == Dir(0o750)


def test_gitignore_files_are_read_where_they_stand(store: Store, source: Path) -> None:
    """Rules of nested .gitignore files apply without a walk of their own."""
    (source / ".gitignore").write_text("run\r\n")
    (source / "pkg" / ".gitignore").write_text("*.py\n!b.py\n")
    (source / "pkg" / "b.py").write_text("b")
    rules = Filter(gitignore=GitignoreFiles(source))
    taken = {path for path, _ in store.ingest(source, rules.keep, rules.descend).walk()}
    assert {".gitignore", "link", "pkg", "pkg/.gitignore", "pkg/b.py", "pkg/empty"} == taken


def test_missing_directory_is_named(store: Store, tmp_path: Path) -> None:
    """A path that is not there, or is a file, is refused by name."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=f"no such directory: {tmp_path}/gone"):
        store.ingest(tmp_path / "gone")
    with pytest.raises(UsageError, match=f"{tmp_path}/file is not a directory"):
        store.ingest(tmp_path / "file")


@pytest.mark.parametrize(("name", "verb"), [("secret", "read"), ("closed", "list")])
def test_unreadable_entry_is_named(ordinary: Path, name: str, verb: str) -> None:
    """What may not be read is an error that names it and says how to go on."""
    source = ordinary / "source"
    (source / "closed").mkdir(parents=True)
    (source / "secret").touch()
    (source / name).chmod(0)
    with (
        Store(ordinary / "cache") as store,
        pytest.raises(UsageError, match=f"cannot {verb} {source}/{name}") as caught,
    ):
        store.ingest(source)
    assert "exclude" in str(caught.value.hint)


def test_unreadable_entry_that_is_not_kept_does_no_harm(ordinary: Path) -> None:
    """What is excluded is not looked into, so it need not be readable."""
    source = ordinary / "source"
    (source / "closed").mkdir(parents=True)
    (source / "closed").chmod(0)
    excluding = Filter(exclude=["closed"])
    with Store(ordinary / "cache") as store:
        assert store.ingest(source, excluding.keep, excluding.descend).entries == {}


def test_unchanged_directory_costs_no_writing(later: Store, source: Path) -> None:
    """The second time nothing is written, not even the index."""
    expected = later.ingest(source)
    index = next((later.root / "index").iterdir())
    inode = index.stat().st_ino
    assert expected == later.ingest(source)
    assert inode == index.stat().st_ino


def test_unchanged_file_is_not_read_again(later: Store, source: Path) -> None:
    """With an entry of the index forged, the forged digest appears: the file was not opened."""
    later.ingest(source)
    index = next((later.root / "index").iterdir())
    forged, _ = later.put_bytes(b"ZZ")
    run = later.put_bytes(b"#!")[0]
    data = sealed.read(index) or {}
    data["files"]["run"][-1] = forged
    assert run in index.read_text()
    index.write_bytes(sealed.seal(data))
    assert File(forged, 2, 0o755) == later.ingest(source).get("run")


def test_changed_file_is_read_again(later: Store, source: Path) -> None:
    """A change shows even if size and modification time were restored."""
    later.ingest(source)
    facts = (source / "run").stat()
    (source / "run").write_text("!#")
    os.utime(source / "run", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert File(later.put_bytes(b"!#")[0], 2, 0o755) == later.ingest(source).get("run")


def test_young_files_are_not_remembered(store: Store, source: Path) -> None:
    """A file changed just before it was read could change again unseen, so it is read again."""
    store.ingest(source)
    index = next((store.root / "index").iterdir())
    assert store.put_bytes(b"a")[0] not in index.read_text()


def test_remembered_contents_that_were_pruned_are_read_again(later: Store, source: Path) -> None:
    """The index is not believed about blobs that are no longer there."""
    later.ingest(source)
    later.blob(later.put_bytes(b"a")[0]).unlink()
    later.ingest(source)
    assert later.read(later.put_bytes(b"a")[0]) == b"a"


def test_index_forgets_removed_files_and_keeps_unvisited_ones(later: Store, source: Path) -> None:
    """Another filter does not cost what an earlier one learnt; what is gone is dropped."""
    later.ingest(source)
    index = next((later.root / "index").iterdir())
    later.ingest(source, None, lambda path: path != "pkg")
    assert "pkg/a.py" in index.read_text()
    (source / "pkg" / "a.py").unlink()
    later.ingest(source)
    assert "pkg/a.py" not in index.read_text()
    assert "run" in index.read_text()


@pytest.mark.parametrize("text", ["", "{", '{"version": 0}', '{"version": 1}'])
def test_unreadable_index_is_ignored(later: Store, source: Path, text: str) -> None:
    """An index that cannot be read costs time, not correctness."""
    expected = later.ingest(source)
    next((later.root / "index").iterdir()).write_text(text)
    assert expected == later.ingest(source)


def test_large_file_is_read_once(later: Store, tmp_path: Path) -> None:
    """It is known by size, times and inode; with other contents or without its blob it is read."""
    path, size = tmp_path / "program", LARGE_BYTES
    path.write_bytes(b"a" * size)
    first = later.ingest_file(path)
    (name,) = later.note_names(LARGE)
    other, _ = later.put_bytes(b"b" * size)
    later.put_note(LARGE, name, {"digest": other})
    assert other == later.ingest_file(path).digest, "what is noted is believed"
    later.put_note(LARGE, name, {"digest": "0" * 64})
    assert first == later.ingest_file(path), "there is no such blob"
    path.write_bytes(b"b" * size)
    assert other == later.ingest_file(path).digest
    assert 2 == len(later.note_names(LARGE))


def test_large_file_that_has_just_changed_is_read_again(store: Store, tmp_path: Path) -> None:
    """It could change once more and look the same; a small one is not noted at all."""
    path = tmp_path / "program"
    for size in (LARGE_BYTES, LARGE_BYTES - 1):
        path.write_bytes(b"a" * size)
        store.ingest_file(path)
    assert [] == store.note_names(LARGE)
