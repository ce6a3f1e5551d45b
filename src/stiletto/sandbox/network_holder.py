"""Holds the network of a session's steps: the one process in it that lasts.

It is run as a script inside that network, with a socket to the engine as its standard input:
nothing of this project is imported. It hands out its namespaces, then sockets that are made in
them, which work wherever they are taken. It ends with the other end of that socket.
"""

from __future__ import annotations

import json
import os
import socket

__all__ = ["REQUEST_MAX_BYTES", "main"]

REQUEST_MAX_BYTES = 1024


def main() -> None:
    """Answer until the engine is gone."""
    engine = socket.socket(fileno=0)
    spaces = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("net", "user")]
    socket.send_fds(engine, [b"ready"], spaces)
    while request := engine.recv(REQUEST_MAX_BYTES):
        family, kind, address = json.loads(request)
        with socket.socket(family, kind) as made:
            try:
                if address is not None:
                    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    made.bind(tuple(address))
            except OSError as error:
                engine.send(str(error.errno).encode())
            else:
                socket.send_fds(engine, [b"0"], [made.fileno()])


if __name__ == "__main__":
    main()
