"""What to remove when the store should shrink.

`choose` is pure: it gets every entry with its age, the files it is made of and the names it
mentions, and returns those to keep. The shell around it looks, removes, and then drops the blobs
that no kept entry mentions.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stiletto.layers.remove import remove_tree
from stiletto.store.entries import (
    StoredEntry,
    blobs_of,
    entries_of,
    inodes,
    leftovers_of,
    measure,
    old_notes,
    whole,
)
from stiletto.store.files import clear, move
from stiletto.store.layout import form_of
from stiletto.store.stage import Stage


@dataclass(frozen=True, slots=True)
class PruneReport:
    """What a prune did.

    Attributes:
        freed_bytes: disk space given back; a file that is still linked elsewhere frees nothing.
        kept_bytes: what the whole store occupies now, cache volumes and all.
        volume_bytes: how much of that is in cache volumes.
        removed: how many entries of each kind are gone, such as `{"layers": 3, "blobs": 40}`.
    """

    freed_bytes: int
    kept_bytes: int
    volume_bytes: int
    removed: Mapping[str, int]


def choose(
    entries: Sequence[StoredEntry],
    blobs: Mapping[str, Mapping[int, int]],
    *,
    keep_bytes: int | None,
    unused_since_s: float | None,
) -> list[StoredEntry]:
    """Return the entries to keep, freshest first.

    Kept is what was used at `unused_since_s` or later, and of that, from the freshest on, as
    much as fits into `keep_bytes`, the first that does not fit and all older ones excluded. A
    volume that does not fit is left out alone: one that is larger than the limit would take all
    else with it. A file that several entries share counts once. Without any limit nothing is kept.
    """
    if keep_bytes is None and unused_since_s is None:
        return []
    fresh = _freshness(entries)
    kept: list[StoredEntry] = []
    counted: dict[int, int] = {}
    total = 0
    for entry in sorted(entries, key=lambda entry: fresh[entry.path], reverse=True):
        if unused_since_s is not None and fresh[entry.path] < unused_since_s:
            break
        needed = dict(entry.files)
        for name in entry.mentions:
            needed.update(blobs.get(name, {}))
        new = {inode: size for inode, size in needed.items() if inode not in counted}
        if keep_bytes is not None and total + sum(new.values()) > keep_bytes:
            if entry.kind == "volumes":
                continue
            break
        total += sum(new.values())
        counted.update(new)
        kept.append(entry)
    return kept


def _freshness(entries: Sequence[StoredEntry]) -> dict[Path, float]:
    """Return when each entry was last used, itself or through one that mentions it."""
    by_name: dict[str, list[StoredEntry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    fresh: dict[Path, float] = {}
    for entry in sorted(entries, key=lambda entry: entry.used_s, reverse=True):
        pending = [entry]
        while pending:
            mentioned = pending.pop()
            if mentioned.path in fresh:  # reached before, from something at least as fresh
                continue
            fresh[mentioned.path] = entry.used_s
            for name in mentioned.mentions:
                pending.extend(by_name.get(name, ()))
    return fresh


def prune(
    root: Path,
    stage: Stage,
    *,
    keep_bytes: int | None,
    older_than_s: float | None,
    volumes: bool = False,
    dry_run: bool = False,
) -> PruneReport:
    """Drop what `choose` gives up; no other process may be using the store.

    Volumes are given up only with `volumes`, and then after everything else: what is in them was
    requested by name. Entries leave by rename before they are taken apart, and before the blobs
    they mention: whenever this is interrupted, what is left is whole. With `dry_run` nothing is
    dropped, and the report is of what would be.
    """
    everything = measure(root, stage)
    leftovers = [*leftovers_of(root), *old_notes(root)]
    entries = list(entries_of(root))
    stored = list(whole(root, "volumes"))
    blobs = {digest: dict(inodes(paths)) for digest, paths in blobs_of(root).items()}
    unused_since_s = None if older_than_s is None else time.time() - older_than_s

    free = {inode for entry in (*entries, *leftovers) for inode in entry.files}
    free.update(inode for sizes in blobs.values() for inode in sizes)
    free.update(inode for entry in stored for inode in entry.files)
    fixed_bytes = sum(size for inode, size in everything.items() if inode not in free)
    left = None if keep_bytes is None else max(0, keep_bytes - fixed_bytes)
    kept = stored
    if volumes:
        kept = choose(stored, {}, keep_bytes=left, unused_since_s=unused_since_s)
    if left is not None:
        left = max(0, left - sum(size for entry in kept for size in entry.files.values()))
    kept = [*kept, *choose(entries, blobs, keep_bytes=left, unused_since_s=unused_since_s)]
    kept_paths = {entry.path for entry in kept}
    volume_bytes = sum(
        size for each in kept if each.kind == "volumes" for size in each.files.values()
    )

    removed: dict[str, int] = {}
    for entry in (*entries, *stored, *leftovers):
        if entry.path not in kept_paths:
            removed[entry.kind] = removed.get(entry.kind, 0) + 1
            if not dry_run:
                discard(entry.path, stage)
    wanted = frozenset[str]().union(*(entry.mentions for entry in kept))
    if dry_run:
        removed |= {"blobs": gone} if (gone := len(blobs.keys() - wanted)) else {}
        needed = {inode for entry in kept for inode in entry.files}
        needed.update(inode for digest in wanted for inode in blobs.get(digest, {}))
        dropped = sum(size for inode, size in everything.items() if inode in free - needed)
        kept_bytes = sum(everything.values()) - dropped
        return PruneReport(dropped, kept_bytes, volume_bytes, MappingProxyType(removed))
    for digest, paths in blobs_of(root).items():
        if digest not in wanted:
            removed["blobs"] = removed.get("blobs", 0) + 1
            for path in paths:
                clear(path)
            continue
        for path in paths:
            # Each new checkout of a repository has new times: only what is still shown stays.
            if form_of(path.name)[1].time_ns is not None and path.lstat().st_nlink == 1:
                clear(path)
    for path in (*(root / "blobs").glob("*"), *(root / "records").glob("*/*")):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()
    kept_bytes = sum(measure(root, stage).values())
    freed_bytes = max(0, sum(everything.values()) - kept_bytes)
    return PruneReport(freed_bytes, kept_bytes, volume_bytes, MappingProxyType(removed))


def discard(path: Path, stage: Stage) -> None:
    """Remove something that others may be looking at: it leaves as a whole."""
    if path.is_symlink() or not path.is_dir():
        clear(path)
        return
    try:
        trash = stage.directory() / "dropped"
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        # A full disk has no space for another directory; found by the next prune if we are killed.
        trash = path.with_name(f".{path.name}.dropped")
    try:
        move(path, trash, stage.root.parent)
    except FileNotFoundError:
        return
    remove_tree(trash)
    with contextlib.suppress(OSError):
        if trash.name == "dropped":
            trash.parent.rmdir()
