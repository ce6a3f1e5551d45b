"""Directories of the host as trees: copied into the store, or offered to it.

A directory that a module is called with is part of the call's key, with everything in it, so it is
read whole before the module has said what it needs. It is offered then: the store knows its digests
and copies each file when a step, a result or an export needs the contents (`Blobs.offer`). What the
module filters out is read once, for its digest, and never stored.

    consistent    a file that has changed when it is needed is an error: the call's key has its old
                  contents. What a step sees is copied as a whole before the step begins.
    for others    an offered tree is known to this session only. A stored result may hold one that
                  the call was given: whoever asks for that result has the same key, so has read the
                  same directory. Any other one is stored with all its contents (`keep`).
    from a script a directory that a client uses itself, and gives to no module, is copied at once.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from stiletto.api import files as f
from stiletto.api.patterns import Filter
from stiletto.graph.tree import Dir
from stiletto.module.source import context_of
from stiletto.store import GitignoreFiles, Store


class HostTrees:
    """What one session has read of the host."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offered: dict[str, Dir] = {}

    async def read(self, directory: f.HostDirectory, *, copy: bool) -> Dir:
        """Return a directory as it is now."""
        path, kept = Path(directory.path), directory.filter
        # Rules of the whole repository count, also those above the directory.
        repository = context_of(path)
        patterns = Filter(
            f.local(kept.include),
            f.local(kept.exclude),
            gitignore=GitignoreFiles(repository) if kept.gitignore else None,
            gitignore_prefix=str(path.relative_to(repository)),
        )
        return await asyncio.to_thread(
            self._store.ingest, path, keep=patterns.keep, descend=patterns.descend, copy=copy
        )

    def remember(self, tree: Dir, origin: str) -> f.StoredTree:
        """Return a tree whose contents are offered or stored as a value of this session."""
        self._offered[tree.digest] = tree
        return f.StoredTree(tree.digest, origin)

    def get(self, digest: str) -> Dir | None:
        """Return a tree that was remembered."""
        return self._offered.get(digest)

    def has(self, digest: str) -> bool:
        """Whether a tree can be used: by this session alone, or because it is stored whole."""
        return digest in self._offered or self._store.has_tree(digest)

    def keep(self, digest: str) -> None:
        """Store a tree with all its contents, if this session has read it.

        Raises:
            UsageError: a file has changed since.
        """
        if digest in self._offered:
            self._store.save_tree(self._offered[digest])
