"""`stiletto verify`: look at everything in the store."""

from __future__ import annotations

from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS, boolean
from stiletto.errors import EnvironmentFailed, UsageError

VERIFY_HELP = """\
Check that everything in the cache is as it was stored.

Stiletto notices most damage when it meets it, and makes anew what is damaged. This
command reads all of it: the contents of files by their digests, records by their
seals, what steps wrote by length and time. Run it after a power failure, on a disk
that you do not trust, or where a result is wrong and you cannot say why.

It changes nothing, and exits with 1 if something is damaged. With --repair it drops
what is damaged: the next call that needs it makes it anew. What is in cache volumes
belongs to the tools that use them: `stiletto prune --volumes` drops them.

USAGE
  stiletto verify [options]

EXAMPLES
  stiletto verify             # Name what is damaged
  stiletto verify --repair    # And drop it

OPTIONS
"""

VERIFY_FLAGS = (Flag("repair", implied="true", doc="Drop what is damaged, to be made anew"),)


async def verify(invocation: Invocation, words: list[str]) -> int:
    """Name what is damaged; with `--repair`, drop it."""
    terminal = invocation.terminal
    given, others = invocation.read(words, "stiletto verify", own=VERIFY_FLAGS)
    if invocation.options.help:
        terminal.out(command_help(VERIFY_HELP, (*VERIFY_FLAGS, *GLOBALS), terminal.width))
        return 0
    if others:
        raise UsageError(f'unknown command "{others[0]}" for "stiletto verify"')
    repair = any(boolean(one) for one in given)
    done = invocation.door.verify(environ=terminal.environ, repair=repair, tell=terminal.err)
    for damage in done.damages:
        terminal.out(f"{'dropped' if repair else 'damaged'}: {damage.path}: {damage.why}\n")
    checked = ", ".join(f"{number} {kind}" for kind, number in sorted(done.checked.items()))
    terminal.out(
        f"checked {checked or 'an empty cache'}: {len(done.damages) or 'nothing'} damaged\n"
    )
    if done.damages and not repair:
        raise EnvironmentFailed(
            f"{len(done.damages)} parts of the cache are damaged",
            hint="run `stiletto verify --repair`: what it drops is made anew when it is needed",
        )
    return 0
