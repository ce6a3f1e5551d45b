"""The SDK starts `stiletto session` itself, as it starts the real engine's command."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import dagger
import pytest
from wire_bench import PYTHON, tick, write

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(autouse=True)
def _command(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv(
        "_EXPERIMENTAL_DAGGER_CLI_BIN", str(Path(sys.executable).parent / "stiletto")
    )
    monkeypatch.setenv("STILETTO_CACHE", str(cache))
    monkeypatch.delenv("DAGGER_SESSION_PORT", raising=False)


async def test_the_sdk_starts_a_session(tmp_path: Path) -> None:
    """`dagger.connection` works with the command in place of dagger, in a workdir of its own."""
    write(tmp_path, {"here.txt": "found"})
    async with dagger.connection(dagger.Config(workdir=str(tmp_path))):
        read = dagger.dag.host().directory(".")
        at = dagger.dag.container().from_(PYTHON).with_directory("/w", read)
        assert "found" == await at.with_exec(["cat", "/w/here.txt"]).stdout()
        with pytest.raises(dagger.ExecError) as caught:
            await at.with_exec(["sh", "-c", "exit 9"]).sync()
        assert caught.value.exit_code == 9


async def test_two_processes_run_a_step_once(cache: Path, fresh: str) -> None:
    """Two engines on one store share a running command."""

    async def run() -> str:
        async with dagger.Connection(dagger.Config()) as client:
            volume = client.cache_volume(f"counts-{fresh}")
            at = client.container().from_(PYTHON).with_mounted_cache("/counts", volume)
            script = f"sleep 1; {tick(fresh)}; echo done"
            return await at.with_exec(["sh", "-c", script]).stdout()

    assert ["done\n", "done\n"] == list(await asyncio.gather(run(), run()))
    found = [path.read_text() for path in (cache / "volumes").glob(f"*/{fresh}")]
    assert ["\n"] == found
