"""`stiletto cache`: the directory, and sizes as the disk has them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stiletto.graph.tree import EMPTY, File
from stiletto.layers.layer import Layer
from stiletto.store import Store
from stiletto.store.census import REST, census
from stiletto.store.limit import size_text
from tests.unit.stiletto.cli.cli_fake import Shell


def filled(root: Path) -> None:
    """Make a store with some of each of the large kinds."""
    with Store(root) as store:
        tree = EMPTY
        for number in range(5):
            contents = File(*store.put_bytes(str(number).encode() * 30_000))
            tree = tree.put(f"file{number}", contents)
        store.save_tree(tree)
        store.checkout(tree)
        store.volume("one")
        with store.stage() as staged:
            upper = staged / "upper"
            upper.mkdir()
            (upper / "file").write_bytes(b"x" * 70_000)
            store.commit_layer("a" * 64, upper, Layer(upper))


def disk_usage(*paths: Path) -> list[int]:
    """Return what du(1) prints for each path, in bytes."""
    command = ["du", "--summarize", "--block-size=1", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in done.stdout.splitlines()]


def test_sizes_are_what_du_prints(tmp_path: Path) -> None:
    """Each kind and the whole: a blob that a checkout shares counts once, for the blobs."""
    filled(tmp_path / "cache")
    parts = census(tmp_path / "cache")
    kinds = [tmp_path / "cache" / part.kind for part in parts if part.kind != REST]
    assert disk_usage(*kinds) == [part.size_bytes for part in parts if part.kind != REST]
    assert disk_usage(tmp_path / "cache") == [sum(part.size_bytes for part in parts)]
    assert {"blobs": 5, "checkouts": 1, "layers": 1, "records": 1, "volumes": 1, REST: 0} == {
        part.kind: part.entries for part in parts
    }
    assert [] == census(tmp_path / "nothing")


def test_cache_size_prints_kinds_last_use_and_limit(tmp_path: Path) -> None:
    """A line for the whole with the limit, then a line for each kind."""
    root = tmp_path / "cache"
    filled(root)
    shell = Shell(tmp_path, {"STILETTO_CACHE": str(root), "STILETTO_CACHE_SIZE": "3GB"})
    ended = shell("cache", "size")
    (size,) = disk_usage(root)
    head, titles, *rows = ended.out.splitlines()
    assert f"{root}: {size_text(size)}, limit 3.0 GB" == head
    assert ["kind", "size", "entries", "last", "used"] == titles.split()
    assert ["blobs", "checkouts", "layers", "records", "volumes", REST] == [
        row.split()[0] for row in rows
    ]
    assert rows[2].endswith("just now")
    shell.environ["STILETTO_CACHE_SIZE"] = "0"
    assert ", no limit\n" in shell("cache", "size").out


def test_cache_dir_prints_the_directory_and_makes_nothing(tmp_path: Path) -> None:
    """A directory that does not exist yet is named as well, and has no size."""
    shell = Shell(tmp_path, {"STILETTO_CACHE": str(tmp_path / "cache")})
    assert f"{tmp_path / 'cache'}\n" == shell("cache", "dir").out
    assert shell("cache", "size").out.startswith(f"{tmp_path / 'cache'}: 0 B, limit ")
    assert [] == list(tmp_path.iterdir())
