"""Who has a port of the network that services and steps share."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from stiletto.api.readiness import Port
from stiletto.engine.shared_ports import (
    Neighbour,
    port_in_use,
    refuse_shared_ports,
    refuse_taken_ports,
)
from stiletto.errors import EnvironmentFailed, NotSupported
from stiletto.sandbox.step_network import MACHINE

ADDRESS = "127.77.1.3"
BOTH = r"services one \(h1\) and two \(h2\) have one network, and both have port {}/tcp: "
CALL = r"Container.withExposedPort\(port:\) is not implemented by stiletto"


@pytest.fixture
def free() -> Port:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("", 0))
        return Port(found.getsockname()[1])


@pytest.fixture
def taken(free: Port) -> Iterator[Port]:
    """A port that somebody listens on, on every address."""
    with socket.socket() as other:
        other.bind(("", free.port))
        other.listen()
        yield free


def test_the_port_of_another_program_is_refused_early(taken: Port) -> None:
    """The answers of another program would be taken for the service's."""
    others = [Neighbour("one", "h1", [Port(1), Port(taken.port, "UDP")])]

    with pytest.raises(EnvironmentFailed, match=f"port {taken.port}/tcp is taken by a program"):
        refuse_taken_ports(MACHINE, ADDRESS, Neighbour("two", "h2", [taken]), others)


def test_the_port_of_another_service_is_refused_with_both_names(taken: Port) -> None:
    """The real engine runs both, so that this is a call that is missing here."""
    others = [Neighbour("none", "h0", []), Neighbour("one", "h1", [taken])]

    with pytest.raises(NotSupported, match=BOTH.format(taken.port) + CALL):
        refuse_taken_ports(MACHINE, ADDRESS, Neighbour("two", "h2", [taken]), others)


def test_one_of_two_that_start_at_once_is_not_taken_for_the_other(taken: Port) -> None:
    """Who answers may be the other service, which listens on every address."""
    with pytest.raises(NotSupported, match=BOTH.format(taken.port) + CALL):
        refuse_shared_ports(
            MACHINE, Neighbour("two", "h2", [taken]), [Neighbour("one", "h1", [taken])]
        )


def test_who_listens_on_its_own_address_shares_a_port(free: Port) -> None:
    """Neither a service beside none, nor two on addresses of their own, are refused."""
    one, two = Neighbour("one", "h1", [free]), Neighbour("two", "h2", [free])
    with socket.socket() as other:
        other.bind(("127.77.1.4", free.port))
        other.listen()

        refuse_taken_ports(MACHINE, ADDRESS, two, [one])
        refuse_shared_ports(MACHINE, two, [one])
        refuse_shared_ports(MACHINE, two, [])


@pytest.mark.parametrize(
    "printed",
    [
        "OSError: [Errno 98] Address already in use",
        "Error: listen EADDRINUSE: address already in use :::8000",
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
        "Error: That port is already in use.",
        "Port 5173 is in use, trying another one...",
    ],
)
def test_a_command_that_finds_its_port_in_use(printed: str) -> None:
    """The services beside it are named, with their ports; without any, none is."""
    others = [
        Neighbour("one", "h1", [Port(8000), Port(53, "UDP")]),
        Neighbour("two", "h2", []),
    ]

    assert (
        "its port may be that of service one (h1, port 8000/tcp, port 53/udp) and "
        "service two (h2) in the same network: "
        "Container.withExposedPort(port:) is not implemented by stiletto"
    ) == port_in_use(f"before\n{printed}\nafter", others)
    assert "" == port_in_use(printed, [])


def test_another_failure_is_not_that_of_a_port() -> None:
    """Ports are named only where one was in use."""
    others = [Neighbour("one", "h1", [Port(8000)])]

    assert "" == port_in_use("device is in use; port 80 reported; in use: 3", others)
