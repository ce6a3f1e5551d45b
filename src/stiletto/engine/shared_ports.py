"""Refuses what two cannot have in one network: a port.

Services and steps of a session share one network. A service that listens on every address has its
port in all of it, so another service, or a step, cannot have that port. In the real engine each has
a network of its own: such a meeting is refused, with the names of both.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from stiletto.api.readiness import Port
from stiletto.errors import USE_DAGGER, EnvironmentFailed, NotSupported
from stiletto.sandbox.step_network import StepNetwork

ADDRESS_VARIABLE = "STILETTO_SERVICE_ADDRESS"
"""How a service learns the address that is its own."""

CALL = "Container.withExposedPort(port:)"
NOBODYS_ADDRESS = "127.255.255.254"
"""An address that no service gets: a port is taken there if something has it on every address."""

IN_USE = re.compile(
    r"address (?:is )?(?:already )?in use|EADDRINUSE"
    r"|\bport (?:\d+ )?(?:is )?(?:already )?(?:in use|allocated)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Neighbour:
    """A service as others in its network see it."""

    alias: str
    host: str
    ports: Sequence[Port]

    @property
    def name(self) -> str:
        """Return both of its names."""
        return f"{self.alias} ({self.host})"

    def has(self, port: Port) -> bool:
        """Return whether it declares a port."""
        return any((p.port, p.protocol) == (port.port, port.protocol) for p in self.ports)

    def __str__(self) -> str:
        """Return its name and its ports."""
        ports = ", ".join(f"port {port.port}/{port.protocol.lower()}" for port in self.ports)
        return f"{self.alias} ({self.host}, {ports})" if ports else self.name


def refuse_taken_ports(
    network: StepNetwork, address: str, own: Neighbour, others: Sequence[Neighbour]
) -> None:
    """Fail early if a port of a service is taken: who has it would be taken for the service.

    Raises:
        NotSupported: another service of the session has it.
        EnvironmentFailed: a program that is none has it.
    """
    for port in own.ports:
        if _taken(network, address, port):
            _refuse_shared(port, own, others)
            raise EnvironmentFailed(
                f"port {port.port}/{port.protocol.lower()} is taken by a program that "
                "listens on every address of this machine",
                hint=f"stop it; a service of your own can listen on ${ADDRESS_VARIABLE}",
            )


def refuse_shared_ports(network: StepNetwork, own: Neighbour, others: Sequence[Neighbour]) -> None:
    """Fail if a service that seems ready may be another one, which started beside it.

    Raises:
        NotSupported: one of the two listens on every address.
    """
    for port in own.ports:
        shared = any(other.has(port) for other in others)
        if shared and _taken(network, NOBODYS_ADDRESS, port):
            _refuse_shared(port, own, others)


def _refuse_shared(port: Port, own: Neighbour, others: Sequence[Neighbour]) -> None:
    for other in others:
        if other.has(port):
            raise NotSupported(
                CALL,
                because=f"services {other.name} and {own.name} have one network, and both have "
                f"port {port.port}/{port.protocol.lower()}",
                hint=f"{USE_DAGGER}, or let each listen on ${ADDRESS_VARIABLE}",
            )


def _taken(network: StepNetwork, address: str, port: Port) -> bool:
    kind = socket.SOCK_STREAM if port.protocol == "TCP" else socket.SOCK_DGRAM
    with network.socket(kind) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((address, port.port))
        except OSError as error:
            # EACCES is left to the service, which may have rights that this process lacks.
            return error.errno == errno.EADDRINUSE
    return False


def port_in_use(printed: str, others: Sequence[Neighbour]) -> str:
    """Return why a command failed, if it printed that a port is in use and others may have it."""
    if not others or not IN_USE.search(printed):
        return ""
    names = " and ".join(f"service {other}" for other in others)
    return f"its port may be that of {names} in the same network: {NotSupported(CALL).message}"
