"""Stores the output of a process: both streams, once, in their order.

Little output stays in memory; more goes to a file, so that a program that prints gigabytes takes
space on the disk and not in memory. The file is a sequence of frames: a byte for the stream, four
for the length, and the data.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

Stream: TypeAlias = Literal["stdout", "stderr"]
Run: TypeAlias = "tuple[Stream, bytes]"

STREAMS: tuple[Stream, ...] = ("stdout", "stderr")

MEMORY_BYTES = 1 << 20
"""From here on a file is used."""

_BUFFER_BYTES = 1 << 16
_READ_BYTES = 1 << 20
_RUN_BYTES = 256
"""What a run takes beside its data: a program may change streams with each byte."""

_FRAME = struct.Struct(">BI")


class Unspooled(OSError):
    """The output cannot be kept: the disk is full or broken. The file is named."""


class Spool:
    """What one process prints; `place` is the directory for the file."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._runs: list[tuple[Stream, bytearray]] = []
        self._held = 0
        self._file: BinaryIO | None = None
        self.path: Path | None = None
        """The file with the frames; None as long as all is in memory."""
        self.sizes: dict[Stream, int] = dict.fromkeys(STREAMS, 0)

    def add(self, stream: Stream, data: bytes) -> None:
        """Keep what was printed next.

        Raises:
            Unspooled: there is no space for it.
        """
        self.sizes[stream] += len(data)
        if self._runs and self._runs[-1][0] == stream:
            self._runs[-1][1].extend(data)
        else:
            self._runs.append((stream, bytearray(data)))
            self._held += _RUN_BYTES
        self._held += len(data)
        if self._held > (MEMORY_BYTES if self.path is None else _BUFFER_BYTES):
            self._write()

    def finish(self) -> None:
        """Have all of it in the file, if there is one, and close that.

        Raises:
            Unspooled: there is no space for it.
        """
        if self._file is not None:
            self._write()
            self.close()

    def close(self) -> None:
        """Give up the file, so that its space is free once it is removed."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def runs(self) -> Iterator[Run]:
        """Yield what was printed, from the start; adjacent runs may be of one stream."""
        if self.path is not None:
            self.finish()
            with self.path.open("rb") as file:
                yield from frames(iter(lambda: file.read(_READ_BYTES), b""))
        else:
            for stream, data in self._runs:
                yield stream, bytes(data)

    def chunks(self, stream: Stream) -> Iterator[bytes]:
        """Yield what was printed to one stream, in pieces."""
        return (data for of, data in self.runs() if of == stream)

    def _write(self) -> None:
        try:
            if self.path is None:
                descriptor, name = tempfile.mkstemp(prefix="printed-", dir=self._place)
                self.path = Path(name)
                self._file = os.fdopen(descriptor, "wb", buffering=0)
            elif self._file is None:
                self._file = self.path.open("ab", buffering=0)
            for stream, data in self._runs:
                for frame in _framed(stream, data):
                    rest = memoryview(frame)
                    while rest:
                        rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.close()
            path = self.path or self._place
            raise Unspooled(error.errno, error.strerror, str(path)) from error
        self._runs.clear()
        self._held = 0


def _framed(stream: Stream, data: bytearray) -> Iterator[bytes]:
    for start in range(0, len(data), _BUFFER_BYTES):
        piece = data[start : start + _BUFFER_BYTES]
        yield _FRAME.pack(STREAMS.index(stream), len(piece))
        yield bytes(piece)


def frames(pieces: Iterable[bytes]) -> Iterator[Run]:
    """Yield the runs of a file that is read in pieces.

    Raises:
        ValueError: it is not such a file, or cut off.
    """
    held = bytearray()
    for piece in pieces:
        held += piece
        at = 0
        while len(held) - at >= _FRAME.size:
            index, size = _FRAME.unpack_from(held, at)
            if index >= len(STREAMS) or size > _BUFFER_BYTES:
                raise ValueError(f"unknown frame: stream {index}, {size} bytes")
            if len(held) - at < _FRAME.size + size:
                break
            at += _FRAME.size
            yield STREAMS[index], bytes(held[at : at + size])
            at += size
        del held[:at]
    if held:
        raise ValueError("the last frame is cut off")
