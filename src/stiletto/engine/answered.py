"""Keeps the trees of directories that stored answers hold: `build -o DIR` need not evaluate them.

An answer holds a recipe. To evaluate it takes images, a sandbox and a look at each step on the way,
though nothing has changed: a third of a second.

    record results/RECIPE: {"tree": digest, "machine": facts}

A recipe decides its tree together with the machine (`engine.machine`) if it is made of contents,
images and steps only. With a secret, a service, the host or a repository in it, it is evaluated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import CacheVolume
from stiletto.engine.machine import Machine
from stiletto.graph.recipe import Recipe, closure
from stiletto.graph.tree import Dir
from stiletto.store import Store
from stiletto.store.sealed import fitting

KIND = "results"

_CONTENTS = (
    *(c.EmptyRoot, c.ImageRoot, c.DirectoryRoot, c.WrittenRoot, c.ExecRoot, c.Exec),
    *(c.DirectoryMount, c.FileMount, c.CacheMount, c.TempDirMount, CacheVolume),
    *(c.Variable, c.VolatileVariable, c.Label, f.Operation, f.Filter),
    *(c.ContainerDirectory, c.ContainerFile, c.MountAfterExec, c.FileAfterExec),
    *(f.EmptyDirectory, f.StoredTree, f.SubDirectory, f.FilteredDirectory, f.WrittenDirectory),
    *(f.StoredFile, f.DirectoryFile, f.NewFile, f.RenamedFile, f.DatedFile),
)
"""What is decided by its own fields, and by what is beneath them."""


class Answered:
    """The directories that the answers of one session hold."""

    def __init__(self, store: Store, machine: Machine) -> None:
        self._store = store
        self._machine = machine
        self._held: set[str] = set()

    def hold(self, recipes: Iterable[Recipe]) -> None:
        """Note what a stored answer holds."""
        self._held |= {each.digest for each in recipes if isinstance(each, f.Directory)}

    async def tree(self, directory: f.Directory) -> Dir | None:
        """Return the tree of a directory that was evaluated before; None if it has to be."""
        if directory.digest not in self._held:
            return None
        found = fitting(self._store.record(KIND, directory.digest), _read)
        if found is None or await self._machine.changed(found[1]):
            return None
        digest = found[0]
        if not await asyncio.to_thread(self._store.has_tree, digest):
            return None
        self._held.discard(directory.digest)
        return await asyncio.to_thread(self._store.load_tree, digest)

    async def keep(self, directory: f.Directory, tree: Dir) -> None:
        """Keep the tree of a directory, once, if an answer holds it and its recipe decides it."""
        if directory.digest not in self._held:
            return
        self._held.discard(directory.digest)
        beneath = closure([directory]).values()
        images = {each.address: each.identity for each in beneath if isinstance(each, c.ImageRoot)}
        if not images or not all(isinstance(each, _CONTENTS) for each in beneath):
            return
        record = {"tree": tree.digest, "machine": self._machine.facts(images)}
        await asyncio.to_thread(self._store.save_tree, tree)
        self._store.put_record(KIND, directory.digest, record)


def _read(record: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    tree, machine = record["tree"], record["machine"]
    if not isinstance(tree, str) or not isinstance(machine, Mapping):
        raise TypeError("of another version")
    return tree, machine
