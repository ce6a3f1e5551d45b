"""What to remove when the store should shrink.

`choose` is pure: it gets every entry with its age, the files it is made of and the names it
mentions, and returns those to keep. The shell around it looks, removes, and then drops the blobs
that no kept entry mentions.

    entry      a volume, a record, a replay line, or a directory under layers/, sandbox/images/, ...
    mentions   64-digit names in its text, in a replay line names beneath sandbox/ too; an entry
               keeps what it mentions as fresh as itself, and the blobs that it mentions
               (a tree mentions the contents of its files)
    leftover   what a process that died had not finished; it goes whatever its age
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from stiletto.layers.remove import remove_tree
from stiletto.store.files import clear, move
from stiletto.store.layout import DIRECTORY_KINDS, TREE, form_of
from stiletto.store.locks import try_exclusive
from stiletto.store.stage import Stage

NOTES_S = 30 * 24 * 3600
"""How long it is remembered what a step saw; see `stiletto.history`."""

_SEEN = ("inputs", "trees")
_MENTION = re.compile(rb"[0-9a-f]{64}")
_SANDBOX_MENTION = re.compile(rb"/sandbox/(?:images|servers)/([A-Za-z0-9][A-Za-z0-9._-]*)")
_FRAME_FILES = frozenset({".lock", ".prune.lock", "salt", "size.json"})
_SANDBOX_KINDS = ("images", "servers")
"""What `sandbox.made_once` keeps."""


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


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """Something that can be kept or removed as a whole.

    Attributes:
        kind: `records/step`, `layers`, `checkouts` and so on.
        name: what others mention it by.
        used_s: when it was last used, seconds since 1970.
        files: inode -> bytes on disk, directories included.
        mentions: names of entries and digests of blobs.
    """

    path: Path
    kind: str
    name: str
    used_s: float
    files: Mapping[int, int] = field(repr=False)
    mentions: frozenset[str] = field(repr=False)


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
    alike: bool = False,
    dry_run: bool = False,
) -> PruneReport:
    """Drop what `choose` gives up; no other process may be using the store.

    Volumes are given up only with `volumes`, and then after everything else: what is in them was
    requested by name. With `alike` they are entries like all others: what was not used for longest
    goes first. Entries leave by rename before they are taken apart, and before the blobs
    they mention: whenever this is interrupted, what is left is whole. With `dry_run` nothing is
    dropped, and the report is of what would be.
    """
    everything = measure(root, stage)
    leftovers = [*_leftovers(root), *_old_notes(root)]
    entries = list(_entries(root))
    stored = list(_whole(root, "volumes"))
    blobs = {digest: dict(_inodes(paths)) for digest, paths in _blobs(root).items()}
    unused_since_s = None if older_than_s is None else time.time() - older_than_s

    free = {inode for entry in (*entries, *leftovers) for inode in entry.files}
    free.update(inode for sizes in blobs.values() for inode in sizes)
    free.update(inode for entry in stored for inode in entry.files)
    fixed_bytes = sum(size for inode, size in everything.items() if inode not in free)
    left = None if keep_bytes is None else max(0, keep_bytes - fixed_bytes)
    kept = [] if alike else stored
    if volumes and not alike:
        kept = choose(stored, {}, keep_bytes=left, unused_since_s=unused_since_s)
    if left is not None:
        left = max(0, left - sum(size for entry in kept for size in entry.files.values()))
    others = [*entries, *stored] if alike else entries
    kept = [*kept, *choose(others, blobs, keep_bytes=left, unused_since_s=unused_since_s)]
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
    for digest, paths in _blobs(root).items():
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


def measure(root: Path, stage: Stage) -> dict[int, int]:
    """Return what the store has on the disk: inode -> bytes.

    The frame is left out (a dozen directories and locks that are in an empty store, too), and what
    this process stages.
    """
    frame = {root, *_children(root), *_children(root / "records"), *_children(root / "sandbox")}
    frame = {path for path in frame if path.is_dir() or path.name in _FRAME_FILES}
    return dict(_inodes(path for path in _below(root, stage.held) if path not in frame))


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


def _entries(root: Path) -> Iterator[StoredEntry]:
    for kind in _children(root / "records"):
        for path in (file for letters in _children(kind) for file in _children(letters)):
            mentions = frozenset(match.decode() for match in _MENTION.findall(_text(path)))
            yield _entry(path, f"records/{kind.name}", path.stem, mentions)
    for path in _children(root / "index"):
        # Not read for mentions: an index only remembers, it needs no blob.
        yield _entry(path, "index", path.stem)
    for path in _children(root / "replay"):
        text = _text(path)
        found = (*_MENTION.findall(text), *_SANDBOX_MENTION.findall(text))
        yield _entry(path, "replay", path.name, frozenset(name.decode() for name in found))
    sandbox = (f"sandbox/{name}" for name in _SANDBOX_KINDS)
    yield from _whole(root, *sandbox, *sorted(DIRECTORY_KINDS))


def _whole(root: Path, *kinds: str) -> Iterator[StoredEntry]:
    """Yield the complete directories of these kinds.

    A checkout mentions its blobs: most are its own files, and the next version of the tree shares
    them.
    """
    for kind in kinds:
        for path in _children(root / kind):
            if not path.name.startswith("."):
                text = _text(path / TREE) if kind == "checkouts" else b""
                mentions = frozenset(match.decode() for match in _MENTION.findall(text))
                yield _entry(path, kind, path.name, mentions)


def _text(path: Path) -> bytes:
    """Return the contents of a file; none, if damage put something else into its place."""
    return path.read_bytes() if path.is_file() else b""


def _old_notes(root: Path) -> Iterator[StoredEntry]:
    """Yield what is remembered of calls that nobody asks about any more.

    That is calls of which a month is gone, and what no other call or step mentions. The rest stays
    whatever is pruned: it is small, and gives the reason why a result is gone.
    """
    history = root / "history"
    since_s = time.time() - NOTES_S
    seen = {path.stem: path for kind in _SEEN for path in (history / kind).glob("*/*.json")}
    roots = [path for kind in ("calls", "slots") for path in (history / kind).rglob("*.json")]
    old = {path for path in roots if path.lstat().st_mtime < since_s}
    pending = [path for path in roots if path not in old]
    while pending:
        for name in _MENTION.findall(_text(pending.pop())):
            mentioned = seen.pop(name.decode(), None)
            if mentioned is not None:
                pending.append(mentioned)
    for path in sorted((*old, *seen.values())):
        yield _entry(path, "notes", path.stem)


def _leftovers(root: Path) -> Iterator[StoredEntry]:
    """Yield what no process is making any more, as no other has the store open."""
    places = (
        root / "sandbox",
        *(root / "sandbox" / name for name in _SANDBOX_KINDS),
        *(root / name for name in sorted(DIRECTORY_KINDS | {"volumes"})),
    )
    for path in (path for place in places for path in _children(place)):
        if path.name.startswith("."):
            yield _entry(path, "leftovers", path.name)
    for path in (root / "sandbox" / "trees").glob("*.lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            # Held where the process that prunes has run steps before.
            abandoned = try_exclusive(descriptor)
        finally:
            os.close(descriptor)
        if abandoned:
            for each in (path.with_suffix(""), path):
                if each.exists():
                    yield _entry(each, "leftovers", each.name)


def _entry(path: Path, kind: str, name: str, mentions: frozenset[str] = frozenset()) -> StoredEntry:
    used_s = path.lstat().st_mtime
    return StoredEntry(path, kind, name, used_s, dict(_inodes(_below(path))), mentions)


def _blobs(root: Path) -> dict[str, list[Path]]:
    """Return every blob's files by digest: itself, and those of other forms."""
    found: dict[str, list[Path]] = {}
    for path in (file for letters in _children(root / "blobs") for file in _children(letters)):
        found.setdefault(form_of(path.name)[0], []).append(path)
    return found


def _children(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []


def _below(path: Path, without: Path | None = None) -> Iterator[Path]:
    if path == without:
        return
    yield path
    if path.is_dir() and not path.is_symlink():
        try:
            with os.scandir(path) as found:
                children = [Path(child.path) for child in found]
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            # A step's own directory modes, whose size is a detail; or another process has removed
            # what it staged.
            return
        for child in children:
            yield from _below(child, without)


def _inodes(paths: Iterator[Path] | Sequence[Path]) -> Iterator[tuple[int, int]]:
    for path in paths:
        try:
            facts = path.lstat()
        except FileNotFoundError:  # a lock that its holder removed
            continue
        yield facts.st_ino, facts.st_blocks * 512  # st_blocks counts in 512 bytes, see stat(2)
