"""What an evaluator reads again, and what it remembers in the store."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.engine.evaluate import MAX_LAYERS, Evaluator
from stiletto.engine.gate import SecretGate
from stiletto.engine.layout import Stack
from stiletto.engine.secrets import SecretStore
from stiletto.graph.tree import File
from stiletto.layers.layer import Layer
from stiletto.progress import Progress
from stiletto.sandbox.images import HostImages
from stiletto.sandbox.plain import Plain
from stiletto.store import Store


class Counting(Store):
    """Counts the files that are read into it."""

    read_files = 0

    def ingest_file(self, path: Path) -> File:
        """Count it."""
        self.read_files += 1
        return super().ingest_file(path)


async def _yes() -> bool:
    return True


async def _no_way() -> str:
    return ""


def evaluator(store: Store) -> Evaluator:
    """Return the evaluator of a new session."""
    secrets = SecretStore(
        b"salt", {}, store.root, SecretGate(isolated=_yes, allowed=True, way_out=_no_way)
    )
    images = HostImages(servers=store.root / "sandbox" / "servers", memory=store)
    return Evaluator(store, Plain(store.root / "sandbox"), images, secrets, Progress(), {})


def layered(count: int) -> c.Root:
    """Return a root of so many layers, a file in each."""
    root: c.Root = c.EmptyRoot()
    for number in range(count):
        file = f.NewFile(f"f{number}", str(number), 0o644)
        root = c.WrittenRoot(root, (f.WriteNewFile(f"/f{number}", file),))
    return root


def evaluated(path: Path, root: c.Root) -> tuple[Stack, int]:
    """Return what is at a root, and how many files of layers were read for it."""
    with Counting(path) as store:
        stack = asyncio.run(evaluator(store).stack(root))
        return stack, store.read_files


@pytest.mark.parametrize("count", [MAX_LAYERS, MAX_LAYERS + 1, 3 * MAX_LAYERS])
def test_layers_that_were_merged_once_are_not_read_again(tmp_path: Path, count: int) -> None:
    """However many layers there are, a later session reads none of their files."""
    first, read = evaluated(tmp_path, layered(count))
    again, read_again = evaluated(tmp_path, layered(count))
    assert (read > 0, read_again) == (count > MAX_LAYERS, 0)
    assert again.keys == first.keys
    assert [layer.root for _, layer in again.layers] == [layer.root for _, layer in first.layers]


def test_a_layer_that_was_made_again_is_read_again(tmp_path: Path) -> None:
    """A command that gave something else the second time is not what was merged before."""
    found = []
    for text in (b"old", b"newer"):
        with Store(tmp_path) as store, store.stage() as stage:
            upper = stage / "upper"
            upper.mkdir()
            (upper / "file").write_bytes(text)
            layer = store.commit_layer("sha256:made", upper, Layer(upper))
            file = evaluator(store).merged(["sha256:made"], [layer]).get("file")
            assert isinstance(file, File)
            found.append(store.read(file.digest))
        shutil.rmtree(layer.root.parent)
    assert found == [b"old", b"newer"]
