"""When a service is ready, and that whoever waits for it can stop waiting."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.api.container import Container, Service
from stiletto.api.readiness import Port
from stiletto.engine.readiness import ready, watched
from stiletto.sandbox.plan import Image, Step
from stiletto.sandbox.step_network import MACHINE

ADDRESS = "127.77.1.2"


def service(*ports: Port) -> Service:
    """Return a service that is expected to listen."""
    return Service(Container().command(["serve"]), ports)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A step that is never run."""
    return Step(("serve",), Image("i", "i", "nobody"), (), tmp_path / "upper", tmp_path / "work")


@pytest.fixture
def port() -> Port:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind((ADDRESS, 0))
        return Port(found.getsockname()[1])


async def test_waiting_ends_when_it_is_cancelled(step: Step, port: Port) -> None:
    """At whatever moment: a refused connection must not hide that nobody waits any more."""
    for ticks in range(40):
        waiting = asyncio.ensure_future(ready(MACHINE, service(port), ADDRESS, step, None))
        for _ in range(ticks):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting}, timeout=5)
        assert waiting.cancelled(), f"cancelled after {ticks} ticks"


async def test_it_is_ready_once_every_port_answers(step: Step, port: Port) -> None:
    """A connection is tried again until the port accepts it."""
    waiting = asyncio.ensure_future(ready(MACHINE, service(port), ADDRESS, step, None))
    await asyncio.sleep(0.05)
    assert not waiting.done()

    async with await asyncio.start_server(lambda _, out: out.close(), ADDRESS, port.port):
        await asyncio.wait_for(waiting, 5)


async def test_some_ports_are_not_asked(step: Step, port: Port) -> None:
    """A datagram tells nothing of who listens, and a check may be switched off."""
    ports = (replace(port, protocol="UDP"), replace(port, skip_healthcheck=True))

    waiting = asyncio.ensure_future(ready(MACHINE, service(*ports), ADDRESS, step, None))
    done, _ = await asyncio.wait({waiting}, timeout=5)

    assert {waiting} == done
    assert waiting.exception() is None


def test_without_a_check_the_step_stays_as_it_is(step: Step) -> None:
    """Only a health check runs beside the service."""
    assert (step, None) == watched(step, None)
