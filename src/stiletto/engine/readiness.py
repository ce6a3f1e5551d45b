"""Waits until a service is ready: its health check succeeds, or its ports accept connections.

The rules are the real engine's (core/healthcheck.go, core/services.go).
"""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from stiletto.api.container import Service
from stiletto.api.readiness import Healthcheck, Port, duration_s
from stiletto.engine.output import tail
from stiletto.errors import StepFailed
from stiletto.layers.owners import give
from stiletto.sandbox import plan
from stiletto.sandbox.scrub import Patterns, Replacer, own_patterns, replaced
from stiletto.sandbox.spool import STREAMS
from stiletto.sandbox.step_network import StepNetwork

DIAL_TIMEOUT_S = 1.0
BACKOFF_FIRST_S, BACKOFF_FACTOR, BACKOFF_MAX_S = 0.1, 1.5, 1.0
"""The real engine waits up to 10 s between two tries; a database is rarely that slow."""
RETRIES = 3
POLL_S = 0.05
_CHUNK_BYTES = 65536

HEALTH = "/run/stiletto"
WATCH = """\
health=$1 pause=$2 limit=$3 check=$4
shift 4
( (
  until ${limit:+timeout "$limit"} /bin/sh -c "$check" \
      >"$health/saying-1" 2>"$health/saying-2"; do
    code=$?
    mv "$health/saying-1" "$health/stdout"
    mv "$health/saying-2" "$health/stderr"
    echo "$code" >>"$health/failed"
    sleep "$pause"
  done
  : >"$health/ready"
) & )
exec "$@"
"""
"""Becomes the service, after starting a loop beside it that is not its child: a server that waits
for its children must not find one that it did not start."""


class ServiceFailed(StepFailed):
    """A service ended, or never became ready; `prefix` names it and its user."""

    def __init__(self, prefix: str, cause: StepFailed) -> None:
        super().__init__(
            cause.command,
            cause.exit_code,
            cause.stdout,
            cause.stderr,
            hint=cause.hint,
            replay=cause.replay,
        )
        self.message = f"{prefix}: {cause.message}"
        self.args = (self.message,)


def watched(step: plan.Step, check: Healthcheck | None) -> tuple[plan.Step, Path | None]:
    """Return the step with the health check beside it, and where that reports."""
    if check is None:
        return step, None
    health = step.upper.parent / "health"
    health.mkdir()
    give(health, f"{step.uid}:{step.gid}")
    script = check.args[0] if check.shell else f"exec {shlex.join(check.args)}"
    limit_s = duration_s(check.timeout)
    limit = f"{limit_s:g}" if limit_s else ""
    watch = ("/bin/sh", "-c", WATCH, "sh", HEALTH, f"{check.pause_s:g}", limit, script)
    mount = plan.BindMount(HEALTH, health, writable=True)
    return replace(step, args=(*watch, *step.args), mounts=(*step.mounts, mount)), health


async def ready(
    network: StepNetwork, service: Service, address: str, step: plan.Step, health: Path | None
) -> None:
    """Return once the service is ready: by its health check, or by its ports.

    Raises:
        ServiceFailed: the check failed too often.
    """
    check = service.healthcheck
    if check is not None and health is not None:
        await _healthy(check, step, health)
        return
    for port in service.ports:
        # A datagram does not show whether anything listens.
        if not port.skip_healthcheck and port.protocol == "TCP":
            await _dialled(network, address, port)


async def _dialled(network: StepNetwork, address: str, port: Port) -> None:
    pause_s = BACKOFF_FIRST_S
    while True:
        with suppress(OSError):  # a TimeoutError is one
            # Not `wait_for`: where the connection is refused while the task is cancelled, that
            # raises the refusal and forgets the cancellation (Python 3.11), and this never ends.
            with network.socket(socket.SOCK_STREAM) as dialling:
                dialling.setblocking(False)
                async with asyncio.timeout(DIAL_TIMEOUT_S):
                    await asyncio.get_running_loop().sock_connect(dialling, (address, port.port))
            return
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * BACKOFF_FACTOR, BACKOFF_MAX_S)


async def _healthy(check: Healthcheck, step: plan.Step, health: Path) -> None:
    failed = health / "failed"
    forgiven_until_s = time.monotonic() + duration_s(check.start_period)
    forgiven = 0
    while not (health / "ready").exists():
        codes = _codes(failed)
        if time.monotonic() <= forgiven_until_s:
            forgiven = len(codes)
        elif len(codes) - forgiven >= (check.retries or RETRIES):
            own = own_patterns([*step.secret_env.values(), *step.scrub])
            streams = [_printed(health / name, Patterns(step.masks, own)) for name in STREAMS]
            cause = StepFailed(check.args, int(codes[-1]), *streams)
            raise ServiceFailed("health check errored", cause)
        await asyncio.sleep(POLL_S)


def _codes(path: Path) -> list[str]:
    """Return the exit codes so far; none where the service put something else in the place."""
    try:
        with _opened(path) as file:
            return [code.decode() for code in file.read().split() if code.isdigit()]
    except OSError:
        return []


def _printed(path: Path, patterns: Patterns) -> str:
    """Return the end of what a check printed to one stream, secrets replaced."""
    try:
        with _opened(path) as file:
            chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
            return tail(replaced(chunks, Replacer(patterns)), trimmed=False)
    except OSError:
        return ""


def _opened(path: Path) -> BinaryIO:
    """Open a file that the service could have replaced: no link is followed, no pipe waited for."""
    return os.fdopen(
        os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb"
    )
