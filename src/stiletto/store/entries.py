"""What is in the store, for who removes or counts it: entries with their age and size.

entry      a volume, a record, a replay line, or a directory under layers/, sandbox/images/, ...
mentions   64-digit names in its text, in a replay line names beneath sandbox/ too; an entry
           keeps what it mentions as fresh as itself, and the blobs that it mentions
           (a tree mentions the contents of its files)
leftover   what a process that died had not finished; it goes whatever its age
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from stiletto.store.layout import DIRECTORY_KINDS, TREE, form_of
from stiletto.store.locks import try_exclusive
from stiletto.store.stage import Stage

NOTES_S = 30 * 24 * 3600
"""How long it is remembered what a step saw; see `stiletto.history`."""

_SEEN = ("inputs", "trees")
_MENTION = re.compile(rb"[0-9a-f]{64}")
_SANDBOX_MENTION = re.compile(rb"/sandbox/(?:images|servers)/([A-Za-z0-9][A-Za-z0-9._-]*)")
_FRAME_FILES = frozenset({".lock", ".prune.lock", ".uses.lock", "salt", "size.json", "sizes"})
_SANDBOX_KINDS = ("images", "servers")
"""What `sandbox.made_once` keeps."""


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


def measure(root: Path, stage: Stage) -> dict[int, int]:
    """Return what the store has on the disk: inode -> bytes.

    The frame is left out (a dozen directories and locks that are in an empty store, too), and what
    this process stages.
    """
    frame = {root, *_children(root), *_children(root / "records"), *_children(root / "sandbox")}
    frame = {path for path in frame if path.is_dir() or path.name in _FRAME_FILES}
    return dict(inodes(path for path in _below(root, stage.held) if path not in frame))


def entries_of(root: Path, known: Mapping[str, int] | None = None) -> Iterator[StoredEntry]:
    """Yield all that can be kept or removed, but for cache volumes.

    The files of a directory whose size is `known`, by its path in the store, are not looked at.
    """
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
    yield from whole(root, *sandbox, *sorted(DIRECTORY_KINDS), known=known or {})


def whole(
    root: Path, *kinds: str, known: Mapping[str, int] = MappingProxyType({})
) -> Iterator[StoredEntry]:
    """Yield the complete directories of these kinds; as above.

    A checkout mentions its blobs: most are its own files, and the next version of the tree shares
    them.
    """
    for kind in kinds:
        for path in _children(root / kind):
            if not path.name.startswith("."):
                text = _text(path / TREE) if kind == "checkouts" else b""
                mentions = frozenset(match.decode() for match in _MENTION.findall(text))
                yield _entry(path, kind, path.name, mentions, known.get(f"{kind}/{path.name}"))


def _text(path: Path) -> bytes:
    """Return the contents of a file; none, if damage put something else into its place."""
    return path.read_bytes() if path.is_file() else b""


def old_notes(root: Path) -> Iterator[StoredEntry]:
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


def leftovers_of(root: Path) -> Iterator[StoredEntry]:
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


def _entry(
    path: Path,
    kind: str,
    name: str,
    mentions: frozenset[str] = frozenset(),
    size_bytes: int | None = None,
) -> StoredEntry:
    facts = path.lstat()
    files = dict(inodes(_below(path))) if size_bytes is None else {facts.st_ino: size_bytes}
    return StoredEntry(path, kind, name, facts.st_mtime, files, mentions)


def others_bytes(root: Path) -> int:
    """Return what takes space and is no entry: history, locks, working trees of plain mode."""
    places = (root / "history", root / "locks", root / "sandbox" / "trees")
    return sum(dict(inodes(path for place in places for path in _below(place))).values())


def blobs_of(root: Path) -> dict[str, list[Path]]:
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


def inodes(paths: Iterator[Path] | Sequence[Path]) -> Iterator[tuple[int, int]]:
    """Yield inode and bytes on the disk of what is there."""
    for path in paths:
        try:
            facts = path.lstat()
        except FileNotFoundError:  # a lock that its holder removed
            continue
        yield facts.st_ino, facts.st_blocks * 512  # st_blocks counts in 512 bytes, see stat(2)
