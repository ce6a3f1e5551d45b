"""Services over the wire: how they start, who reaches them, how they end.

Generic servers here; `test_database_services` has real Postgres and Redis.
"""

from __future__ import annotations

import asyncio

import dagger
import pytest
from wire_bench import Session, fails

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVER = """
import os, socket, sys
bind, port, word = sys.argv[1:]
print("serving", word, flush=True)
life = os.urandom(8).hex()
address = os.environ["STILETTO_SERVICE_ADDRESS"] if bind == "own" else bind
with socket.create_server((address, int(port))) as listening:
    while True:
        connection, _ = listening.accept()
        with connection:
            asked = connection.recv(100).decode().strip()
            if asked == "die":
                print("dying as told", flush=True)
                os._exit(7)
            connection.sendall(f"{word} {life}".encode())
"""
ASK = """
import socket, sys
host, port, word = sys.argv[1:]
with socket.create_connection((host, int(port)), timeout=5) as connection:
    connection.sendall(word.encode() + b"\\n")
    print(connection.recv(100).decode())
"""


def server(session: Session, word: str, *, port: int = 7070, bind: str = "own") -> dagger.Container:
    """Return a container whose default command answers with a word and a number of its own."""
    return (
        session.base()
        .with_workdir("/srv")
        .with_new_file("/srv/server.py", SERVER)
        .with_default_args(["python", "/srv/server.py", bind, str(port), word])
        .with_exposed_port(port)
    )


def user(session: Session, alias: str, service: dagger.Service, word: str) -> dagger.Container:
    """Return a container that can ask a service, and whose commands are its own by a word."""
    return (
        session.base()
        .with_workdir("/app")
        .with_new_file("/app/ask.py", ASK)
        .with_service_binding(alias, service)
        .with_env_variable("WORD", word)
    )


def ask(
    container: dagger.Container, host: str, port: int = 7070, word: str = "hi"
) -> dagger.Container:
    """Ask a service by a name."""
    return container.with_exec(["python", "/app/ask.py", host, str(port), word])


async def test_a_binding_starts_the_service_and_names_it(each: Session, fresh: str) -> None:
    """A command reaches the service by its alias, without anyone starting it."""
    service = server(each, fresh).as_service()
    answer = await ask(user(each, "web", service, fresh), "web").stdout()

    assert fresh == answer.split()[0]


async def test_the_default_hostname_is_of_the_content(one: Session, fresh: str) -> None:
    """Equal services have equal names, others not, and the name works where it is bound."""
    service = server(one, fresh).as_service()
    name = await service.hostname()

    assert name == await server(one, fresh).as_service().hostname()
    assert name != await server(one, fresh + "x").as_service().hostname()
    answer = await ask(user(one, "web", service, fresh), name).stdout()
    assert fresh == answer.split()[0]


async def test_a_chosen_hostname(each: Session, fresh: str) -> None:
    """WithHostname gives the name; the endpoint is made of it."""
    service = server(each, fresh).as_service().with_hostname("web.internal")

    assert "web.internal" == await service.hostname()
    assert "web.internal:7070" == await service.endpoint()
    assert "http://web.internal:81" == await service.endpoint(port=81, scheme="http")
    answer = await ask(user(each, "alias", service, fresh), "web.internal").stdout()
    assert fresh == answer.split()[0]


async def test_no_ports_no_endpoint(one: Session) -> None:
    """An endpoint needs a port."""
    service = one.base().as_service(args=["sleep", "60"])

    assert "no ports exposed" in await fails(service.endpoint())


async def test_one_instance_per_session_and_content(each: Session, fresh: str) -> None:
    """Users of equal services meet in one process; a differing variable makes another."""
    service = server(each, fresh).as_service()
    same = server(each, fresh).as_service()
    other = server(each, fresh).with_env_variable("CELL", "2").as_service()

    async def process(name: str, of: dagger.Service) -> str:
        return (await ask(user(each, name, of, fresh), name).stdout()).split()[1]

    one, two, three = await asyncio.gather(
        process("a", service), process("b", same), process("c", other)
    )
    assert one == two != three
