"""Checks everything in the store, and removes what is damaged.

    blob            its digest, time and mode
    record          its seal; a saved tree also its digest, and that its contents are there
    layer           both its files of facts, and each file by kind, length and time
    checkout        that it has what was checked out there, and each file's digest
    index, history  its seal
    replay, salt, locks, volumes, sandbox, stage      kind and shape

What steps wrote into a layer is known by length and time, not by digest, and a cache volume belongs
to the steps that write to it: nothing defines what is to be in there.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stiletto.graph.tree import Dir, File
from stiletto.layers.layer import Layer
from stiletto.store import checkout, ingest, manifest, sealed
from stiletto.store.blobs import is_untouched
from stiletto.store.layout import (
    DIRECTORY_KINDS,
    LAYER,
    MANIFEST,
    OWN_KINDS,
    PLAIN,
    SALT_BYTES,
    TREE,
    form_of,
)


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not as it was written, and the reason."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, how many of each kind, and what of it is damaged."""

    checked: Mapping[str, int]
    damages: tuple[Damage, ...]


@dataclass
class _Look:
    root: Path
    drop: Callable[[Path], None] | None
    checked: dict[str, int] = field(default_factory=dict)
    damages: list[Damage] = field(default_factory=list)
    good: dict[str, int] = field(default_factory=dict)
    """Digest of each good blob -> its length."""
    inodes: set[int] = field(default_factory=set)
    """Files that are good blobs, in any form."""

    def count(self, kind: str) -> None:
        self.checked[kind] = self.checked.get(kind, 0) + 1

    def damaged(self, path: Path, why: str) -> None:
        self.damages.append(Damage(path, why))
        if self.drop is not None:
            self.drop(path)

    def children(self, directory: Path) -> list[Path]:
        """Return what is in a directory; anything else in its place is damaged."""
        if not os.path.lexists(directory):
            return []
        if not directory.is_dir():
            self.damaged(directory, "not a directory")
            return []
        return sorted(directory.iterdir())

    def directories(self, place: Path, kind: str) -> None:
        """Count what is in a place; what is not a directory is damaged."""
        for path in self.children(place):
            self.count(kind)
            if not path.is_dir():
                self.damaged(path, "not a directory")

    def files(self, directory: Path, kind: str) -> Iterator[Path]:
        """Yield the regular files in a directory; anything else is damaged."""
        for path in self.children(directory):
            self.count(kind)
            if path.is_symlink() or not path.is_file():
                self.damaged(path, "not a regular file")
            else:
                yield path


def verify(root: Path, drop: Callable[[Path], None] | None) -> Verified:
    """Look at everything; `drop`, if given, removes what is damaged.

    Others may use the store meanwhile: what they make takes its place whole.
    """
    look = _Look(root, drop)
    _blobs(look)
    _records(look)
    for path in look.files(root / "index", "index"):
        if ingest.read_index(path) is None:
            look.damaged(path, "not an index")
    for path in sorted((root / "history").rglob("*")):
        if path.suffix == ".json" or not path.is_dir():
            look.count("history")
            if path.is_symlink() or sealed.read(path) is None:
                look.damaged(path, "does not fit its seal")
    for path in look.files(root / "replay", "replay"):
        if path.stat().st_size == 0:
            look.damaged(path, "empty")
    for _ in look.files(root / "locks", "locks"):
        pass
    _layers(look)
    _checkouts(look)
    for kind in sorted((DIRECTORY_KINDS | {"volumes"}) - {"layers", "checkouts"}):
        look.directories(root / kind, kind)
    for name in ("images", "servers"):
        look.directories(root / "sandbox" / name, f"sandbox/{name}")
    for name in sorted(OWN_KINDS - {"blobs", "records", "index", "replay", "locks", "volumes"}):
        look.children(root / name)
    salt = root / "salt"
    if os.path.lexists(salt):
        look.count("salt")
        if not salt.is_file() or salt.stat().st_size != SALT_BYTES:
            look.damaged(salt, f"not a file of {SALT_BYTES} bytes")
    return Verified(look.checked, tuple(look.damages))


def _blobs(look: _Look) -> None:
    for letters in look.children(look.root / "blobs"):
        for path in look.files(letters, "blobs"):
            digest, form = form_of(path.name)
            facts = path.stat()
            if _hash(path) != digest or letters.name != digest[:2]:
                look.damaged(path, "its contents do not have the digest in its name")
            elif not is_untouched(facts, digest, ns=form.time_ns):
                look.damaged(path, "written to since it was stored")
            elif stat.S_IMODE(facts.st_mode) != (0o755 if form.executable else 0o644):
                look.damaged(path, f"has the mode {stat.S_IMODE(facts.st_mode):04o}")
            else:
                look.inodes.add(facts.st_ino)
                if form == PLAIN:
                    look.good[digest] = facts.st_size


def _records(look: _Look) -> None:
    for kind in look.children(look.root / "records"):
        for letters in look.children(kind):
            for path in look.files(letters, "records"):
                data = sealed.read(path)
                if data is None:
                    look.damaged(path, "does not fit its seal")
                elif kind.name == "trees":
                    _tree(look, path, sealed.fitting(data, Dir.from_json))


def _tree(look: _Look, path: Path, tree: Dir | None) -> None:
    if tree is None or tree.digest.removeprefix("sha256:") != path.stem:
        look.damaged(path, "not the tree with the digest in its name")
        return
    for name, entry in tree.walk():
        if isinstance(entry, File) and look.good.get(entry.digest) != entry.size_bytes:
            look.damaged(path, f"the contents of {name} are missing or damaged")
            return


def _layers(look: _Look) -> None:
    for path in look.children(look.root / "layers"):
        look.count("layers")
        facts = sealed.read(path / LAYER)
        listed = sealed.read(path / MANIFEST)
        known = sealed.fitting(
            facts, lambda data: Layer(Path(), frozenset(data["removed"]), data["relocatable"])
        )
        if known is None:
            look.damaged(path, f"{LAYER} is damaged or missing")
            continue
        try:
            changed = manifest.changed(path / "fs", listed or {})
        except sealed.MISFIT:
            look.damaged(path, f"{MANIFEST} is damaged or missing")
            continue
        if changed is not None:
            look.damaged(path, f"fs/{changed} is missing, or written to since")


def _checkouts(look: _Look) -> None:
    for path in look.children(look.root / "checkouts"):
        look.count("checkouts")
        tree = sealed.fitting(sealed.read(path / TREE), lambda data: Dir.from_json(data["tree"]))
        if tree is None:
            look.damaged(path, f"{TREE} is damaged or missing")
        elif not checkout.is_unchanged_tree(tree, path / "fs"):
            look.damaged(path, "differs from the tree that it was made from")
        else:
            files = ((name, each) for name, each in tree.walk() if isinstance(each, File))
            bad = next(
                (name for name, each in files if not _is_good(look, path / "fs" / name, each)), None
            )
            if bad is not None:
                look.damaged(path, f"fs/{bad} has changed")


def _is_good(look: _Look, path: Path, file: File) -> bool:
    """Whether a file of a checkout has its contents."""
    return path.stat().st_ino in look.inodes or _hash(path) == file.digest


def _hash(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
