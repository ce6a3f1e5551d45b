"""Keeps working trees from one step to the next, because building one costs a copy.

    <trees>/r<name>/       a working tree
    <trees>/r<name>.aside  what the mounts of the step that runs in it cover
    <trees>/r<name>.lock   held (flock) by the process that uses both; without a holder they are
                           garbage, and the next process removes them

A tree is known by the layers it has. A step takes the idle tree that already has most of its layers
and copies the rest onto it; afterwards the tree has one layer more. Layers are identified by
device, inode and time of their directory, which stay when a store commits one by rename.
"""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from stiletto.layers.layer import Layer
from stiletto.layers.remove import remove_tree
from stiletto.sandbox.relocation import working_tree
from stiletto.sandbox.trees import copy_layer

IDLE_MAX = 4
"""Each is a full copy on disk; a pipeline has few branches that are worth one."""

Mark: TypeAlias = tuple[int, int, int]

_ASIDE = ".aside"


def mark(layer: Layer) -> Mark:
    """Return what identifies this layer."""
    found = layer.root.stat()
    return found.st_dev, found.st_ino, found.st_mtime_ns


@dataclass
class WorkingTree:
    """A tree in use or idle: its path, the layers it has, the descriptor of its lock."""

    path: Path
    holds: tuple[Mark, ...]
    lock: int

    @property
    def aside(self) -> Path:
        """Where a step puts what its mounts cover."""
        return self.path.with_suffix(_ASIDE)

    def remove(self) -> None:
        """Remove it from the disk."""
        _remove(self.path.with_suffix(".lock"))
        os.close(self.lock)


def _remove(lock: Path) -> None:
    """Remove a tree, what its mounts covered, and its lock."""
    for directory in (lock.with_suffix(_ASIDE), lock.with_suffix("")):
        if directory.is_dir():
            remove_tree(directory)
    lock.unlink(missing_ok=True)


def _remove_all(idle: list[WorkingTree]) -> None:
    while idle:
        idle.pop().remove()


class TreePool:
    """The working trees of one process; its methods may be called from several threads."""

    def __init__(self, trees: Path) -> None:
        self._trees = trees
        self._idle: list[WorkingTree] = []
        self._guard = threading.Lock()
        self._swept = False
        self._close = weakref.finalize(self, _remove_all, self._idle)

    def close(self) -> None:
        """Remove the idle trees; also done when the process ends."""
        self._close()

    def take(self, layers: Sequence[Layer]) -> WorkingTree:
        """Return a tree that has exactly these layers, lowest first."""
        layers = [layer for layer in layers if not layer.is_blank()]
        wanted = tuple(map(mark, layers))
        tree = self._best(wanted) or self._new()
        try:
            for layer in layers[len(tree.holds) :]:
                copy_layer(layer, tree.path)
        except BaseException:
            tree.remove()
            raise
        tree.holds = wanted
        return tree

    def give_back(self, tree: WorkingTree, layer: Layer) -> None:
        """Keep a tree that has one layer more than when it was taken, unless that is blank."""
        if not layer.is_blank():
            tree.holds = (*tree.holds, mark(layer))
        with self._guard:
            self._idle.append(tree)
            surplus = self._idle[:-IDLE_MAX]
            del self._idle[:-IDLE_MAX]
        for old in surplus:
            old.remove()

    def _best(self, wanted: tuple[Mark, ...]) -> WorkingTree | None:
        with self._guard:
            fitting = [tree for tree in self._idle if wanted[: len(tree.holds)] == tree.holds]
            best = max(fitting, key=lambda tree: len(tree.holds), default=None)
            if best is not None:
                self._idle.remove(best)
            return best

    def _new(self) -> WorkingTree:
        self._trees.mkdir(parents=True, exist_ok=True)
        with self._guard:
            if not self._swept:
                _sweep(self._trees)
                self._swept = True
        path = working_tree(self._trees)
        lock = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        path.mkdir()
        return WorkingTree(path, (), lock)


def _sweep(trees: Path) -> None:
    """Remove the trees of processes that died: their locks are free."""
    for name in trees.glob("*.lock"):
        try:
            with name.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(name)
        except (BlockingIOError, FileNotFoundError):
            continue
    for aside in trees.glob(f"*{_ASIDE}"):
        # Its user has the lock beside it.
        if not aside.with_suffix(".lock").exists():
            remove_tree(aside)
