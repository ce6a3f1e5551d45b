"""Signals end a command in order."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stiletto.cli.interrupts import Interrupted, run_to_end
from stiletto.cli.terminal import Terminal
from stiletto.errors import ModuleFailed
from stiletto.module import worker
from tests.unit.stiletto.cli.cli_program import started


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_a_signal_cancels_a_call(number: signal.Signals, expected: int) -> None:
    """SIGINT ends with 2 as Dagger's command line does, SIGTERM with 143."""
    with started(["call", "--progress=plain", "wait"], subprocess.DEVNULL) as process:
        assert process.stderr is not None
        wanted = "1 : wait\n"
        assert wanted == process.stderr.readline()
        process.send_signal(number)
        assert expected == process.wait(20)
        canceled, running, hint = process.stderr.read().splitlines()[-3:]
        assert "Canceled." == canceled
        assert running.startswith("  was running: wait (")
        assert "  hint: run the same command again to continue; finished steps are cached" == hint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_session_well(number: signal.Signals) -> None:
    """The SDK takes any exit code but 0 for a failure."""
    with started(["session"], subprocess.PIPE) as process:
        assert process.stdout is not None
        assert "port" in process.stdout.readline()
        process.send_signal(number)
        wanted = 0
        assert wanted == process.wait(20)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_program_of_run(number: signal.Signals, expected: int) -> None:
    """The program gets SIGTERM and is waited for."""
    words = ["run", sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
    with started(words, subprocess.DEVNULL) as process:
        assert process.stdout is not None
        wanted = "up\n"
        assert wanted == process.stdout.readline()
        process.send_signal(number)
        assert expected == process.wait(20)


def ended(
    handles: bool, end: Callable[[], int], number: signal.Signals = signal.SIGTERM
) -> tuple[int, str]:
    """Return the exit code and the last words of a command that a signal met in a function."""
    told = asyncio.Event()

    async def finish() -> bool:
        told.set()
        return handles

    async def main() -> int:
        os.kill(os.getpid(), number)
        await told.wait()
        await asyncio.sleep(0 if handles else 30)
        return end()

    terminal = Terminal(sys.stdin, io.StringIO(), io.StringIO(), {}, Path.cwd())
    try:
        return run_to_end(main, list, terminal, finish), ""
    except Interrupted as interrupted:
        return interrupted.code, interrupted.text


def reports() -> int:
    """Fail as a function does that has given back what it held."""
    raise ModuleFailed("demo 1.2.4: stopped")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_a_function_that_handles_the_signal_is_waited_for(
    number: signal.Signals, code: int
) -> None:
    """What it fails with is the last output, and the exit code is that of the signal."""
    assert (code, "Error: demo 1.2.4: stopped") == ended(True, reports, number)


def test_a_function_that_is_done_at_that_moment_is_done() -> None:
    """A call that ends well although a signal came has its own exit code."""
    assert (0, "") == ended(True, lambda: 0)


def test_a_function_that_does_not_handle_the_signal_is_cancelled() -> None:
    """Any other call ends within moments, as ever."""
    code, text = ended(False, reports)
    assert (143, True) == (code, text.startswith("Canceled."))


@pytest.mark.parametrize("handles", [True, False])
def test_only_a_process_that_handles_sigterm_gets_it(handles: bool) -> None:
    """A call with a handler is told to end, and one without goes on until it is cancelled."""
    handler = "signal.signal(15, lambda *_: sys.exit(7)); " if handles else ""
    program = f"import signal, sys, time; {handler}print('up', flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"up\n" == process.stdout.readline()
        told = worker._ended(process.pid)
        code = process.wait(20) if told else process.poll()
        process.kill()
    assert (handles, 7 if handles else None) == (told, code)
