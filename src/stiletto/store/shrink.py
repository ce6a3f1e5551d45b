"""Makes a store smaller while others use it.

    plan      what would go is chosen as for a prune (`prune.choose`), with sizes from `sizes`
    take      all of it leaves by rename in one moment (`uses.alone`), except what was touched since
              a running call began, and what that mentions
    blobs     those that nothing left mentions, a few at a time, except what was used meanwhile
    remove    what left is taken apart; nobody can see it any more

Results leave before what they mention, and what has left lies in this process's stage: whenever
this is interrupted, what is left is whole, and the next process sweeps the rest.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from stiletto.layers.remove import remove_tree
from stiletto.store.entries import (
    StoredEntry,
    blobs_of,
    entries_of,
    inodes,
    old_notes,
    others_bytes,
    whole,
)
from stiletto.store.files import clear, move
from stiletto.store.layout import DIRECTORY_KINDS
from stiletto.store.limit import Measured
from stiletto.store.prune import PruneReport, choose
from stiletto.store.sizes import Sizes
from stiletto.store.stage import Stage
from stiletto.store.uses import MARGIN_NS, Uses

_BLOBS_AT_ONCE = 200
"""How many are looked at and removed while others wait: about a millisecond."""

_NOTES_S = 24 * 3600
"""How old a note is at least that goes because nothing mentions it."""

_FIXED_KINDS = ("sandbox/images", "sandbox/servers")
"""Used without a word to the store; they go with `stiletto prune`."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a store: entries, cache volumes among them, blobs by digest, and all else.

    `looked_ns` is when the look began, and `began` what had lines then.
    """

    looked_ns: int
    began: Measured
    entries: Sequence[StoredEntry]
    blobs: Mapping[str, Mapping[int, int]]
    others_bytes: int

    @property
    def size_bytes(self) -> int:
        """How much of the disk that takes."""
        found = {inode: size for sizes in self.blobs.values() for inode, size in sizes.items()}
        for entry in self.entries:
            found.update(entry.files)
        return sum(found.values()) + self.others_bytes

    def known(self, root: Path) -> dict[str, int]:
        """Return the sizes of directories by their path in the store, volumes left out."""
        return {
            str(entry.path.relative_to(root)): sum(entry.files.values())
            for entry in self.entries
            if entry.kind in DIRECTORY_KINDS or entry.kind in _FIXED_KINDS
        }


def look(root: Path, sizes: Sizes) -> Contents:
    """Return what is in a store; of directories that `sizes` knows, no file is looked at."""
    looked_ns, began = time.time_ns(), sizes.began()
    entries = [*entries_of(root, sizes.known()), *whole(root, "volumes")]
    blobs = {digest: dict(inodes(paths)) for digest, paths in blobs_of(root).items()}
    return Contents(looked_ns, began, entries, blobs, others_bytes(root))


def trimmed(
    root: Path, contents: Contents, trim: Callable[[Path], bool], stage: Stage
) -> tuple[Contents, int]:
    """Let volumes that nobody uses become smaller; return what is there then, and bytes freed."""
    since_ns = stage.others_since_ns()
    volumes = [entry for entry in contents.entries if entry.kind == "volumes"]
    tried = [each for each in volumes if _is_unused(each, since_ns) and trim(each.path)]
    if not tried:
        return contents, 0
    for each in tried:
        # What made it smaller has not used it.
        with contextlib.suppress(FileNotFoundError):
            os.utime(each.path, (each.used_s, each.used_s))
    others = [entry for entry in contents.entries if entry.kind != "volumes"]
    after = replace(contents, entries=[*others, *whole(root, "volumes")])
    return after, max(0, contents.size_bytes - after.size_bytes)


def shrink(
    root: Path, stage: Stage, uses: Uses, contents: Contents, keep_bytes: int
) -> PruneReport:
    """Remove what was not used for longest, down to a size, and nothing that a call uses.

    A volume that does not fit goes as a whole. The report's sizes are those of `contents`.
    """
    left = max(0, keep_bytes - contents.others_bytes)
    kept = {
        entry.path
        for entry in choose(contents.entries, contents.blobs, keep_bytes=left, unused_since_s=None)
    }
    planned = [
        entry
        for entry in contents.entries
        if entry.path not in kept and entry.kind not in _FIXED_KINDS
    ]
    trash = stage.directory()
    gone = _take(planned, contents.entries, trash, root, stage, uses)
    gone_paths = {entry.path for entry in gone}
    wanted = frozenset[str]().union(
        *(entry.mentions for entry in contents.entries if entry.path not in gone_paths)
    )
    freed: dict[int, int] = {}
    removed: dict[str, int] = {}
    for entry in gone:
        removed[entry.kind] = removed.get(entry.kind, 0) + 1
        freed.update(entry.files)
    blobs = _drop_blobs(root, contents, wanted, stage, uses)
    if blobs:
        removed["blobs"] = len(blobs)
    for digest in blobs:
        freed.update(contents.blobs[digest])
    for note in old_notes(root):
        # What a running call notes is mentioned at its end.
        if note.used_s < contents.looked_ns / 1_000_000_000 - _NOTES_S:
            clear(note.path)
    remove_tree(trash)
    stays = [entry for entry in contents.entries if entry.path not in gone_paths]
    freed_bytes = sum(freed.values())
    volume_bytes = sum(sum(each.files.values()) for each in stays if each.kind == "volumes")
    kept_bytes = max(0, contents.size_bytes - freed_bytes)
    return PruneReport(freed_bytes, kept_bytes, volume_bytes, MappingProxyType(removed))


def _take(
    planned: Sequence[StoredEntry],
    everything: Iterable[StoredEntry],
    trash: Path,
    root: Path,
    stage: Stage,
    uses: Uses,
) -> list[StoredEntry]:
    """Move entries away, those first that mention others; return what left."""
    by_name: dict[str, list[StoredEntry]] = {}
    for entry in everything:
        by_name.setdefault(entry.name, []).append(entry)
    gone: list[StoredEntry] = []
    with uses.alone():
        since_ns = stage.others_since_ns()
        used = [entry for entry in planned if not _is_unused(entry, since_ns)]
        stays: set[Path] = set()
        while used:
            entry = used.pop()
            if entry.path not in stays:
                stays.add(entry.path)
                used.extend(each for name in entry.mentions for each in by_name.get(name, ()))
        for number, entry in enumerate(planned):
            if entry.path in stays:
                continue
            with contextlib.suppress(FileNotFoundError):
                if entry.path.is_dir():
                    move(entry.path, trash / str(number), root)
                else:
                    entry.path.rename(trash / str(number))
                gone.append(entry)
    return gone


def _is_unused(entry: StoredEntry, since_ns: int | None) -> bool:
    """Whether nobody has used an entry since it was looked at, or since a running call began."""
    try:
        facts = entry.path.lstat()
    except FileNotFoundError:
        return True
    if since_ns is not None and facts.st_mtime_ns >= since_ns - MARGIN_NS:
        return False
    return facts.st_mtime <= entry.used_s


def _drop_blobs(
    root: Path,
    contents: Contents,
    wanted: frozenset[str],
    stage: Stage,
    uses: Uses,
) -> list[str]:
    """Remove the blobs that nothing mentions, in each of their forms; return their digests."""
    paths = blobs_of(root)
    unwanted = [digest for digest in contents.blobs if digest not in wanted and digest in paths]
    dropped: list[str] = []
    for start in range(0, len(unwanted), _BLOBS_AT_ONCE):
        with uses.alone():
            # A call that ended meanwhile may have left something that mentions them.
            since_ns = min(contents.looked_ns, stage.others_since_ns() or contents.looked_ns)
            for digest in unwanted[start : start + _BLOBS_AT_ONCE]:
                if all(_is_old(path, since_ns - MARGIN_NS) for path in paths[digest]):
                    for path in paths[digest]:
                        path.unlink(missing_ok=True)
                    dropped.append(digest)
    return dropped


def _is_old(path: Path, since_ns: int) -> bool:
    try:
        return os.lstat(path).st_ctime_ns < since_ns
    except FileNotFoundError:
        return True
