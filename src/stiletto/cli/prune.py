"""`stiletto prune`: make the store smaller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag, invalid
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS, boolean

if TYPE_CHECKING:
    from stiletto.store.prune import PruneReport

PRUNE_HELP = """\
Remove stored results: all of them, or those that the options do not keep.

Cache volumes stay unless --volumes is given: tools fill them over days. The sizes
that are printed are those of the disk: results, interpreters, and volumes, too.

USAGE
  stiletto prune [options]

EXAMPLES
  stiletto prune --unused-for 7d          # What was not used for a week
  stiletto prune --keep 5GB               # The oldest, until 5 GB are left
  stiletto prune --keep 5GB --volumes     # The same, cache volumes last
  stiletto prune --volumes                # Everything
  stiletto prune --volumes --dry-run      # What that would remove, and how much it is

OPTIONS
"""

PRUNE_FLAGS = (
    Flag("keep", placeholder="size", doc="Keep the freshest up to this size, such as 5GB"),
    Flag("unused-for", placeholder="duration", doc="Keep what was used since, such as 7d or 12h"),
    Flag("volumes", implied="true", doc="Remove cache volumes too, after everything else"),
    Flag("dry-run", implied="true", doc="Print what would be removed, and remove nothing"),
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


async def prune(invocation: Invocation, args: list[str]) -> int:
    """Prune the store, and print how much became free."""
    terminal = invocation.terminal
    given, _ = invocation.read(args, "stiletto prune", own=PRUNE_FLAGS, only_flags=True)
    if invocation.options.help:
        terminal.out(command_help(PRUNE_HELP, (*PRUNE_FLAGS, *GLOBALS), terminal.width))
        return 0
    # Imported late: `stiletto prune --help` must not pay for the store.
    from stiletto.store.limit import read_size_bytes

    texts = {flag.flag.name: flag.text for flag in given}
    set_flags = {flag.flag.name for flag in given if flag.flag.implied and boolean(flag)}
    volumes, dry_run = "volumes" in set_flags, "dry-run" in set_flags
    keep_bytes = read_size_bytes(texts["keep"], '"--keep" flag') if "keep" in texts else None
    report = invocation.launcher.prune(
        environ=terminal.environ,
        keep_bytes=keep_bytes,
        unused_for_s=read_duration_s(texts["unused-for"]) if "unused-for" in texts else None,
        volumes=volumes,
        dry_run=dry_run,
    )
    terminal.out(_summary(report, dry_run=dry_run))
    if keep_bytes is not None and not volumes and report.kept_bytes > keep_bytes:
        terminal.err("the rest is in cache volumes: `--volumes` removes them, too")
    return 0


def _summary(report: PruneReport, *, dry_run: bool) -> str:
    from stiletto.store.limit import size_text

    freed, kept = size_text(report.freed_bytes), size_text(report.kept_bytes)
    volumes = f", {size_text(report.volume_bytes)} of it in cache volumes"
    kept = f"{kept} kept{volumes if report.volume_bytes else ''}"
    if not dry_run:
        return f"{freed} freed, {kept}\n"
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(report.removed.items()))
    return f"{freed} would be freed, {kept}\nwould be removed: {kinds or 'nothing'}\n"


def read_duration_s(text: str) -> float:
    """Read a duration such as `90s`, `12h` or `7d`.

    Raises:
        UsageError: it is not a duration.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smhdw])", text)
    if found is None:
        raise invalid("unused-for", text, "expected a duration, as 7d")
    return float(found[1]) * _SECONDS[found[2]]
