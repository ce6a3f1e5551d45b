"""Where kept processes are reached: sockets in a directory of the store.

    kept/                                0700
      <module>-<key>-<process id>.sock   0600; its time is that of the last command's end

A socket without a process refuses connections; whoever finds one removes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

SUFFIX = ".sock"
MESSAGE_BYTES = 1 << 17
ANSWER_S = 8.0
CREDENTIALS = struct.Struct("3i")


def directory(root: Path) -> Path:
    """Return the directory of a store's kept processes."""
    return root / "kept"


def sockets(root: Path) -> list[Path]:
    """Return the sockets, the one used last first."""
    found = []
    for path in directory(root).glob(f"*-*-*{SUFFIX}"):
        with contextlib.suppress(OSError):
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """Give an address of the socket that is short enough, however long its path is."""
    fd = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)


def listening(path: Path) -> socket.socket:
    """Return a new socket that listens at a path."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.chmod(0o700)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with _reachable(path) as address:
        made.bind(address)
    path.chmod(0o600)
    made.listen()
    return made


def connected(path: Path) -> socket.socket | None:
    """Return a connection to a kept process of this user; None if there is none."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(ANSWER_S)
    try:
        if path.parent.stat().st_uid == os.geteuid():
            with _reachable(path) as address:
                made.connect(address)
            if is_own(made):
                return made
    except (ConnectionRefusedError, FileNotFoundError):
        with contextlib.suppress(OSError):
            path.unlink()
    except OSError:
        pass
    made.close()
    return None


def is_own(connection: socket.socket) -> bool:
    """Whether the other side belongs to this user."""
    return _peer(connection)[1] == os.geteuid()


def _peer(connection: socket.socket) -> tuple[int, int]:
    """Return the process and the user of the other side."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    process, user, _ = CREDENTIALS.unpack(data)
    return process, user


def has_ended(connection: socket.socket) -> bool:
    """Wait for the end of the process on the other side, which has closed the connection."""
    try:
        fd = os.pidfd_open(_peer(connection)[0])
    except OSError:
        return True
    try:
        return bool(select.select([fd], [], [], ANSWER_S)[0])
    finally:
        os.close(fd)


def send(connection: socket.socket, message: Mapping[str, Any], fds: Sequence[int] = ()) -> None:
    """Send a message, and with it descriptors."""
    socket.send_fds(connection, [json.dumps(message).encode()], list(fds))


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return the next message and its descriptors; an empty one at the end."""
    try:
        data, fds, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 8)
    except BlockingIOError:
        raise
    except OSError:
        return {}, []
    return (json.loads(data) if data else {}), list(fds)
