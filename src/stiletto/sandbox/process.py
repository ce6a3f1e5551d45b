"""Runs a process and captures its output: both streams, in order, with secrets replaced.

Providers differ in the argument vector and in how a process tree ends; the rest is here.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stiletto.sandbox.packing import assert_words
from stiletto.sandbox.plan import Sink
from stiletto.sandbox.scrub import PatternSource, Replacer
from stiletto.sandbox.spawn import Child, Starting, start
from stiletto.sandbox.spool import Spool, Stream

CHUNK_BYTES = 65536
DRAIN_TIMEOUT_S = 5.0
"""How long a stream may stay open after the process tree has ended."""


def memory_file(contents: bytes, name: str = "stiletto") -> int:
    """Return a descriptor that reads `contents` from its start; in memory where Linux has that."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create(name)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    view = memoryview(contents)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def shell_code(returncode: int) -> int:
    """Return an exit code as a shell shows it: 128+n for signal n."""
    return returncode if returncode >= 0 else 128 - returncode


@dataclass
class Transcript:
    """What a process printed, by stream and in the order it came.

    `hold_prefix`: standard error that begins with it is kept from the sink until `finish`, so
    that a launcher's own message is not mistaken for the command's output.
    """

    sink: Sink
    patterns: PatternSource
    printed: Spool
    hold_prefix: bytes = b""

    def __post_init__(self) -> None:
        self._replacers: dict[Stream, Replacer] = {
            "stdout": Replacer(self.patterns),
            "stderr": Replacer(self.patterns),
        }
        self._held = bytearray()
        self._holding = bool(self.hold_prefix)

    def feed(self, stream: Stream, data: bytes) -> None:
        """Add what the process wrote."""
        self._emit(stream, self._replacers[stream].feed(data))

    def finish(self, *, drop_held: bool = False) -> bytes:
        """End both streams; return what was held back, and pass it on unless `drop_held`."""
        for stream, replacer in self._replacers.items():
            self._emit(stream, replacer.flush())
        held = bytes(self._held)
        self._held.clear()
        self._holding = False
        if not drop_held:
            self._emit("stderr", held)
        return held

    def say(self, message: str) -> None:
        """Add a line of ours to standard error, as a container's runtime does."""
        self._emit("stderr", message.encode() + b"\n")

    def _emit(self, stream: Stream, data: bytes) -> None:
        if not data:
            return
        if stream == "stderr" and self._holding:
            self._held += data
            start = bytes(self._held[: len(self.hold_prefix)])
            if self.hold_prefix.startswith(start):
                return
            self._holding = False
            data = bytes(self._held)
            self._held.clear()
        self.printed.add(stream, data)
        self.sink(stream, data)


class _Reader:
    """Reads one pipe on the running loop until its end."""

    def __init__(self, fd: int, take: Callable[[bytes], None]) -> None:
        self._fd = fd
        self._take = take
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._ready)

    def _ready(self) -> None:
        try:
            data = os.read(self._fd, CHUNK_BYTES)
            if data:
                self._take(data)
                return
        except BlockingIOError:
            return
        except BaseException as error:
            self.close()
            if not self.ended.done():
                self.ended.set_exception(error)
            return
        self.close()
        if not self.ended.done():
            self.ended.set_result(None)

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


async def run_process(
    argv: Sequence[str],
    transcript: Transcript,
    *,
    env: Mapping[str, str],
    end_tree: Callable[[int], None],
    executable: Path | None = None,
    stdin: bytes = b"",
    link: int = -1,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    stop: asyncio.Event | None = None,
    terminate: Callable[[int], None] | None = None,
    started: Callable[[int], None] | None = None,
    confined: bool = False,
) -> int:
    """Run to the end and return the exit code as a shell shows it.

    The process leads a session of its own. `link` is a descriptor to be its standard input.
    `end_tree` is called with its id when it has ended, and also when this call is cancelled; it
    must leave no process behind. `terminate` is called with it once `stop` is set, `started` when
    it runs. `confined`: it reaches no abstract socket of the machine.

    Raises:
        OSError: the program could not be started.
        Unspooled: what it prints cannot be kept; it was ended.
        EnvironmentFailed: a text cannot be an argument or a variable.
    """
    assert_words(argv, env)
    if link >= 0:
        input_fd = os.dup(link)
    else:
        input_fd = memory_file(stdin, "stdin") if stdin else os.open(os.devnull, os.O_RDONLY)
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    readers: list[_Reader] = []
    try:
        try:
            starting = Starting(
                argv,
                executable or argv[0],
                env,
                cwd,
                input_fd,
                out_write,
                err_write,
                tuple(pass_fds),
                confined,
            )
            process = await start(starting, end_tree)
            if started is not None:
                started(process.pid)
        except BaseException:
            os.close(out_read)
            os.close(err_read)
            raise
        finally:
            for fd in (input_fd, out_write, err_write):
                os.close(fd)
        readers.append(_Reader(out_read, lambda data: transcript.feed("stdout", data)))
        readers.append(_Reader(err_read, lambda data: transcript.feed("stderr", data)))
        try:
            if stop is not None and terminate is not None:
                await _stopped(process, stop, terminate)
            returncode = await _ended(process, readers)
        finally:
            end_tree(process.pid)
            if not process.has_ended:
                await asyncio.shield(process.wait())
        # A process that left its tree may keep a stream open; the step itself has ended.
        await asyncio.wait([reader.ended for reader in readers], timeout=DRAIN_TIMEOUT_S)
        for reader in readers:
            if reader.ended.done():
                reader.ended.result()
    except BaseException:
        transcript.printed.close()
        raise
    finally:
        for reader in readers:
            reader.close()
    return shell_code(returncode)


async def _ended(process: Child, readers: Sequence[_Reader]) -> int:
    """Wait for the process's end, or until its output cannot be stored."""
    waiting = asyncio.ensure_future(process.wait())
    read = {reader.ended for reader in readers}
    try:
        while not waiting.done():
            pending: set[asyncio.Future[Any]] = {waiting, *read}
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for ended in [each for each in read if each.done()]:
                ended.result()
                read.remove(ended)
        return waiting.result()
    finally:
        waiting.cancel()


async def _stopped(process: Child, stop: asyncio.Event, terminate: Callable[[int], None]) -> None:
    """Wait for the process's end or for `stop`, and let it end in the second case."""
    ended = asyncio.ensure_future(process.wait())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            terminate(process.pid)
    finally:
        ended.cancel()
        stopping.cancel()


def kill_group(pid: int) -> None:
    """Kill the process group that `pid` leads; an absent one is not an error."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # PermissionError: macOS raises it for a group of zombies.
        return
