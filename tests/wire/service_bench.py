"""A small server and a small client, as containers."""

from __future__ import annotations

import dagger
from wire_bench import Session

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
with socket.create_connection((host, int(port)), timeout=60) as connection:
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
