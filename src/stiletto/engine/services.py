"""Runs services: one instance per session and content, while a client uses it.

    starting --ready--> running --last user gone, 10 s--> stopping --> gone
        |                  |                                 ^
        |                  `------ stop, session's end ------|
        `-- ended early, or its check failed: gone, and reported to the callers

An instance gets a loopback address of its own from 127.0.0.0/8, so that two of them can listen on
the same port; the network is that of all steps of the session. The service gets the address in
$STILETTO_SERVICE_ADDRESS, its users by name (`Step.hosts`). A service that listens on every address
is reachable there too, but only one such can have a port: `shared_ports` refuses the other.

Times are the real engine's (core/services.go); `readiness` decides when an instance is ready.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import random
import shlex
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from stiletto.api import container as c
from stiletto.api.container import Service, ServiceBinding
from stiletto.engine.ending import how_ended
from stiletto.engine.output import tail
from stiletto.engine.readiness import ServiceFailed, ready, watched
from stiletto.engine.shared_ports import (
    ADDRESS_VARIABLE,
    Neighbour,
    port_in_use,
    refuse_shared_ports,
    refuse_taken_ports,
)
from stiletto.errors import (
    USE_DAGGER,
    EnvironmentFailed,
    NotSupported,
    StepFailed,
    StilettoError,
    UsageError,
)
from stiletto.progress import Outcome, Progress, Span
from stiletto.sandbox import plan
from stiletto.sandbox.spool import STREAMS
from stiletto.visible import shortened, visible

T = TypeVar("T")


DETACH_S = 10.0
TERMINATE_S = 10.0
FAILURE_WAIT_S = 0.5
"""How long a failed command's services may take to show that they were the cause."""


class ServiceRunner(Protocol):
    """What services need of the engine."""

    sandbox: plan.Sandbox
    progress: Progress

    async def service_key(self, service: Service) -> str:
        """Identify a service by everything that decides what it does."""
        ...

    def prepared(self, exec_: c.Exec) -> AbstractAsyncContextManager[plan.Step]:
        """Give a command's step, its directories in place while the context lasts."""
        ...


@dataclass(eq=False)
class Instance:
    """One running service. `failure` is why it ended without a request to stop."""

    key: str
    service: Service
    host: str
    address: str
    label: str
    ready: asyncio.Future[None]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    life: asyncio.Task[None] = field(init=False)
    failure: StilettoError | None = None
    users: int = 0
    pinned: bool = False
    stopping: bool = False
    idle: asyncio.TimerHandle | None = None

    @property
    def neighbour(self) -> Neighbour:
        """What others in its network see of it."""
        return Neighbour(self.label, self.host, self.service.ports)


@dataclass(frozen=True)
class Bound:
    """The services of one command, running: the instances and their aliases."""

    instances: tuple[tuple[Instance, tuple[str, ...]], ...]

    @property
    def hosts(self) -> dict[str, tuple[str, ...]]:
        """The names to reach them by, by address."""
        return {instance.address: (*aliases, instance.host) for instance, aliases in self.instances}

    async def guard(self, work: Awaitable[T]) -> T:
        """Do the work; when a service ends before, end the work and raise what happened."""
        running = asyncio.ensure_future(work)
        try:
            lives = [instance.life for instance, _ in self.instances]
            await asyncio.wait({running, *lives}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                self._raise_if_gone()
            return await running
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})

    async def raise_if_failed(self) -> None:
        """Raise what happened to a service, if one has just ended: it explains a failure."""
        lives = [instance.life for instance, _ in self.instances]
        if lives:
            await asyncio.wait(lives, timeout=FAILURE_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
            self._raise_if_gone()

    def _raise_if_gone(self) -> None:
        for instance, aliases in self.instances:
            if instance.life.done():
                if not instance.life.cancelled():
                    instance.life.result()  # raises if a bug ended it
                cause = instance.failure or UsageError("it was stopped while it was in use")
                prefix = f"bound service {instance.host} ({_aliased(aliases)}) exited"
                raise _prefixed(prefix, cause) from cause


class Services:
    """The instances of one session."""

    def __init__(self, runner: ServiceRunner) -> None:
        self._runner = runner
        self._instances: dict[str, Instance] = {}
        self._stops: set[asyncio.Task[None]] = set()

    # -- users -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def bound(self, bindings: Sequence[ServiceBinding]) -> AsyncIterator[Bound]:
        """Run services while the context lasts; those that run already are shared.

        Raises:
            ServiceFailed: one of them ended instead of becoming ready.
        """
        wanted: dict[str, tuple[Service, list[str]]] = {}
        for binding in bindings:
            key = await self._runner.service_key(binding.service)
            wanted.setdefault(key, (binding.service, []))[1].append(binding.alias)
        held: list[tuple[Instance, tuple[str, ...]]] = []
        try:
            for key, (service, aliases) in wanted.items():
                held.append((await self._hold(key, service, aliases[0]), tuple(aliases)))
            await asyncio.gather(*(_readiness(instance, aliases) for instance, aliases in held))
            yield Bound(tuple(held))
        finally:
            for instance, _ in held:
                self._release(instance)

    def hosts(self, bound: Bound) -> dict[str, tuple[str, ...]]:
        """Return the names that a command can reach: its own, and those of started services."""
        started = {
            instance.address: (instance.host,)
            for instance in self._instances.values()
            if instance.pinned and not instance.stopping
        }
        return started | bound.hosts

    def neighbours(self, but: Instance | None = None) -> tuple[Neighbour, ...]:
        """Return all services that run, or those beside one of them."""
        return tuple(each.neighbour for each in self._instances.values() if each is not but)

    async def start(self, service: Service) -> None:
        """Start a service and keep it until it is stopped or the session ends."""
        instance = await self._hold(await self._runner.service_key(service), service, "")
        try:
            await _readiness(instance, ())
        except BaseException:
            self._release(instance)
            raise
        if instance.pinned:
            self._release(instance)
        instance.pinned = True

    async def stop(self, service: Service, *, kill: bool = False) -> None:
        """Stop a service, used or not; one that does not run is not an error."""
        instance = self._instances.get(await self._runner.service_key(service))
        if instance is not None:
            await self._stop(instance, kill=kill)

    async def host(self, service: Service) -> str:
        """Return the name by which a service is reached."""
        return service.hostname or host_name(await self._runner.service_key(service))

    async def close(self) -> None:
        """Stop everything."""
        running = list(self._instances.values())
        for instance in running:
            instance.stopping = True
        await asyncio.gather(*(self._stop(instance) for instance in running), *self._stops)

    async def _hold(self, key: str, service: Service, alias: str) -> Instance:
        instance = self._instances.get(key)
        while instance is not None and (instance.stopping or instance.life.done()):
            await asyncio.wait({instance.life})
            # It has left the table by now, unless another user was faster here.
            instance = self._instances.get(key)
        if instance is None:
            instance = self._begin(key, service, alias)
        instance.users += 1
        if instance.idle is not None:
            instance.idle.cancel()
            instance.idle = None
        return instance

    def _release(self, instance: Instance) -> None:
        instance.users -= 1
        if instance.users == 0 and not instance.stopping and not instance.life.done():
            loop = asyncio.get_running_loop()
            instance.idle = loop.call_later(DETACH_S, self._stop_later, instance)

    def _stop_later(self, instance: Instance) -> None:
        task = asyncio.ensure_future(self._stop(instance))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    async def _stop(self, instance: Instance, *, kill: bool = False) -> None:
        instance.stopping = True
        if instance.idle is not None:
            instance.idle.cancel()
        if instance.ready.done() and not kill:
            instance.stop.set()
            await asyncio.wait({instance.life}, timeout=TERMINATE_S)
        instance.life.cancel()
        await asyncio.wait({instance.life})
        self._leave(instance)  # a life that was ended before it began has not done so

    def _leave(self, instance: Instance) -> None:
        """Wake the callers that still wait for an ended instance, and remove it from the table."""
        if not instance.ready.done():
            instance.ready.set_exception(instance.failure or UsageError("it was stopped"))
            instance.ready.exception()  # no caller may be waiting any more
        if self._instances.get(instance.key) is instance:
            del self._instances[instance.key]

    # -- an instance's life ------------------------------------------------------------------------

    def _begin(self, key: str, service: Service, alias: str) -> Instance:
        host = service.hostname or host_name(key)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        instance = Instance(key, service, host, self._address(), visible(alias or host), ready)
        self._instances[key] = instance
        instance.life = asyncio.ensure_future(self._live(instance))
        return instance

    def _address(self) -> str:
        if sys.platform != "linux":
            return "127.0.0.1"  # elsewhere the loopback device has no other address
        taken = {instance.address for instance in self._instances.values()}
        while True:
            # Random, because other sessions on this machine choose as well.
            numbers = (random.randint(1, 254) for _ in range(3))  # noqa: S311 - no secret
            address = ".".join(map(str, (127, *numbers)))
            if address not in taken:
                return address

    async def _live(self, instance: Instance) -> None:
        title = shortened(f"{instance.label}: {shlex.join(instance.service.exec.args)}", 120)
        span = self._runner.progress.span(title, "service")
        try:
            await self._serve(instance, span)
            instance.failure = None if instance.stopping else _ended_well(instance)
        except StilettoError as error:
            instance.failure = error
        except Exception as error:
            if not instance.ready.done():
                instance.ready.set_exception(error)  # a bug, shown to the callers that wait
            raise
        finally:
            self._leave(instance)
            failed = instance.failure is not None and not instance.stopping
            note = instance.failure.message if instance.failure and failed else ""
            span.end(Outcome.FAILED if failed else Outcome.DONE, note)

    async def _serve(self, instance: Instance, span: Span) -> None:
        """Run the service to its end.

        Raises:
            StilettoError: it never became ready, or ended with a failure.
        """
        service = instance.service
        async with (
            self.bound(service.exec.services) as bound,
            self._runner.prepared(service.exec) as prepared,
        ):
            step, health = watched(_with_names(instance, prepared, bound), service.healthcheck)
            network = await self._runner.sandbox.network()
            own = instance.neighbour
            refuse_taken_ports(network, instance.address, own, self.neighbours(instance))
            started_s = time.monotonic()
            run = asyncio.ensure_future(
                bound.guard(
                    self._runner.sandbox.run(step, lambda _, data: span.write(data), instance.stop)
                )
            )
            probe = asyncio.ensure_future(ready(network, service, instance.address, step, health))
            try:
                await asyncio.wait({run, probe}, return_when=asyncio.FIRST_COMPLETED)
                if not run.done():
                    await probe
                    refuse_shared_ports(network, own, self.neighbours(instance))
                    instance.ready.set_result(None)
                output = await run
            finally:
                for task in (probe, run):
                    task.cancel()
                await asyncio.wait({probe, run})
        if output.exit_code != 0 and not instance.stopping:
            tails = [tail(output.printed.chunks(stream), trimmed=False) for stream in STREAMS]
            elapsed_s = time.monotonic() - started_s
            taken = port_in_use("\n".join(tails), self.neighbours(instance))
            raise StepFailed(
                service.exec.args,
                output.exit_code,
                *tails,
                hint=USE_DAGGER if taken else None,
                ended=taken or how_ended(output, elapsed_s),
            )


def _ended_well(instance: Instance) -> StepFailed:
    """Return the failure of a service whose command ended with 0: the real engine's code is -1."""
    message = "its command ended with exit code 0"
    return StepFailed(instance.service.exec.args, -1, "", "", message=message)


def host_name(key: str) -> str:
    """Return the host name of a service that has none of its own: 13 letters and digits."""
    digest = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def _aliased(aliases: Sequence[str]) -> str:
    return f"aliased as {visible(', '.join(aliases))}" if aliases else "no aliases"


def _prefixed(prefix: str, error: StilettoError) -> StilettoError:
    if isinstance(error, StepFailed):
        return ServiceFailed(prefix, error)
    if isinstance(error, NotSupported):
        return NotSupported(error.call, because=error.because, hint=error.hint)
    kind = UsageError if isinstance(error, UsageError) else EnvironmentFailed
    return kind(f"{prefix}: {error.message}", hint=error.hint)


async def _readiness(instance: Instance, aliases: Sequence[str]) -> None:
    try:
        await asyncio.shield(instance.ready)
    except StilettoError as error:
        raise _prefixed(f"start {instance.host} ({_aliased(aliases)})", error) from error


def _with_names(instance: Instance, step: plan.Step, bound: Bound) -> plan.Step:
    """Return the step with names, address, and memory for its volumes."""
    return replace(
        step,
        # HOSTNAME as in Docker: a health check finds the server that is beside it by that name.
        env={"HOSTNAME": instance.host, **step.env, ADDRESS_VARIABLE: instance.address},
        hosts={**bound.hosts, instance.address: (instance.host,)},
        mounts=(*step.mounts, *map(plan.TempMount, _empty_volumes(step))),
    )


def _empty_volumes(step: plan.Step) -> list[str]:
    """Return the image's volumes without files or mounts in them.

    They are memory: what a database writes into an overlay costs seconds when that is taken
    apart, because the kernel then writes everything to the disk.
    """
    return [
        volume
        for volume in step.image.volumes
        if not any(c.beneath(volume, m.target) or c.beneath(m.target, volume) for m in step.mounts)
        and not any(os.path.lexists(layer.root / volume.lstrip("/")) for layer in step.layers)
    ]
