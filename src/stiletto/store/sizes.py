"""How much the store has on the disk, known without a look at its files.

    sizes        a line for each thing that was stored: `<path in the store> <bytes>`
    size.json    what the store had when it was measured, and how many bytes of `sizes` that covers

Who stores something appends a line, in one write: so the size is the measured one and what was
appended since, whoever did it and however that process ended. What has replaced something else, or
was removed as damaged, is counted too much; a measurement corrects that, and it is made before
anything is removed. It takes the sizes of directories from the lines, and looks only at what has
none. Cache volumes are written to in place, without a line: the disk tells the most that they can
have grown by.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.store import files, sealed, trouble
from stiletto.store.limit import MEASURED_S, Measured, used_bytes
from stiletto.store.stage import Stage
from stiletto.store.uses import Uses

LINES = "sizes"
SIZE = "size.json"

_BLOCK_BYTES = 4096
"""A file's share of the disk comes in these."""

_LINES_MAX = 64
"""Lines that are kept back, of blobs and records: a directory of files has many."""

_TAIL_BYTES = 1 << 16
"""From here on the size is written anew, so that the next one reads less."""


def on_disk(size_bytes: int) -> int:
    """Return what a file of this length takes."""
    return -(-size_bytes // _BLOCK_BYTES) * _BLOCK_BYTES


def own_bytes(root: Path) -> int:
    """Return what a directory takes, without files that are linked from outside of it."""
    total = 0
    links: dict[int, list[int]] = {}
    pending = [os.fspath(root)]
    while pending:
        directory = pending.pop()
        try:
            total += os.lstat(directory).st_blocks * 512
            with os.scandir(directory) as found:
                children = list(found)
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            continue  # a step's own modes
        for child in children:
            if child.is_dir(follow_symlinks=False):
                pending.append(child.path)
                continue
            try:
                facts = child.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if facts.st_nlink == 1:
                total += facts.st_blocks * 512
            else:
                known = links.setdefault(facts.st_ino, [0, facts.st_nlink, facts.st_blocks * 512])
                known[0] += 1
    return total + sum(size for seen, all_, size in links.values() if seen == all_)


class Sizes:
    """The lines of a store, for one process and any of its threads."""

    def __init__(self, root: Path, stage: Stage, uses: Uses) -> None:
        self._root = root
        self._stage = stage
        self._uses = uses
        self._prefix = len(os.fspath(root)) + 1
        self._waiting: list[bytes] = []

    def add(self, path: Path, size_bytes: int, *, at_once: bool = False) -> None:
        """Note what was stored at a path; a line may wait for others, or for `flush`."""
        name = os.fsencode(os.fspath(path)[self._prefix :])
        self._waiting.append(b"%s %d\n" % (name, size_bytes))
        if at_once or len(self._waiting) >= _LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        # The size of what is there is not worth an error: a full disk has other ones.
        with contextlib.suppress(OSError), self._uses.shared():
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._root / LINES, flags, 0o600)
            try:
                os.write(descriptor, b"".join(lines))
            finally:
                os.close(descriptor)

    def known(self) -> dict[str, int]:
        """Return the size of each thing that has a line, by its path in the store."""
        self.flush()
        with self._uses.alone():
            return dict(_read(self._lines()))

    def is_within(self, limit: int) -> bool:
        """Whether the store is surely not larger than the limit."""
        self.flush()
        path = self._root / SIZE
        with self._uses.alone():
            measured = sealed.fitting(sealed.read(path), Measured.from_json)
            lines = self._lines(measured.lines_bytes if measured else 0)
            if measured is None or lines is None:
                return False
            if time.time() - path.stat().st_mtime > MEASURED_S:
                return False
            grown = sum(size for _, size in _read(lines))
            disk_bytes = used_bytes(self._root)
            within = not measured.may_exceed(limit, disk_bytes, grown)
            if len(lines) > _TAIL_BYTES and within:
                more = Measured(
                    measured.store_bytes + grown,
                    measured.disk_bytes + grown,
                    measured.lines_bytes + len(lines),
                )
                self._write(more, path.stat().st_mtime)
            return within

    def began(self) -> Measured:
        """Return the state in which a measurement begins, its own figure still zero.

        To measure a store, and to make it smaller, takes long: what others store meanwhile has
        its lines after these, and counts as not yet measured.
        """
        self.flush()
        with self._uses.alone():
            return Measured(0, used_bytes(self._root), len(self._lines() or b""))

    def measured(
        self,
        size_bytes: int,
        known: Mapping[str, int] | None = None,
        *,
        began: Measured | None = None,
        freed_bytes: int = 0,
    ) -> Measured:
        """Note how large the store is; return the state from which it is counted on.

        Args:
            size_bytes: what it takes now.
            known: replaces the lines that were there when it began.
            began: when that was; without it, it is now.
            freed_bytes: what was removed from the disk since.
        """
        began = began or self.began()
        self.flush()
        with trouble.translated(self._root), self._uses.alone():
            lines_bytes = began.lines_bytes
            if known is not None:
                lines_bytes = self._replace(known.items(), self._lines(lines_bytes) or b"")
            disk_bytes = max(0, began.disk_bytes - freed_bytes)
            now = Measured(size_bytes, disk_bytes, lines_bytes)
            self._write(now)
            return now

    def _lines(self, start: int = 0) -> bytes | None:
        """Return the lines from there on; None where it ends before that."""
        try:
            with (self._root / LINES).open("rb") as file:
                if os.fstat(file.fileno()).st_size < start:
                    return None
                file.seek(start)
                return file.read()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None if start else b""

    def _replace(self, known: Iterable[tuple[str, int]], later: bytes) -> int:
        """Write lines anew, and those after them as they are; return the size of the first."""
        text = b"".join(b"%s %d\n" % (os.fsencode(name), size) for name, size in known)
        path = self._root / LINES
        self._stage.write(text + later, lambda staged: files.place(staged, path, self._root))
        return len(text)

    def _write(self, measured: Measured, at_s: float | None = None) -> None:
        def place(staged: Path) -> None:
            if at_s is not None:
                os.utime(staged, (at_s, at_s))
            files.place(staged, self._root / SIZE, self._root)

        with contextlib.suppress(EnvironmentFailed):  # a full disk
            self._stage.write(sealed.seal(measured.to_json()), place)


def _read(lines: bytes | None) -> Iterable[tuple[str, int]]:
    """Yield names and sizes; a line that is not one counts for nothing."""
    for line in (lines or b"").split(b"\n"):
        name, _, size = line.rpartition(b" ")
        if name and size.isdigit():
            yield os.fsdecode(name), int(size)
