"""A clock that a test sets forward; it moves by itself as the real one does."""

from __future__ import annotations

import datetime
import time

__all__ = ["DAY_S", "Clock"]

DAY_S = 24 * 60 * 60


class Clock:
    """The time of the stand-ins, seconds since 1970."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now_s(self) -> float:
        """Return the time."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead_s += seconds

    def stamp(self, at_s: float | None = None) -> str:
        """Return a time, now unless given, as RFC 3339 in UTC."""
        moment = datetime.datetime.fromtimestamp(
            self.now_s() if at_s is None else at_s, datetime.UTC
        )
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
