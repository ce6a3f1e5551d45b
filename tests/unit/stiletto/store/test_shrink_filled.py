"""A store that one package after another fills, each with layers, trees, records and a volume."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from stiletto.graph.tree import EMPTY, Dir, File, Time
from stiletto.store import Store
from stiletto.store.census import census

from .store_bench import committed

LIMIT_BYTES = 16_000_000
"""Room for two packages. Directories of blobs and records, at most 1 MB a kind, do not count."""
APART = 0.05


def fill(store: Store, letter: str) -> tuple[str, Dir]:
    """Store what a package leaves; return its layer and its tree."""
    key = letter * 64
    committed(store, key, 6_000_000)
    tree = EMPTY
    for number in range(40):
        contents = store.put_bytes(f"{letter}{number}".encode() * 1000)
        tree = tree.put(f"{number}.py", File(*contents, time=Time(number * 10**9)))
        tree = tree.put(f"again/{number}.py", File(*contents))
    large = store.put_bytes(letter.encode() * 500_000)
    tree = tree.put("program", File(*large, 0o755, time=Time(10**9)))
    store.save_tree(tree)
    store.checkout(tree)
    store.put_record("step", key, {"tree": tree.digest, "layer": key})
    (store.volume("cache") / letter).write_bytes(bytes(100_000))
    return key, tree


def disk_bytes(root: Path) -> int:
    """Return what `du` prints."""
    words = ("du", "--summarize", "--block-size=1", str(root))
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[0])


def test_filled_store_holds_its_limit_and_its_figures(tmp_path: Path) -> None:
    """After each package: below the limit, the sizes are those of `du`, the last one is there."""
    removed = 0
    for letter in "abcdef":
        with Store(tmp_path) as store:
            key, tree = fill(store, letter)
            removed += store.keep_within(LIMIT_BYTES) is not None
        found = disk_bytes(tmp_path)
        assert found <= LIMIT_BYTES
        assert abs(sum(part.size_bytes for part in census(tmp_path)) - found) <= APART * found
        with Store(tmp_path) as store:
            assert {"tree": tree.digest, "layer": key} == store.record("step", key)
            assert store.layer(key) is not None
            assert tree == store.load_tree(tree.digest)
        hour_ago_s = time.time() - 3600
        for path in (*tmp_path.glob("layers/*"), *tmp_path.glob("checkouts/*")):
            os.utime(path, (hour_ago_s, hour_ago_s))
    assert removed > 1
