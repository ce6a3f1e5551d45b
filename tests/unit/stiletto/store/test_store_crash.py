"""Processes that die or collide: the store works on, and holds nothing by halves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stiletto.graph.tree import EMPTY, File
from stiletto.store import Store

WORK = """
import itertools, sys
from pathlib import Path
from stiletto.graph.tree import EMPTY, File
from stiletto.layers.layer import Layer
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
print("working", flush=True)
for number in itertools.count():
    text = str(number) * 50_000
    tree = EMPTY
    for name in "abcd":
        tree = tree.put(name, File(*store.put_bytes((text + name).encode())))
    key = tree.digest
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        for name in "abcd":
            (upper / name).write_text(text + name)
        store.commit_layer(key, upper, Layer(upper, frozenset({"gone"})))
    store.checkout(tree)
    store.put_record("step", key, {"number": number, "layer": store.save_tree(tree)})
"""

PRUNE = """
import sys
from pathlib import Path
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
print("pruning", flush=True)
store.prune()
"""

SAME = """
import sys
from pathlib import Path
from stiletto.layers.layer import Layer
from stiletto.store import Store

store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(15):
    source = Path(sys.argv[2], str(number))
    tree = store.ingest(source)
    layer = store.checkout(tree)
    with store.stage() as staged:
        upper = staged / "upper"
        upper.mkdir()
        (upper / "file").write_text(str(number))
        store.commit_layer(f"layer-{number}", upper, Layer(upper))
    store.put_record("step", str(number), {"tree": store.save_tree(tree)})
    print((layer.root / "file").read_text(), flush=True)
"""


def start(script: str, *args: Path) -> subprocess.Popen[str]:
    """Start a process, and wait for its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


@pytest.mark.parametrize("delay_s", [0.01, 0.03, 0.05, 0.08, 0.13])
def test_killed_process_leaves_a_store_that_works(tmp_path: Path, delay_s: float) -> None:
    """After SIGKILL at any moment everything with a name is whole, and the stage is swept."""
    root = tmp_path / "cache"
    with start(WORK, root) as worker:
        time.sleep(delay_s)
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
    assert list((root / "stage").iterdir()), "it left something to sweep"
    with Store(root) as store:
        assert len(list((root / "stage").iterdir())) == 1, "only our own is left"
        check(store)
        tree = EMPTY.put("a", File(*store.put_bytes(b"after")))
        assert (store.checkout(tree).root / "a").read_text() == "after"
        store.prune()
        left = ("blobs/*", "checkouts/*", "layers/*", "records/*/*")
        assert [] == [path for pattern in left for path in root.glob(pattern)]


def check(store: Store) -> None:
    """Read everything that `WORK` stores."""
    for path in store.root.glob("blobs/*/*"):
        store.read(path.name)
    for path in store.root.glob("layers/*"):
        layer = store.layer(path.name)
        assert layer is not None
        assert frozenset({"gone"}) == layer.removed
        assert sorted(file.name for file in layer.root.iterdir()) == ["a", "b", "c", "d"]
    for path in store.root.glob("checkouts/*/fs"):
        assert sorted(file.name for file in path.iterdir()) == ["a", "b", "c", "d"]
        assert {1} == {file.stat().st_size % 50_000 for file in path.iterdir()}
    for path in store.root.glob("records/step/*/*.json"):
        tree = store.load_tree(json.loads(path.read_text())["layer"])
        assert tree is not None
        assert sorted(tree.entries) == ["a", "b", "c", "d"]


def test_killed_prune_leaves_whole_entries(tmp_path: Path) -> None:
    """A prune that is killed has dropped some entries whole, and the next one drops the rest."""
    root = tmp_path / "cache"
    with start(WORK, root) as worker:
        while len(list(root.glob("checkouts/*"))) < 30:
            time.sleep(0.01)
        worker.kill()
    before = len(list(root.glob("checkouts/*")))
    with start(PRUNE, root) as pruner:
        while pruner.poll() is None and len(list(root.glob("checkouts/*"))) == before:
            time.sleep(0.001)
        pruner.kill()
    with Store(root) as store:
        assert before > len(list(root.glob("checkouts/*"))) > 0, "it was in the middle"
        check(store)
        store.prune()
        assert [*root.glob("layers/*"), *root.glob("records/*/*/*"), *root.glob("blobs/*/*")] == []


def test_two_processes_may_make_the_same_things_at_once(tmp_path: Path) -> None:
    """Taking in and committing the same keys together, both end with the same whole results."""
    root, sources = tmp_path / "cache", tmp_path / "sources"
    for number in range(15):
        (sources / str(number)).mkdir(parents=True)
        (sources / str(number) / "file").write_text(str(number))
    with start(SAME, root, sources) as one, start(SAME, root, sources) as two:
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate()[0] for process in (one, two)]
        assert [one.returncode, two.returncode] == [0, 0]
    expected = "".join(f"{number}\n" for number in range(15))
    assert [expected, expected] == outputs
    with Store(root) as store:
        for number in range(15):
            layer = store.layer(f"layer-{number}")
            assert layer is not None
            assert str(number) == (layer.root / "file").read_text()
            record = store.record("step", str(number))
            assert record is not None
            assert store.load_tree(record["tree"]) is not None


def test_stage_of_a_living_process_is_not_swept(tmp_path: Path) -> None:
    """Opening the store next to another user leaves what that one has staged."""
    with Store(tmp_path) as living, living.stage() as staged:
        (staged / "file").touch()
        with Store(tmp_path):
            assert (staged / "file").exists()
        assert (staged / "file").exists()
