"""When a service is ready: its ports accept connections, or its health check succeeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from stiletto.api.registry import call
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe

UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class Port(Recipe):
    """A port that a container listens on."""

    TYPE: ClassVar[str] = "Port"

    port: int
    protocol: str = "TCP"
    description: str | None = None
    skip_healthcheck: bool = False


@dataclass(frozen=True)
class Healthcheck(Recipe):
    """A command inside the service that succeeds once the service is ready; durations as given."""

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


@call("Port.port")
def port_number(self: Port) -> int:
    """Return the number."""
    return self.port


@call("Port.protocol")
def port_protocol(self: Port) -> str:
    """Return the protocol, TCP or UDP."""
    return self.protocol


@call("Port.description")
def port_description(self: Port) -> str | None:
    """Return what was said of it."""
    return self.description


@call("Port.experimentalSkipHealthcheck")
def port_skips_healthcheck(self: Port) -> bool:
    """Tell whether readiness does not wait for this port."""
    return self.skip_healthcheck


@call("HealthcheckConfig.args")
def healthcheck_args(self: Healthcheck) -> tuple[str, ...]:
    """Return the command."""
    return self.args


@call("HealthcheckConfig.shell")
def healthcheck_shell(self: Healthcheck) -> bool:
    """Tell whether the command is a shell script."""
    return self.shell


@call("HealthcheckConfig.interval")
def healthcheck_interval(self: Healthcheck) -> str:
    """Return the time between checks."""
    return self.interval


@call("HealthcheckConfig.timeout")
def healthcheck_timeout(self: Healthcheck) -> str:
    """Return the time limit of one check."""
    return self.timeout


@call("HealthcheckConfig.startPeriod")
def healthcheck_start_period(self: Healthcheck) -> str:
    """Return the time in which failures do not count."""
    return self.start_period


@call("HealthcheckConfig.startInterval")
def healthcheck_start_interval(self: Healthcheck) -> str:
    """Return the time between checks while the service starts."""
    return self.start_interval


@call("HealthcheckConfig.retries")
def healthcheck_retries(self: Healthcheck) -> int:
    """Return after how many failures the service counts as broken; 0 is the default, 3."""
    return self.retries
