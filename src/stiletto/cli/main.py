"""The command `stiletto`: find the command, run it, turn its end into an exit code.

The exit codes are listed in `stiletto.cli.failures`. Nothing heavy is imported here: the engine,
rich and the commands themselves come when they are needed.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import shlex
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from stiletto.api import API_VERSION
from stiletto.cli.failures import BUG, INTERRUPTED, NO_READER, refused_text, streams_of, text_of
from stiletto.cli.flags import Flag, FlagSet
from stiletto.cli.interrupts import Interrupted, run_to_end
from stiletto.cli.invocation import Invocation
from stiletto.cli.names import closest
from stiletto.cli.options import GLOBALS, UNSUPPORTED, Options, with_given
from stiletto.cli.terminal import Terminal
from stiletto.errors import EnvironmentFailed, NotSupported, StilettoError, UsageError

if TYPE_CHECKING:
    from stiletto.cli.launcher import EngineLauncher


COLLECT_AFTER = 100_000
"""New objects until the collector runs: a command lives too short for Python's 700, with which a
first run of the tests spent a tenth of the engine's time in it. A tree of 10,000 files is 40,000
objects, none of them garbage."""

HELP = """\
Run Dagger modules written in Python where there is no Docker and no Dagger

USAGE
  stiletto [options] <command>

COMMANDS
  cache       Show where results are stored, and how much space they take
  call        Call one or more functions, interconnected into a pipeline
  check       Check the state of your project by running tests, linters, etc.
  explain     Show why the steps of the last call ran
  functions   List available functions
  init        Put Wheelwright into the repository here
  prune       Remove stored results
  run         Run a command in a session
  session     Serve the engine to a Dagger SDK
  stop        End the processes of modules that wait for the next command
  toolchain   Manage toolchains
  verify      Check that stored results are not damaged
  version     Print the version

OPTIONS
"""

ALIASES = {"checks": "check", "r": "run"}
COMMANDS = (
    "cache",
    "call",
    "check",
    "explain",
    "functions",
    "help",
    "init",
    "prune",
    "run",
    "session",
    "stop",
    "toolchain",
    "verify",
    "version",
)

DAGGER_ONLY = frozenset(
    {
        "activity",
        "agent",
        "api",
        "billing",
        "client",
        "cloud",
        "completion",
        "config",
        "core",
        "develop",
        "gen",
        "generate",
        "install",
        "installed",
        "l",
        "listen",
        "llm",
        "lock",
        "login",
        "logout",
        "mcp",
        "migrate",
        "module",
        "org",
        "publish",
        "q",
        "query",
        "sdk",
        "search",
        "settings",
        "setup",
        "shell",
        "t",
        "terminal",
        "trace",
        "uninstall",
        "up",
        "update",
        "use",
        "watch",
        "with-session",
        "workspace",
        "ws",
    }
)
"""Dagger's other commands and their aliases, of 0.21 and of 1.0 (cmd/dagger): refused by name."""

EXPLAINED = frozenset({"call", "check"})
"""Commands that `stiletto explain` can be asked about."""

Command = Callable[[Invocation, list[str]], Coroutine[Any, Any, int]]


def program() -> NoReturn:
    """Run the command line, then end this process without freeing what it has read.

    To free it takes Python a tenth of a short command. What has to be done at the end is done.
    """
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line of this process; return the exit code."""
    gc.set_threshold(COLLECT_AFTER)
    from stiletto.cli.launcher import EngineLauncher

    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # What a module returns reaches the pipe as its bytes, valid UTF-8 or not.
            reconfigure(encoding="utf-8", errors="surrogateescape")
    terminal = Terminal(sys.stdin, sys.stdout, sys.stderr, dict(os.environ), Path.cwd())
    code = run(sys.argv[1:] if argv is None else argv, terminal, EngineLauncher())
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at exit, and nothing reads it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _open_streams() -> None:
    """Open the null device for each standard stream that is closed.

    Python has None there, and the next file to be opened, for example in the store, would get the
    number of the standard error.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def run(args: Sequence[str], terminal: Terminal, launcher: EngineLauncher) -> int:
    """Run one command line on a terminal and an engine; return the exit code."""
    try:
        return _run(args, terminal, launcher)
    except BrokenPipeError:
        return NO_READER


def _run(args: Sequence[str], terminal: Terminal, launcher: EngineLauncher) -> int:
    invocation: Invocation | None = None
    try:
        invocation = Invocation(terminal, launcher, Options.from_environ(terminal.environ))
        code = _dispatch(invocation, list(args))
        if warning := refused_text(invocation.refused):
            terminal.err(warning)
        return code
    except StilettoError as error:
        if invocation is not None and not invocation.failures_are_shown:
            for line in streams_of(error):
                terminal.err(line)
        if invocation is not None and invocation.options.debug:
            _print_traceback(terminal, error)
        is_noted = invocation is not None and bool(invocation.command)
        text = text_of(error, is_noted=is_noted, failed=invocation.failed if invocation else ())
        terminal.err(text)
        if invocation is not None and (warning := refused_text(invocation.refused, text)):
            terminal.err(warning)
        return error.exit_code
    except KeyboardInterrupt:
        # Before the command had begun.
        terminal.err("Canceled.")
        return INTERRUPTED
    except Interrupted as interrupted:
        terminal.last(interrupted.text)
        return interrupted.code
    except BrokenPipeError:
        raise
    except Exception as error:
        if (shown := _refused(terminal, error)) is not None:
            terminal.err(text_of(shown))
            return shown.exit_code
        _print_traceback(terminal, error)
        terminal.err(
            f"Error: bug in stiletto: {type(error).__name__}: {error}\n"
            "  hint: please report it with the traceback above"
        )
        return BUG


def _refused(terminal: Terminal, error: Exception) -> StilettoError | None:
    """Return the error to show if the machine refused something outside of the store."""
    from stiletto.store.layout import root_from
    from stiletto.store.trouble import error_for

    if isinstance(error, MemoryError):
        error = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    elif isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        error = OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    if not isinstance(error, OSError):
        return None
    with suppress(StilettoError):
        shown = error_for(error, root_from(terminal.environ).absolute(), terminal.cwd)
        if shown is not None:
            return shown
    if error.errno in (errno.EACCES, errno.EPERM, errno.ELOOP) and error.filename:
        return EnvironmentFailed(
            f"cannot use {os.fsdecode(error.filename)}: {os.strerror(error.errno).lower()}",
            hint="make it readable, or run stiletto elsewhere",
        )
    return None


def _print_traceback(terminal: Terminal, error: Exception) -> None:
    import traceback

    terminal.err("".join(traceback.format_exception(error)).rstrip("\n"))


def _dispatch(invocation: Invocation, args: list[str]) -> int:
    terminal = invocation.terminal
    if any("\0" in arg for arg in args):
        raise UsageError("an argument contains a NUL, which no path, name or program can contain")
    version = Flag("version", implied="true")
    flags = FlagSet([*GLOBALS, *UNSUPPORTED, version], command="stiletto")
    given, rest = flags.take(args)
    if any(item.flag is version for item in given):
        rest = ["version"]
    invocation.options = with_given(
        invocation.options, [item for item in given if item.flag is not version]
    )
    name, rest = (ALIASES.get(rest[0], rest[0]), rest[1:]) if rest else ("help", [])
    if name == "help" and rest:
        # `stiletto help call` is `stiletto call --help`.
        name, rest = ALIASES.get(rest[0], rest[0]), ["--help", *rest[1:]]
    elif invocation.options.help and name != "help":
        rest = ["--help", *rest]
    if name in DAGGER_ONLY:
        raise NotSupported(f"the command {name}")
    if name not in COMMANDS:
        meant = closest(name, COMMANDS)
        # Another letter in front is rather another word: lint is not init.
        likely = f'did you mean "{meant}"? ' if meant and meant[0] == name[0] else ""
        calling = "" if likely else "stiletto call ... calls a function of the module; "
        raise UsageError(
            f'unknown command "{name}" for "stiletto"', hint=f"{likely}{calling}{flags.see_help}"
        )
    if name == "help":
        from stiletto.cli.describe import command_help

        terminal.out(command_help(HELP, GLOBALS, terminal.width))
        return 0
    if name == "version":
        return _version(invocation, rest)
    command = _command(name)
    if name in EXPLAINED:
        invocation.command = shlex.join(["stiletto", *args])
    return run_to_end(
        lambda: command(invocation, rest), invocation.running, terminal, invocation.finish
    )


def _version(invocation: Invocation, args: list[str]) -> int:
    from stiletto.distribution import version

    _, others = invocation.read(args, "stiletto version")
    if others:
        raise UsageError(f'unknown command "{others[0]}" for "stiletto version"')
    invocation.terminal.out(f"stiletto v{version()} (Dagger API {API_VERSION})\n")
    return 0


def _command(name: str) -> Command:
    if name in ("run", "session"):
        from stiletto.cli import serve

        return serve.run if name == "run" else serve.session
    if name == "cache":
        from stiletto.cli.cache import cache

        return cache
    if name == "prune":
        from stiletto.cli.prune import prune

        return prune
    if name == "explain":
        from stiletto.cli.explain import explain

        return explain
    if name == "stop":
        from stiletto.cli.stop import stop

        return stop
    if name == "verify":
        from stiletto.cli.verify import verify

        return verify
    if name == "init":
        from stiletto.cli.init import init

        return init
    if name == "toolchain":
        from stiletto.cli.toolchains import toolchain

        return toolchain
    from stiletto.cli import commands

    return {
        "call": commands.call,
        "check": commands.check,
        "functions": commands.functions,
    }[name]
