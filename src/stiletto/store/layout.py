"""The layout of the store, and how keys become file names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import Dir

OWN_KINDS = frozenset(
    {"blobs", "index", "locks", "records", "replay", "sandbox", "stage", "volumes"}
)
"""Directories of the store that `commit` may not write to: they have rules of their own."""

DIRECTORY_KINDS = frozenset({"checkouts", "envs", "layers", "modules", "repositories"})
"""Directories that `commit` writes to. Nothing else is pruned: the store may be in a directory that
has other files."""

LAYER = "layer.json"
MANIFEST = "files.json"
TREE = "tree.json"
SALT_BYTES = 32

_CHECKOUT_FORMAT = 3
"""Raised when the same tree is laid out in another way: since 3, with the times of its files."""

_EPOCH_S = 1_000_000_000
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


def root_from(environ: Mapping[str, str]) -> Path:
    """Return the store's directory: $STILETTO_CACHE, or `stiletto` in the user's cache.

    A relative $XDG_CACHE_HOME is ignored, as the XDG Base Directory specification requires.

    Raises:
        EnvironmentFailed: no variable names a place.
    """
    if own := environ.get("STILETTO_CACHE"):
        return Path(own)
    caches = environ.get("XDG_CACHE_HOME", "")
    if caches.startswith("/"):
        return Path(caches, "stiletto")
    if home := environ.get("HOME"):
        return Path(home, ".cache", "stiletto")
    raise EnvironmentFailed("no place for the cache: HOME is not set", hint="set STILETTO_CACHE")


def blob_name(digest: str, *, executable: bool = False) -> str:
    """Return the path of a blob beneath `blobs/`."""
    return f"{digest[:2]}/{digest}{'.x' if executable else ''}"


def blob_time_s(digest: str) -> int:
    """Return the modification time that every file with these contents gets.

    Taken from the digest: equal contents have equal times on every machine, and different
    contents have different times, so that no tool takes a stale .pyc for a fresh one.
    """
    return _EPOCH_S + int(digest[:7], 16)


def checkout_key(
    tree: Dir, removed: frozenset[str], apart: Collection[tuple[str, bool]] = ()
) -> str:
    """Return the name of the checkout of a tree that hides these paths.

    `apart` names blobs to which it has no hard links.
    """
    hides = "".join(f"\0{path}" for path in sorted(removed))
    copies = "".join(f"\0\0{digest}{'.x' * executable}" for digest, executable in sorted(apart))
    text = f"{_CHECKOUT_FORMAT}\0{tree.digest}\0{tree.times}{hides}{copies}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def file_name(key: str) -> str:
    """Return a file name for any key: a plain one, or one without `sha256:`, stays readable."""
    plain = key.removeprefix("sha256:")
    if _NAME.fullmatch(plain):
        return plain
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def shard(name: str) -> str:
    """Return the two letters under which a name is filed, so that no directory grows huge."""
    return name[:2].ljust(2, "_")
