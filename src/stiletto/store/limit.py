"""The size limit of the store, and when it has to be measured.

The limit is 10 GB, or a fifth of the file system where that is less; STILETTO_CACHE_SIZE sets
another. `sizes` knows how large the store is without a look at it, except for cache volumes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiletto.errors import UsageError

VARIABLE = "STILETTO_CACHE_SIZE"

DEFAULT_BYTES = 10 * 10**9
"""Keeps what a dozen repositories need day by day; a first check of a small one takes 0.7 GB."""

SHARE = 5
"""The limit is at most this part of the file system: the disk is there for other things."""

MEASURED_S = 24 * 3600
"""How long a measurement holds: what others remove from the disk hides what the store has grown."""

_MOST_BYTES = 2**63 - 1
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


def read_size_bytes(text: str, named: str) -> int:
    """Read a size such as `500MB`, `1.5GiB` or a plain number of bytes.

    Raises:
        UsageError: it is invalid; `named` names its flag or variable.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)", text)
    if found is None or found[2].lower() not in _UNITS:
        raise UsageError(f'invalid argument "{text}" for {named}: expected a size, as 5GB')
    size_bytes = float(found[1]) * _UNITS[found[2].lower()]
    # More than any disk has, and than any count of bytes can be.
    return int(min(size_bytes, _MOST_BYTES))


def limit_bytes(environ: Mapping[str, str], root: Path) -> int | None:
    """Return how large the store may become; None for without a limit.

    Raises:
        UsageError: the variable is not a size.
    """
    if text := environ.get(VARIABLE, ""):
        return read_size_bytes(text, VARIABLE) or None
    facts = os.statvfs(root)
    return min(DEFAULT_BYTES, facts.f_blocks * facts.f_frsize // SHARE)


def size_text(size_bytes: int) -> str:
    """Return a size in decimal units with one digit after the point."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def used_bytes(root: Path) -> int:
    """Return how much of the disk is in use, by whatever."""
    facts = os.statvfs(root)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


@dataclass(frozen=True, slots=True)
class Measured:
    """How large the store was when it was measured, how full the disk, and how long `sizes`."""

    store_bytes: int
    disk_bytes: int
    lines_bytes: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measured:
        """Read what `to_json` wrote."""
        return cls(
            int(data["store_bytes"]), int(data["disk_bytes"]), int(data.get("lines_bytes", 0))
        )

    def to_json(self) -> dict[str, int]:
        """Return it as data."""
        return {
            "store_bytes": self.store_bytes,
            "disk_bytes": self.disk_bytes,
            "lines_bytes": self.lines_bytes,
        }

    def may_exceed(self, limit: int, disk_bytes: int, grown_bytes: int = 0) -> bool:
        """Whether the store may be over the limit, now that the disk is as full as this.

        The store grew by `grown_bytes` of what has a line, and by whatever cache volumes did: at
        most what the disk filled by. What others wrote there counts as a volume's: it costs a
        measurement, no more. What they removed hides as much of ours, until the next measurement.
        """
        volumes_bytes = max(0, disk_bytes - self.disk_bytes - grown_bytes)
        return self.store_bytes + grown_bytes + volumes_bytes > limit
