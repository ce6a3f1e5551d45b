"""Turns recipes into trees, files and the roots of containers.

    Directory -> tree.Dir          File -> NamedFile        Root -> Stack

Each recipe is evaluated once per session: callers of the same recipe share one task. Commands,
on which some of these wait, are run by `commands`.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import time_ns as now_ns
from typing import TYPE_CHECKING, Protocol, TypeVar

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.patterns import Filter as PatternFilter
from stiletto.engine.coarse import Caching, CoarseKeys
from stiletto.engine.contents import refuse_large, replaced
from stiletto.engine.context import preparing
from stiletto.engine.host_trees import HostTrees
from stiletto.engine.laying import laid
from stiletto.engine.layout import SCRATCH, Made, NamedFile, Stack
from stiletto.engine.noting import Noting, copied, from_images
from stiletto.engine.once import Once
from stiletto.engine.secrets import SecretStore
from stiletto.engine.surface import (
    Below,
    DeltaSurface,
    Surface,
    TreeSurface,
    change_owner,
    make_directory,
    make_link,
    put_directory,
    put_file,
    remove,
    write_new_file,
)
from stiletto.engine.users import owner_of
from stiletto.engine.views import Views
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.changes import compare, difference
from stiletto.graph.hardlinks import apart
from stiletto.graph.recipe import Recipe, digest_of
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link, Time, dated, split, with_owner
from stiletto.history.inputs import OF_IMAGE
from stiletto.history.journal import Journal
from stiletto.layers.layer import Layer
from stiletto.layers.view import Node, View
from stiletto.progress import Progress
from stiletto.sandbox import plan
from stiletto.store import Store
from stiletto.store.checkout import homes
from stiletto.store.sealed import fitting
from stiletto.visible import displayed

if TYPE_CHECKING:
    from stiletto.engine.commands import Commands
    from stiletto.engine.git.patches import Patches

T = TypeVar("T")

MAX_ENTRIES = 2_000_000
"""Of a directory: one that is put into itself thirty times over has a billion."""

PATCH = "diff.patch"
"""The name of a changeset's patch."""

MAX_LAYERS = 30  # one overlay mount takes about 40 layers; see sandbox.bubblewrap


class Images(Protocol):
    """Where images come from."""

    async def resolve(self, address: str) -> plan.Image:
        """Return the image for an address such as `python:3.12-slim`."""
        ...


class Known(Protocol):
    """Keeps trees of directories between commands."""

    async def tree(self, directory: f.Directory) -> Dir | None:
        """Return a tree that was kept; None if the directory has to be evaluated."""
        ...

    async def keep(self, directory: f.Directory, tree: Dir) -> None:
        """Keep a tree, if it is one to keep and not kept yet."""
        ...


_ANY = ".stiletto-any"
"""A name that only a pattern for everything matches."""


class Evaluator:
    """Evaluates recipes with a store, a sandbox and images."""

    def __init__(
        self,
        store: Store,
        sandbox: plan.Sandbox,
        images: Images,
        secrets: SecretStore,
        progress: Progress,
        environ: Mapping[str, str],
        caching: Caching = Caching.CONTENT,
        journal: Journal | None = None,
    ) -> None:
        self.store = store
        self.sandbox = sandbox
        self.images = images
        self.secrets = secrets
        self.progress = progress
        self._environ = environ
        self.host = HostTrees(store)
        self._once = Once()
        self._views = Views(store.root / "sandbox")
        self.caching = caching
        self.noting = Noting(journal)
        self.known: Known | None = None

    @cached_property
    def commands(self) -> Commands:
        """What runs commands; made when it is needed, because an unchanged call runs none."""
        from stiletto.engine.commands import Commands

        return Commands(self, CoarseKeys(self, self.caching), self.noting)

    @cached_property
    def patches(self) -> Patches:
        """What merges changesets; made when it is needed, because few commands need it."""
        from stiletto.engine.git.patches import Patches
        from stiletto.engine.git.program import Program

        return Patches(self.store, Program(self._environ))

    async def close(self) -> None:
        """End everything that still runs."""
        await self._once.close()
        if "commands" in self.__dict__:
            await self.commands.close()

    # -- directories and files -----------------------------------------------------------------

    async def tree(self, directory: f.Directory) -> Dir:
        """Evaluate a directory."""
        key = ("tree", directory.digest)
        tree: Dir = await self._once.get(key, lambda: self._tree(directory))
        # A function may have evaluated it before it answered with it.
        if self.known is not None:
            await self.known.keep(directory, tree)
        return tree

    async def _tree(self, directory: f.Directory) -> Dir:
        known = None if self.known is None else await self.known.tree(directory)
        return _limited(await self._tree_of(directory)) if known is None else known

    async def _tree_of(self, directory: f.Directory) -> Dir:
        match directory := f.narrowed(directory):
            case f.EmptyDirectory():
                return EMPTY
            case f.StoredTree(digest):
                found = self.host.get(digest)
                if found is None:
                    found = await asyncio.to_thread(self.store.load_tree, digest)
                if found is None:
                    raise UsageError(f"directory {digest} is no longer in the store")
                return found
            case f.HostDirectory():
                return await self._read(directory, copy=True)
            case f.SubDirectory(parent, path):
                return _as_directory(_entry_at(await self.tree(parent), path), path)
            case f.FilteredDirectory(c.ContainerDirectory(root, "/"), kept):
                return await self._root(root, kept)
            case f.FilteredDirectory(parent, kept):
                return await asyncio.to_thread(self._filtered, await self.tree(parent), kept)
            case f.OwnedDirectory(parent, owner, accounts):
                tree, of = await asyncio.gather(self.tree(parent), self._owner(owner, accounts))
                return with_owner(tree, of)
            case f.Difference(parent, other):
                before, after = await asyncio.gather(self.tree(parent), self.tree(other))
                return difference(before, after)
            case f.WrittenDirectory(parent, operations):
                surface = TreeSurface(await self.tree(parent))
                for operation in operations:
                    await self._apply(operation, surface)
                return surface.tree
            case f.MergedDirectory(base, changesets, on_conflict):
                sides = [
                    await self.patches.side(
                        await self.tree(each.before), await self.tree(each.after)
                    )
                    for each in changesets
                ]
                return await self.patches.merge(await self.tree(base), sides, on_conflict)
            case c.MountAfterExec(exec_, target):
                return await self._mount_after(exec_, target)
            case c.ContainerDirectory(root, "/"):
                return await self._root(root, f.Filter())
            case c.ContainerDirectory(root, path):
                view = self.view(await self.stack(root))
                return _as_directory(await asyncio.to_thread(self._ingest, view, path), path)
            case _:
                raise TypeError(f"unknown directory {type(directory).__name__}")

    async def fixed(self, directory: f.Directory) -> f.Directory:
        """Replace a directory of the host by its content, so that keys are made of content."""
        if self.caching is not Caching.DAGGER_1_0:
            directory = f.narrowed(directory)
        match directory:
            case f.HostDirectory(origin):
                # Read once a session, whether it is used here or as any directory first.
                tree = await self._once.get(
                    ("tree", directory.digest), lambda: self._read(directory, copy=False)
                )
            case f.FilteredDirectory(f.HostDirectory(origin) | f.StoredTree(_, origin) as parent):
                filtered = replace(directory, parent=await self.fixed(parent))
                if self.caching is Caching.DAGGER_1_0:
                    return filtered
                tree = await self.tree(filtered)
            case _:
                return directory
        return self.host.remember(tree, origin)

    async def _read(self, directory: f.HostDirectory, *, copy: bool) -> Dir:
        return _limited(await self.host.read(directory, copy=copy))

    async def fixed_file(self, file: f.File) -> f.File:
        """Replace a file of the host by its content."""
        if not isinstance(file, f.HostFile):
            return file
        named = await self.file(file)
        found = named.file
        return f.StoredFile(named.name, found.digest, found.size_bytes, found.mode, found.time.ns)

    async def _mount_after(self, exec_: c.Exec, target: str) -> Dir:
        source = next(
            m.source for m in exec_.mounts if isinstance(m, c.DirectoryMount) and m.target == target
        )
        base, done = await asyncio.gather(self.tree(source), self.commands.finished(exec_))
        layer = done.mounts[target]
        for path in sorted(layer.removed):
            base = base.remove(path)
        changed = await asyncio.to_thread(self._ingest, View((layer,)), "/")
        if not isinstance(changed, Dir):
            return base
        return base.merge(apart(changed, base.hardlinks))

    async def _file_after(self, exec_: c.Exec, target: str) -> NamedFile:
        source = next(
            m.source for m in exec_.mounts if isinstance(m, c.FileMount) and m.target == target
        )
        base, done = await asyncio.gather(self.file(source), self.commands.finished(exec_))
        layer = done.mounts.get(target)
        if layer is None:
            return base
        name = posixpath.basename(target)
        entry = await asyncio.to_thread(self._ingest, View((layer,)), name)
        return NamedFile(base.name, _as_file(entry, name))

    async def _kept(self, source: f.Directory, kept: f.Filter) -> Dir:
        """Return what is kept of a directory that is copied."""
        match source:
            case c.ContainerDirectory(root, "/"):
                return await self._root(root, kept)
            case _:
                tree = await self.tree(source)
                return await asyncio.to_thread(self._filtered, tree, kept) if kept else tree

    async def _root(self, root: c.Root, kept: f.Filter) -> Dir:
        """Return what is kept of a container's root; of an image only what patterns name.

        Raises:
            NotSupported: they name everything: it would copy this machine.
        """
        patterns = PatternFilter(kept.include, kept.exclude)
        view = await self.root_view(
            root, lambda path: not kept.include or patterns.keep(path, False)
        )

        def wanted(path: str, is_dir: bool) -> bool:
            return patterns.keep(path, is_dir) or (is_dir and patterns.descend(path))

        found = await asyncio.to_thread(self._ingest, view, "/", wanted)
        tree = _as_directory(found, "/")
        return await asyncio.to_thread(self._filtered, tree, kept) if kept else tree

    async def root_view(self, root: c.Root, wants: Callable[[str], bool]) -> View:
        """Return a view of a container's root, of which only what `wants` names is looked at.

        Raises:
            NotSupported: it wants all of what the image shows of this machine.
        """
        stack = await self.stack(root)
        shown = [bind.target.strip("/") for bind in stack.image.binds if bind.host.is_dir()]
        if any(wants(f"{at}/{_ANY}") for at in shown):
            raise NotSupported("Container.rootfs without a path or an include pattern")
        return self.view(stack)

    def _ingest(
        self, view: View, path: str, wanted: Callable[[str, bool], bool] | None = None
    ) -> Dir | File:
        """Ingest a path of a container; the paths of plain mode in it become the container's."""
        from stiletto.sandbox.relocation import restore

        found = view.ingest(path, self.store.ingest_file, wanted)
        at = view.resolve(path).strip("/")
        moved = [
            p for layer in view.layers for p in layer.relocatable if c.beneath(p, at) or not at
        ]
        for name in moved:
            inside = posixpath.relpath(name, at) if at else name
            entry = found if inside == "." else isinstance(found, Dir) and found.get(inside)
            if isinstance(entry, Link) and isinstance(found, Dir):
                target = os.fsdecode(restore(os.fsencode(entry.target)))
                found = found.put(inside, Link(target))
            elif isinstance(entry, File):
                data = self.store.read(entry.digest)
                if b"\0" in data:
                    continue  # a binary: a path of another length would break it
                digest, size = self.store.put_bytes(restore(data))
                new = replace(entry, digest=digest, size_bytes=size)
                found = found.put(inside, new) if isinstance(found, Dir) else new
        return found

    def _filtered(self, tree: Dir, kept: f.Filter) -> Dir:
        ignore = self._gitignores(tree) if kept.gitignore else None
        patterns = PatternFilter(kept.include, kept.exclude, gitignore=ignore)
        return tree.filter(lambda path, entry: patterns.keep(path, isinstance(entry, Dir)))

    def _gitignores(self, tree: Dir) -> dict[str, list[str]]:
        return {
            posixpath.dirname(path): self.store.read(entry.digest)
            .decode("utf-8", "replace")
            .splitlines()
            for path, entry in tree.walk()
            if isinstance(entry, File) and posixpath.basename(path) == ".gitignore"
        }

    async def file(self, file: f.File) -> NamedFile:
        """Evaluate a file."""
        return await self._once.get(("file", file.digest), lambda: self._file(file))

    async def _file(self, file: f.File) -> NamedFile:
        match file:
            case f.StoredFile(name, content, size, mode, time_ns):
                return NamedFile(name, File(content, size, mode, time=Time(time_ns)))
            case f.HostFile(path):
                read = await asyncio.to_thread(self.store.ingest_file, Path(path))
                return NamedFile(posixpath.basename(path), read)
            case f.NewFile(name, contents, permissions):
                return await self._stored(
                    name, contents.encode("utf-8", "surrogateescape"), permissions
                )
            case f.DirectoryFile(parent, path):
                entry = _entry_at(await self.tree(parent), path)
                return NamedFile(split(path)[-1], _as_file(entry, path))
            case f.RenamedFile(parent, name):
                return NamedFile(name, (await self.file(parent)).file)
            case f.OwnedFile(parent, owner, accounts):
                named = await self.file(parent)
                of = await self._owner(owner, accounts)
                return replace(named, file=with_owner(named.file, of))
            case f.DatedFile(parent, seconds):
                named = await self.file(parent)
                time = Time(seconds * 1_000_000_000, given=True)
                return NamedFile(named.name, replace(named.file, time=time))
            case f.ReplacedFile(parent, search, replacement, everywhere, first_from):
                old = await self.file(parent)
                refuse_large(old.name, old.file.size_bytes)
                # Bytes that are not UTF-8 stay as they were.
                text = (await self.contents(parent)).decode("utf-8", "surrogateescape")
                new = replaced(old.name, text, search, replacement, everywhere, first_from)
                changed = new.encode("utf-8", "surrogateescape")
                return await self._stored(old.name, changed, old.file.mode)
            case c.FileAfterExec(exec_, target):
                return await self._file_after(exec_, target)
            case f.PatchFile(f.Changeset(before, after)):
                trees = await asyncio.gather(self.tree(before), self.tree(after))
                return await self._stored(PATCH, await self.patches.diff(*trees), 0o644)
            case c.ContainerFile(_, "/dev/null"):
                return await self._stored("null", b"", 0o666)
            case c.ContainerFile(root, path):
                view = self.view(await self.stack(root))
                entry = await asyncio.to_thread(self._ingest, view, path)
                return NamedFile(posixpath.basename(path), _as_file(entry, path))
            case _:
                raise TypeError(f"unknown file {type(file).__name__}")

    async def _owner(self, owner: str, accounts: Recipe | None) -> str:
        """Return an owner as numbers; `accounts` is the root whose users it names."""
        if not isinstance(accounts, c.Root):
            return owner
        return await asyncio.to_thread(owner_of, owner, self.view(await self.stack(accounts)))

    async def _stored(self, name: str, contents: bytes, mode: int) -> NamedFile:
        digest, size = await asyncio.to_thread(self.store.put_bytes, contents)
        return NamedFile(name, File(digest, size, mode, time=Time(now_ns(), new=True)))

    async def contents(self, file: f.File) -> bytes:
        """Return a file's bytes."""
        named = await self.file(file)
        return await asyncio.to_thread(self.store.read, named.file.digest)

    async def _apply(self, operation: f.Operation, surface: Surface) -> None:
        match operation:
            case f.WriteFile(path, file, permissions, owner, accounts):
                named = await self.file(file)
                entry = named.file
                if permissions is not None:
                    entry = replace(entry, mode=permissions)
                if owner:
                    entry = with_owner(entry, await self._owner(owner, accounts))
                put_file(surface, path, named.name, entry)
            case f.WriteNewFile(path, file):
                write_new_file(surface, path, (await self.file(file)).file)
            case f.WriteDirectory(path, source, kept, permissions, owner, accounts):
                tree = await self._kept(source, kept)
                if owner:
                    tree = with_owner(tree, await self._owner(owner, accounts))
                put_directory(surface, path, tree, permissions)
            case f.WriteNewDirectory(path, permissions):
                make_directory(surface, path, permissions)
            case f.WriteLink(target, path):
                make_link(surface, path, target)
            case f.ChangeOwner(path, owner):
                assert isinstance(surface, TreeSurface), "only a directory has this call"
                change_owner(surface, path, owner)
            case f.Remove(paths):
                for path in paths:
                    remove(surface, path)
            case f.SetTimes(seconds):
                if not isinstance(surface, TreeSurface):
                    raise TypeError("times are set in a directory")
                surface.tree = dated(surface.tree, seconds * 1_000_000_000)
            case f.ApplyPatch(patch):
                if not isinstance(surface, TreeSurface):
                    raise TypeError("a patch is applied to a directory")
                surface.tree = await self.patches.apply(surface.tree, await self.contents(patch))
            case f.WriteChanges(changes):
                before, after = await asyncio.gather(
                    self.tree(changes.before), self.tree(changes.after)
                )
                for path in compare(before, after).removed:
                    surface.remove(path.rstrip("/"))
                changed = apart(difference(before, after), surface.tree.hardlinks)
                surface.merge("", changed)
            case _:
                raise TypeError(f"unknown operation {type(operation).__name__}")

    # -- roots -----------------------------------------------------------------------------------

    async def image(self, address: str) -> plan.Image:
        """Resolve an image, once per session."""
        return await self._once.get(("image", address), lambda: self._image(address))

    async def _image(self, address: str) -> plan.Image:
        image = await self.images.resolve(address)
        if not preparing.get():
            # It is news, not an error: the address looks like one that a registry refused.
            self.progress.say(f"{address}: no image is downloaded, here it is {image.provided_by}")
        return image

    async def stack(self, root: c.Root) -> Stack:
        """Evaluate what is at a container's `/`."""
        return await self._once.get(("stack", root.digest), lambda: self._stack(root))

    async def _stack(self, root: c.Root) -> Stack:
        match root:
            case c.EmptyRoot():
                return Stack(SCRATCH)
            case c.ImageRoot(address):
                return Stack(await self.image(address))
            case c.DirectoryRoot(c.ContainerDirectory(parent, "/")):
                return await self.stack(parent)
            case c.DirectoryRoot(directory):
                tree = await self.tree(directory)
                layer = await asyncio.to_thread(self.store.checkout, tree)
                return Stack(SCRATCH).over(tree.key, layer, Made(tree), homes(tree))
            case c.WrittenRoot(parent, operations):
                below = await self.stack(parent)
                delta = DeltaSurface(Below(view := self.view(below)))
                for count, operation in enumerate(operations):
                    if not await self._has_no_effect(parent, operations, count):
                        await self._apply(operation, delta)
                tree, removed = delta.tree, frozenset(delta.removed)
                key = digest_of([tree.key, sorted(removed)])
                made = Made(tree, tuple(sorted(removed)), await self._copied(operations))
                return await self._flat(
                    await asyncio.to_thread(laid, self.store, below, view, key, tree, removed, made)
                )
            case c.ExecRoot(exec_):
                below, done = await asyncio.gather(
                    self.stack(exec_.root), self.commands.finished(exec_)
                )
                made = Made(command=displayed(exec_.args))
                return await self._flat(below.over(done.key, done.layer, made))
            case _:
                raise TypeError(f"unknown root {type(root).__name__}")

    async def _copied(self, operations: tuple[f.Operation, ...]) -> tuple[tuple[str, str], ...]:
        """Return what these operations copy from a command, or from an image: path and origin."""
        found = [(path, await self.commands.finished(of)) for path, of in copied(operations)]
        made = [(path, done.key) for path, done in found]
        for path, address in from_images(operations):
            made.append((path, OF_IMAGE + (await self.image(address)).shown))
        return tuple(made)

    async def _has_no_effect(
        self, parent: c.Root, operations: tuple[f.Operation, ...], count: int
    ) -> bool:
        """Return whether an operation only gives an owner, in plain mode.

        There every file has one owner, and a copy would lose where the files of a step refer to
        its working tree.
        """
        match operations[count]:
            case f.WriteDirectory(path, c.ContainerDirectory(of, shown), f.EVERYTHING, None):
                before = c.WrittenRoot(parent, operations[:count]) if count else parent
                if of != before or split(shown) != split(path):
                    return False
                await self.sandbox.ready()
                return self.sandbox.name == "plain"
            case _:
                return False

    async def _flat(self, stack: Stack) -> Stack:
        """Merge the layers into one when they become too many for one mount."""
        if len(stack.layers) <= MAX_LAYERS:
            return stack
        layers = [layer for _, layer in stack.layers]
        tree = await asyncio.to_thread(self.merged, stack.keys, layers)
        # What the layers removed from the image stays removed, also if something new is there.
        find = self.view(Stack(stack.image)).find
        removed = frozenset(path for layer in layers for path in layer.removed if find(path))
        layer = await asyncio.to_thread(self.store.checkout, tree, removed=removed)
        key, made = digest_of(stack.keys), Made(merged=stack.made)
        return Stack(stack.image).over(key, layer, made, homes(tree))

    def merged(self, keys: Sequence[str], layers: Sequence[Layer]) -> Dir:
        """Return the files of layers as one tree; they are read and hashed once."""
        written = [self.store.written(layer) for layer in layers]
        key = digest_of([keys, written])
        record = self.store.record("merged", key)
        known = fitting(record, lambda whole: self.store.load_tree(whole["tree"]))
        if known is not None:
            return known
        tree = View(tuple(layers)).ingest("/", self.store.ingest_file)
        if not isinstance(tree, Dir):
            raise TypeError("the root of a stack is a directory")
        self.store.put_record("merged", key, {"tree": self.store.save_tree(tree)})
        return tree

    def view(self, stack: Stack) -> View:
        """Return a view of what is at `/`, without a sandbox."""
        return self._views.of(stack)

    async def look(self, root: c.Root, path: str, follow: bool) -> Node | None:
        """Return what is at a path of a container, without mounts."""
        view = self.view(await self.stack(root))
        return await asyncio.to_thread(view.lookup, path, follow)


def _limited(tree: Dir) -> Dir:
    if tree.count > MAX_ENTRIES:
        raise UsageError(f"a directory has {tree.count} entries; at most {MAX_ENTRIES} can be")
    return tree


def _entry_at(tree: Dir, path: str) -> Entry:
    entry = tree.get(path, follow=True)
    if entry is None:
        raise UsageError(f"{path}: no such file or directory")
    return entry


def _as_directory(entry: Entry, path: str) -> Dir:
    if not isinstance(entry, Dir):
        raise UsageError(f"path {path} is a file, not a directory")
    return entry


def _as_file(entry: Entry, path: str) -> File:
    if not isinstance(entry, File):
        raise UsageError(f"path {path} is a directory, not a file")
    return replace(entry, hardlink="") if entry.hardlink else entry
