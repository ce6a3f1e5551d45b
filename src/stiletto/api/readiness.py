"""When a service is ready: its ports accept connections, or its health check succeeds."""

from __future__ import annotations

import re
from typing import ClassVar

from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe, frozen

UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@frozen
class Port(Recipe):
    """A port that a container listens on; `protocol` is TCP or UDP."""

    TYPE: ClassVar[str] = "Port"

    port: int
    protocol: str = "TCP"
    description: str | None = None
    skip_healthcheck: bool = False


@frozen
class Healthcheck(Recipe):
    """A command inside the service that succeeds once the service is ready.

    Durations are written as Go does. After so many `retries` that failed, 0 meaning 3, the service
    counts as broken.
    """

    TYPE: ClassVar[str] = "HealthcheckConfig"

    args: tuple[str, ...]
    shell: bool = False
    interval: str = "0s"
    timeout: str = "0s"
    start_period: str = "0s"
    start_interval: str = "0s"
    retries: int = 0

    @property
    def pause_s(self) -> float:
        """Seconds between two checks; 5 by default, as in the real engine."""
        return duration_s(self.start_interval) or duration_s(self.interval) or 5.0


def duration_s(text: str) -> float:
    """Read a duration as Go writes it, such as `1m30s` or `500ms`, in seconds; "" is 0.

    Raises:
        UsageError: it is not a duration.
    """
    found = re.findall(r"(\d+(?:\.\d+)?|\.\d+)(h|ms|m|s|us|µs|ns)", text)
    if "".join(number + unit for number, unit in found) != text and text != "0":
        raise UsageError(f"invalid duration {text!r}", hint="write it like 30s, 1m30s or 500ms")
    return sum(float(number) * UNITS_S[unit] for number, unit in found)


def as_duration(text: str) -> str:
    """Return a duration as Go writes it: `90s` is `1m30s`, "" is `0s`.

    Raises:
        UsageError: it is not a duration.
    """
    nanoseconds = round(duration_s(text) * 1e9)
    if not nanoseconds:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if nanoseconds < size * 1000:
            return f"{_decimal(nanoseconds, size)}{unit}"
    minutes, rest = divmod(nanoseconds, 60 * 10**9)
    seconds = f"{_decimal(rest, 10**9)}s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _decimal(value: int, size: int) -> str:
    whole, part = divmod(value, size)
    return f"{whole}.{part:0{len(str(size)) - 1}d}".rstrip("0") if part else str(whole)
