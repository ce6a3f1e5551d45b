"""`stiletto prune`: make the store smaller."""

from __future__ import annotations

import re

from stiletto.cli.describe import columns, flag_rows
from stiletto.cli.flags import Flag
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS
from stiletto.errors import UsageError

__all__ = ["prune", "read_duration_s", "read_size_bytes", "size_text"]

PRUNE_HELP = """\
Remove stored results: all of them, or only what the options do not keep.

USAGE
  stiletto prune [options]

OPTIONS
"""

PRUNE_FLAGS = (
    Flag("keep", placeholder="size", doc="Keep the freshest up to this size, such as 5GB"),
    Flag("unused-for", placeholder="duration", doc="Keep what was used since, such as 7d or 12h"),
)

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


async def prune(invocation: Invocation, words: list[str]) -> int:
    """Prune the store, and say how much became free."""
    terminal = invocation.terminal
    given, others = invocation.read(words, "stiletto prune", own=PRUNE_FLAGS)
    if invocation.options.help:
        rows = columns(flag_rows((*PRUNE_FLAGS, *GLOBALS)), terminal.width)
        terminal.out(f"{PRUNE_HELP}{rows}\n")
        return 0
    if others:
        raise UsageError(f'unknown command "{others[0]}" for "stiletto prune"')
    texts = {one.flag.name: one.text for one in given}
    done = invocation.door.prune(
        environ=terminal.environ,
        keep_bytes=read_size_bytes(texts["keep"]) if "keep" in texts else None,
        unused_for_s=read_duration_s(texts["unused-for"]) if "unused-for" in texts else None,
    )
    terminal.out(f"{size_text(done.freed_bytes)} became free, {size_text(done.kept_bytes)} kept\n")
    return 0


def read_size_bytes(text: str) -> int:
    """Read a size such as `500MB`, `1.5GiB` or a plain number of bytes.

    Raises:
        UsageError: it is no size.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)", text)
    if found is None or found[2].lower() not in _UNITS:
        raise UsageError(f'invalid argument "{text}" for "--keep" flag: expected a size, as 5GB')
    return int(float(found[1]) * _UNITS[found[2].lower()])


def read_duration_s(text: str) -> float:
    """Read a duration such as `90s`, `12h` or `7d`.

    Raises:
        UsageError: it is no duration.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smhdw])", text)
    if found is None:
        raise UsageError(
            f'invalid argument "{text}" for "--unused-for" flag: expected a duration, as 7d'
        )
    return float(found[1]) * _SECONDS[found[2]]


def size_text(size_bytes: int) -> str:
    """Return a size in decimal units with one digit after the point."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
