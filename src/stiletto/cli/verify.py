"""`stiletto verify`: check everything in the store."""

from __future__ import annotations

from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS, boolean
from stiletto.errors import EnvironmentFailed

VERIFY_HELP = """\
Check that everything in the cache is as it was stored.

Stiletto detects most damage when it reads a file, and recreates the file. This
command reads all of it: the contents of files by their digests, records by their
seals, what steps wrote by length and time. Run it after a power failure, on a disk
that you do not trust, or when a result is wrong and you do not know why.

It changes nothing, and exits with 1 if something is damaged. With --repair it drops
what is damaged: the next call that needs it recreates it. The files in cache volumes
belong to the tools that use them: `stiletto prune --volumes` removes them.

USAGE
  stiletto verify [options]

EXAMPLES
  stiletto verify             # Name what is damaged
  stiletto verify --repair    # And drop it

OPTIONS
"""

VERIFY_FLAGS = (Flag("repair", implied="true", doc="Remove what is damaged"),)


async def verify(invocation: Invocation, args: list[str]) -> int:
    """Name what is damaged; with `--repair`, drop it."""
    terminal = invocation.terminal
    given, _ = invocation.read(args, "stiletto verify", own=VERIFY_FLAGS, only_flags=True)
    if invocation.options.help:
        terminal.out(command_help(VERIFY_HELP, (*VERIFY_FLAGS, *GLOBALS), terminal.width))
        return 0
    repair = any(boolean(item) for item in given)
    report = invocation.launcher.verify(environ=terminal.environ, repair=repair, tell=terminal.err)
    for damage in report.damages:
        terminal.out(f"{'dropped' if repair else 'damaged'}: {damage.path}: {damage.why}\n")
    checked = ", ".join(f"{number} {kind}" for kind, number in sorted(report.checked.items()))
    terminal.out(
        f"checked {checked or 'an empty cache'}: {len(report.damages) or 'nothing'} damaged\n"
    )
    if report.damages and not repair:
        raise EnvironmentFailed(
            f"{len(report.damages)} parts of the cache are damaged",
            hint="run `stiletto verify --repair`: what it removes is recreated when needed",
        )
    return 0
