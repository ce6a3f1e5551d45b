"""Stores the output of a process: both streams, once, in their order.

Little output stays in memory; more goes to a file, so that a program that prints gigabytes takes
space on the disk and not in memory. The file is a sequence of frames: a byte for the stream, four
for the length, and the data. A stream that is redirected to a file has a file of its own from the
beginning, which can be that file: its frames have a length and no data.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
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
    """What one process prints; `place` is the directory for the files.

    `apart` are the streams that have a file of their own.
    """

    def __init__(self, place: Path, apart: Iterable[Stream] = ()) -> None:
        self._place = place
        self._of_own = frozenset(apart)
        self._own: dict[Stream, BinaryIO] = {}
        self._sha = hashlib.sha256()
        self._runs: list[tuple[Stream, bytearray]] = []
        self._held = 0
        self._file: BinaryIO | None = None
        self.path: Path | None = None
        """The file with the frames; None as long as all is in memory."""
        self.apart: dict[Stream, Path] = {}
        """The files of streams that have one of their own; none as long as all is in memory."""
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
        if self.path is not None:
            if self._runs:
                self._write()
            self.close()

    def close(self) -> None:
        """Give up the file, so that its space is free once it is removed."""
        for file in (self._file, *self._own.values()):
            if file is not None:
                file.close()
        self._file = None
        self._own.clear()

    @property
    def digest(self) -> str:
        """SHA-256 of the file with the frames."""
        return self._sha.hexdigest()

    def give(self, stream: Stream, target: Path) -> None:
        """Make the file of a stream of its own the one at `target`, where nothing is.

        It is read there from then on; what is given the same place later replaces nothing of it.
        """
        self.finish()
        self.apart[stream].rename(target)
        self.apart[stream] = target

    def keep_from(self, target: Path) -> None:
        """Take back what was given to a place that another file is to have."""
        for stream, path in self.apart.items():
            if path == target:
                self.apart[stream] = path.rename(self._place / f"printed-{stream}")

    def runs(self) -> Iterator[Run]:
        """Yield what was printed, from the start; adjacent runs may be of one stream."""
        if self.path is not None:
            self.finish()
            with self.path.open("rb") as file:
                yield from frames(iter(lambda: file.read(_READ_BYTES), b""), self.apart)
        else:
            for stream, data in self._runs:
                yield stream, bytes(data)

    def chunks(self, stream: Stream) -> Iterator[bytes]:
        """Yield what was printed to one stream, in pieces."""
        return (data for of, data in self.runs() if of == stream)

    def _write(self) -> None:
        try:
            if self.path is None:
                self.path, self._file = self._new()
            elif self._file is None:
                self._file = self.path.open("ab", buffering=0)
            for stream, data in self._runs:
                for head, piece in _framed(stream, data, apart=stream in self._of_own):
                    self._sha.update(head)
                    _write_all(self._file, head)
                    if stream in self._of_own:
                        _write_all(self._opened(stream), piece)
                    else:
                        self._sha.update(piece)
                        _write_all(self._file, piece)
        except OSError as error:
            self.close()
            path = self.path or self._place
            raise Unspooled(error.errno, error.strerror, str(path)) from error
        self._runs.clear()
        self._held = 0

    def _new(self) -> tuple[Path, BinaryIO]:
        descriptor, name = tempfile.mkstemp(prefix="printed-", dir=self._place)
        return Path(name), os.fdopen(descriptor, "wb", buffering=0)

    def _opened(self, stream: Stream) -> BinaryIO:
        """Return the file of a stream of its own, made when it is first needed."""
        if stream not in self._own:
            if stream in self.apart:
                self._own[stream] = self.apart[stream].open("ab", buffering=0)
            else:
                self.apart[stream], self._own[stream] = self._new()
        return self._own[stream]


def _framed(stream: Stream, data: bytearray, *, apart: bool) -> Iterator[tuple[bytes, bytes]]:
    index = STREAMS.index(stream) + len(STREAMS) * apart
    for start in range(0, len(data), _BUFFER_BYTES):
        piece = bytes(data[start : start + _BUFFER_BYTES])
        yield _FRAME.pack(index, len(piece)), piece


def _write_all(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def frames(
    pieces: Iterable[bytes], apart: Mapping[Stream, Path] = MappingProxyType({})
) -> Iterator[Run]:
    """Yield the runs of a file that is read in pieces; `apart` are the files of other streams.

    Raises:
        ValueError: it is not such a file, or cut off, or another file is.
    """
    held = bytearray()
    with contextlib.ExitStack() as opened:
        own = {stream: opened.enter_context(path.open("rb")) for stream, path in apart.items()}
        for piece in pieces:
            held += piece
            at = 0
            while len(held) - at >= _FRAME.size:
                index, size = _FRAME.unpack_from(held, at)
                is_apart, number = divmod(index, len(STREAMS))
                if is_apart > 1 or size > _BUFFER_BYTES:
                    raise ValueError(f"unknown frame: stream {index}, {size} bytes")
                if is_apart:
                    at += _FRAME.size
                    yield STREAMS[number], _read(own, STREAMS[number], size)
                    continue
                if len(held) - at < _FRAME.size + size:
                    break
                at += _FRAME.size
                yield STREAMS[number], bytes(held[at : at + size])
                at += size
            del held[:at]
    if held:
        raise ValueError("the last frame is cut off")


def _read(own: Mapping[Stream, BinaryIO], stream: Stream, size: int) -> bytes:
    data = own[stream].read(size) if stream in own else b""
    if len(data) < size:
        raise ValueError(f"the file of {stream} is cut off")
    return data
