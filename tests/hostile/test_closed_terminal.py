"""Who reads the output goes away or stands still: the call ends all the same, and nothing runs on.

A terminal that is closed sends SIGHUP and breaks the output; `| head` and a `tee` that Ctrl-C
killed break it without a signal; a pager that nobody scrolls takes nothing more.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_bench import environment, probe

FUNCTIONS = '''
    @function
    async def step(self, script: str) -> str:
        """Run a step."""
        return await dag.container().from_("python:3.11-slim").with_exec(
            ["sh", "-c", script]
        ).stdout()

    @function
    async def held(self, script: str) -> str:
        """Run a step, and hold on when it is cancelled."""
        try:
            return await self.step(script)
        finally:
            while True:
                pass
'''
GENEROUS_S = 60
FLOOD = "echo began; while true; do echo 0123456789012345678901234567890123456789; done"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a module that runs a script."""
    return probe(tmp_path_factory.mktemp("module"), FUNCTIONS)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment with a store of its own."""
    return environment(tmp_path_factory.mktemp("store"))


@pytest.fixture(autouse=True)
def hangups() -> Iterator[None]:
    """Let hangups end what is started, also where nohup started the tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def mark() -> Iterator[str]:
    """Return a word for command lines; no process may have it when the test has ended."""
    mark = f"mark-{uuid.uuid4().hex}"
    yield mark
    deadline = time.monotonic() + GENEROUS_S
    while left := [path for path in Path("/proc").glob("[0-9]*") if _has(path, mark)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def _has(process: Path, mark: str) -> bool:
    try:
        return mark.encode() in (process / "cmdline").read_bytes()
    except OSError:
        return False


def _begun(
    module: Path, environ: dict[str, str], script: str, *, function: str = "step", prefix: str = ""
) -> subprocess.Popen[bytes]:
    """Start a call whose output is a pipe, and wait until its step runs."""
    words = [sys.executable, "-m", "stiletto", "call", "--progress=plain", function]
    if prefix:
        words = ["sh", "-c", f'{prefix} "$@"', "sh", *words]
    process = subprocess.Popen(
        [*words, "--script", script],
        cwd=module,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    seen = b""
    while b"| began" not in seen:
        read = os.read(process.stderr.fileno(), 4096)
        assert read, seen.decode()
        seen += read
    return process


def _wait_until_stuck(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has not been able to write for a while."""
    waits = Path(f"/proc/{process.pid}/wchan")
    end_s = time.monotonic() + GENEROUS_S
    times = 0
    while times < 5:
        times = times + 1 if "pipe_write" in waits.read_text() else 0
        assert time.monotonic() < end_s, "its output was never full"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("function", ["step", "held"])
def test_a_hangup_ends_a_call_in_order(
    module: Path, environ: dict[str, str], mark: str, function: str
) -> None:
    """A terminal that is closed ends the call as SIGTERM does, and its staged files are gone."""
    script = f"echo began; sleep 600; echo {mark}"
    with _begun(module, environ, script, function=function) as process:
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        screen = process.stderr.read().decode()
        assert 129 == process.wait(GENEROUS_S), screen
    assert "Canceled.\n  was running: " in screen
    assert function == "held" or [] == list(Path(environ["STILETTO_CACHE"], "stage").iterdir())


@pytest.mark.slow
def test_a_call_that_ignores_hangups_goes_on(
    module: Path, environ: dict[str, str], mark: str
) -> None:
    """What nohup started stays."""
    with _begun(
        module,
        environ,
        f"echo began; sleep 600; echo {mark}",
        prefix="trap '' HUP; exec",
    ) as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert 143 == process.wait(GENEROUS_S)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_call_whose_output_is_broken(
    module: Path, environ: dict[str, str], mark: str, number: signal.Signals
) -> None:
    """Ctrl-C kills the `tee` of a pipeline, too; a closed terminal takes no last words."""
    script = f"echo began; sleep 600; echo {mark}"
    with _begun(module, environ, script, function="held") as process:
        assert process.stderr is not None
        process.stderr.close()
        process.send_signal(number)
        assert process.wait(GENEROUS_S) in (2, 129)


@pytest.mark.slow
def test_a_call_ends_when_its_reader_has_gone(
    module: Path, environ: dict[str, str], mark: str
) -> None:
    """With `| head` a call ends at the next line that it writes, even code that holds on."""
    script = f"echo began; while sleep 0.1; do echo more; done; echo {mark}"
    with _begun(module, environ, script, function="held") as process:
        assert process.stderr is not None
        process.stderr.close()
        assert 1 == process.wait(GENEROUS_S)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who waits for a pipe")
@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
def test_a_signal_ends_a_call_whose_reader_stands_still(
    module: Path, environ: dict[str, str], mark: str, numbers: list[signal.Signals]
) -> None:
    """Nobody reads, the pipe is full, and the call ends all the same."""
    with _begun(module, environ, f"{FLOOD}; echo {mark}") as process:
        _wait_until_stuck(process)
        for number in numbers:
            process.send_signal(number)
        assert process.wait(GENEROUS_S) in (2, 143)
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], 0)[0]


# -- the same of a command without an engine, in the default run --------------------------------

COMMAND = """
import asyncio, os, sys
from pathlib import Path
from stiletto.cli.interrupts import Interrupted, run_to_end
from stiletto.cli.terminal import Terminal

terminal = Terminal(sys.stdin, sys.stdout, sys.stderr, {}, Path.cwd())

async def flood():
    terminal.err("began")
    while True:
        terminal.err("x" * 100)
        await asyncio.sleep(0)

async def held():
    terminal.err("began")
    try:
        while True:
            await asyncio.sleep(0.01)
            terminal.err("more")
    finally:
        while True:
            pass

async def quiet():
    terminal.err("began")
    try:
        await asyncio.sleep(600)
    finally:
        while True:
            pass

try:
    run_to_end(globals()[sys.argv[1]], list, terminal)
except Interrupted as interrupted:
    sys.exit(interrupted.code)
"""


def _command(name: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", COMMAND, name], stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"began" in os.read(process.stderr.fileno(), 6)
    return process


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who waits for a pipe")
@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
def test_a_signal_ends_a_command_whose_reader_stands_still(numbers: list[signal.Signals]) -> None:
    """A pipe that is full, and a write that waits for it, keep no command alive."""
    with _command("flood") as process:
        _wait_until_stuck(process)
        for number in numbers:
            process.send_signal(number)
        assert process.wait(GENEROUS_S) in (2, 143)


def test_a_command_without_a_reader_ends_at_its_next_line() -> None:
    """What holds on when it is cancelled is cut off, as with a signal."""
    with _command("held") as process:
        assert process.stderr is not None
        process.stderr.close()
        assert 1 == process.wait(GENEROUS_S)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_last_words_that_nobody_reads_keep_no_command(number: signal.Signals, code: int) -> None:
    """A signal ends a command whose output is broken, with the signal's exit code."""
    with _command("quiet") as process:
        assert process.stderr is not None
        process.stderr.close()
        process.send_signal(number)
        assert code == process.wait(GENEROUS_S)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_the_null_device(tmp_path: Path, closed: str) -> None:
    """A daemon may close any of the three; nothing of the store takes their place."""
    command = f"exec {sys.executable} -m stiletto {{}} {closed}"
    env = {**os.environ, "STILETTO_CACHE": str(tmp_path / "store")}
    for words in ("verify", "nosuch"):
        done = subprocess.run(
            ["sh", "-c", command.format(words)], env=env, capture_output=True, text=True
        )
        assert (words == "nosuch") == bool(done.returncode)
        assert "Traceback" not in done.stderr
    held = [path for path in (tmp_path / "store").rglob("*lock") if path.is_file()]
    assert held
    assert all(b"" == path.read_bytes() for path in held)
