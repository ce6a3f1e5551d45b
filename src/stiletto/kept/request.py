"""What a kept process is started with, and how long it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import UsageError
from stiletto.sandbox.plan import Step

VARIABLE = "STILETTO_IDLE"
IDLE_S = 300.0
TOTAL_S = 3600.0
PROCESSES_MAX = 3

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Request:
    """A step to be kept running.

    Attributes:
        root: of the store.
        name: the beginning of its socket's name: module and key.
        step: what runs; `upper`, `work` and `link` are the keeper's to choose.
        host_env: the way to the network, as steps see it.
        network: the variables that decide which network steps have.
        idle_s: how long it waits for the next command.
    """

    root: Path
    name: str
    step: Step
    host_env: Mapping[str, str]
    network: Mapping[str, str]
    idle_s: float


def idle_s_from(environ: Mapping[str, str]) -> float:
    """Return how long a process waits for the next command; 0 if none is kept.

    Raises:
        UsageError: the variable is not a duration.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return IDLE_S
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh]?)", text)
    if found is None:
        raise UsageError(
            f'invalid argument "{text}" for {VARIABLE}: expected a duration, as 5m',
            hint="0 keeps no process",
        )
    return min(float(found[1]) * _UNITS[found[2]], TOTAL_S)
