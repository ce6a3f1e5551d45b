"""`stiletto cache`: where results are stored, and how much space they take."""

from __future__ import annotations

import time

from stiletto.cli.describe import command_help
from stiletto.cli.invocation import Invocation
from stiletto.cli.names import closest
from stiletto.cli.options import GLOBALS
from stiletto.errors import UsageError

CACHE_HELP = """\
Show where results are stored, and how much space they take.

The sizes are those of the disk, as `du` prints them. A file that two kinds share
counts for the first. `stiletto prune` removes what is stored.

USAGE
  stiletto cache <command>

COMMANDS
  dir    Print the directory of the cache
  size   Print the size of each kind of result, its last use, and the limit

EXAMPLES
  du -sh "$(stiletto cache dir)"

OPTIONS
"""

ACTIONS = ("dir", "size")


async def cache(invocation: Invocation, args: list[str]) -> int:
    """Print the directory, or what is in it; return the exit code."""
    terminal = invocation.terminal
    _, others = invocation.read(args, "stiletto cache")
    if invocation.options.help or not others:
        terminal.out(command_help(CACHE_HELP, GLOBALS, terminal.width))
        return 0
    action, *rest = others
    if action not in ACTIONS:
        meant = closest(action, ACTIONS)
        raise UsageError(
            f'unknown command "{action}" for "stiletto cache"',
            hint=f'did you mean "{meant}"?' if meant else "see stiletto cache --help",
        )
    if rest:
        raise UsageError(f"accepts 0 arg(s), received {len(rest)}")
    # Imported late: `stiletto cache --help` must not pay for the store.
    from stiletto.store.layout import root_from

    root = root_from(terminal.environ).absolute()
    if action == "dir":
        terminal.out(f"{root}\n")
        return 0
    from stiletto.store.census import census
    from stiletto.store.limit import limit_bytes, size_text

    parts = census(root)
    existing = next(path for path in (root, *root.parents) if path.is_dir())
    limit = limit_bytes(terminal.environ, existing)
    rows = [
        (part.kind, size_text(part.size_bytes), str(part.entries or ""), _used(part.used_s))
        for part in parts
    ]
    total = size_text(sum(part.size_bytes for part in parts))
    bound = "no limit" if limit is None else f"limit {size_text(limit)}"
    terminal.out(f"{root}: {total}, {bound}\n{_table(rows)}")
    return 0


def _used(used_s: float | None) -> str:
    from stiletto.history.answer import ago

    return "" if used_s is None else ago(max(0.0, time.time() - used_s))


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    if not rows:
        return ""
    every = [("kind", "size", "entries", "last used"), *rows]
    kind, size, entries = (max(len(row[at]) for row in every) for at in range(3))
    lines = (
        f"  {row[0]:<{kind}}  {row[1]:>{size}}  {row[2]:>{entries}}  {row[3]}".rstrip()
        for row in every
    )
    return "".join(f"{line}\n" for line in lines)
