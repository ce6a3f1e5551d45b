"""What a store has on the disk, by kind: every file is looked at, and nothing is changed.

A file with several names counts once, for the first kind in the order of the alphabet, as for
`du` with all kinds as its arguments: most files of checkouts are blobs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ENTRIES: Mapping[str, str] = MappingProxyType(
    {
        "blobs": "*/*",
        "checkouts": "*",
        "envs": "*",
        "history": "*/*/*.json",
        "index": "*",
        "layers": "*",
        "modules": "*",
        "records": "*/*/*",
        "replay": "*",
        "repositories": "*",
        "sandbox": "*/*",
        "volumes": "*",
    }
)
"""Where the entries of each kind are in its directory; what is not here has none."""

REST = "others"
"""What belongs to no kind: locks, what is being made, the store's own files."""

_TIMELESS = frozenset({"blobs"})
"""Their times are those of their contents: what mentions them was used."""


@dataclass(frozen=True, slots=True)
class Part:
    """A kind: how many entries, bytes on the disk, the last use of any; None where it has none."""

    kind: str
    entries: int
    size_bytes: int
    used_s: float | None


def census(root: Path) -> list[Part]:
    """Return every kind that a store has, and last what belongs to none; empty for no store."""
    if not root.is_dir():
        return []
    seen: set[int] = set()
    parts = [_part(root, kind, seen) for kind in sorted(ENTRIES) if (root / kind).is_dir()]
    rest = sum(_sizes(root, seen, without={part.kind for part in parts}))
    return [*parts, Part(REST, 0, rest, None)]


def _part(root: Path, kind: str, seen: set[int]) -> Part:
    entries = list((root / kind).glob(ENTRIES[kind]))
    times = [] if kind in _TIMELESS else [_used_s(path) for path in entries]
    return Part(kind, len(entries), sum(_sizes(root / kind, seen)), max(times, default=None))


def _used_s(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0  # just removed


def _sizes(
    top: Path, seen: set[int], without: set[str] | frozenset[str] = frozenset()
) -> Iterator[int]:
    """Yield what each file takes that was not seen before; `without` are names at the top."""
    pending = [os.fspath(top)]
    while pending:
        path = pending.pop()
        try:
            yield os.lstat(path).st_blocks * 512
            with os.scandir(path) as found:
                children = list(found)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # removed just now, or a step's own modes
        for child in children:
            if child.is_dir(follow_symlinks=False):
                if path != os.fspath(top) or child.name not in without:
                    pending.append(child.path)
                continue
            try:
                facts = child.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if facts.st_nlink > 1:
                if facts.st_ino in seen:
                    continue
                seen.add(facts.st_ino)
            yield facts.st_blocks * 512
