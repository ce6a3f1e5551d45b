"""Signals end a command in order."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

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
