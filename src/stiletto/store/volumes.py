"""Identifies the files of a small cache volume by their contents."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

ENTRIES_MAX = 20_000
BYTES_MAX = 16 * 1024 * 1024

NO_FILES = hashlib.sha256().hexdigest()
"""The digest of an empty directory."""


def digest_of_files(root: Path) -> str | None:
    """Return a digest of all names, kinds, modes and contents; links are not followed.

    None if there is no such directory, if it changes meanwhile, or if it has more than
    `ENTRIES_MAX` entries or `BYTES_MAX` bytes: to read it would take longer than it is worth.
    """
    found = hashlib.sha256()
    waiting, entries, left = [""], 0, BYTES_MAX
    try:
        while waiting:
            directory = waiting.pop()
            names = sorted(each.name for each in (root / directory).iterdir())
            entries += len(names)
            if entries > ENTRIES_MAX:
                return None
            for name in names:
                path = f"{directory}/{name}" if directory else name
                facts = (root / path).lstat()
                data = b""
                if stat.S_ISDIR(facts.st_mode):
                    waiting.append(path)
                elif stat.S_ISLNK(facts.st_mode):
                    data = os.fsencode((root / path).readlink())
                elif stat.S_ISREG(facts.st_mode):
                    left -= facts.st_size
                    if left < 0:
                        return None
                    data = _read(root / path, facts.st_size)
                head = f"{facts.st_mode:o} {len(data)} {len(os.fsencode(path))} "
                found.update(head.encode() + os.fsencode(path) + data)
    except OSError:
        return None
    return found.hexdigest()


def _read(path: Path, size_bytes: int) -> bytes:
    """Return a file's contents.

    Raises:
        OSError: it is not of this size any more, or not a file.
    """
    # A step may write there at any time: a pipe in its place must not block this process.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(size_bytes + 1)
    if len(data) != size_bytes:
        raise OSError(f"{path} has changed")
    return data
