"""uv prunes a cache volume of its own as a step, so that it reaches nothing else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from test_host import ISOLATION

from stiletto.engine.session import open_session
from stiletto.engine.trimming import trimmed
from stiletto.progress import Progress


def uv_cache(volume: Path) -> Path:
    """Make a cache of uv with an archive that nothing refers to; return that."""
    (volume / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55")
    archive = volume / "archive-v0" / "abcdefghijklmnopqrstu"
    archive.mkdir(parents=True)
    (archive / "module.py").write_bytes(b"x" * 100_000)
    return archive


@ISOLATION
@pytest.mark.asyncio
async def test_uv_prunes_its_volume_and_nothing_outside(tmp_path: Path) -> None:
    """What nothing refers to goes; what a volume links to outside of it stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    precious = uv_cache(outside)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "STILETTO_IDLE": "0",
        "STILETTO_CACHE": str(tmp_path / "cache"),
    }
    async with open_session(
        workdir=tmp_path, sandbox="bubblewrap", progress=Progress(), environ=environ
    ) as engine:
        evaluator = engine.core.evaluator
        store, loop = evaluator.store, asyncio.get_running_loop()
        archive = uv_cache(store.volume("own"))
        linked = store.volume("linked")
        (linked / "CACHEDIR.TAG").write_text("")
        (linked / "archive-v0").symlink_to(outside / "archive-v0")
        other = store.volume("other")

        def trim(volume: Path) -> bool:
            return trimmed(evaluator, store, volume, loop)

        ran = [await asyncio.to_thread(trim, each) for each in (store.volume("own"), linked, other)]
    assert [True, False] == [ran[0], ran[2]]
    assert not archive.exists()
    assert precious.is_dir()
