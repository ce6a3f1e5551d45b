"""The size limit of the store, and when to check it.

The limit is 5 GB; STILETTO_CACHE_LIMIT overrides it. Measuring a store costs a look at each file,
so it is done when the disk has filled since the last time by what was missing to the limit, or
after a day, and only by a call that wrote something.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiletto.errors import UsageError

VARIABLE = "STILETTO_CACHE_LIMIT"

DEFAULT_BYTES = 5 * 10**9
"""Holds what a few repositories need day by day; an environment with pytest and mypy is 0.1 GB."""

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


def limit_bytes(environ: Mapping[str, str]) -> int | None:
    """Return how large the store may become; None for without a limit.

    Raises:
        UsageError: the variable is not a size.
    """
    text = environ.get(VARIABLE, "")
    if text == "none":
        return None
    return read_size_bytes(text, VARIABLE) if text else DEFAULT_BYTES


def used_bytes(root: Path) -> int:
    """Return how much of the disk is in use, by whatever."""
    facts = os.statvfs(root)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


@dataclass(frozen=True, slots=True)
class Measured:
    """How large the store was when it was measured, and how full the disk."""

    store_bytes: int
    disk_bytes: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measured:
        """Read what `to_json` wrote."""
        return cls(int(data["store_bytes"]), int(data["disk_bytes"]))

    def to_json(self) -> dict[str, int]:
        """Return it as data."""
        return {"store_bytes": self.store_bytes, "disk_bytes": self.disk_bytes}

    def may_exceed(self, limit: int, disk_bytes: int) -> bool:
        """Whether the store may be over the limit, now that the disk is as full as this.

        What others wrote to the disk counts as the store's: it costs a measurement, no more. What
        they removed hides as much of ours, until the next measurement.
        """
        return self.store_bytes + max(0, disk_bytes - self.disk_bytes) > limit
