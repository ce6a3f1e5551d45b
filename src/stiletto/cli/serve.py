"""`stiletto session` and `stiletto run`: the engine for other programs."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag, FlagSet
from stiletto.cli.interrupts import code_for, hangups
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS, UNSUPPORTED, boolean, with_given
from stiletto.cli.terminal import Terminal
from stiletto.errors import UsageError

GRACE_S = 10.0
"""Between SIGTERM and SIGKILL, as `dagger run --cleanup-timeout` has it."""

SESSION_HELP = """\
Serve the engine to a Dagger SDK; prints one line of JSON and ends with its stdin.

USAGE
  stiletto session [options]

OPTIONS
"""

RUN_HELP = """\
Run a command in a session: programs that use a Dagger SDK connect to it.

DAGGER_SESSION_PORT and DAGGER_SESSION_TOKEN are set for the command.

USAGE
  stiletto run [options] <command>...

EXAMPLES
  stiletto run python main.py

OPTIONS
"""

SESSION_FLAGS = (
    Flag("label", placeholder="string", doc="Name of the SDK that connects; has no effect"),
    Flag("version", placeholder="string", doc="Version that the SDK expects; has no effect"),
    Flag("load-workspace-modules", implied="true", doc="Load the module around the workdir"),
    Flag("skip-workspace-modules", implied="true", doc="Do not load a module (the default)"),
)
"""What SDKs give when they start a session (sdk/python, provisioning/_session.py)."""


async def session(invocation: Invocation, args: list[str]) -> int:
    """Serve until stdin ends, SIGINT, SIGTERM or SIGHUP."""
    terminal = invocation.terminal
    given, _ = invocation.read(args, "stiletto session", own=SESSION_FLAGS, only_flags=True)
    if invocation.options.help:
        terminal.out(command_help(SESSION_HELP, (*SESSION_FLAGS, *GLOBALS), terminal.width))
        return 0
    names = {item.flag.name for item in given if item.flag.implied and boolean(item)}
    if {"load-workspace-modules", "skip-workspace-modules"} <= names:
        raise UsageError(
            "--load-workspace-modules and --skip-workspace-modules are mutually exclusive"
        )
    ended = asyncio.Event()
    async with _on_signals(lambda _: ended.set()), invocation.session() as (engine, _):
        if "load-workspace-modules" in names:
            await engine.load_module(invocation.options.mod)
        async with invocation.launcher.serve(engine) as (port, token):
            # The SDK passes the object's members on as keywords: no others may be added.
            terminal.out(json.dumps({"port": port, "session_token": token}) + "\n")
            _watch_stdin(terminal, asyncio.get_running_loop(), ended)
            await ended.wait()
    return 0


def _watch_stdin(terminal: Terminal, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    def drain() -> None:
        with suppress(OSError, ValueError):
            while terminal.stdin.readline():
                pass
        # The loop is gone when a signal ended the session first.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    # A daemon, because a read that never returns must not keep the process alive.
    threading.Thread(target=drain, name="stdin", daemon=True).start()


async def run(invocation: Invocation, args: list[str]) -> int:
    """Run a command with a session around it; return the command's exit code."""
    terminal = invocation.terminal
    flags = FlagSet([*GLOBALS, *UNSUPPORTED], command="stiletto run")
    given, command = flags.take(args)
    invocation.options = with_given(invocation.options, given)
    if invocation.options.help:
        terminal.out(command_help(RUN_HELP, GLOBALS, terminal.width))
        return 0
    if not command:
        raise UsageError("no command to run", hint=flags.see_help)
    signals = _Signals()
    async with (
        _on_signals(signals.note),
        invocation.session(shared=True) as (engine, _),
        invocation.launcher.serve(engine) as (port, token),
    ):
        environ = {
            **terminal.environ,
            "DAGGER_SESSION_PORT": str(port),
            "DAGGER_SESSION_TOKEN": token,
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *command, env=environ, cwd=invocation.workdir
            )
        except OSError as error:
            raise UsageError(f"cannot run {command[0]}: {error.strerror or error}") from error
        return await _wait(process, signals, terminal)


class _Signals:
    """The signals that came."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.came = asyncio.Event()

    def note(self, number: int) -> None:
        self.numbers.append(number)
        self.came.set()


async def _wait(process: asyncio.subprocess.Process, signals: _Signals, terminal: Terminal) -> int:
    """Wait for the command; on a signal end it, gently first."""
    waiting = asyncio.create_task(process.wait())
    interrupted = asyncio.create_task(signals.came.wait())
    try:
        await asyncio.wait({waiting, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            process.terminate()
            await asyncio.wait({waiting}, timeout=GRACE_S)
    finally:
        interrupted.cancel()
        if process.returncode is None:
            process.kill()
        code = await waiting
    if signals.numbers:
        terminal.last("run canceled")
        return code_for(signals.numbers[0])
    return 128 - code if code < 0 else code


@asynccontextmanager
async def _on_signals(handle: Callable[[int], None]) -> AsyncIterator[None]:
    """Send SIGINT, SIGTERM and SIGHUP to `handle` instead of cancelling the command."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, *hangups())
    for number in numbers:
        # Windows has no such handlers, a thread other than the main one no signals.
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, handle, number)
    try:
        yield
    finally:
        for number in numbers:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
