"""The layout of the store, and how keys become file names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import Dir

OWN_KINDS = frozenset(
    {
        "blobs",
        "history",
        "index",
        "kept",
        "locks",
        "records",
        "replay",
        "sandbox",
        "stage",
        "volumes",
    }
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
_BLOB = re.compile(r"([0-9a-f]{64})(?:\.(-?\d+))?(\.x)?")
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


class Form(NamedTuple):
    """What a blob's file is like beside its contents.

    Attributes:
        executable: 0755 instead of 0644.
        time_ns: when it was modified; None is the time that its contents have.
    """

    executable: bool = False
    time_ns: int | None = None


PLAIN = Form()


def blob_name(digest: str, form: Form = PLAIN) -> str:
    """Return the path of a blob beneath `blobs/`."""
    time = "" if form.time_ns is None else f".{form.time_ns}"
    return f"{digest[:2]}/{digest}{time}{'.x' if form.executable else ''}"


def form_of(name: str) -> tuple[str, Form]:
    """Return the digest and the form in a blob's file name; all of another name is its digest."""
    if (found := _BLOB.fullmatch(name)) is None:
        return name, PLAIN
    return found[1], Form(bool(found[3]), int(found[2]) if found[2] else None)


def blob_time_s(digest: str) -> int:
    """Return the modification time that every file with these contents gets.

    Taken from the digest: equal contents have equal times on every machine, and different
    contents have different times, so that no tool takes a stale .pyc for a fresh one.
    """
    return _EPOCH_S + int(digest[:7], 16)


def checkout_key(
    tree: Dir, removed: frozenset[str], apart: Collection[tuple[str, Form]] = ()
) -> str:
    """Return the name of the checkout of a tree that hides these paths.

    `apart` names blobs to which it has no hard links.
    """
    hides = "".join(f"\0{path}" for path in sorted(removed))
    copies = "".join(f"\0\0{name}" for name in sorted(blob_name(*inode) for inode in apart))
    joined = "".join("\0\0\0" + "\0".join(paths) for paths in tree.joined)
    text = f"{_CHECKOUT_FORMAT}\0{tree.digest}\0{tree.times}{hides}{copies}{joined}"
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
