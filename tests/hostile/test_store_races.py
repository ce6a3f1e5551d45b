"""Processes that make the same things at the same moment, in a store that is still empty."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.graph.tree import EMPTY, File
from stiletto.store import Store
from stiletto.store.blobs import Blobs
from stiletto.store.layout import PLAIN, Form

SAME = """
import sys
from pathlib import Path
from stiletto.graph.tree import EMPTY, File
from stiletto.layers.layer import Layer
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    text = str(number) * 2000
    tree = EMPTY
    for name in "abcd":
        mode = 0o755 if name == "d" else 0o644
        tree = tree.put(name, File(*store.put_bytes((text + name).encode()), mode))
    root = store.checkout(tree).root
    assert all((root / name).read_text() == text + name for name in "abcd")
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        (upper / "file").write_text(text)
        store.commit_layer(tree.digest, upper, Layer(upper))
    store.put_record("step", tree.digest, {"tree": store.save_tree(tree)})
    store.volume(str(number), tree)
assert store.has_tree(tree.digest)
"""


def _race(root: Path, processes: int, things: int) -> list[str]:
    """Let processes make the same things together; return what those that failed said."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SAME, str(root), str(things)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    return [errors for one in running if (errors := one.communicate(timeout=300)[1])]


def test_processes_that_race_in_a_cold_store_all_end_well(tmp_path: Path) -> None:
    """Eight processes that make the same contents, trees, layers and volumes do not collide."""
    for number in range(2):
        assert [] == _race(tmp_path / str(number), processes=8, things=25)


@pytest.mark.slow
def test_processes_race_often(tmp_path: Path) -> None:
    """The same, twelve times with more things each: no round has a process that fails."""
    for number in range(12):
        assert [] == _race(tmp_path / str(number), processes=8, things=60)


def test_second_writer_leaves_the_first_blob_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that did not see the blob in time keeps it: a link to it may be made just now."""
    with Store(tmp_path) as store:
        digest, size_bytes = store.put_bytes(b"contents")
        first = store.blob(digest).stat()
        with monkeypatch.context() as late:
            late.setattr(Blobs, "has", lambda *_: False)
            store.put_bytes(b"contents")
        second = store.blob(digest).stat()
        assert (first.st_ino, first.st_ctime_ns) == (second.st_ino, first.st_ctime_ns)
        layer = store.checkout(EMPTY.put("file", File(digest, size_bytes)))
        assert first.st_ino == (layer.root / "file").stat().st_ino


def test_blob_that_goes_while_it_is_linked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout that meets a blob in the moment in which another process drops it goes on."""
    with Store(tmp_path) as store:
        digest, size_bytes = store.put_bytes(b"contents")
        found = Blobs.path
        gone: list[Path] = []

        def path(self: Blobs, digest: str, form: Form = PLAIN) -> Path:
            if gone:
                gone.pop()
                store.put_bytes(b"contents")  # the other process makes it anew
                return found(self, digest, form)
            blob = found(self, digest, form)
            gone.append(blob)
            blob.unlink()
            return blob

        monkeypatch.setattr(Blobs, "path", path)
        layer = store.checkout(EMPTY.put("file", File(digest, size_bytes)))
        assert (layer.root / "file").read_bytes() == b"contents"
