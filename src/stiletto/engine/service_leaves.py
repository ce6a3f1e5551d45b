"""The calls of a service that do work; registered as those of `root_leaves` are."""

from __future__ import annotations

from stiletto.api.container import Service
from stiletto.api.registry import leaf
from stiletto.engine.client import Client
from stiletto.errors import UsageError


@leaf("Service.start")
async def start(client: Client, self: Service) -> str:
    """Start the service and wait until it is ready; it runs until `stop` or the session's end."""
    await client.core.evaluator.commands.services.start(self)
    return client.core.objects.remember(self)


@leaf("Service.stop")
async def stop(client: Client, self: Service, kill: bool = False) -> str:
    """Stop the service, at once if `kill`."""
    await client.core.evaluator.commands.services.stop(self, kill=kill)
    return client.core.objects.remember(self)


@leaf("Service.sync")
async def sync(client: Client, self: Service) -> str:
    """Force what the service is made of, without starting it."""
    await client.core.evaluator.commands.service_key(self)
    return client.core.objects.remember(self)


@leaf("Service.hostname")
async def hostname(client: Client, self: Service) -> str:
    """Return the name by which containers that bind it reach it."""
    return await client.core.evaluator.commands.services.host(self)


@leaf("Service.endpoint")
async def endpoint(client: Client, self: Service, port: int | None = None, scheme: str = "") -> str:
    """Return `host:port` or `scheme://host:port`; the first exposed port unless one is given."""
    if not port and not self.ports:
        raise UsageError("no ports exposed")
    host = await client.core.evaluator.commands.services.host(self)
    text = f"{host}:{port or self.ports[0].port}"
    return f"{scheme}://{text}" if scheme else text
