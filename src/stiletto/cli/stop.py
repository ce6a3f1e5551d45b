"""`stiletto stop`: end the processes of modules that wait for the next command."""

from __future__ import annotations

from stiletto.cli.describe import command_help
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS

STOP_HELP = """\
End the processes of modules that wait for the next command.

A module's process is kept for five minutes after a command, so that the next one does not
import it again. It is never needed. One that a command uses now ends with that command.
`STILETTO_IDLE` sets the time, in seconds or such as 20m; 0 keeps no process.

USAGE
  stiletto stop

OPTIONS
"""


async def stop(invocation: Invocation, args: list[str]) -> int:
    """End the kept processes of this store; print how many there were."""
    terminal = invocation.terminal
    invocation.read(args, "stiletto stop", only_flags=True)
    if invocation.options.help:
        terminal.out(command_help(STOP_HELP, GLOBALS, terminal.width))
        return 0
    ended, in_use = invocation.launcher.stop(environ=terminal.environ)
    terminal.out(f"{_counted(ended)} ended\n")
    if in_use:
        terminal.out(f"{_counted(in_use)} in use: each ends with its command\n")
    return 0


def _counted(number: int) -> str:
    return "1 process" if number == 1 else f"{number or 'no'} processes"
