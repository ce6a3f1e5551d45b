"""The process that keeps the network of a session's steps alive.

It is run as a script inside that network, with a socket to the engine as its standard input:
nothing of this project is imported. It hands out its namespaces, then sockets that are made in
them, which work wherever they are taken. It ends with the other end of that socket.

    engine:  2 1 127.0.0.53 53     a socket of this family and kind, bound there
    engine:  2 1                   one that is not bound
    holder:  0                     with the socket, or the number of the error
"""

from __future__ import annotations

import os
import sys
from _socket import SCM_RIGHTS, SO_REUSEADDR, SOL_SOCKET, socket  # `socket` takes longer to import

REQUEST_MAX_BYTES = 256


def main() -> None:
    """Serve until the engine has gone."""
    engine = socket(fileno=0)
    spaces = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("net", "user")]
    _give(engine, b"ready", spaces)
    while request := engine.recv(REQUEST_MAX_BYTES):
        family, kind, *address = request.decode().split()
        made = socket(int(family), int(kind))
        try:
            if address:
                made.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                made.bind((address[0], int(address[1])))
        except OSError as error:
            engine.send(str(error.errno).encode())
        else:
            _give(engine, b"0", [made.fileno()])
        made.close()


def _give(engine: socket, word: bytes, fds: list[int]) -> None:
    packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
    engine.sendmsg([word], [(SOL_SOCKET, SCM_RIGHTS, packed)])


if __name__ == "__main__":
    main()
