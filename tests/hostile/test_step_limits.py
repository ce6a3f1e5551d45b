"""What ends a step from outside is named: a signal, or the limit of its memory."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dagger
import pytest
from dagger.client._session import ConnectParams, SingleConnection

from stiletto.engine import ending
from stiletto.engine.session import open_session, serve
from stiletto.errors import EnvironmentFailed
from stiletto.layers.layer import Layer
from stiletto.progress import Progress
from stiletto.sandbox.cgroups import find_groups
from stiletto.sandbox.plan import StepOutput
from stiletto.sandbox.spool import Spool

CAN_ISOLATE = sys.platform == "linux" and os.environ.get("STILETTO_TEST_SANDBOX") != "plain"
ISOLATION = pytest.mark.skipif(not CAN_ISOLATE, reason="user namespaces are not to be tested")
MIB = 1 << 20


def can_limit() -> bool:
    """Whether the tests may make control groups here."""
    try:
        find_groups()
    except EnvironmentFailed:
        return False
    return CAN_ISOLATE


LIMITING = pytest.mark.skipif(not can_limit(), reason="no control group can be made here")


@asynccontextmanager
async def session(
    root: Path,
    heard: list[str] | None = None,
    *,
    plain: bool = False,
    memory_bytes: int | None = None,
    processes: int | None = None,
) -> AsyncIterator[dagger.Container]:
    """Open a session with limits; gives a container with a shell and Python."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "STILETTO_CACHE": str(root / "store"),
        "STILETTO_IDLE": "0",
    }
    progress = Progress()
    if heard is not None:
        progress.say = heard.append  # type: ignore[method-assign, assignment]  # to hear it
    async with (
        open_session(
            workdir=root,
            sandbox="plain" if plain else "auto",
            progress=progress,
            environ=environ,
            step_memory_bytes=memory_bytes,
            step_processes=processes,
        ) as engine,
        serve(engine) as (port, token),
        SingleConnection(ConnectParams(port=port, session_token=token)) as connection,
    ):
        yield dagger.Client.from_connection(connection).container().from_("python:3.11-slim")


async def failure(container: dagger.Container, *args: str) -> str:
    """Return the message of a command that fails."""
    with pytest.raises(dagger.QueryError) as caught:
        await container.with_exec(list(args)).sync()
    return str(caught.value)


@pytest.mark.parametrize("plain", [pytest.param(False, marks=ISOLATION), True])
async def test_a_signal_is_named_with_the_time(tmp_path: Path, plain: bool) -> None:
    """A step that was killed says by which signal and after how long; memory is not blamed."""
    async with session(tmp_path, plain=plain) as base:
        killed = await failure(base, "sh", "-c", "kill -9 $$")
        ended = await failure(base, "sh", "-c", "kill -15 $$")
        failed = await failure(base, "sh", "-c", "exit 3")

    assert "exit code: 137 (ended by SIGKILL after " in killed
    assert "memory" not in killed
    assert "exit code: 143 (ended by SIGTERM after " in ended
    assert "exit code: 3" in failed
    assert "ended by" not in failed


@LIMITING
async def test_memory_over_the_limit_is_named(tmp_path: Path) -> None:
    """A step that needs more memory than it may have is ended, and memory is the reason given."""
    program = "print(len(bytearray(b'x') * (@SIZE@ << 20)) >> 20)"
    async with session(tmp_path, memory_bytes=96 * MIB) as base:
        small = base.with_exec(["python", "-c", program.replace("@SIZE@", "16")])
        assert "16\n" == await small.stdout()
        said = await failure(base, "python", "-c", program.replace("@SIZE@", "300"))

    assert "ended by SIGKILL after " in said
    assert "memory ran out: its limit is that of --step-memory" in said


@LIMITING
async def test_processes_are_limited(tmp_path: Path) -> None:
    """A step that starts processes without end reaches its limit, and no other step's."""
    bomb = (
        "import os, time\n"
        "count = 0\n"
        "try:\n"
        "    for count in range(500):\n"
        "        if not os.fork():\n"
        "            time.sleep(600)\n"
        "except OSError:\n"
        "    print('stopped at', count)\n"
    )
    async with session(tmp_path, processes=40) as base:
        said = await base.with_exec(["python", "-c", bomb]).stdout()
        assert "fine\n" == await base.with_exec(["echo", "fine"]).stdout()

    assert said.startswith("stopped at ")
    assert 0 < int(said.split()[-1]) < 40


@LIMITING
async def test_no_group_is_left(tmp_path: Path) -> None:
    """The groups of steps are removed, also of one that was killed at its limit."""
    async with session(tmp_path, memory_bytes=64 * MIB, processes=40) as base:
        await failure(base, "python", "-c", "print(len(bytearray(b'x') * (200 << 20)))")
    groups = find_groups()

    mine = f"stiletto-{os.getpid()}-*"
    assert [] == [*groups.memory.glob(mine), *groups.pids.glob(mine)]


async def test_limits_that_cannot_be_kept_are_said(tmp_path: Path) -> None:
    """In plain mode the call goes on, and one line says that nothing is limited."""
    heard: list[str] = []
    async with session(tmp_path, heard, plain=True, memory_bytes=64 * MIB) as base:
        assert "fine\n" == await base.with_exec(["echo", "fine"]).stdout()

    expected = "memory and processes of steps are not limited: plain mode cannot"
    assert 1 == heard.count(expected)


def test_a_machine_out_of_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel killed for memory while the step ran, a killed step says so."""
    counter = tmp_path / "vmstat"
    counter.write_text("nr_free_pages 5\noom_kill 7\n")
    monkeypatch.setattr(ending, "VMSTAT", counter)
    output = StepOutput(128 + signal.SIGKILL, Spool(tmp_path), Layer(tmp_path))

    assert "ended by SIGKILL after 0.5 s" == ending.how_ended(output, 0.5, 7)
    expected = "ended by SIGKILL after 0.5 s; the machine ran out of memory meanwhile"
    assert expected == ending.how_ended(output, 0.5, 6)
