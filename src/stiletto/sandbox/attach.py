"""Puts a step's mounts into a working tree, and removes them again.

Writable mounts are links to their source; everything else is a copy, so that no step changes the
store. What a mount covers is moved aside and comes back afterwards, because the tree is used
again.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from stiletto.errors import UsageError
from stiletto.layers.layer import Layer
from stiletto.layers.paths import lstat, relative
from stiletto.sandbox.plan import BindMount, Mount, OverlayMount, SecretMount, Step, TempMount
from stiletto.sandbox.relocation import copy_file, placeholder
from stiletto.sandbox.trees import Snapshot, changes, copy_layer, remove_entry, snapshot


@dataclass
class Attached:
    """The mounts of one step, by relative path in the tree.

    Attributes:
        before: for each overlay mount, what it held.
        opened: directories of links in place of a volume with mounts beneath it.
        covered: what was at a mount point, and where it is meanwhile.
        created: directories that were created for mount points.
    """

    tree: Path
    mounts: dict[str, Mount] = field(default_factory=dict)
    before: dict[str, Snapshot] = field(default_factory=dict)
    opened: dict[Path, Path] = field(default_factory=dict)
    covered: dict[Path, Path] = field(default_factory=dict)
    created: list[Path] = field(default_factory=list)

    def layers(self) -> dict[str, Layer]:
        """Describe what the step changed in each overlay mount, by target."""
        found: dict[str, Layer] = {}
        for at, mount in self.mounts.items():
            if isinstance(mount, OverlayMount):
                inner = {path[len(at) + 1 :] for path in self.mounts if path.startswith(at + "/")}
                found[mount.target] = changes(
                    self.tree, self.before[at], mount.upper, at=at, skip=inner
                )
        return found

    def take_replaced_files(self) -> None:
        """Move to its mount what a step has put in place of a mounted file: `sed -i` does so.

        Where the file is mounted by the kernel, it cannot be replaced: that is the step's failure.
        """
        for at, mount in self.mounts.items():
            if isinstance(mount, BindMount) and mount.original is not None:
                here, source = self.tree / at, mount.source.resolve()
                if here.is_file() and here.resolve() != source:
                    source.unlink()
                    shutil.copy2(here, source)

    def refuse_removed_files(self) -> None:
        """Refuse what the kernel would: a mounted file cannot be removed.

        Raises:
            UsageError: a step did so.
        """
        for at, mount in self.mounts.items():
            file = isinstance(mount, BindMount) and mount.original is not None
            if file and lstat(self.tree / at) is None:
                raise UsageError(
                    f"a step removed {mount.target}, where a file is mounted",
                    hint="a mount stays as long as the step; withoutMount removes it",
                )

    def detach(self) -> None:
        """Remove all mounts; what they covered is back afterwards."""
        self._close_volumes()
        for at in reversed(self.mounts):
            here = self.tree / at
            remove_entry(here)
            if here in self.covered:
                self.covered[here].rename(here)
        for folder in reversed(self.created):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _close_volumes(self) -> None:
        """Move into a volume what the step did at the top of a directory of links to it."""
        for path, source in self.opened.items():
            left = {entry.name: entry for entry in path.iterdir()}
            for entry in list(source.iterdir()):
                if entry.name not in left:
                    remove_entry(entry)
            for name, entry in left.items():
                ours = str(entry.relative_to(self.tree)) in self.mounts or entry in self.opened
                link = entry.is_symlink() and entry.readlink() == source / name
                if not ours and not link and entry not in self.created:
                    remove_entry(source / name)
                    shutil.move(entry, source / name)


def attach(step: Step, tree: Path, aside: Path) -> Attached:
    """Mount everything, parents first; `aside` is an empty directory on the tree's file system."""
    attached = Attached(tree)
    for number, mount in enumerate(
        sorted(step.mounts, key=lambda m: relative(m.target).count("/"))
    ):
        _mount(mount, attached, aside / str(number))
    return attached


def _mount(mount: Mount, attached: Attached, aside: Path) -> None:
    tree = attached.tree
    requested = tree / relative(mount.target)
    _open_volumes(requested.parent, attached)
    missing = [
        path for path in requested.parents if path.is_relative_to(tree) and not path.exists()
    ]
    for path in reversed(missing):
        path.mkdir()
        attached.created.append(path)
    here = requested.parent.resolve() / requested.name
    at = str(here.relative_to(tree))
    if lstat(here) is not None:
        if at not in attached.mounts and here.parent not in attached.opened:
            here.rename(aside)
            attached.covered[here] = aside
        else:
            remove_entry(here)
    attached.mounts[at] = mount
    match mount:
        case BindMount(source=source, writable=True):
            here.symlink_to(source.resolve())
        case BindMount(source=source):
            if source.is_dir():
                here.mkdir()
                copy_layer(Layer(source), tree, at)
            else:
                copy_file(source, here, placeholder(tree), os.fsencode(tree))
        case OverlayMount(lower=lower):
            here.mkdir()
            copy_layer(Layer(lower), tree, at)
            attached.before[at] = snapshot(here)
        case TempMount():
            here.mkdir()
            here.chmod(0o1777)
        case SecretMount():
            pass  # a file in memory, linked to when the step starts


def _open_volumes(parent: Path, attached: Attached) -> None:
    """Make a mount point possible beneath a writable mount, without writing to its source.

    The link to the source becomes a directory of links to the source's entries.
    """
    volumes = [
        mount.source.resolve()
        for mount in attached.mounts.values()
        if isinstance(mount, BindMount) and mount.writable
    ]
    for path in reversed([parent, *parent.parents]):
        if path.is_relative_to(attached.tree) and path.is_symlink():
            source = path.resolve()
            if any(source.is_relative_to(volume) for volume in volumes):
                path.unlink()
                path.mkdir()
                for entry in source.iterdir():
                    (path / entry.name).symlink_to(entry)
                attached.opened[path] = source
