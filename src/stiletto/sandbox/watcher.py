"""The engine's side of `watch`: one watcher for a process, started with its first plain step."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stiletto.sandbox import watch

_guard = threading.Lock()
_started: list[subprocess.Popen[bytes]] = []


def _watcher() -> subprocess.Popen[bytes]:
    if not _started:
        program = [sys.executable, "-I", "-S", str(Path(watch.__file__).resolve())]
        # A session of its own: a signal to the engine's group does not reach the watcher.
        process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
        _started.append(process)
        atexit.register(_close, process)
    return _started[0]


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    process.wait()


def _tell(tree: Path, secrets: Path | None, pid: int) -> None:
    line = json.dumps([str(tree), str(secrets or ""), pid]).encode() + b"\n"
    with _guard, suppress(OSError):  # a watcher that was killed: nothing isolates plain steps
        pipe = _watcher().stdin
        if pipe is not None:
            pipe.write(line)
            pipe.flush()


class Watched:
    """One step that the watcher guards."""

    def __init__(self, tree: Path, secrets: Path | None) -> None:
        self._tree = tree
        self._secrets = secrets

    def started(self, pid: int) -> None:
        """Report which process it is."""
        _tell(self._tree, self._secrets, pid)


@contextmanager
def watched(tree: Path, secrets: Path | None) -> Iterator[Watched]:
    """Have what runs in a tree ended with the engine, and the secrets removed."""
    _tell(tree, secrets, 0)
    try:
        yield Watched(tree, secrets)
    finally:
        _tell(tree, secrets, -1)
