"""When a service is ready: its ports accept connections, or its health check succeeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe

UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class Port(Recipe):
    """A port that a container listens on; `protocol` is TCP or UDP."""

    TYPE: ClassVar[str] = "Port"

    port: int
    protocol: str = "TCP"
    description: str | None = None
    skip_healthcheck: bool = False


@dataclass(frozen=True)
class Healthcheck(Recipe):
    """A command inside the service that succeeds once the service is ready; durations as given.

    After so many `retries` that failed, 0 meaning 3, the service counts as broken.
    """

    TYPE: ClassVar[str] = "HealthcheckConfig"

    args: tuple[str, ...]
    shell: bool = False
    interval: str = ""
    timeout: str = ""
    start_period: str = ""
    start_interval: str = ""
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
